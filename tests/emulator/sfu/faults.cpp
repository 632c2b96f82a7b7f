/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/sfu/faults.hpp"

#include <algorithm>

#include "tests/emulator/sdp/text.hpp"

namespace cf::emu
{

namespace
{

Error bad(std::string why)
{
    return Error{ErrorCode::InvalidArgument, std::move(why)};
}

bool is_text_parameter(std::string_view name)
{
    return name == "code" || name == "subcode" || name == "description" || name == "direction" ||
           name == "track" || name == "mid" || name == "from" || name == "to" || name == "key";
}

std::optional<double> to_number(const std::string& text)
{
    char* end = nullptr;
    const double value = g_ascii_strtod(text.c_str(), &end);
    if (text.empty() || end != text.c_str() + text.size())
        return std::nullopt;
    return value;
}

} // namespace

const std::vector<KnownFault>& known_faults()
{
    static const auto* list = new std::vector<KnownFault>{
        {"delay", FaultPlace::Request, "ms", "answers come ms (default 1000) later"},
        {"status", FaultPlace::Request, "status code subcode description retry-after",
         "the request is refused unprocessed with this HTTP status (default 503), errorCode, "
         "errorSubcode and errorDescription; retry-after adds that header, in seconds"},
        {"drop-response", FaultPlace::Request, "",
         "the request is carried out, then the connection closes without an answer"},
        {"refuse", FaultPlace::Request, "",
         "the connection closes without an answer, and the request is not carried out"},
        {"rename-key", FaultPlace::Request, "from to",
         "members called from are called to, anywhere in the answer"},
        {"drop-key", FaultPlace::Request, "key", "members called key are missing in the answer"},
        {"extra-keys", FaultPlace::Request, "", "every object of the answer has an unknown member"},
        {"malformed-json", FaultPlace::Request, "", "the answer breaks off in the middle"},
        {"no-json", FaultPlace::Request, "", "the answer is an HTML page under HTTP 200"},
        {"item-error", FaultPlace::Session, "code description track mid",
         "items of this track or mid (default: all) fail with this errorCode (default "
         "internal_error)"},
        {"session-lost", FaultPlace::Session, "",
         "the session is gone (410) from this request on, and its media stops"},
        {"dtls-refusal", FaultPlace::Session, "",
         "the SFU does not accept the certificate of the client"},
        {"wrong-fingerprint", FaultPlace::Sdp, "", "a=fingerprint is not that of the certificate"},
        {"lower-case-fingerprint", FaultPlace::Sdp, "", "a=fingerprint in lower-case hex"},
        {"no-ssrc", FaultPlace::Sdp, "", "no a=ssrc lines"},
        {"no-ice-lite", FaultPlace::Sdp, "", "a=ice-lite is missing"},
        {"rejected-section", FaultPlace::Sdp, "mid",
         "a section (default: the last) is rejected with port 0"},
        {"answer-as-offer", FaultPlace::Sdp, "", "an answer says that it is an offer"},
        {"fewer-m-lines", FaultPlace::Sdp, "", "the last m= section is missing"},
        {"changed-mid", FaultPlace::Sdp, "mid to",
         "a section (default: the last) has another mid (default: \"changed\")"},
        {"loss", FaultPlace::Network, "percent direction seed",
         "datagrams are lost (default 5 percent); direction is up, down or both (default)"},
        {"blackhole", FaultPlace::Network, "direction", "no datagram passes"},
        {"reorder", FaultPlace::Network, "percent ms direction seed",
         "datagrams are overtaken (default 5 percent) by what follows within ms (default 20)"},
        {"duplicate", FaultPlace::Network, "percent direction seed",
         "datagrams arrive twice (default 5 percent)"},
        {"latency", FaultPlace::Network, "ms jitter direction seed",
         "datagrams take ms (default 100) longer, and up to jitter (default 0) on top"},
        {"bandwidth", FaultPlace::Network, "kbps queue direction",
         "at most kbps (default 500) pass; what would wait longer than queue ms (default 300) is "
         "dropped"},
    };
    return *list;
}

const KnownFault* find_known_fault(std::string_view name)
{
    const auto& list = known_faults();
    const auto it =
        std::find_if(list.begin(), list.end(), [&](const KnownFault& k) { return name == k.name; });
    return it == list.end() ? nullptr : &*it;
}

std::string Fault::text(const std::string& key, const std::string& fallback) const
{
    const auto it = parameters.find(key);
    return it == parameters.end() ? fallback : it->second;
}

double Fault::number(const std::string& key, double fallback) const
{
    const auto it = parameters.find(key);
    return it == parameters.end() ? fallback : to_number(it->second).value_or(fallback);
}

bool Fault::flag(const std::string& key) const
{
    const std::string value = text(key);
    return !value.empty() && value != "0" && value != "false";
}

Result<FaultId> FaultRegistry::add(Fault fault)
{
    const KnownFault* known = find_known_fault(fault.name);
    if (known == nullptr)
        return bad("there is no fault \"" + fault.name + "\"");
    const auto names = sdp::split(known->parameters);
    for (const auto& [key, value] : fault.parameters) {
        if (std::find(names.begin(), names.end(), key) == names.end())
            return bad("the fault \"" + fault.name + "\" has no parameter \"" + key + "\"");
        if (!is_text_parameter(key) && !to_number(value))
            return bad("the parameter \"" + key + "\" has to be a number");
    }
    fault.id = next_++;
    fault.struck = 0;
    faults_.push_back(std::move(fault));
    return faults_.back().id;
}

bool FaultRegistry::remove(FaultId id)
{
    return std::erase_if(faults_, [&](const Fault& f) { return f.id == id; }) != 0;
}

std::optional<Fault> FaultRegistry::strike(std::string_view name, std::string_view operation,
                                           std::string_view session,
                                           const std::function<bool(const Fault&)>& applies)
{
    for (Fault& fault : faults_) {
        if (fault.name != name || fault.remaining == 0U)
            continue;
        if (!fault.operation.empty() && fault.operation != operation)
            continue;
        if (!fault.session.empty() && fault.session != session)
            continue;
        if (applies && !applies(fault))
            continue;
        ++fault.struck;
        if (fault.remaining)
            --*fault.remaining;
        return fault;
    }
    return std::nullopt;
}

Result<Fault> parse_fault(std::string_view text)
{
    Fault fault;
    fault.name = std::string(sdp::take_until(text, ':'));
    while (!text.empty()) {
        std::string_view pair = sdp::take_until(text, ',');
        const std::string key(sdp::take_until(pair, '='));
        const std::string value(pair);
        if (key == "operation")
            fault.operation = value;
        else if (key == "session")
            fault.session = value;
        else if (key != "count")
            fault.parameters[key] = value;
        else if (const auto count = sdp::number<unsigned>(value))
            fault.remaining = *count;
        else
            return bad("count has to be a number");
    }
    return fault;
}

} // namespace cf::emu
