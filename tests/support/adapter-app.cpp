/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/adapter-app.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include "tests/emulator/adapters/adapter-packet.hpp"
#include "tests/support/check.hpp"

namespace cf::test
{

namespace
{

constexpr unsigned kRate = 48000;
constexpr std::size_t kChunk = kRate / 50 * 4;
constexpr char kPcmCaps[] = "audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved";
constexpr char kOpusCaps[] = "audio/x-opus,rate=48000,channels=2,channel-mapping-family=0";

void on_message(SoupWebsocketConnection*, int, GBytes* message, gpointer data)
{
    gsize size = 0;
    const auto* bytes = static_cast<const std::uint8_t*>(g_bytes_get_data(message, &size));
    static_cast<AdapterApp*>(data)->messages.emplace_back(bytes, bytes + size);
}

void on_socket(SoupServer*, SoupServerMessage*, const char*, SoupWebsocketConnection* socket,
               gpointer data)
{
    auto* app = static_cast<AdapterApp*>(data);
    g_signal_connect(socket, "message", G_CALLBACK(on_message), app);
    app->sockets.push_back(static_cast<SoupWebsocketConnection*>(g_object_ref(socket)));
}

void on_redirect(SoupServer*, SoupServerMessage* message, const char*, GHashTable*, gpointer data)
{
    auto* app = static_cast<AdapterApp*>(data);
    ++app->redirects;
    soup_server_message_set_redirect(message, SOUP_STATUS_FOUND, app->url().c_str());
}

std::vector<double> channel(const ByteVector& pcm, unsigned which)
{
    std::vector<double> samples(pcm.size() / 4);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        std::int16_t value = 0;
        std::memcpy(&value, pcm.data() + i * 4 + which * 2, sizeof value);
        samples[i] = value;
    }
    return samples;
}

double correlation(const double* a, const double* b, std::size_t n)
{
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (std::size_t i = 0; i < n; ++i) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

} // namespace

AdapterApp::AdapterApp() : server_(soup_server_new(nullptr, nullptr))
{
    soup_server_add_websocket_handler(server_, "/ws", nullptr, nullptr, on_socket, this, nullptr);
    soup_server_add_handler(server_, "/redirect", on_redirect, this, nullptr);
    GSocketAddress* address = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    fail_unless(
        soup_server_listen(server_, address, static_cast<SoupServerListenOptions>(0), nullptr));
    g_object_unref(address);
}

AdapterApp::~AdapterApp()
{
    for (SoupWebsocketConnection* socket : sockets) {
        g_signal_handlers_disconnect_by_data(socket, this);
        g_object_unref(socket);
    }
    soup_server_disconnect(server_);
    g_object_unref(server_);
}

std::string AdapterApp::url(const std::string& path) const
{
    GSList* uris = soup_server_get_uris(server_);
    const int port = g_uri_get_port(static_cast<GUri*>(uris->data));
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
    return "ws://127.0.0.1:" + std::to_string(port) + path;
}

void AdapterApp::send(const ByteVector& message) const
{
    soup_websocket_connection_send_binary(socket(), message.data(), message.size());
}

void AdapterApp::send_payload(const ByteVector& payload) const
{
    emu::AdapterPacket packet;
    packet.payload = payload;
    send(packet.write());
}

void AdapterApp::hang_up(unsigned short code) const
{
    soup_websocket_connection_close(socket(), code, nullptr);
}

bool AdapterApp::is_open() const
{
    return !sockets.empty() &&
           soup_websocket_connection_get_state(socket()) == SOUP_WEBSOCKET_STATE_OPEN;
}

ByteVector sweep(double seconds)
{
    const auto n = static_cast<std::size_t>(seconds * kRate);
    ByteVector pcm(n * 4);
    for (std::size_t i = 0; i < n; ++i) {
        const double t = static_cast<double>(i) / kRate;
        const double at[] = {300 * t + 400 * t * t, 3000 * t - 300 * t * t};
        for (std::size_t c = 0; c < 2; ++c) {
            const auto value = static_cast<std::int16_t>(9000 * std::sin(2 * G_PI * at[c]));
            std::memcpy(pcm.data() + i * 4 + c * 2, &value, sizeof value);
        }
    }
    return pcm;
}

double likeness(const ByteVector& sent, const ByteVector& got)
{
    // Where the sound begins is only roughly known: the encoder's delay is in front of it.
    constexpr std::size_t kSearch = 4000;
    constexpr double kLoud = 1000;
    double worst = 1;
    for (const unsigned which : {0U, 1U}) {
        const auto a = channel(sent, which);
        const auto b = channel(got, which);
        const auto onset =
            std::find_if(b.begin(), b.end(), [](double v) { return std::abs(v) > kLoud; }) -
            b.begin();
        const std::size_t n = a.size() * 8 / 10;
        const std::size_t first =
            static_cast<std::size_t>(onset) - std::min<std::size_t>(kSearch / 4, onset);
        double best = 0;
        for (std::size_t lag = first; lag < first + kSearch && lag + n <= b.size(); ++lag) {
            // A quick look first: most places are not it.
            if (correlation(a.data() + n / 2, b.data() + lag + n / 2, 2000) < 0.5)
                continue;
            best = std::max(best, correlation(a.data(), b.data() + lag, n));
        }
        worst = std::min(worst, best);
    }
    return worst;
}

std::vector<ByteVector> cut(const ByteVector& data, std::size_t size)
{
    std::vector<ByteVector> pieces;
    for (std::size_t at = 0; at < data.size(); at += size)
        pieces.emplace_back(data.begin() + static_cast<std::ptrdiff_t>(at),
                            data.begin() +
                                static_cast<std::ptrdiff_t>(std::min(at + size, data.size())));
    return pieces;
}

ByteVector joined(const std::vector<ByteVector>& pieces)
{
    ByteVector all;
    for (const ByteVector& piece : pieces)
        all.insert(all.end(), piece.begin(), piece.end());
    return all;
}

std::vector<ByteVector> run_elements(const std::string& elements, const std::string& caps,
                                     const std::vector<ByteVector>& buffers)
{
    GError* error = nullptr;
    GstElement* pipeline =
        gst_parse_launch(((caps.empty() ? "" : "appsrc name=in format=time caps=" + caps + " ! ") +
                          elements + " ! appsink name=out sync=false")
                             .c_str(),
                         &error);
    fail_unless(error == nullptr, "%s", error != nullptr ? error->message : "");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    if (!caps.empty()) {
        GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "in");
        GstClockTime at = 0;
        for (const ByteVector& data : buffers) {
            GstBuffer* buffer = gst_buffer_new_memdup(data.data(), data.size());
            GST_BUFFER_PTS(buffer) = at;
            GST_BUFFER_DURATION(buffer) = 20 * GST_MSECOND;
            at += 20 * GST_MSECOND;
            gst_app_src_push_buffer(GST_APP_SRC(source), buffer);
        }
        gst_app_src_end_of_stream(GST_APP_SRC(source));
        gst_object_unref(source);
    }
    std::vector<ByteVector> out;
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
    while (GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink), 20 * GST_SECOND)) {
        GstMapInfo map;
        GstBuffer* buffer = gst_sample_get_buffer(sample);
        gst_buffer_map(buffer, &map, GST_MAP_READ);
        out.emplace_back(map.data, map.data + map.size);
        gst_buffer_unmap(buffer, &map);
        gst_sample_unref(sample);
    }
    fail_unless(gst_app_sink_is_eos(GST_APP_SINK(sink)), "%s: no end", elements.c_str());
    gst_object_unref(sink);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return out;
}

std::vector<ByteVector> encode_opus(const ByteVector& pcm)
{
    return run_elements("opusenc bitrate=96000 frame-size=20", kPcmCaps, cut(pcm, kChunk));
}

ByteVector decode_opus(const std::vector<ByteVector>& packets)
{
    return joined(run_elements(std::string("opusdec ! audioconvert ! audioresample ! ") + kPcmCaps,
                               kOpusCaps, packets));
}

void expect_colour_bars(std::span<const std::uint8_t> jpeg)
{
    fail_unless(jpeg.size() > 4 && jpeg[0] == 0xFF && jpeg[1] == 0xD8);
    fail_unless(jpeg[jpeg.size() - 2] == 0xFF && jpeg.back() == 0xD9);
    const auto frames =
        run_elements("jpegdec ! videoconvert ! video/x-raw,format=RGB,width=320,height=240",
                     "image/jpeg", {ByteVector(jpeg.begin(), jpeg.end())});
    fail_unless(frames.size() == 1 && frames[0].size() == 320 * 240 * 3);
    constexpr int kBars[7][3] = {{255, 255, 255}, {255, 255, 0}, {0, 255, 255}, {0, 255, 0},
                                 {255, 0, 255},   {255, 0, 0},   {0, 0, 255}};
    for (std::size_t bar = 0; bar < 7; ++bar) {
        const std::uint8_t* pixel = &frames[0][(60 * 320 + (2 * bar + 1) * 320 / 14) * 3];
        for (int c = 0; c < 3; ++c)
            fail_unless(std::abs(pixel[c] - kBars[bar][c]) < 40, "bar %d is %d %d %d",
                        static_cast<int>(bar), pixel[0], pixel[1], pixel[2]);
    }
}

} // namespace cf::test
