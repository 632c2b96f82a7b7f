/* SPDX-License-Identifier: LGPL-2.1-or-later */
// libFuzzer target: parser, repairs, utilities and the facade.
//
// The input is a conversation: records separated by byte 0x1e, each a letter and a text.
//     O offer_to_wire   A answer_from_wire   o offer_from_wire   a answer_to_wire
//     F close_mid       X abandon
// Whatever comes, nothing may crash, and what is written must be readable and stable.
#include <cstdint>
#include <string_view>

#include "lib/sdp/bandwidth.hpp"
#include "lib/sdp/facade.hpp"
#include "lib/sdp/opus.hpp"
#include "lib/sdp/rtp-repairs.hpp"
#include "lib/sdp/summary.hpp"
#include "lib/sdp/transport-repairs.hpp"

using namespace cf::sdp;

namespace
{

constexpr char kSeparator = 0x1e;

void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

Description read_back(const std::string& text)
{
    auto description = Description::parse(text);
    require(description.ok());
    require(description->to_string() == text);
    return description.take();
}

void require_stable(Description (*repair)(Description), const Description& description)
{
    const auto once = repair(description);
    require(repair(once) == once);
}

void check_repairs(const Description& description)
{
    for (auto repair :
         {spread_session_transport, complete_rejected_sections, complete_own_refusals,
          keep_single_fingerprint_place, uppercase_fingerprint, session_ice_lite, strip_candidates,
          un_bundle_only, send_only, ensure_bundle_group, drop_undescribed_formats})
        require_stable(repair, description);
    (void)check_transport(description);
    (void)check_codecs_described(description);
    (void)check_first_section_takes_media(description);
    (void)check_section_count(description, description);
    (void)collect_ssrc_to_mid(description);
    (void)ensure_mid_extension(description, description);
    (void)summary(description);
}

void check_sections(const Description& description)
{
    const std::vector<CodecPreference> wanted = {
        {"H264", FmtpParameters::parse("packetization-mode=1;profile-level-id=42e01f")},
        {"VP8", {}},
        {"opus", {}},
    };
    for (const auto& section : description.sections()) {
        (void)section.candidates();
        (void)section.msids();
        (void)section.rids();
        (void)section.simulcast();
        (void)bandwidth(section);
        const auto ordered = filter_and_order_codecs(section, wanted);
        require(filter_and_order_codecs(ordered, wanted) == ordered);
        const auto preferred = prefer_codecs(section, {"VP9", "VP8"});
        require(prefer_codecs(preferred, {"VP9", "VP8"}) == preferred);
        const auto limited = set_bandwidth(section, 123456);
        require(set_bandwidth(limited, 123456) == limited);
        require(bandwidth(remove_bandwidth(limited)) == std::nullopt);
        (void)rewrite_h264_levels(section, ordered);
        (void)accepted_form(section);
    }
}

void check_text(std::string_view text)
{
    auto description = Description::parse(text);
    if (!description)
        return;
    require(read_back(description->to_string()) == *description);
    check_repairs(*description);
    check_sections(*description);
    for (const bool dtx : {true, false}) {
        auto once = set_opus_dtx(text, dtx);
        require(once.ok());
        auto twice = set_opus_dtx(*once, dtx);
        require(twice.ok() && *twice == *once);
    }
}

void take_part(Facade& facade, char what, std::string_view text)
{
    if (what == 'O') {
        if (auto out = facade.offer_to_wire(text)) {
            (void)read_back(out->local);
            (void)read_back(out->wire);
        }
    } else if (what == 'A') {
        if (auto in = facade.answer_from_wire(text)) {
            require(read_back(in->text) == in->description);
            require(facade.commit());
        }
    } else if (what == 'o') {
        if (auto in = facade.offer_from_wire(text))
            require(read_back(in->text) == in->description);
    } else if (what == 'a') {
        if (auto out = facade.answer_to_wire(text)) {
            (void)read_back(out->local);
            (void)read_back(out->wire);
            require(facade.commit());
        }
    } else if (what == 'F') {
        (void)facade.close_mid(text);
    } else if (what == 'X') {
        facade.abandon();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    FacadeOptions options;
    options.video_codecs = {{"H264", {}}, {"VP8", {}}};
    Facade facade(options);
    while (!rest.empty()) {
        const auto end = rest.find(kSeparator);
        const auto record = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (record.empty())
            continue;
        check_text(record.substr(1));
        take_part(facade, record[0], record.substr(1));
    }
    return 0;
}
