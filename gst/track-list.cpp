/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/track-list.hpp"

#include <algorithm>

#include "gst/gst-ref.hpp"

namespace cf::gst
{

namespace
{

using calls::MediaKind;

constexpr const char* kUsage = "write tracks as SESSION/TRACK,SESSION/TRACK, each with ?kind=audio "
                               "or ?kind=video behind it if you like";

Error wrong(std::size_t number, const char* what)
{
    return Error{ErrorCode::InvalidArgument, "Entry " + std::to_string(number) +
                                                 " of the property tracks " + what + "; " + kUsage +
                                                 "."};
}

std::string_view trim(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// Nothing for broken escapes, and for what is no text.
std::optional<std::string> unescape(std::string_view text)
{
    const OwnedString plain{
        g_uri_unescape_segment(text.data(), text.data() + text.size(), nullptr)};
    if (!plain)
        return text.empty() ? std::optional<std::string>{""} : std::nullopt;
    return std::string{plain.get()};
}

std::string escape(const std::string& text, const char* allowed)
{
    const OwnedString escaped{g_uri_escape_string(text.c_str(), allowed, TRUE)};
    return escaped.get();
}

std::optional<MediaKind> kind_named(std::string_view name)
{
    if (name == "audio")
        return MediaKind::Audio;
    return name == "video" ? std::optional{MediaKind::Video} : std::nullopt;
}

Result<TrackWish> parse_entry(std::string_view entry, std::size_t number)
{
    TrackWish wish;
    const auto question = entry.find('?');
    if (question != std::string_view::npos) {
        constexpr std::string_view kKind = "kind=";
        const auto option = entry.substr(question + 1);
        if (option.substr(0, kKind.size()) == kKind)
            wish.kind = kind_named(option.substr(kKind.size()));
        if (!wish.kind)
            return wrong(number, "has an option that is not understood");
    }
    const auto locator = entry.substr(0, question);
    const auto slash = locator.find('/');
    if (slash == std::string_view::npos)
        return wrong(number, "has no slash between session and track");
    const auto session = unescape(locator.substr(0, slash));
    const auto name = unescape(locator.substr(slash + 1));
    if (!session || !name)
        return wrong(number, "has a broken % escape");
    if (session->empty() || name->empty())
        return wrong(number, session->empty() ? "has no session id" : "has no track name");
    wish.source = {*session, *name};
    return wish;
}

Result<TrackWish> parse_structure(const GstStructure* s, std::size_t number)
{
    const char* session = gst_structure_get_string(s, "session-id");
    const char* name = gst_structure_get_string(s, "track-name");
    const char* kind = gst_structure_get_string(s, "kind");
    if (session == nullptr || *session == '\0' || name == nullptr || *name == '\0')
        return wrong(number, "needs the fields session-id and track-name");
    TrackWish wish{{session, name}, std::nullopt};
    if (kind != nullptr) {
        wish.kind = kind_named(kind);
        if (!wish.kind)
            return wrong(number, "has a kind that is neither audio nor video");
    }
    return wish;
}

Result<std::vector<TrackWish>> parse_list(std::string_view text)
{
    std::vector<TrackWish> wishes;
    std::size_t number = 0;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto entry = trim(text.substr(0, comma));
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        ++number;
        if (entry.empty())
            continue;
        CF_TRY_LET(auto wish, parse_entry(entry, number));
        wishes.push_back(std::move(wish));
    }
    return wishes;
}

Result<std::vector<TrackWish>> parse_array(std::string_view text)
{
    GValue array = G_VALUE_INIT;
    g_value_init(&array, GST_TYPE_ARRAY);
    std::vector<TrackWish> wishes;
    Result<std::vector<TrackWish>> result = wishes;
    if (!gst_value_deserialize(&array, std::string{text}.c_str()))
        result = wrong(1, "is no array of structures");
    for (guint i = 0; result.ok() && i < gst_value_array_get_size(&array); ++i) {
        const GValue* value = gst_value_array_get_value(&array, i);
        auto wish = GST_VALUE_HOLDS_STRUCTURE(value)
                        ? parse_structure(gst_value_get_structure(value), i + 1)
                    : G_VALUE_HOLDS_STRING(value)
                        ? parse_entry(trim(g_value_get_string(value)), i + 1)
                        : Result<TrackWish>{wrong(i + 1, "is neither a structure nor a string")};
        if (wish)
            wishes.push_back(wish.take());
        else
            result = std::move(wish.error());
    }
    g_value_unset(&array);
    return result.ok() ? Result<std::vector<TrackWish>>{std::move(wishes)} : std::move(result);
}

} // namespace

Result<std::vector<TrackWish>> parse_tracks(std::string_view text)
{
    text = trim(text);
    CF_TRY_LET(auto wishes,
               !text.empty() && text.front() == '<' ? parse_array(text) : parse_list(text));
    for (auto it = wishes.begin(); it != wishes.end(); ++it) {
        if (std::any_of(wishes.begin(), it,
                        [&](const TrackWish& other) { return other.source == it->source; }))
            return wrong(std::size_t(it - wishes.begin()) + 1, "is there twice");
    }
    return wishes;
}

std::string to_string(const std::vector<TrackWish>& tracks)
{
    std::string text;
    for (const TrackWish& wish : tracks) {
        text += text.empty() ? "" : ",";
        text +=
            escape(wish.source.session_id, ":@=+") + "/" + escape(wish.source.track_name, "/:@=+");
        if (wish.kind)
            text += *wish.kind == MediaKind::Audio ? "?kind=audio" : "?kind=video";
    }
    return text;
}

} // namespace cf::gst
