/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/api/usage-query.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "lib/base/ref.hpp"

namespace cf::emu
{

namespace
{

Error unknown(const char* what, const std::string& name)
{
    return Error{ErrorCode::Protocol, std::string("unknown ") + what + " \"" + name + "\""};
}

using Dimensions = std::map<std::string, std::string>;

struct Row {
    Dimensions dimensions;
    UsageBytes sum;
    std::uint64_t count = 0;
};

std::string date_time(std::uint64_t unix_time, std::uint64_t resolution)
{
    GDateTime* at =
        g_date_time_new_from_unix_utc(static_cast<gint64>(unix_time - unix_time % resolution));
    const OwnedString text{g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ")};
    g_date_time_unref(at);
    return text.get();
}

// ISO 8601 in UTC sorts as text does, so times are compared as such.
Dimensions dimensions_of(const Usage::Key& key, const std::string& app_id)
{
    const std::uint64_t at = key.first;
    return {
        {"appId", app_id},
        {"sessionId", key.second},
        {"datetime", date_time(at, 1)},
        {"datetimeMinute", date_time(at, 60)},
        {"datetimeFiveMinutes", date_time(at, 300)},
        {"datetimeFifteenMinutes", date_time(at, 900)},
        {"datetimeHour", date_time(at, 3600)},
        {"date", date_time(at, 1).substr(0, 10)},
    };
}

constexpr std::array kTurnDimensions = {
    "keyId",          "customIdentifier",  "username",         "datacenterCity",
    "datacenterCode", "datacenterCountry", "datacenterRegion",
};

bool known_dimension(const std::string& name)
{
    static const Dimensions known = dimensions_of({0, ""}, "");
    return known.count(name) != 0 ||
           std::find(kTurnDimensions.begin(), kTurnDimensions.end(), name) != kTurnDimensions.end();
}

// "datetime_geq" -> {"datetime", "geq"}; without operator: equality.
std::pair<std::string, std::string> split_filter(const std::string& name)
{
    for (const char* op : {"_geq", "_leq", "_gt", "_lt", "_neq", "_in"})
        if (name.ends_with(op))
            return {name.substr(0, name.size() - std::string_view(op).size()), op + 1};
    return {name, "eq"};
}

bool passes(const std::string& have, const std::string& op, const graphql::Value& want)
{
    if (op == "in")
        return std::any_of(want.items.begin(), want.items.end(),
                           [&](const graphql::Value& v) { return v.text == have; });
    if (op == "geq")
        return have >= want.text;
    if (op == "leq")
        return have <= want.text;
    if (op == "gt")
        return have > want.text;
    if (op == "lt")
        return have < want.text;
    return (have == want.text) != (op == "neq");
}

bool passes(const Dimensions& row, const graphql::Value* filter)
{
    if (filter == nullptr)
        return true;
    return std::all_of(filter->members.begin(), filter->members.end(), [&](const auto& entry) {
        const auto [name, op] = split_filter(entry.first);
        const auto it = row.find(name);
        return it != row.end() && passes(it->second, op, entry.second);
    });
}

Status check(const graphql::Field& field)
{
    if (const graphql::Value* filter = field.argument("filter"))
        for (const auto& [name, value] : filter->members)
            if (!known_dimension(split_filter(name).first))
                return unknown("filter", name);
    for (const graphql::Field& part : field.selection) {
        if (part.name != "dimensions" && part.name != "sum" && part.name != "avg" &&
            part.name != "count")
            return unknown("field", part.name);
        for (const graphql::Field& leaf : part.selection) {
            if (part.name == "dimensions" && !known_dimension(leaf.name))
                return unknown("dimension", leaf.name);
            if (part.name == "sum" && leaf.name != "egressBytes" && leaf.name != "ingressBytes")
                return unknown("field", leaf.name);
        }
    }
    return ok_status();
}

std::vector<Row> grouped(const graphql::Field& field, const Usage& usage, const std::string& app_id)
{
    const graphql::Field* wanted = field.find("dimensions");
    std::map<Dimensions, Row> groups;
    for (const auto& [key, bytes] : usage.rows()) {
        const Dimensions all = dimensions_of(key, app_id);
        if (!passes(all, field.argument("filter")))
            continue;
        Dimensions by;
        if (wanted != nullptr)
            for (const graphql::Field& d : wanted->selection)
                if (const auto it = all.find(d.name); it != all.end())
                    by.insert(*it);
        Row& row = groups[by];
        row.dimensions = by;
        row.sum.ingress += bytes.ingress;
        row.sum.egress += bytes.egress;
        ++row.count;
    }
    std::vector<Row> rows;
    for (auto& [by, row] : groups)
        rows.push_back(std::move(row));
    return rows;
}

// One entry of orderBy: "sum_egressBytes_DESC", "datetimeMinute_ASC".
void sort_by(std::vector<Row>& rows, std::string order)
{
    const bool descending = order.ends_with("_DESC");
    order = order.substr(0, order.rfind('_'));
    const auto less = [&](const Row& a, const Row& b) {
        if (order == "sum_egressBytes")
            return a.sum.egress < b.sum.egress;
        if (order == "sum_ingressBytes")
            return a.sum.ingress < b.sum.ingress;
        const auto text = [&](const Row& r) {
            const auto it = r.dimensions.find(order);
            return it == r.dimensions.end() ? std::string{} : it->second;
        };
        return text(a) < text(b);
    };
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
        return descending ? less(b, a) : less(a, b);
    });
}

void sort(std::vector<Row>& rows, const graphql::Value* order)
{
    if (order == nullptr)
        return;
    if (order->items.empty())
        return sort_by(rows, order->text);
    // The first key counts most, so it is sorted by last.
    for (auto it = order->items.rbegin(); it != order->items.rend(); ++it)
        sort_by(rows, it->text);
}

void write_part(json::JsonWriter& w, const graphql::Field& part, const Row& row)
{
    if (part.name == "count")
        return w.integer(part.alias, row.count);
    auto object = w.object(part.alias);
    for (const graphql::Field& leaf : part.selection) {
        if (part.name == "dimensions") {
            const auto it = row.dimensions.find(leaf.name);
            w.string(leaf.alias, it == row.dimensions.end() ? "" : it->second);
        } else if (part.name == "sum") {
            w.integer(leaf.alias, leaf.name == "egressBytes" ? row.sum.egress : row.sum.ingress);
        } else {
            w.null(leaf.alias);
        }
    }
}

} // namespace

Status write_usage(json::JsonWriter& w, const graphql::Field& field, const Usage& usage,
                   const std::string& app_id)
{
    CF_TRY(check(field));
    auto rows = grouped(field, usage, app_id);
    sort(rows, field.argument("orderBy"));
    if (const graphql::Value* limit = field.argument("limit"))
        rows.resize(
            std::min<std::size_t>(rows.size(), g_ascii_strtoull(limit->text.c_str(), nullptr, 10)));
    auto array = w.array(field.alias);
    for (const Row& row : rows) {
        auto object = w.object();
        for (const graphql::Field& part : field.selection)
            write_part(w, part, row);
    }
    return ok_status();
}

Status write_no_usage(json::JsonWriter& w, const graphql::Field& field)
{
    CF_TRY(check(field));
    auto array = w.array(field.alias);
    return ok_status();
}

} // namespace cf::emu
