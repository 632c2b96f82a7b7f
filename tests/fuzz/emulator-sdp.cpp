/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The emulator's SDP: parser, checks, negotiation and writer.
//
// The input is a conversation: records separated by byte 0x1e, each a letter and a text.
//     O an offer of the client's, which is answered     A the client's answer to an offer of ours
//     a, v, d: a section of audio, video or data is added and offered
// Whatever comes, nothing may crash, a refusal changes nothing, and what is written must be
// readable, stable, and good enough for the checks that a client has to pass.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <glib.h>

#include "tests/emulator/sdp/parser.hpp"
#include "tests/emulator/sdp/writer.hpp"
#include "tests/emulator/sfu/negotiation.hpp"

using namespace cf::emu;

namespace
{

constexpr char kSeparator = 0x1e;
constexpr std::uint64_t kNow = 1700000000;

sdp::Description read_back(const sdp::Description& description)
{
    const std::string text = sdp::write(description);
    auto again = sdp::parse(text);
    g_assert(again.ok());
    // Each candidate is printed twice, once a component.
    for (sdp::Section& s : again->sections) {
        std::vector<sdp::Candidate> once;
        for (std::size_t i = 0; i < s.candidates.size(); i += 2)
            once.push_back(s.candidates[i]);
        s.candidates = std::move(once);
    }
    g_assert(sdp::write(*again) == text);
    return again.take();
}

void take_offer(Negotiation& negotiation, const sdp::Description& offer)
{
    // As a session does: while an offer of ours waits, there is no other.
    if (negotiation.pending_offer())
        return;
    Negotiation draft = negotiation;
    if (!draft.apply_offer(offer))
        return;
    const auto answer = read_back(draft.answer(kNow));
    g_assert(answer.sections.size() == offer.sections.size());
    g_assert(draft.lines().size() == offer.sections.size());
    negotiation = std::move(draft);
}

void take_answer(Negotiation& negotiation, const sdp::Description& answer)
{
    if (!negotiation.pending_offer())
        return;
    Negotiation draft = negotiation;
    if (!draft.apply_answer(answer)) {
        g_assert(draft.pending_offer());
        return;
    }
    g_assert(!draft.pending_offer());
    negotiation = std::move(draft);
}

void offer_more(Negotiation& negotiation, sdp::Kind kind)
{
    if (negotiation.pending_offer() || negotiation.lines().size() > 32)
        return;
    const std::size_t index = negotiation.add_line({kind, sdp::all_codecs(kind, {}), true});
    Line& line = negotiation.lines()[index];
    if (kind != sdp::Kind::Application) {
        line.source = {1000, 2000, "cname", "stream track"};
        line.msid = "stream track";
    }
    const auto offer = read_back(negotiation.make_offer(kNow));
    g_assert(offer.sections.size() == negotiation.lines().size());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::string fingerprint = "AA";
    for (int i = 1; i < 32; ++i)
        fingerprint += ":AA";
    Negotiation negotiation(
        {{"ufragSfu", "passwordOfTheSfu0123456"}, fingerprint, "127.0.0.1", 1473}, {}, 1234);
    while (!rest.empty()) {
        const auto end = rest.find(kSeparator);
        const auto record = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (record.empty())
            continue;
        switch (record[0]) {
        case 'a':
            offer_more(negotiation, sdp::Kind::Audio);
            continue;
        case 'v':
            offer_more(negotiation, sdp::Kind::Video);
            continue;
        case 'd':
            if (negotiation.application() == nullptr)
                offer_more(negotiation, sdp::Kind::Application);
            continue;
        default:
            break;
        }
        const auto description = sdp::parse(record.substr(1));
        if (!description)
            continue;
        (void)sdp::write(*description); // only what is ours has to be readable
        if (record[0] == 'A')
            take_answer(negotiation, *description);
        else
            take_offer(negotiation, *description);
    }
    return 0;
}
