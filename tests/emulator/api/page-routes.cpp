/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/page-routes.hpp"

#include <string>

#include <gio/gio.h>

#include "tests/emulator/api/answers.hpp"

extern "C" {
#include "page-resources.h" // generated C
}

namespace cf::emu
{

namespace
{

struct File {
    std::string_view path;
    const char* resource;
    const char* content_type;
};
constexpr File kFiles[] = {
    {"/", "/cfcalls-emulator/page/index.html", "text/html; charset=utf-8"},
    {"/page.css", "/cfcalls-emulator/page/page.css", "text/css; charset=utf-8"},
    {"/page.js", "/cfcalls-emulator/page/page.js", "text/javascript; charset=utf-8"},
};

const File* find_file(std::string_view path)
{
    for (const File& file : kFiles)
        if (file.path == path)
            return &file;
    return nullptr;
}

} // namespace

bool is_page_path(std::string_view path)
{
    return find_file(path) != nullptr;
}

HttpAnswer page_answer(const HttpRequest& request)
{
    const File& file = *find_file(request.path);
    if (request.method != "GET" && request.method != "HEAD")
        return refusal_answer({405, "not_found", "This page can only be read"});
    auto bytes = Ref<GBytes>::adopt(g_resource_lookup_data(
        page_resources_get_resource(), file.resource, G_RESOURCE_LOOKUP_FLAGS_NONE, nullptr));
    gsize size = 0;
    const auto* data = static_cast<const char*>(g_bytes_get_data(bytes.get(), &size));
    HttpAnswer answer;
    answer.body.assign(data, size);
    answer.content_type = file.content_type;
    // The page talks to the emulator and to nobody else.
    answer.headers.emplace_back("Content-Security-Policy",
                                "default-src 'self'; img-src data:; frame-ancestors 'none'");
    answer.headers.emplace_back("Cache-Control", "no-store");
    return answer;
}

} // namespace cf::emu
