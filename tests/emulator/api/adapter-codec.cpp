/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/adapter-codec.hpp"

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

Status read_text(const json::JsonReader& from, const char* name, std::string& to)
{
    CF_TRY_LET(const auto value, from.find_string(name));
    to = value.value_or("");
    return ok_status();
}

Result<AdapterItem> read_item(const json::JsonReader& from)
{
    AdapterItem item;
    CF_TRY_LET(item.location, from.get_enum("location", kLocations));
    CF_TRY(read_text(from, "trackName", item.track_name));
    CF_TRY(read_text(from, "sessionId", item.session_id));
    CF_TRY(read_text(from, "endpoint", item.endpoint));
    CF_TRY(read_text(from, "inputCodec", item.input_codec));
    CF_TRY(read_text(from, "outputCodec", item.output_codec));
    // Taken and ignored: the direction decides.
    std::string mode;
    CF_TRY(read_text(from, "mode", mode));
    // Ingest gets a session of its own, whatever is asked for.
    if (item.location == calls::Location::Local)
        item.session_id.clear();
    return item;
}

Result<AdapterItem> read_closing(const json::JsonReader& from)
{
    AdapterItem item;
    CF_TRY(read_text(from, "adapterId", item.adapter_id));
    return item;
}

Result<AdaptersRequest> read(std::string_view body,
                             Result<AdapterItem> (*read_one)(const json::JsonReader&))
{
    const auto all = [&]() -> Result<AdaptersRequest> {
        CF_TRY_LET(const auto root, json::JsonReader::parse(body));
        CF_TRY_LET(const auto items, root.get_array("tracks"));
        AdaptersRequest request;
        for (const json::JsonReader& from : items) {
            CF_TRY(from.expect_object());
            CF_TRY_LET(AdapterItem item, read_one(from));
            request.items.push_back(std::move(item));
        }
        return request;
    };
    auto request = all();
    if (!request) {
        request.error().http_status = 400;
        request.error().api_code = "decoding_error";
    }
    return request;
}

} // namespace

Result<AdaptersRequest> read_new_adapters(std::string_view body)
{
    return read(body, read_item);
}

Result<AdaptersRequest> read_close_adapters(std::string_view body)
{
    return read(body, read_closing);
}

std::string write_answer(const AdaptersAnswer& answer)
{
    json::JsonWriter w;
    {
        auto root = w.object();
        auto array = w.array("tracks");
        for (const AdapterItem& item : answer.items) {
            auto object = w.object();
            if (!item.track_name.empty())
                w.string("trackName", item.track_name);
            if (!item.adapter_id.empty())
                w.string("adapterId", item.adapter_id);
            // Answers about egress do not repeat whose track it is.
            if (item.location == calls::Location::Local && !item.session_id.empty())
                w.string("sessionId", item.session_id);
            if (!item.endpoint.empty())
                w.string("endpoint", item.endpoint);
            if (item.bytes_processed)
                w.integer("bytesProcessed", *item.bytes_processed);
            if (item.error) {
                w.string("errorCode", item.error->code);
                w.string("errorDescription", item.error->description);
            }
        }
    }
    return w.take();
}

} // namespace cf::emu
