/* SPDX-License-Identifier: LGPL-2.1-or-later */
// A test process ends as soon as its test does, and OpenSSL then frees, in an exit handler, what it
// keeps for each thread. GLib ends idle threads of its pools when it likes, those that have done
// DTLS for a webrtcbin among them, and each frees its own at that very moment: now and then both at
// once, which is a crash in OPENSSL_cleanup(). Nothing of that is the test's, so OpenSSL is told to
// leave the rest to the kernel (OPENSSL_init_crypto(3), OPENSSL_INIT_NO_ATEXIT).
#include <openssl/crypto.h>

namespace
{

__attribute__((constructor)) void leave_the_rest_to_the_kernel()
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr); // counts only as the very first call
}

} // namespace
