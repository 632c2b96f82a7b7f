/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Opus DTX: the description, the encoder and the payloader have to agree, or nothing is saved.
#include <regex>
#include <set>

#include "tests/support/check.hpp"
#include "tests/support/emulator-process.hpp"
#include "tests/support/pipeline.hpp"

using namespace cf;
using namespace cf::test;

namespace
{

constexpr const char* kSilence =
    "audiotestsrc is-live=true wave=silence ! audio/x-raw,rate=48000,channels=2 ! s.audio_0 ";

std::string sink(const std::string& pad_properties)
{
    return "cfcallssink name=s audio_0::track-name=mic " + pad_properties;
}

/// The packets that the SFU got in each of three whole seconds, after the first one.
std::vector<std::int64_t> three_seconds(const EmulatorProcess& sfu, Pipeline& p)
{
    std::vector<std::int64_t> seconds;
    p.wait_for("four whole seconds at the SFU", [&] {
        seconds = sfu.published("mic").packets_by_second;
        return seconds.size() >= 5;
    });
    return {seconds.begin() + 2, seconds.begin() + 5};
}

std::string first_offer(const EmulatorProcess& sfu)
{
    for (const auto& r : sfu.requests())
        if (r.operation == "tracks/new")
            return r.request_body;
    ck_abort_msg("no tracks/new");
    return {};
}

/// For each Opus payload type of the offer, how often its fmtp lines say usedtx=1.
std::vector<int> usedtx_counts(const std::string& body)
{
    // The SDP is inside a JSON string: its line ends are \r\n in letters.
    std::vector<int> counts;
    const std::regex opus(R"(a=rtpmap:(\d+) (opus|OPUS)/48000)");
    for (std::sregex_iterator it(body.begin(), body.end(), opus), end; it != end; ++it) {
        int n = 0;
        const std::regex fmtp("a=fmtp:" + (*it)[1].str() + R"( ([^\\]*))");
        for (std::sregex_iterator f(body.begin(), body.end(), fmtp); f != end; ++f) {
            const std::string line = (*f)[1].str();
            const std::regex usedtx("usedtx=1");
            n += static_cast<int>(
                std::distance(std::sregex_iterator(line.begin(), line.end(), usedtx), end));
        }
        counts.push_back(n);
    }
    return counts;
}

} // namespace

GST_START_TEST(with_dtx_silence_is_fewer_than_five_packets_a_second)
{
    const EmulatorProcess sfu;
    Pipeline p(sink("audio_0::opus-dtx=true ") + kSilence);
    p.play();
    (void)p.wait_published("audio_0");
    for (const auto n : three_seconds(sfu, p))
        ck_assert_msg(n < 5, "%d packets in a second of silence", static_cast<int>(n));
    const auto counts = usedtx_counts(first_offer(sfu));
    ck_assert_msg(!counts.empty(), "the offer has no Opus");
    for (const int n : counts)
        ck_assert_int_eq(n, 1);
    p.stop();
}
GST_END_TEST

GST_START_TEST(without_dtx_silence_is_fifty_packets_a_second)
{
    const EmulatorProcess sfu;
    Pipeline p(sink("") + kSilence);
    p.play();
    (void)p.wait_published("audio_0");
    // 20 ms each; a packet may fall on either side of a second's end.
    for (const auto n : three_seconds(sfu, p))
        ck_assert_msg(n >= 48 && n <= 52, "%d packets in a second", static_cast<int>(n));
    const auto counts = usedtx_counts(first_offer(sfu));
    ck_assert_msg(!counts.empty(), "the offer has no Opus");
    for (const int n : counts)
        ck_assert_int_eq(n, 0);
    p.stop();
}
GST_END_TEST

static Suite* dtx_suite()
{
    Suite* s = suite_create("dtx");
    TCase* tc = tcase_create("opus");
    tcase_add_test(tc, with_dtx_silence_is_fewer_than_five_packets_a_second);
    tcase_add_test(tc, without_dtx_silence_is_fifty_packets_a_second);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(dtx)
