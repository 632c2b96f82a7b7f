/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/sdp/codec-repairs.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "lib/sdp/h264-profile.hpp"

namespace cf::sdp
{

namespace
{

/// Payload types that carry no codec of their own.
bool is_helper(const Codec& codec)
{
    constexpr std::array<std::string_view, 6> kHelpers = {
        "red", "ulpfec", "flexfec", "flexfec-03", "CN", "telephone-event",
    };
    return std::any_of(kHelpers.begin(), kHelpers.end(),
                       [&](std::string_view name) { return codec.is(name); });
}

bool matches(const Codec& codec, const CodecPreference& preference)
{
    if (!codec.is(preference.encoding_name))
        return false;
    for (const auto& wanted : preference.parameters.all()) {
        const auto said = codec.fmtp.get(wanted.name);
        if (codec.is("H264") && equals_ignoring_case(wanted.name, "profile-level-id")) {
            if (!h264_decodes(h264_profile(wanted.value),
                              h264_profile(said.value_or(kH264DefaultProfileLevelId))))
                return false;
        } else if (!equals_ignoring_case(said.value_or("0"), wanted.value)) {
            return false;
        }
    }
    return true;
}

/// Collects payload types in a new order, each codec with the rtx that repeats it.
class NewOrder
{
public:
    explicit NewOrder(const std::vector<Codec>& codecs) : codecs_(codecs) {}

    void take(const Codec& codec)
    {
        if (!taken_.insert(codec.payload_type).second)
            return;
        order_.push_back(std::to_string(codec.payload_type));
        for (const auto& other : codecs_)
            if (other.is("rtx") && other.apt == codec.payload_type)
                take(other);
    }
    [[nodiscard]] bool has(const Codec& codec) const { return taken_.contains(codec.payload_type); }
    [[nodiscard]] bool has(std::string_view format) const
    {
        return std::find(order_.begin(), order_.end(), format) != order_.end();
    }
    void append(std::string_view format) { order_.emplace_back(format); }
    [[nodiscard]] const std::vector<std::string>& formats() const { return order_; }

private:
    const std::vector<Codec>& codecs_;
    std::set<unsigned> taken_;
    std::vector<std::string> order_;
};

} // namespace

MediaSection filter_and_order_codecs(MediaSection section,
                                     const std::vector<CodecPreference>& preferences)
{
    const auto codecs = section.codecs();
    NewOrder order(codecs);
    for (const auto& preference : preferences)
        for (const auto& codec : codecs)
            if (matches(codec, preference))
                order.take(codec);
    if (order.formats().empty())
        return section;
    for (const auto& codec : codecs)
        if (is_helper(codec))
            order.take(codec);
    for (const auto& codec : codecs)
        if (!order.has(codec))
            section.remove_payload_type(codec.payload_type);
    section.set_formats(order.formats());
    return section;
}

Description drop_undescribed_formats(Description description)
{
    for (auto& section : description.sections()) {
        std::vector<std::string> described;
        for (const auto& codec : section.codecs())
            described.push_back(std::to_string(codec.payload_type));
        if (!described.empty())
            section.set_formats(described);
    }
    return description;
}

Status check_codecs_described(const Description& description)
{
    for (const auto& section : description.sections())
        if (section.is_rtp() && section.port() != 0 &&
            description.direction_of(section) != Direction::Inactive && section.codecs().empty())
            return Error{ErrorCode::Sdp, "The session description has a media section that "
                                         "describes none of its payload types."};
    return ok_status();
}

MediaSection prefer_codecs(MediaSection section, const std::vector<std::string>& encoding_names)
{
    const auto codecs = section.codecs();
    NewOrder order(codecs);
    for (const auto& name : encoding_names)
        for (const auto& codec : codecs)
            if (codec.is(name) && !codec.is("rtx"))
                order.take(codec);
    // Formats that nothing describes keep their place among the rest.
    std::vector<std::string> rest;
    for (auto format : section.formats())
        if (!order.has(format))
            rest.emplace_back(format);
    for (const auto& format : rest)
        order.append(format);
    section.set_formats(order.formats());
    return section;
}

MediaSection rewrite_h264_levels(MediaSection section, const MediaSection& reference)
{
    const auto known = reference.codecs();
    for (const auto& codec : section.codecs()) {
        const auto said = codec.fmtp.get("profile-level-id");
        const auto same = std::find_if(known.begin(), known.end(), [&](const Codec& other) {
            return other.payload_type == codec.payload_type && other.is("H264");
        });
        if (!codec.is("H264") || !said || same == known.end())
            continue;
        const auto wanted = same->fmtp.get("profile-level-id");
        if (!wanted || *wanted == *said)
            continue;
        if (!h264_decodes(h264_profile(*said), h264_profile(*wanted)) &&
            !h264_same_but_level(*said, *wanted))
            continue;
        auto parameters = section.fmtp(codec.payload_type);
        parameters.set("profile-level-id", *wanted);
        section.set_fmtp(codec.payload_type, parameters);
    }
    return section;
}

} // namespace cf::sdp
