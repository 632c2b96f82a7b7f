/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/dtls-certificate.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "gst/background-work.hpp"
#include "gst/gst-ref.hpp"
#include "gst/peer-context.hpp"
#include "lib/base/mutex.hpp"

namespace cf::gst
{

namespace
{

// GStreamer keeps one generated certificate for the process, made when the first dtlsdec is.
class WarmUp
{
public:
    static WarmUp& instance()
    {
        // Never destroyed: its thread may be at work while the process exits.
        static auto* const warm_up = new WarmUp;
        return *warm_up;
    }

    void start()
    {
        {
            Lock l{mu_};
            if (started_)
                return;
            started_ = true;
        }
        run_in_background("cfcalls-cert", [this] { generate(); });
    }

    void when_ready(std::shared_ptr<Executor> executor, Executor::Task task)
    {
        start();
        {
            Lock l{mu_};
            if (!ready_) {
                waiting_.emplace_back(std::move(executor), std::move(task));
                return;
            }
        }
        executor->post(std::move(task));
    }

private:
    void generate()
    {
        // Without the plugin there is nothing to make; creating webrtcbin says so to the user.
        if (auto dec = Ref<GstElement>::sink(gst_element_factory_make("dtlsdec", nullptr))) {
            gchar* pem = nullptr;
            g_object_get(dec.get(), "pem", &pem, nullptr);
            g_free(pem);
        }
        std::vector<std::pair<std::shared_ptr<Executor>, Executor::Task>> waiting;
        {
            Lock l{mu_};
            ready_ = true;
            waiting.swap(waiting_);
        }
        for (auto& [executor, task] : waiting)
            executor->post(std::move(task));
    }

    Mutex mu_; // guards what follows; nothing is called under it
    bool started_ CF_GUARDED_BY(mu_) = false;
    bool ready_ CF_GUARDED_BY(mu_) = false;
    std::vector<std::pair<std::shared_ptr<Executor>, Executor::Task>> waiting_ CF_GUARDED_BY(mu_);
};

std::optional<GChecksumType> checksum_type(std::string_view algorithm)
{
    if (algorithm == "sha-256")
        return G_CHECKSUM_SHA256;
    if (algorithm == "sha-384")
        return G_CHECKSUM_SHA384;
    if (algorithm == "sha-512")
        return G_CHECKSUM_SHA512;
    // RFC 8122 section 5 leaves MD5 out, and nobody may rely on SHA-1 for this any more.
    return std::nullopt;
}

// The first certificate of a PEM text, as DER.
std::vector<guchar> der_of(std::string_view pem)
{
    constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
    constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
    const auto begin = pem.find(kBegin);
    const auto end = pem.find(kEnd);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
        return {};
    const std::string base64{pem.substr(begin + kBegin.size(), end - begin - kBegin.size())};
    gsize length = 0;
    const Owned<guchar, g_free> bytes{g_base64_decode(base64.c_str(), &length)};
    return {bytes.get(), bytes.get() + length};
}

std::string without_colons(std::string_view hex)
{
    std::string out;
    std::copy_if(hex.begin(), hex.end(), std::back_inserter(out), [](char c) { return c != ':'; });
    std::transform(out.begin(), out.end(), out.begin(), g_ascii_tolower);
    return out;
}

} // namespace

void warm_up_certificate()
{
    WarmUp::instance().start();
}

void when_certificate_ready(std::shared_ptr<Executor> executor, Executor::Task task)
{
    WarmUp::instance().when_ready(std::move(executor), std::move(task));
}

Status check_certificate(std::string_view pem, const sdp::Fingerprint& expected)
{
    const auto type = checksum_type(expected.algorithm);
    if (!type)
        return Error{ErrorCode::Tls,
                     "The service identifies itself with a hash that is not supported.",
                     "fingerprint algorithm " + expected.algorithm};
    const auto der = der_of(pem);
    const OwnedString digest{
        der.empty() ? nullptr : g_compute_checksum_for_data(*type, der.data(), der.size())};
    if (!digest || without_colons(expected.value) != digest.get())
        return Error{ErrorCode::Tls,
                     "The media server's certificate is not the one that the service announced; "
                     "somebody may be listening in.",
                     "DTLS certificate does not match a=fingerprint"};
    return ok_status();
}

} // namespace cf::gst
