/* SPDX-License-Identifier: LGPL-2.1-or-later */
// The border of DTLS records: what a network, or somebody on it, can do to the datagrams of a
// handshake.
//
// The input is a script over two ends that shake hands; a byte says what happens next, the byte
// after it what to:
//     0 the oldest datagram on its way arrives      1 and another one is glued to it
//     2 it is cut short                             3 one of its bytes is another
//     4 it arrives twice                            5 it is lost
//     6 the next N bytes of the input arrive in its place
//     7 they arrive behind a good record header
// Whatever comes, nothing may crash, what is not made of whole records is refused, and a handshake
// to which only that happened completes.
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include <glib.h>

#include "tests/emulator/media/dtls-connection.hpp"

using namespace cf::emu;

namespace
{

using Datagram = std::vector<std::uint8_t>;

struct Side {
    Side(const DtlsContext& context, DtlsRole role, const std::string& peer)
    {
        DtlsConnection::Callbacks callbacks;
        callbacks.send = [this](Bytes d) { sent.emplace_back(d.begin(), d.end()); };
        callbacks.connected = [](const SrtpKeys&) {};
        callbacks.data = [this](Bytes d) { received += d.size(); };
        callbacks.failed = [](const std::string&) {};
        callbacks.closed = [] {};
        connection = std::make_unique<DtlsConnection>(
            context, role, std::vector<Fingerprint>{{"sha-256", peer}}, std::move(callbacks));
    }
    std::deque<Datagram> sent;
    std::size_t received = 0;
    std::unique_ptr<DtlsConnection> connection;
};

const DtlsContext& context()
{
    static const auto* made =
        new std::unique_ptr<DtlsContext>(DtlsContext::create({}).take()); // kept for good
    return **made;
}

// An independent reading of RFC 6347 4.1: type, version, epoch, sequence number, length.
bool is_whole(Bytes d)
{
    std::size_t at = 0;
    while (at + 13 <= d.size()) {
        const std::size_t length = static_cast<std::size_t>(d[at + 11]) << 8 | d[at + 12];
        if (d[at] < 20 || d[at] > 25 || d[at + 1] != 0xFE || length > 16384 + 256)
            return false;
        at += 13 + length;
    }
    return at != 0 && at == d.size();
}

class Script
{
public:
    explicit Script(Bytes input) : input_(input) {}

    void run()
    {
        client_.connection->start();
        while (input_.size() >= 2) {
            const std::uint8_t what = input_[0];
            const std::uint8_t how = input_[1];
            input_ = input_.subspan(2);
            step(what, how);
        }
        if (harmless_)
            finish();
    }

private:
    void deliver(bool to_server, const Datagram& d)
    {
        DtlsConnection& to = *(to_server ? server_ : client_).connection;
        const bool whole = is_whole(d);
        g_assert(to.on_datagram(d) == whole);
        harmless_ = harmless_ && (!whole || real_);
        real_ = false;
    }
    bool take(bool to_server, Datagram& out)
    {
        auto& queue = (to_server ? client_ : server_).sent;
        if (queue.empty())
            return false;
        out = std::move(queue.front());
        queue.pop_front();
        return true;
    }
    void step(std::uint8_t what, std::uint8_t how)
    {
        const bool to_server = (what & 8) == 0;
        Datagram d;
        if ((what & 7) >= 6)
            return make_up((what & 7) == 7, to_server, how);
        if (!take(to_server, d))
            return;
        Datagram next;
        switch (what & 7) {
        case 0:
            real_ = true;
            return deliver(to_server, d);
        case 1:
            if (take(to_server, next))
                d.insert(d.end(), next.begin(), next.end());
            real_ = true;
            return deliver(to_server, d);
        case 2:
            harmless_ = false;
            d.resize(d.size() * how / 256);
            return deliver(to_server, d);
        case 3:
            harmless_ = false;
            d[(d.size() - 1) * how / 255] ^= static_cast<std::uint8_t>(how | 1);
            return deliver(to_server, d);
        case 4:
            real_ = true;
            deliver(to_server, d);
            real_ = true;
            return deliver(to_server, d);
        default:
            harmless_ = false; // until a retransmission, for which nobody waits here
            return;
        }
    }
    void make_up(bool with_header, bool to_server, std::uint8_t length)
    {
        const auto n = std::min<std::size_t>(length, input_.size());
        Datagram d;
        if (with_header)
            d = {22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 7, 0, static_cast<std::uint8_t>(n)};
        d.insert(d.end(), input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(n));
        input_ = input_.subspan(n);
        deliver(to_server, d);
    }
    void exchange()
    {
        Datagram d;
        for (bool any = true; any;) {
            any = false;
            for (const bool to_server : {true, false})
                while (take(to_server, d)) {
                    any = true;
                    (void)(to_server ? server_ : client_).connection->on_datagram(d);
                }
        }
    }
    [[nodiscard]] bool complete() const
    {
        return client_.connection->connected() && server_.connection->connected();
    }
    void finish()
    {
        exchange();
        // On a machine that is busy OpenSSL's timer may have run out in between, and what an end
        // then sends once more may leave the other one waiting for a timer of its own.
        for (int waited = 0; !complete(); ++waited) {
            g_assert(waited < 500);
            g_usleep(20000);
            client_.connection->tick();
            server_.connection->tick();
            exchange();
        }
        const std::uint8_t hello[] = {1, 2, 3};
        g_assert(client_.connection->send_data(hello));
        exchange();
        g_assert(server_.received >= sizeof hello);
    }

    Bytes input_;
    Side client_{context(), DtlsRole::Client, context().fingerprint()};
    Side server_{context(), DtlsRole::Server, context().fingerprint()};
    bool harmless_ = true; ///< so far nothing happened that a handshake may not survive
    bool real_ = false;    ///< the next datagram is one that an end has sent
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Script({data, size}).run();
    return 0;
}
