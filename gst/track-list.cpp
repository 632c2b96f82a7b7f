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

// Structures one after the other, each with its semicolon.
Result<std::vector<TrackWish>> parse_structures(std::string text)
{
    std::vector<TrackWish> wishes;
    for (char* at = text.data(); *at != '\0';) {
        if (*at == ',' || *at == ' ') {
            ++at;
            continue;
        }
        const OwnedStructure structure{gst_structure_from_string(at, &at)};
        if (!structure)
            return wrong(wishes.size() + 1, "is no structure");
        CF_TRY_LET(auto wish, parse_structure(structure.get(), wishes.size() + 1));
        wishes.push_back(std::move(wish));
    }
    return wishes;
}

Result<TrackWish> parse_value(const GValue* value, std::size_t number)
{
    if (GST_VALUE_HOLDS_STRUCTURE(value))
        return parse_structure(gst_value_get_structure(value), number);
    if (G_VALUE_HOLDS_STRING(value)) {
        const std::string_view text = trim(g_value_get_string(value));
        const OwnedStructure structure{
            text.find("session-id=") != std::string_view::npos
                ? gst_structure_from_string(std::string{text}.c_str(), nullptr)
                : nullptr};
        return structure ? parse_structure(structure.get(), number) : parse_entry(text, number);
    }
    return wrong(number, "is neither a structure nor a string");
}

Result<std::vector<TrackWish>> parse_array(std::string_view text)
{
    if (text.size() < 2 || text.back() != '>')
        return wrong(1, "is no array");
    const auto inner = trim(text.substr(1, text.size() - 2));
    if (inner.find("session-id") != std::string_view::npos && inner.front() != '"') {
        // A GstValueArray of structures that was turned into a string: g_strdup_value_contents()
        // puts no quotes around them, but escapes what is in them.
        const OwnedString plain{g_strcompress(std::string{inner}.c_str())};
        auto wishes = parse_structures(plain.get());
        return wishes ? std::move(wishes) : parse_structures(std::string{inner});
    }

    GValue array = G_VALUE_INIT;
    g_value_init(&array, GST_TYPE_ARRAY);
    std::vector<TrackWish> wishes;
    std::optional<Error> error;
    if (!gst_value_deserialize(&array, std::string{text}.c_str()))
        error = wrong(1, "is no array");
    for (guint i = 0; !error && i < gst_value_array_get_size(&array); ++i) {
        auto wish = parse_value(gst_value_array_get_value(&array, i), i + 1);
        if (wish)
            wishes.push_back(wish.take());
        else
            error = std::move(wish.error());
    }
    g_value_unset(&array);
    if (error)
        return std::move(*error);
    return wishes;
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
