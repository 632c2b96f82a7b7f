/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The property `tracks` of cfcallssrc: what people write, and what programs set.
#include "gst/track-list.hpp"

#include "gst/gst-ref.hpp"
#include "tests/support/check.hpp"

using namespace cf;
using namespace cf::gst;
using calls::MediaKind;

namespace
{

std::vector<TrackWish> good(const std::string& text)
{
    auto parsed = parse_tracks(text);
    fail_unless(parsed.ok(), "%s: %s", text.c_str(),
                parsed.ok() ? "" : parsed.error().message.c_str());
    return parsed.take();
}

void is(const TrackWish& wish, const char* session, const char* name, std::optional<MediaKind> kind)
{
    fail_unless_equals_text(wish.source.session_id, session);
    fail_unless_equals_text(wish.source.track_name, name);
    fail_unless(wish.kind == kind);
}

std::string bad(const std::string& text)
{
    const auto parsed = parse_tracks(text);
    fail_if(parsed.ok(), "%s is accepted", text.c_str());
    fail_unless(parsed.error().code == ErrorCode::InvalidArgument);
    fail_if(parsed.error().message.find("3f0c") != std::string::npos, "an id in: %s",
            parsed.error().message.c_str());
    return parsed.error().message;
}

} // namespace

GST_START_TEST(one_string_names_any_number_of_tracks)
{
    const auto list = good(" 3f0c/cam , 3f0c/mic?kind=audio,\n9a/screen?kind=video,");
    fail_unless_equals_int(list.size(), 3);
    is(list[0], "3f0c", "cam", std::nullopt);
    is(list[1], "3f0c", "mic", MediaKind::Audio);
    is(list[2], "9a", "screen", MediaKind::Video);
    fail_unless(good("").empty());
    fail_unless(good(" , ,").empty());
}
GST_END_TEST

GST_START_TEST(names_may_hold_anything)
{
    const auto list = good("3f0c/a%2Cb%3Fc%25d/e f");
    fail_unless_equals_text(list.at(0).source.track_name, "a,b?c%d/e f");
    const std::vector<TrackWish> odd{{{"3f/0c", "a,b?kind=audio"}, MediaKind::Video},
                                     {{"3f0c", "100 %"}, std::nullopt},
                                     {{"3f0c", "k\xc3\xbc"
                                               "che/2"},
                                      MediaKind::Audio}};
    fail_unless(good(to_string(odd)) == odd, "%s", to_string(odd).c_str());
}
GST_END_TEST

GST_START_TEST(what_is_wrong_is_said)
{
    fail_unless(bad("3f0c").find("slash") != std::string::npos);
    fail_unless(bad("3f0c/cam,/mic").find("Entry 2") != std::string::npos);
    fail_unless(bad("3f0c/").find("no track name") != std::string::npos);
    fail_unless(bad("3f0c/cam?kind=screen").find("option") != std::string::npos);
    fail_unless(bad("3f0c/cam?").find("option") != std::string::npos);
    fail_unless(bad("3f0c/cam?size=3").find("option") != std::string::npos);
    fail_unless(bad("3f0c/c%4").find("escape") != std::string::npos);
    fail_unless(bad("3f0c/c%00d").find("escape") != std::string::npos);
    fail_unless(bad("3f0c/cam,3f0c/cam?kind=video").find("twice") != std::string::npos);
    for (const char* text :
         {"<", "<3f0c/cam", "< 3, 4 >", "< track >", "<(fraction)1/2>", "<\"3f0c\">"})
        (void)bad(text);
}
GST_END_TEST

GST_START_TEST(an_array_of_structures_set_on_a_string_property_works)
{
    GValue array = G_VALUE_INIT;
    g_value_init(&array, GST_TYPE_ARRAY);
    for (const char* text : {"track, session-id=(string)3f0c, track-name=(string)\"a, b\";",
                             "track, session-id=(string)3f0c, track-name=mic, kind=audio;"}) {
        GValue value = G_VALUE_INIT;
        g_value_init(&value, GST_TYPE_STRUCTURE);
        g_value_take_boxed(&value, gst_structure_from_string(text, nullptr));
        gst_value_array_append_and_take_value(&array, &value);
    }
    GValue text = G_VALUE_INIT;
    g_value_init(&text, G_TYPE_STRING);
    fail_unless(g_value_transform(&array, &text)); // what g_object_set_property() does
    const auto list = good(g_value_get_string(&text));
    g_value_unset(&array);
    g_value_unset(&text);
    fail_unless_equals_int(list.size(), 2);
    is(list[0], "3f0c", "a, b", std::nullopt);
    is(list[1], "3f0c", "mic", MediaKind::Audio);

    fail_unless_equals_int(good("<\"3f0c/cam?kind=video\", 3f0c/mic>").size(), 2);
    fail_unless_equals_int(good("<\"track,session-id=3f0c,track-name=mic;\">").size(), 1);
    fail_unless(good("<>").empty());
    (void)bad("< track, session-id=(string)3f0c; >");
    (void)bad("< track, session-id=(string)3f0c, track-name=(string)mic; track >");
    (void)bad("< track, session-id=(string)3f0c, track-name=(string)\"mic >");
    (void)bad("< track, session-id=(string)3f0c, track-name=(string)mic, kind=(string)smell; >");
}
GST_END_TEST

static Suite* track_list_suite()
{
    Suite* s = suite_create("track-list");
    TCase* tc = tcase_create("general");
    tcase_add_test(tc, one_string_names_any_number_of_tracks);
    tcase_add_test(tc, names_may_hold_anything);
    tcase_add_test(tc, what_is_wrong_is_said);
    tcase_add_test(tc, an_array_of_structures_set_on_a_string_property_works);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(track_list)
