/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <clocale>
#include <cmath>
#include <limits>
#include <string>

#include "lib/json/json-reader.hpp"
#include "lib/json/json-writer.hpp"
#include "tests/support/check.hpp"

using namespace cf;
using json::JsonReader;
using json::JsonWriter;

namespace
{

enum class Colour { Red, Green };
constexpr json::EnumName<Colour> kColours[] = {{"red", Colour::Red}, {"green", Colour::Green}};

JsonReader parse(std::string_view text)
{
    auto r = JsonReader::parse(text);
    fail_unless(r.ok(), "%.*s: %s", static_cast<int>(text.size()), text.data(),
                r.ok() ? "" : r.error().message.c_str());
    return r.take();
}

template <typename T> void expect_error(const Result<T>& r, const std::string& message)
{
    fail_if(r.ok());
    fail_unless(r.error().code == ErrorCode::Protocol);
    fail_unless(r.error().message == message, "got: %s", r.error().message.c_str());
}

void expect_refused(std::string_view text)
{
    const auto r = JsonReader::parse(text);
    fail_if(r.ok(), "taken: %.*s", static_cast<int>(text.size()), text.data());
    fail_unless(r.error().code == ErrorCode::Protocol);
    fail_unless(r.error().message.starts_with("not JSON"), "%s", r.error().message.c_str());
}

std::string round_trip(std::string_view text)
{
    return parse(text).to_text();
}

} // namespace

GST_START_TEST(members_are_read_by_type)
{
    const auto r =
        parse(R"({"s":"x","b":true,"i":-7,"d":1.5,"a":[1,2],"o":{"k":"v"},"e":"green"})");
    fail_unless_equals_text(r.get_string("s")->c_str(), "x");
    fail_unless(*r.get_bool("b"));
    fail_unless_equals_int(static_cast<int>(*r.get_int("i")), -7);
    fail_unless_equals_float(*r.get_double("d"), 1.5);
    fail_unless_equals_float(*r.get_double("i"), -7.0);
    fail_unless_equals_int(static_cast<int>(r.get_array("a")->size()), 2);
    fail_unless_equals_text(r.get_object("o")->get_string("k")->c_str(), "v");
    fail_unless(*r.get_enum("e", kColours) == Colour::Green);
    fail_unless(r.has("s") && !r.has("nothing"));
}
GST_END_TEST;

GST_START_TEST(errors_say_where_and_what)
{
    const auto r =
        parse(R"({"tracks":[{},{},{"mid":5,"loc":"x","n":11,"f":1.5,"o":[]}],"n":null})");
    const auto track = r.get_array("tracks")->at(2);
    fail_unless_equals_text(track.path().c_str(), "tracks[2]");
    expect_error(track.get_string("mid"), "tracks[2].mid: expected a string, found a number");
    expect_error(track.get_string("none"), "tracks[2].none: is missing");
    expect_error(track.get_enum("loc", kColours),
                 R"(tracks[2].loc: expected one of "red", "green")");
    expect_error(track.get_int("n", 0, 10),
                 "tracks[2].n: expected an integer from 0 to 10, found 11");
    expect_error(track.get_int("f"), "tracks[2].f: expected an integer, found a number that is not "
                                     "one or has too many digits");
    expect_error(track.get_bool("loc"), "tracks[2].loc: expected true or false, found a string");
    expect_error(track.get_object("o"), "tracks[2].o: expected an object, found an array");
    expect_error(track.get_array("mid"), "tracks[2].mid: expected an array, found a number");
    expect_error(r.get_string("n"), "n: expected a string, found null");
    expect_error(r.get_double("tracks"), "tracks: expected a number, found an array");
    expect_error(parse("[true]").get_string("x"),
                 "the document: expected an object, found an array");
    expect_error(parse("true").as_string(), "the document: expected a string, found true");
    expect_error(
        parse(R"({"a":{"b":[[0]]}})").get("a")->get_array("b")->at(0).as_array()->at(0).as_string(),
        "a.b[0][0]: expected a string, found a number");
}
GST_END_TEST;

GST_START_TEST(optional_members_may_be_missing_or_null_but_not_of_another_type)
{
    const auto r = parse(R"({"n":null,"s":"x","w":5})");
    for (const char* name : {"n", "missing"}) {
        fail_unless(r.find_string(name).ok() && !r.find_string(name)->has_value());
        fail_unless(r.find_bool(name).ok() && !r.find_bool(name)->has_value());
        fail_unless(r.find_int(name).ok() && !r.find_int(name)->has_value());
        fail_unless(r.find_double(name).ok() && !r.find_double(name)->has_value());
        fail_unless(r.find_array(name).ok() && r.find_array(name)->empty());
        fail_unless(r.find_object(name).ok() && !r.find_object(name)->has_value());
        fail_unless(r.find_enum(name, kColours).ok() && !r.find_enum(name, kColours)->has_value());
    }
    fail_unless_equals_text((*r.find_string("s"))->c_str(), "x");
    fail_unless_equals_int(static_cast<int>(**r.find_int("w")), 5);
    expect_error(r.find_string("w"), "w: expected a string, found a number");
    expect_error(r.find_enum("s", kColours), R"(s: expected one of "red", "green")");
    expect_error(r.find_object("w"), "w: expected an object, found a number");
    expect_error(r.find_int("w", 0, 4), "w: expected an integer from 0 to 4, found 5");
}
GST_END_TEST;

GST_START_TEST(members_are_listed_in_the_order_of_the_document)
{
    const auto r = parse(R"({"b":1,"a":{"x":true},"c":[]})");
    const auto members = r.as_members();
    fail_unless(members.ok());
    fail_unless_equals_int(static_cast<int>(members->size()), 3);
    fail_unless_equals_text(members->at(0).first.c_str(), "b");
    fail_unless_equals_text(members->at(1).first.c_str(), "a");
    fail_unless_equals_text(members->at(1).second.path().c_str(), "a");
    expect_error(parse("[]").as_members(), "the document: expected an object, found an array");
}
GST_END_TEST;

GST_START_TEST(a_value_outlives_the_reader_it_came_from)
{
    std::optional<JsonReader> inner;
    {
        inner = *parse(R"({"a":{"b":"c"}})").get("a");
    }
    fail_unless_equals_text(inner->get_string("b")->c_str(), "c");
}
GST_END_TEST;

GST_START_TEST(of_members_with_one_name_the_last_counts)
{
    fail_unless_equals_int(static_cast<int>(*parse(R"({"a":1,"a":2})").get_int("a")), 2);
}
GST_END_TEST;

GST_START_TEST(integers_keep_all_64_bits_and_never_wrap)
{
    const auto r = parse(R"({"max":9223372036854775807,"min":-9223372036854775808,)"
                         R"("over":9223372036854775808,"under":-9223372036854775809,)"
                         R"("far":99999999999999999999999})");
    fail_unless(*r.get_int("max") == std::numeric_limits<std::int64_t>::max());
    fail_unless(*r.get_int("min") == std::numeric_limits<std::int64_t>::min());
    for (const char* name : {"over", "under", "far"}) {
        fail_if(r.get_int(name).ok());
        fail_unless(std::abs(*r.get_double(name)) > 9.2e18);
    }
    fail_if(parse("[1e999]").as_array()->at(0).as_double().ok());
}
GST_END_TEST;

GST_START_TEST(json_is_taken)
{
    for (const char* text :
         {"{}", "[]", " \t\r\n[ ] ", "0", "-0", "1.5e-3", "1E+2", "\"\"", "null", "true", "false",
          R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")", "\"\xe2\x82\xac\"", R"({"":{"":[]}})",
          "\xef\xbb\xbf{}", "{\"a\" : [ 1 , 2 ] }", "\"\x7f\""})
        (void)parse(text);
}
GST_END_TEST;

GST_START_TEST(what_is_not_json_is_refused)
{
    for (const char* text : {"",
                             " ",
                             "{",
                             "[",
                             "[1",
                             "[1,",
                             "[1,]",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{'a':1}",
                             "[1 2]",
                             "[1]]",
                             "{} {}",
                             "nul",
                             "True",
                             "NaN",
                             "Infinity",
                             "+1",
                             "01",
                             "1.",
                             ".5",
                             "-",
                             "1e",
                             "1e+",
                             "0x10",
                             "\"",
                             "\"\\",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "\"\\u12g4\"",
                             "\"a\nb\"",
                             "\"\t\"",
                             "// c\n1",
                             "/* c */ 1",
                             "var a = 1;",
                             "1;",
                             "\xef\xbb\xbf",
                             "[\xef\xbb\xbf]",
                             "'a'",
                             "{\"a\":1 \"b\":2}",
                             "[,]",
                             "{,}",
                             "--1",
                             "<html></html>"})
        expect_refused(text);
}
GST_END_TEST;

GST_START_TEST(what_is_not_text_is_refused)
{
    expect_refused(std::string_view{"[\"a\0b\"]", 7});
    expect_refused(std::string_view{"[]\0", 3});
    expect_refused(R"(["a\u0000b"])");
    expect_refused("[\"\xff\"]");
    expect_refused("[\"\xc3\"]");
    expect_refused("[\"\xed\xa0\x80\"]"); // a surrogate in UTF-8
    expect_refused(R"(["\ud83d"])");
    expect_refused(R"(["\ude00"])");
    expect_refused(R"(["\ud83d\u0041"])");
    expect_refused(R"(["\ud83dx"])");
}
GST_END_TEST;

GST_START_TEST(errors_of_syntax_say_line_and_column)
{
    const auto r = JsonReader::parse("{\n  \"a\": tru\n}");
    fail_unless_equals_text(r.error().message.c_str(),
                            "not JSON: line 2, column 8: expected a value");
    fail_unless_equals_text(JsonReader::parse("[1,").error().message.c_str(),
                            "not JSON: line 1, column 4: the text ends too early");
}
GST_END_TEST;

GST_START_TEST(limits_hold)
{
    const auto nested = [](unsigned depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    fail_unless(JsonReader::parse(nested(32)).ok());
    expect_refused(nested(33));
    expect_refused(std::string(1000000, '['));
    const json::JsonLimits small{.max_bytes = 10, .max_depth = 2};
    fail_unless(JsonReader::parse(R"(["123456"])", small).ok());
    fail_unless(JsonReader::parse(R"(["1234567"])", small).error().code == ErrorCode::TooLarge);
    fail_if(JsonReader::parse("[[{}]]", small).ok());
    fail_unless(JsonReader::parse("[[],[]]", small).ok());
}
GST_END_TEST;

GST_START_TEST(every_cut_of_a_document_is_refused_without_harm)
{
    const std::string text =
        R"({"a":[1,-2.5e3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":18446744073709551615}})";
    (void)parse(text);
    for (std::size_t n = 0; n < text.size(); ++n)
        expect_refused(text.substr(0, n));
}
GST_END_TEST;

GST_START_TEST(writer_nests_scopes)
{
    JsonWriter w;
    {
        auto root = w.object();
        w.string("type", "offer");
        w.optional_string("none", std::nullopt);
        w.optional_string("some", "x");
        {
            auto tracks = w.array("tracks");
            for (int i = 0; i < 2; ++i) {
                auto track = w.object();
                w.integer("n", i);
            }
            w.boolean(true);
            w.null();
            w.number(0.5);
            auto empty = w.array();
        }
        w.boolean("b", false);
        w.null("z");
        auto o = w.object("o");
    }
    fail_unless_equals_text(
        w.take().c_str(),
        R"({"type":"offer","some":"x","tracks":[{"n":0},{"n":1},true,null,0.5,[]],)"
        R"("b":false,"z":null,"o":{}})");
    w.string("again");
    fail_unless_equals_text(w.take().c_str(), "\"again\"");
}
GST_END_TEST;

GST_START_TEST(writer_escapes_what_must_be_escaped)
{
    JsonWriter w;
    w.string("\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9\xf0\x9f\x98\x80");
    fail_unless_equals_text(
        w.take().c_str(),
        "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\xf0\x9f\x98\x80\"");
    {
        auto o = w.object();
        w.string("a\"b", "c");
    }
    fail_unless_equals_text(w.take().c_str(), R"({"a\"b":"c"})");
    w.string(std::string_view{"a\xff\0b", 4});
    fail_unless_equals_text(w.take().c_str(), "\"a\xef\xbf\xbd\xef\xbf\xbd\x62\"");
}
GST_END_TEST;

GST_START_TEST(writer_writes_numbers_exactly)
{
    JsonWriter w;
    {
        auto a = w.array();
        w.integer(std::numeric_limits<std::uint64_t>::max());
        w.integer(std::numeric_limits<std::int64_t>::min());
        w.integer(9007199254740993LL); // 2^53 + 1
        w.number(0.1);
        w.number(std::numeric_limits<double>::quiet_NaN());
        w.number(-std::numeric_limits<double>::infinity());
    }
    fail_unless_equals_text(
        w.take().c_str(),
        "[18446744073709551615,-9223372036854775808,9007199254740993,0.1,null,null]");
}
GST_END_TEST;

GST_START_TEST(numbers_do_not_depend_on_the_locale)
{
    if (std::setlocale(LC_NUMERIC, "de_DE.UTF-8") == nullptr &&
        std::setlocale(LC_NUMERIC, "fr_FR.UTF-8") == nullptr)
        GST_INFO("no locale with a decimal comma here; the C locale is checked alone");
    JsonWriter w;
    w.number(1.5);
    const std::string text = w.take();
    fail_unless_equals_text(text.c_str(), "1.5");
    fail_unless_equals_float(*parse(text).as_double(), 1.5);
    std::setlocale(LC_NUMERIC, "C");
}
GST_END_TEST;

GST_START_TEST(what_was_read_can_be_written_again)
{
    for (const char* text :
         {R"({"b":1,"a":[true,null,"x\n",{"d":0.1}],"e":{}})", "[]", "-9223372036854775808", "0.1"})
        fail_unless_equals_text(round_trip(text).c_str(), text);
    fail_unless_equals_text(round_trip("[1e999]").c_str(), "[null]");
    JsonWriter w;
    {
        auto o = w.object();
        w.value("copy", parse(R"({"a":[1]})"));
        auto a = w.array("list");
        w.value(parse("2"));
    }
    fail_unless_equals_text(w.take().c_str(), R"({"copy":{"a":[1]},"list":[2]})");
}
GST_END_TEST;

static Suite* json_suite(void)
{
    Suite* s = suite_create("json");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, members_are_read_by_type);
    tcase_add_test(tc, errors_say_where_and_what);
    tcase_add_test(tc, optional_members_may_be_missing_or_null_but_not_of_another_type);
    tcase_add_test(tc, members_are_listed_in_the_order_of_the_document);
    tcase_add_test(tc, a_value_outlives_the_reader_it_came_from);
    tcase_add_test(tc, of_members_with_one_name_the_last_counts);
    tcase_add_test(tc, integers_keep_all_64_bits_and_never_wrap);
    tcase_add_test(tc, json_is_taken);
    tcase_add_test(tc, what_is_not_json_is_refused);
    tcase_add_test(tc, what_is_not_text_is_refused);
    tcase_add_test(tc, errors_of_syntax_say_line_and_column);
    tcase_add_test(tc, limits_hold);
    tcase_add_test(tc, every_cut_of_a_document_is_refused_without_harm);
    tcase_add_test(tc, writer_nests_scopes);
    tcase_add_test(tc, writer_escapes_what_must_be_escaped);
    tcase_add_test(tc, writer_writes_numbers_exactly);
    tcase_add_test(tc, numbers_do_not_depend_on_the_locale);
    tcase_add_test(tc, what_was_read_can_be_written_again);
    return s;
}

GST_CHECK_MAIN(json);
