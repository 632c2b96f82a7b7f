/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/channel-codec.hpp"

#include "lib/json/json-reader.hpp"
#include "lib/json/json-writer.hpp"

namespace cf::emu
{

namespace
{

constexpr json::EnumName<calls::Location> kLocations[] = {
    {"local", calls::Location::Local},
    {"remote", calls::Location::Remote},
};
constexpr json::EnumName<calls::SdpType> kSdpTypes[] = {
    {"offer", calls::SdpType::Offer},
    {"answer", calls::SdpType::Answer},
};

Error decoding_error(Error error)
{
    error.http_status = 400;
    error.api_code = "decoding_error";
    return error;
}

Result<std::optional<std::uint16_t>> find_u16(const json::JsonReader& item, const char* name,
                                              std::int64_t max)
{
    CF_TRY_LET(const auto value, item.find_int(name, 0, max));
    return value ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
}

Result<ChannelItem> read_item(const json::JsonReader& from)
{
    CF_TRY(from.expect_object());
    ChannelItem item;
    CF_TRY_LET(const auto location, from.find_enum("location", kLocations));
    item.has_location = location.has_value();
    item.location = location.value_or(calls::Location::Local);
    CF_TRY_LET(const auto session, from.find_string("sessionId"));
    item.session_id = session.value_or("");
    CF_TRY_LET(const auto name, from.find_string("dataChannelName"));
    item.name = name.value_or("");
    CF_TRY_LET(item.id, find_u16(from, "id", 65534));
    CF_TRY_LET(const auto ordered, from.find_bool("ordered"));
    item.ordered = ordered.value_or(true);
    CF_TRY_LET(item.max_retransmits, find_u16(from, "maxRetransmits", 65535));
    CF_TRY_LET(item.max_packet_life_time_ms, find_u16(from, "maxPacketLifeTime", 65535));
    CF_TRY_LET(const auto wait, from.find_bool("waitForAck"));
    item.wait_for_ack = wait.value_or(false);
    CF_TRY_LET(item.can_reply, from.find_bool("canReply"));
    return item;
}

Result<EstablishRequest> read_establish(std::string_view body)
{
    CF_TRY_LET(const auto root, json::JsonReader::parse(body));
    CF_TRY_LET(const auto channel, root.get_object("dataChannel"));
    EstablishRequest request;
    CF_TRY_LET(request.channel, read_item(channel));
    CF_TRY_LET(const auto description, root.find_object("sessionDescription"));
    if (!description)
        return request;
    calls::SessionDescription offer;
    CF_TRY_LET(offer.type, description->get_enum("type", kSdpTypes));
    CF_TRY_LET(offer.sdp, description->get_string("sdp"));
    request.offer = std::move(offer);
    return request;
}

Result<ChannelsRequest> read_channels(std::string_view body)
{
    CF_TRY_LET(const auto root, json::JsonReader::parse(body));
    CF_TRY_LET(const auto items, root.get_array("dataChannels"));
    ChannelsRequest request;
    for (const json::JsonReader& from : items) {
        CF_TRY_LET(ChannelItem item, read_item(from));
        request.channels.push_back(std::move(item));
    }
    return request;
}

void write_item(json::JsonWriter& w, const ChannelItem& item)
{
    w.string("location", calls::to_string(item.location));
    if (!item.session_id.empty())
        w.string("sessionId", item.session_id);
    if (!item.name.empty())
        w.string("dataChannelName", item.name);
    if (item.can_reply && !item.error)
        w.boolean("canReply", *item.can_reply);
    if (item.id)
        w.integer("id", *item.id);
    if (item.error) {
        w.string("errorCode", item.error->code);
        w.string("errorDescription", item.error->description);
    }
}

} // namespace

Result<EstablishRequest> read_establish_request(std::string_view body)
{
    auto request = read_establish(body);
    if (!request)
        return decoding_error(std::move(request.error()));
    return request;
}

Result<ChannelsRequest> read_channels_request(std::string_view body)
{
    auto request = read_channels(body);
    if (!request)
        return decoding_error(std::move(request.error()));
    return request;
}

std::string write_answer(const EstablishAnswer& answer)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        w.boolean("requiresImmediateRenegotiation", answer.requires_immediate_renegotiation);
        {
            auto channel = w.object("dataChannel");
            write_item(w, answer.channel);
        }
        if (answer.description) {
            auto description = w.object("sessionDescription");
            w.string("type", calls::to_string(answer.description->type));
            w.string("sdp", answer.description->sdp);
        }
    }
    return w.take();
}

std::string write_answer(const ChannelsAnswer& answer)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        auto array = w.array("dataChannels");
        for (const ChannelItem& item : answer.channels) {
            auto object = w.object();
            write_item(w, item);
        }
    }
    return w.take();
}

} // namespace cf::emu
