/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/adapters/adapters.hpp"

#include <algorithm>
#include <utility>

#include "tests/emulator/adapters/egress-adapter.hpp"
#include "tests/emulator/adapters/ingest-adapter.hpp"
#include "tests/emulator/media/socket-address.hpp"

namespace cf::emu
{

namespace
{

constexpr std::size_t kMostItems = 4;
constexpr std::size_t kRememberedIds = 1000;
constexpr char kNew[] = "adapters/websocket/new";
constexpr char kClose[] = "adapters/websocket/close";

using MaybeError = std::optional<calls::ItemError>;

std::optional<Refusal> check_count(const AdaptersRequest& request)
{
    if (request.items.empty())
        return refusals::invalid_params("Expecting at least one track in the request");
    if (request.items.size() > kMostItems)
        return refusals::invalid_params("Expecting at most 4 track in the request");
    return std::nullopt;
}

// The host of a WebSocket URL, nothing if it is none.
std::optional<std::string> websocket_host(const std::string& endpoint)
{
    const auto uri = Ref<GUri>::adopt(
        g_uri_parse(endpoint.c_str(), static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS), nullptr));
    if (!uri)
        return std::nullopt;
    const std::string scheme = g_uri_get_scheme(uri.get());
    const char* host = g_uri_get_host(uri.get());
    if ((scheme != "ws" && scheme != "wss") || host == nullptr || *host == '\0')
        return std::nullopt;
    return host;
}

bool is_localhost(std::string host)
{
    if (host.ends_with('.'))
        host.pop_back();
    if (g_ascii_strcasecmp(host.c_str(), "localhost") == 0 ||
        (host.size() > 10 &&
         g_ascii_strcasecmp(host.c_str() + host.size() - 10, ".localhost") == 0))
        return true;
    const auto address = SocketAddress::parse(host, 0);
    return address && (address->is_loopback() || address->is_wildcard());
}

std::optional<Refusal> check_item(const AdapterItem& item, std::size_t longest)
{
    const auto refuse = [](const char* why) {
        return refusals::invalid_params(std::string("tracks: ") + why);
    };
    if (item.track_name.empty())
        return refuse("trackName is missing");
    if (item.track_name.size() > longest)
        return refusals::invalid_params("tracks: trackName is longer than " +
                                        std::to_string(longest) + " bytes");
    if (!websocket_host(item.endpoint))
        return refuse("endpoint has to be a ws:// or wss:// URL");
    if (item.location == calls::Location::Local)
        return item.input_codec == "pcm" ? std::nullopt
                                         : std::optional(refuse("inputCodec has to be pcm"));
    if (item.session_id.empty())
        return refuse("a remote track needs sessionId");
    if (item.output_codec != "pcm" && item.output_codec != "jpeg")
        return refuse("outputCodec has to be pcm or jpeg");
    return std::nullopt;
}

} // namespace

/// One request under way.
struct Adapters::Batch {
    AdaptersAnswer answer;
    std::vector<std::unique_ptr<WebSocketClient>> sockets;
    std::size_t open = 0;
    Reply<AdaptersAnswer> reply;

    void finish(std::size_t index, MaybeError error)
    {
        answer.items[index].error = std::move(error);
        if (--open == 0)
            std::exchange(reply, nullptr)(std::move(answer));
    }
};

Adapters::Adapters(Sfu& sfu, GMainContext* context)
    : sfu_(sfu),
      context_(Ref<GMainContext>::retain(context != nullptr ? context : g_main_context_default()))
{
}

Adapters::~Adapters()
{
    *alive_ = false;
    // What still dials would call us.
    for (const auto& weak : batches_)
        if (const auto batch = weak.lock())
            batch->sockets.clear();
}

MaybeError Adapters::fault(const char* operation, const AdapterItem& item)
{
    const auto fault =
        sfu_.faults().strike("item-error", operation, item.session_id, [&](const Fault& f) {
            const std::string track = f.text("track");
            return track.empty() || track == item.track_name;
        });
    if (!fault)
        return std::nullopt;
    const auto plain = item_errors::backend();
    return calls::ItemError{fault->text("code", plain.code),
                            fault->text("description", plain.description)};
}

// --- new ----------------------------------------------------------------------------------------

void Adapters::create(AdaptersRequest request, Reply<AdaptersAnswer> reply)
{
    if (auto refusal = check_count(request))
        return reply(std::move(*refusal));
    for (const AdapterItem& item : request.items)
        if (auto refusal = check_item(item, sfu_.options().limits.name_bytes))
            return reply(std::move(*refusal));
    const auto batch = std::make_shared<Batch>();
    batch->open = request.items.size();
    batch->sockets.resize(request.items.size());
    batch->answer.items = std::move(request.items);
    batch->reply = std::move(reply);
    std::erase_if(batches_, [](const auto& weak) { return weak.expired(); });
    batches_.push_back(batch);
    for (std::size_t i = 0; i < batch->sockets.size(); ++i)
        begin(batch, i);
}

MaybeError Adapters::check_source(const AdapterItem& item, std::vector<std::string>& elements)
{
    const LocalTrack* track = sfu_.find_track({item.session_id, item.track_name});
    if (track == nullptr || !track->has_packets())
        return item_errors::not_found();
    elements =
        EgressAdapter::elements(*track->publication->active_codec(), item.output_codec == "jpeg");
    if (elements.empty())
        return item_errors::invalid("outputCodec pcm needs a track with Opus, jpeg one with H.264, "
                                    "H.265, VP8 or VP9");
    return std::nullopt;
}

void Adapters::begin(const BatchPtr& batch, std::size_t index)
{
    AdapterItem& item = batch->answer.items[index];
    if (auto error = fault(kNew, item))
        return batch->finish(index, std::move(error));
    if (sfu_.options().refuse_localhost && is_localhost(*websocket_host(item.endpoint)))
        return batch->finish(index, item_errors::websocket_localhost());
    if (entries_.size() + in_flight_ >= sfu_.options().limits.adapters)
        return batch->finish(index, calls::ItemError{"temporarily_unavailable_error",
                                                     refusals::overloaded().description});
    std::vector<std::string> elements = IngestAdapter::elements();
    if (item.location == calls::Location::Remote)
        if (auto error = check_source(item, elements))
            return batch->finish(index, std::move(error));
    ++in_flight_;
    CodecPipeline::prepare(
        elements, context_.get(),
        [this, alive = alive_, batch, index](std::optional<std::string> missing) {
            if (!*alive)
                return;
            if (!missing)
                return dial(batch, index);
            --in_flight_;
            batch->finish(index,
                          calls::ItemError{"internal_error",
                                           "This machine has no GStreamer element " + *missing});
        });
}

void Adapters::dial(const BatchPtr& batch, std::size_t index)
{
    if (!http_)
        http_ = new_websocket_session();
    auto& socket = batch->sockets[index];
    socket = std::make_unique<WebSocketClient>(http_.get(), sfu_.executor());
    // The socket is the batch's until it is open: no circle is left behind.
    socket->set_callbacks(
        {[this, batch, index](DialResult result) { on_dialled(batch, index, result); }, nullptr,
         nullptr});
    socket->dial(batch->answer.items[index].endpoint, sfu_.options().timers.adapter_connect);
}

void Adapters::on_dialled(const BatchPtr& batch, std::size_t index, DialResult result)
{
    auto socket = std::move(batch->sockets[index]);
    socket->set_callbacks({});
    --in_flight_;
    if (result == DialResult::TimedOut)
        return batch->finish(index, item_errors::websocket_timeout());
    if (result == DialResult::HandshakeFailed)
        return batch->finish(index, item_errors::websocket_handshake());
    AdapterItem& item = batch->answer.items[index];
    batch->finish(index, item.location == calls::Location::Local ? ingest(item, std::move(socket))
                                                                 : egress(item, std::move(socket)));
}

MaybeError Adapters::ingest(AdapterItem& item, std::unique_ptr<WebSocketClient> socket)
{
    auto adapter = IngestAdapter::create(sfu_, context_.get(), std::move(socket));
    if (!adapter)
        return calls::ItemError{"internal_error", adapter.error().message};
    const auto session = sfu_.new_adapter_session(item.track_name, (*adapter)->publication());
    if (!session)
        return calls::ItemError{"temporarily_unavailable_error",
                                refusals::overloaded().description};
    item.session_id = session->id();
    keep(item, adapter.take());
    return std::nullopt;
}

MaybeError Adapters::egress(AdapterItem& item, std::unique_ptr<WebSocketClient> socket)
{
    // Dialling took its time: the publication may have gone.
    std::vector<std::string> elements;
    if (auto error = check_source(item, elements))
        return error;
    const LocalTrack* track = sfu_.find_track({item.session_id, item.track_name});
    auto adapter = EgressAdapter::create(sfu_, context_.get(), track->publication, item.endpoint,
                                         std::move(socket));
    if (!adapter)
        return calls::ItemError{"internal_error", adapter.error().message};
    keep(item, adapter.take());
    return std::nullopt;
}

void Adapters::keep(AdapterItem& item, std::unique_ptr<Adapter> adapter)
{
    item.adapter_id = sfu_.random_hex(32);
    adapter->on_end = [this, id = item.adapter_id] { forget(id); };
    entries_.emplace(item.adapter_id, Entry{item, std::move(adapter)});
}

// --- close --------------------------------------------------------------------------------------

void Adapters::close(const AdaptersRequest& request, const Reply<AdaptersAnswer>& reply)
{
    if (auto refusal = check_count(request))
        return reply(std::move(*refusal));
    AdaptersAnswer answer;
    for (const AdapterItem& asked : request.items) {
        if (asked.adapter_id.empty())
            return reply(refusals::invalid_params("tracks: adapterId is missing"));
        AdapterItem item;
        item.adapter_id = asked.adapter_id;
        answer.items.push_back(std::move(item));
    }
    for (AdapterItem& item : answer.items) {
        const auto it = entries_.find(item.adapter_id);
        item.error = fault(kClose, it != entries_.end() ? it->second.item : item);
        if (item.error)
            continue;
        if (it != entries_.end()) {
            item.bytes_processed = it->second.adapter->stats().bytes;
            forget(item.adapter_id);
        } else if (sfu_.options().strict_adapter_close ||
                   std::find(closed_.begin(), closed_.end(), item.adapter_id) == closed_.end()) {
            item.error = item_errors::adapter_not_found();
        }
    }
    reply(std::move(answer));
}

void Adapters::forget(const std::string& id)
{
    auto node = entries_.extract(id);
    if (node.empty())
        return;
    closed_.push_back(id);
    if (closed_.size() > kRememberedIds)
        closed_.pop_front();
    // The session of an ingest adapter is nobody else's.
    if (node.mapped().item.location == calls::Location::Local)
        if (const auto session = sfu_.find_session(node.mapped().item.session_id))
            session->lose();
}

} // namespace cf::emu
