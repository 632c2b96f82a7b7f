/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/answers.hpp"

#include <utility>

#include <gio/gio.h>

#include "lib/calls/codec.hpp"
#include "tests/emulator/sdp/text.hpp"

namespace cf::emu
{

HttpAnswer json_answer(unsigned status, std::string body)
{
    HttpAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

HttpAnswer refusal_answer(const Refusal& refusal)
{
    return json_answer(refusal.status,
                       calls::write_error({refusal.code, refusal.subcode, refusal.description}));
}

HttpAnswer fault_answer(const Fault& fault)
{
    HttpAnswer answer =
        refusal_answer({static_cast<unsigned>(fault.number("status", 503)),
                        fault.text("code", "temporarily_unavailable_error"),
                        fault.text("description", "Refused on demand"), fault.text("subcode")});
    if (const std::string after = fault.text("retry-after"); !after.empty())
        answer.headers.emplace_back("Retry-After", after);
    return answer;
}

void add_cors(HttpAnswer& answer)
{
    answer.headers.emplace_back("Vary", "Origin");
    answer.headers.emplace_back("Access-Control-Allow-Origin", "*");
    answer.headers.emplace_back("Access-Control-Expose-Headers", "*");
}

HttpAnswer preflight(const HttpRequest& request)
{
    HttpAnswer answer;
    answer.status = 204;
    add_cors(answer);
    answer.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS");
    // "*" would not cover Authorization (Fetch standard, CORS-preflight fetch).
    answer.headers.emplace_back("Access-Control-Allow-Headers", request.requested_headers.empty()
                                                                    ? "Authorization, Content-Type"
                                                                    : request.requested_headers);
    answer.headers.emplace_back("Access-Control-Max-Age", "86400");
    return answer;
}

bool from_own_page(const HttpRequest& request)
{
    if (!request.origin.empty() && request.origin != "http://" + request.host)
        return false;
    const std::string_view host = request.host;
    const auto port = host.rfind(':');
    const std::string name(host.substr(0, host.ends_with(']') ? std::string_view::npos : port));
    return name.empty() || name == "localhost" || name.starts_with('[') ||
           g_hostname_is_ip_address(name.c_str()) != FALSE;
}

std::string unescape(std::string_view text)
{
    const OwnedString decoded{
        g_uri_unescape_segment(text.data(), text.data() + text.size(), nullptr)};
    return decoded ? decoded.get() : std::string{};
}

std::string query_parameter(const std::string& query, std::string_view name)
{
    for (std::string_view pair : sdp::split(query, '&'))
        if (sdp::take_until(pair, '=') == name)
            return unescape(pair);
    return {};
}

} // namespace cf::emu
