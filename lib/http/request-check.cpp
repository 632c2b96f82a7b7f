/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/http/request-check.hpp"

#include <algorithm>
#include <string_view>

#include "lib/http/soup-ref.hpp"

namespace cf::http
{

namespace
{

// RFC 9110 5.6.2
bool is_token(std::string_view text)
{
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [=](char c) {
        return g_ascii_isalnum(c) || kMarks.find(c) != std::string_view::npos;
    });
}

// RFC 9110 5.5: no control characters but the tab.
bool is_field_value(std::string_view text)
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

bool is_visible(std::string_view text)
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte <= 0x20 || byte == 0x7f;
    });
}

constexpr auto kUrlFlags = static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS);

bool is_http_url(const std::string& url)
{
    // GUri lets blanks and control characters pass in some places.
    if (!is_visible(url))
        return false;
    const auto uri = Ref<GUri>::adopt(g_uri_parse(url.c_str(), kUrlFlags, nullptr));
    if (!uri)
        return false;
    const std::string_view scheme = g_uri_get_scheme(uri.get()); // GUri writes it in lower case
    const char* host = g_uri_get_host(uri.get());
    return (scheme == "http" || scheme == "https") && host != nullptr && *host != '\0';
}

} // namespace

Status check_request(const HttpRequest& request)
{
    if (!is_http_url(request.url))
        return bad_url_error();
    if (!is_token(request.method))
        return Error{ErrorCode::InvalidArgument, "The HTTP method is not a word"};
    if (!request.body.empty() && !is_field_value(request.content_type))
        return Error{ErrorCode::InvalidArgument, "The content type is not one"};
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name) || !is_field_value(value))
            return Error{ErrorCode::InvalidArgument,
                         "A header field to be sent has characters in it that are not allowed "
                         "there: check the headers and the credentials for line breaks"};
    }
    return ok_status();
}

Error bad_url_error()
{
    return Error{ErrorCode::InvalidArgument,
                 "The address of the service is not an http or https URL: check the api-base "
                 "property"};
}

} // namespace cf::http
