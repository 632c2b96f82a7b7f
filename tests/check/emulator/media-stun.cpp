/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <array>
#include <string>
#include <vector>

#include "tests/emulator/media/byte-order.hpp"
#include "tests/emulator/media/ice-lite-agent.hpp"
#include "tests/emulator/media/stun-message.hpp"
#include "tests/support/check.hpp"

using namespace cf::emu;

namespace
{

using Buffer = std::vector<std::uint8_t>;

Buffer from_hex(const std::string& text)
{
    Buffer out;
    std::string digits;
    for (const char c : text)
        if (g_ascii_isxdigit(c) != FALSE)
            digits += c;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
    return out;
}

// RFC 5769 2.1 to 2.3.
constexpr const char* kPassword = "VOkJxbRl1RmTxUk/WvJxBt";
const Buffer kRequest = from_hex("00010058 2112a442 b7e7a701 bc34d686 fa87dfae"
                                 "80220010 5354554e 20746573 7420636c 69656e74"
                                 "00240004 6e0001ff 80290008 932ff9b1 51263b36"
                                 "00060009 6576746a 3a683676 59202020"
                                 "00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2"
                                 "80280004 e57a3bcf");
const Buffer kAnswerV4 = from_hex("0101003c 2112a442 b7e7a701 bc34d686 fa87dfae"
                                  "8022000b 74657374 20766563 746f7220"
                                  "00200008 0001a147 e112a643"
                                  "00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7"
                                  "80280004 c07d4c96");
const Buffer kAnswerV6 = from_hex("01010048 2112a442 b7e7a701 bc34d686 fa87dfae"
                                  "8022000b 74657374 20766563 746f7220"
                                  "00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9"
                                  "00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41"
                                  "80280004 c8fb0b4c");

Bytes text(const char* t)
{
    return {reinterpret_cast<const std::uint8_t*>(t), std::string(t).size()};
}

const std::array<std::uint8_t, 12> kId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const SocketAddress kFrom = *SocketAddress::parse("192.0.2.1", 32853);

struct CheckRequest {
    std::string username;
    std::string pwd;
    bool integrity = true;
    bool fingerprint = true;
    bool use_candidate = false;
    std::optional<std::uint16_t> extra = std::nullopt;
};

Buffer make_check(const CheckRequest& r)
{
    StunWriter w(StunClass::Request, kStunBinding, kId);
    if (!r.username.empty())
        w.add(stun_attribute::kUsername, text(r.username.c_str()));
    if (r.use_candidate)
        w.add(stun_attribute::kUseCandidate, {});
    if (r.extra)
        w.add(*r.extra, text("x"));
    if (r.integrity)
        w.add_integrity(r.pwd);
    if (r.fingerprint)
        w.add_fingerprint();
    return w.take();
}

unsigned error_of(const IceLiteAgent::Outcome& outcome)
{
    const auto m = StunMessage::parse(outcome.answer);
    fail_unless(m.has_value());
    fail_unless(m->message_class() == StunClass::Error);
    const auto code = m->find(stun_attribute::kErrorCode);
    fail_unless(code.has_value() && code->size() >= 4);
    return (*code)[2] * 100U + (*code)[3];
}

} // namespace

GST_START_TEST(rfc5769_request_is_read)
{
    const auto m = StunMessage::parse(kRequest);
    fail_unless(m.has_value());
    fail_unless(m->message_class() == StunClass::Request);
    fail_unless_equals_int(m->method(), kStunBinding);
    fail_unless(m->has_fingerprint());
    fail_unless(m->check_integrity(kPassword));
    fail_unless(!m->check_integrity("VOkJxbRl1RmTxUk/WvJxBu"));
    fail_unless(local_ufrag_of(*m) == "evtj");
    const auto priority = m->find(stun_attribute::kPriority);
    fail_unless(priority && read_u32(*priority, 0) == 0x6e0001ffU);
    fail_unless(m->unknown_required().empty());
}
GST_END_TEST;

GST_START_TEST(rfc5769_answers_are_read)
{
    const auto v4 = StunMessage::parse(kAnswerV4);
    fail_unless(v4 && v4->message_class() == StunClass::Success);
    fail_unless(v4->check_integrity(kPassword));
    fail_unless(v4->xor_mapped_address()->to_string() == "192.0.2.1:32853");
    const auto v6 = StunMessage::parse(kAnswerV6);
    fail_unless(v6 && v6->check_integrity(kPassword));
    fail_unless(v6->xor_mapped_address()->to_string() ==
                "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}
GST_END_TEST;

GST_START_TEST(what_is_written_can_be_read)
{
    for (const char* host : {"127.0.0.1", "2001:db8::7"}) {
        const SocketAddress address = *SocketAddress::parse(host, 4711);
        StunWriter w(StunClass::Success, kStunBinding, kId);
        w.add_xor_mapped_address(address);
        w.add_integrity("secret");
        w.add_fingerprint();
        const Buffer written = w.take();
        const auto m = StunMessage::parse(written);
        fail_unless(m && m->check_integrity("secret"));
        fail_unless(m->xor_mapped_address() == address);
        fail_unless(std::equal(kId.begin(), kId.end(), m->transaction_id().begin()));
    }
}
GST_END_TEST;

GST_START_TEST(every_cut_and_every_flipped_bit_is_refused)
{
    for (std::size_t n = 0; n < kRequest.size(); ++n)
        fail_unless(!StunMessage::parse(Bytes(kRequest).first(n)));
    // FINGERPRINT covers every bit; the two highest of the first byte make it no STUN at all.
    for (std::size_t bit = 0; bit < kRequest.size() * 8; ++bit) {
        Buffer damaged = kRequest;
        damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
        const auto m = StunMessage::parse(damaged);
        fail_unless(!m || !m->has_fingerprint() || !m->check_integrity(kPassword),
                    "bit %zu was not noticed", bit);
    }
}
GST_END_TEST;

GST_START_TEST(attributes_behind_integrity_are_not_seen)
{
    StunWriter w(StunClass::Request, kStunBinding, kId);
    w.add(stun_attribute::kUsername, text("a:b"));
    w.add_integrity("secret");
    w.add(stun_attribute::kUseCandidate, {});
    w.add_fingerprint();
    const Buffer written = w.take();
    const auto m = StunMessage::parse(written);
    fail_unless(m.has_value());
    fail_unless(m->check_integrity("secret"));
    fail_unless(!m->find(stun_attribute::kUseCandidate));
}
GST_END_TEST;

GST_START_TEST(attributes_that_run_over_the_end_are_refused)
{
    Buffer m = from_hex("00010008 2112a442 000000000000000000000000 00060005 61616161");
    fail_unless(!StunMessage::parse(m));
    m = from_hex("00010004 2112a442 000000000000000000000000 0006ffff");
    fail_unless(!StunMessage::parse(m));
    // MESSAGE-INTEGRITY of the wrong length.
    m = from_hex("00010008 2112a442 000000000000000000000000 00080004 61616161");
    fail_unless(!StunMessage::parse(m));
    // Thousands of empty attributes.
    Buffer many = from_hex("00010000 2112a442 000000000000000000000000");
    for (int i = 0; i < 1000; ++i)
        append_u32(many, 0x80300000);
    write_u16(many, 2, static_cast<std::uint16_t>(many.size() - 20));
    fail_unless(!StunMessage::parse(many));
}
GST_END_TEST;

GST_START_TEST(a_good_check_is_answered_with_the_senders_address)
{
    IceLiteAgent agent;
    const Buffer check = make_check({agent.local().ufrag + ":them", agent.local().pwd});
    const auto outcome = agent.on_request(*StunMessage::parse(check), kFrom);
    fail_unless(outcome.authenticated);
    fail_unless(!outcome.nominated);
    const auto answer = StunMessage::parse(outcome.answer);
    fail_unless(answer && answer->message_class() == StunClass::Success);
    fail_unless(answer->has_fingerprint() && answer->check_integrity(agent.local().pwd));
    fail_unless(answer->xor_mapped_address() == kFrom);
}
GST_END_TEST;

GST_START_TEST(use_candidate_nominates)
{
    IceLiteAgent agent;
    const Buffer check = make_check({.username = agent.local().ufrag + ":them",
                                     .pwd = agent.local().pwd,
                                     .use_candidate = true});
    fail_unless(agent.on_request(*StunMessage::parse(check), kFrom).nominated);
}
GST_END_TEST;

GST_START_TEST(bad_checks_get_the_error_that_the_rfc_names)
{
    IceLiteAgent agent;
    const std::string name = agent.local().ufrag + ":them";
    const std::string pwd = agent.local().pwd;
    auto error = [&](const CheckRequest& r) {
        const Buffer check = make_check(r);
        const auto outcome = agent.on_request(*StunMessage::parse(check), kFrom);
        fail_unless(!outcome.authenticated);
        return error_of(outcome);
    };
    fail_unless_equals_int(error({.username = "", .pwd = pwd}), 400);
    fail_unless_equals_int(error({.username = name, .pwd = pwd, .integrity = false}), 400);
    fail_unless_equals_int(error({.username = name, .pwd = "wrong"}), 401);
    fail_unless_equals_int(error({.username = "other:them", .pwd = pwd}), 401);
    fail_unless_equals_int(error({.username = agent.local().ufrag, .pwd = pwd}), 401);
    fail_unless_equals_int(error({.username = name, .pwd = pwd, .extra = 0x0077}), 420);
}
GST_END_TEST;

GST_START_TEST(a_check_without_fingerprint_gets_no_answer)
{
    IceLiteAgent agent;
    const Buffer check = make_check({.username = agent.local().ufrag + ":them",
                                     .pwd = agent.local().pwd,
                                     .fingerprint = false});
    const auto outcome = agent.on_request(*StunMessage::parse(check), kFrom);
    fail_unless(outcome.malformed);
    fail_unless(outcome.answer.empty());
}
GST_END_TEST;

GST_START_TEST(the_peers_ufrag_is_checked_once_it_is_known)
{
    IceLiteAgent agent;
    const Buffer check = make_check({agent.local().ufrag + ":them", agent.local().pwd});
    fail_unless(agent.on_request(*StunMessage::parse(check), kFrom).authenticated);
    agent.set_remote_ufrag("others");
    fail_unless(!agent.on_request(*StunMessage::parse(check), kFrom).authenticated);
    agent.set_remote_ufrag("them");
    fail_unless(agent.on_request(*StunMessage::parse(check), kFrom).authenticated);
}
GST_END_TEST;

GST_START_TEST(a_restart_serves_the_old_credentials_until_the_new_are_used)
{
    IceLiteAgent agent;
    const IceCredentials old = agent.local();
    agent.restart();
    fail_unless(agent.local().ufrag != old.ufrag);
    const Buffer before = make_check({old.ufrag + ":them", old.pwd});
    fail_unless(agent.on_request(*StunMessage::parse(before), kFrom).authenticated);
    const Buffer after = make_check({agent.local().ufrag + ":them", agent.local().pwd});
    fail_unless(agent.on_request(*StunMessage::parse(after), kFrom).authenticated);
    fail_unless(!agent.on_request(*StunMessage::parse(before), kFrom).authenticated);
}
GST_END_TEST;

GST_START_TEST(addresses_survive_text)
{
    fail_unless(SocketAddress::parse("::1", 80)->to_string() == "[::1]:80");
    fail_unless(SocketAddress::parse("127.0.0.1", 80)->is_loopback());
    fail_unless(SocketAddress::parse("0.0.0.0", 0)->is_wildcard());
    fail_unless(SocketAddress::parse("::", 0)->is_wildcard());
    fail_unless(!SocketAddress::parse("localhost", 80));
    fail_unless(!SocketAddress::parse("127.0.0.1:5", 80));
    fail_unless(!(*SocketAddress::parse("127.0.0.1", 1) == *SocketAddress::parse("127.0.0.1", 2)));
}
GST_END_TEST;

static Suite* media_stun_suite()
{
    Suite* s = suite_create("media_stun");
    TCase* tc = tcase_create("general");
    suite_add_tcase(s, tc);
    tcase_add_test(tc, rfc5769_request_is_read);
    tcase_add_test(tc, rfc5769_answers_are_read);
    tcase_add_test(tc, what_is_written_can_be_read);
    tcase_add_test(tc, every_cut_and_every_flipped_bit_is_refused);
    tcase_add_test(tc, attributes_behind_integrity_are_not_seen);
    tcase_add_test(tc, attributes_that_run_over_the_end_are_refused);
    tcase_add_test(tc, a_good_check_is_answered_with_the_senders_address);
    tcase_add_test(tc, use_candidate_nominates);
    tcase_add_test(tc, bad_checks_get_the_error_that_the_rfc_names);
    tcase_add_test(tc, a_check_without_fingerprint_gets_no_answer);
    tcase_add_test(tc, the_peers_ufrag_is_checked_once_it_is_known);
    tcase_add_test(tc, a_restart_serves_the_old_credentials_until_the_new_are_used);
    tcase_add_test(tc, addresses_survive_text);
    return s;
}

GST_CHECK_MAIN(media_stun);
