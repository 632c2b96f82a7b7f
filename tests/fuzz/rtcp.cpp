/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The emulator's RTCP readers.
#include <cstddef>
#include <cstdint>

#include <glib.h>

#include "tests/emulator/media/rtcp-reader.hpp"
#include "tests/emulator/media/rtcp-writer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace cf::emu;
    RtcpReader reader({data, size});
    while (const auto p = reader.next()) {
        (void)read_sender_report(*p);
        if (const auto blocks = read_report_blocks(*p); blocks && blocks->size() <= 31) {
            RtcpWriter w;
            w.receiver_report(1, *blocks);
            g_assert(w.size() == 8 + blocks->size() * 24);
        }
        if (const auto nack = read_nack(*p)) {
            RtcpWriter w;
            w.nack(1, nack->media_ssrc, nack->sequences);
            RtcpReader own(w.data());
            g_assert(read_nack(*own.next())->sequences.size() >= 1);
        }
        (void)read_pli(*p);
        (void)read_fir(*p);
        (void)read_remb(*p);
        (void)read_transport_cc(*p);
        (void)read_bye(*p);
    }
    return 0;
}
