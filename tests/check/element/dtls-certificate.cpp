/* SPDX-License-Identifier: LGPL-2.1-or-later */
// P4: the certificate that DTLS saw against the fingerprint that the description named.
#include "gst/dtls-certificate.hpp"

#include "gst/background-work.hpp"
#include "lib/base/io-thread.hpp"
#include "tests/support/check.hpp"
#include "tests/support/wait.hpp"

using namespace cf;
using namespace cf::gst;
using namespace cf::test;

namespace
{

// A self-signed test certificate and what `openssl x509 -fingerprint` says of it.
constexpr const char* kPem = R"(-----BEGIN CERTIFICATE-----
MIIBjTCCATOgAwIBAgIUPm6Zk7mRKfPkrUwtPMjXwC86h2cwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQZ3N0LWNmY2FsbHMgdGVzdDAgFw0yNjExMjMxNzM1MjJaGA8y
MTI2MTAzMDE3MzUyMlowGzEZMBcGA1UEAwwQZ3N0LWNmY2FsbHMgdGVzdDBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABLth5KvjtuhgrtZCVBRC+QS7jlBF1T5JgC/Q
r8/iH32eliNHDsM96YZtQZQBV/ZAXRKr7x6JKQuUGkSIFee49d6jUzBRMB0GA1Ud
DgQWBBRXtEWu+kTlJRRgzXd/e6M6S7RQsjAfBgNVHSMEGDAWgBRXtEWu+kTlJRRg
zXd/e6M6S7RQsjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIHS3
S3ySqMYwE5e03CkBbnwPpNYCq3vOHI+bwStft9srAiEAwR7Of5vgQVxWjMguVTJU
5Sj2eWgiWsw7bOutOg9+XH8=
-----END CERTIFICATE-----
)";
const sdp::Fingerprint kSha256{"sha-256",
                               "24:58:9F:38:1F:70:EE:92:A2:AB:15:16:25:AE:E4:11:31:8D:FE:32:7D:D8:"
                               "8C:DC:61:43:41:BB:A8:A4:70:7B"};
const sdp::Fingerprint kSha384{"sha-384",
                               "04:AB:EE:F0:8E:34:EF:5B:03:5D:5C:54:71:91:3D:53:FB:B4:BB:C4:C4:E0:"
                               "79:E7:92:12:56:31:6C:4A:6D:C7:E8:75:D7:64:91:B6:B0:3A:08:D5:88:E0:"
                               "48:71:FC:D9"};
const sdp::Fingerprint kSha512{"sha-512",
                               "AC:C7:D8:D6:53:9A:3C:9B:CC:CB:F5:7C:C4:D4:D0:6D:F6:ED:3A:BB:97:BC:"
                               "EA:C3:B6:AF:C7:8D:7F:22:2F:92:42:FC:B7:C2:27:45:D3:D0:9C:88:44:63:"
                               "E6:11:4F:7F:E5:C2:49:D2:8C:24:3B:6F:12:D6:FB:23:E8:66:27:29"};

void refused(const std::string& pem, const sdp::Fingerprint& fingerprint)
{
    const auto status = check_certificate(pem, fingerprint);
    fail_if(status.ok(), "accepted: %s %s", fingerprint.algorithm.c_str(),
            fingerprint.value.c_str());
    fail_unless(status.error().code == ErrorCode::Tls);
}

} // namespace

GST_START_TEST(the_announced_certificate_is_accepted_by_each_hash)
{
    for (const auto& fingerprint : {kSha256, kSha384, kSha512})
        fail_unless(check_certificate(kPem, fingerprint).ok(), "%s", fingerprint.algorithm.c_str());
    // P3: some versions write lower case; hex is hex.
    auto lower = kSha256;
    for (char& c : lower.value)
        c = g_ascii_tolower(c);
    fail_unless(check_certificate(kPem, lower).ok());
}
GST_END_TEST

GST_START_TEST(anything_else_is_refused)
{
    auto other = kSha256;
    other.value[0] = '3';
    refused(kPem, other);
    refused(kPem, {"sha-256", kSha384.value});
    refused(kPem, {"sha-256", ""});
    refused(kPem, {"sha-1", "00"});
    refused(kPem, {"md5", "00"});
    refused("", kSha256);
    refused("", {"sha-256", ""});
    refused("-----BEGIN CERTIFICATE----------END CERTIFICATE-----", {"sha-256", ""});
    const std::string pem{kPem};
    refused(pem.substr(0, pem.size() / 2), kSha256);
    refused("-----END CERTIFICATE----------BEGIN CERTIFICATE-----", kSha256);
    auto altered = pem;
    altered[200] = altered[200] == 'A' ? 'B' : 'A';
    refused(altered, kSha256);
}
GST_END_TEST

GST_START_TEST(everybody_who_waits_for_our_certificate_is_called)
{
    const auto io = IoThread::acquire();
    std::atomic<int> called = 0;
    for (int i = 0; i < 5; ++i)
        when_certificate_ready(io, [&] { ++called; });
    fail_unless(wait_until([&] { return called == 5; }));
    when_certificate_ready(io, [&] { ++called; });
    fail_unless(wait_until([&] { return called == 6; }));
    fail_unless(wait_for_background_work(kPatience));
}
GST_END_TEST

static Suite* dtls_certificate_suite()
{
    Suite* s = suite_create("dtls-certificate");
    TCase* tc = tcase_create("general");
    tcase_add_test(tc, the_announced_certificate_is_accepted_by_each_hash);
    tcase_add_test(tc, anything_else_is_refused);
    tcase_add_test(tc, everybody_who_waits_for_our_certificate_is_called);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(dtls_certificate)
