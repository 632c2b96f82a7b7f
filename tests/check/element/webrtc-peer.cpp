/* SPDX-License-Identifier: LGPL-2.1-or-later */
// WebRtcPeer against a webrtcbin that plays the SFU, with descriptions edited by hand where the SFU
// has to do something that webrtcbin would not.
#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include <dirent.h>

#include "gst/background-work.hpp"
#include "gst/gstcfcallsguard.h"
#include "gst/peer-context.hpp"
#include "lib/base/io-thread.hpp"
#include "tests/support/bare-sfu.hpp"
#include "tests/support/check.hpp"
#include "tests/support/wait.hpp"

using namespace cf;
using namespace cf::gst;
using namespace cf::test;
using calls::IncomingTrack;
using calls::MediaKind;
using calls::TransportState;

namespace
{

constexpr const char* kVideo =
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! "
    "vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay pt=120 picture-id-mode=15-bit";
constexpr const char* kAudio =
    "audiotestsrc is-live=true ! opusenc frame-size=20 ! rtpopuspay pt=111";

class TestSender final : public SendingSlot
{
public:
    TestSender(GstBin* parent, SlotId id, MediaKind kind) : id_(id), kind_(kind)
    {
        bin_ = Ref<GstElement>::sink(gst_parse_bin_from_description(
            kind == MediaKind::Video ? kVideo : kAudio, TRUE, nullptr));
        src_ = Ref<GstPad>::adopt(gst_element_get_static_pad(bin_.get(), "src"));
        gst_pad_add_probe(
            src_.get(), GstPadProbeType(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST),
            [](GstPad*, GstPadProbeInfo*, gpointer data) {
                return static_cast<TestSender*>(data)->open ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
            },
            this, nullptr);
        gst_bin_add(parent, bin_.get());
        gst_element_sync_state_with_parent(bin_.get());
        fail_unless(wait_until([&] { return rtp_caps().get() != nullptr; }));
    }

    [[nodiscard]] SlotId id() const override { return id_; }
    [[nodiscard]] MediaKind kind() const override { return kind_; }
    [[nodiscard]] Ref<GstCaps> rtp_caps() const override
    {
        return Ref<GstCaps>::adopt(gst_pad_get_current_caps(src_.get()));
    }
    [[nodiscard]] Ref<GstCaps> signalled_caps() const override
    {
        if (kind_ == MediaKind::Video)
            return {};
        return Ref<GstCaps>::adopt(
            gst_caps_from_string("application/x-rtp, usedtx=(string)1, minptime=(string)10"));
    }
    [[nodiscard]] bool retransmission() const override { return true; }
    [[nodiscard]] Ref<GstPad> gate_src() const override { return src_; }
    void set_gate(bool is_open) override { open = is_open; }

    std::atomic<bool> open = false;

private:
    const SlotId id_;
    const MediaKind kind_;
    Ref<GstElement> bin_;
    Ref<GstPad> src_;
};

class TestReceiver final : public ReceivingSlot, public GuardHooks
{
public:
    static std::shared_ptr<TestReceiver> make(GstBin* parent, SlotId id)
    {
        auto self = std::make_shared<TestReceiver>(id);
        self->guard_ = Ref<GstElement>::sink(make_guard(nullptr, self));
        gst_bin_add(parent, self->guard_.get());
        gst_element_sync_state_with_parent(self->guard_.get());
        return self;
    }
    explicit TestReceiver(SlotId id) : id_(id) {}

    [[nodiscard]] SlotId id() const override { return id_; }
    void offered(MediaKind kind, const calls::Mid&, GstCaps*) override
    {
        offers |= kind == MediaKind::Video ? 2 : 1;
    }
    void attach(GstPad* pad) override
    {
        const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(guard_.get(), "sink"));
        if (const auto old = Ref<GstPad>::adopt(gst_pad_get_peer(sink.get())))
            gst_pad_unlink(old.get(), sink.get());
        fail_unless(gst_pad_link(pad, sink.get()) == GST_PAD_LINK_OK);
        ++attached;
    }
    void detach(GstPad* pad) override
    {
        const auto sink = Ref<GstPad>::adopt(gst_element_get_static_pad(guard_.get(), "sink"));
        gst_pad_unlink(pad, sink.get());
        ++detached;
    }
    bool on_packet(GstBuffer*) override
    {
        ++packets;
        return true;
    }
    GstEvent* on_downstream_event(GstEvent* event) override
    {
        if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
            GstCaps* caps = nullptr;
            gst_event_parse_caps(event, &caps);
            const char* media = gst_structure_get_string(gst_caps_get_structure(caps, 0), "media");
            is_video = g_strcmp0(media, "video") == 0;
        }
        if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
            ++eos;
        return event;
    }
    bool on_upstream_query(GstQuery*) override { return false; }

    std::atomic<unsigned> packets = 0;
    std::atomic<unsigned> attached = 0;
    std::atomic<unsigned> detached = 0;
    std::atomic<unsigned> eos = 0;
    std::atomic<int> offers = 0;
    std::atomic<bool> is_video = false;

private:
    const SlotId id_;
    Ref<GstElement> guard_;
};

struct TestEvents final : calls::PeerConnectionEvents {
    void on_transport_state(TransportState s, const std::string& why) override
    {
        Lock l{mu};
        state = s;
        states.insert(s);
        reason = why;
    }
    void on_media_flowing(SlotId slot) override
    {
        Lock l{mu};
        flowing.push_back(slot);
    }
    void on_slot_failed(SlotId slot, Error error) override
    {
        Lock l{mu};
        failed.emplace_back(slot, std::move(error));
    }
    [[nodiscard]] bool has(TransportState s)
    {
        Lock l{mu};
        return state == s;
    }
    [[nodiscard]] bool ever(TransportState s)
    {
        Lock l{mu};
        return states.contains(s);
    }
    [[nodiscard]] bool flows(SlotId slot)
    {
        Lock l{mu};
        return std::count(flowing.begin(), flowing.end(), slot) == 1;
    }
    [[nodiscard]] bool has_failed(SlotId slot, ErrorCode code)
    {
        Lock l{mu};
        return std::any_of(failed.begin(), failed.end(),
                           [&](const auto& f) { return f.first == slot && f.second.code == code; });
    }

    Mutex mu; // guards what follows
    TransportState state = TransportState::New;
    std::set<TransportState> states;
    std::string reason;
    std::vector<SlotId> flowing;
    std::vector<std::pair<SlotId, Error>> failed;
};

// A client: a pipeline that a WebRtcPeer works in, with the calls of the peer made on the I/O
// thread and waited for on the test's.
class Client
{
public:
    explicit Client(std::function<void(PeerContext&)> change = [](PeerContext&) {})
        : pipeline_(Ref<GstElement>::sink(gst_pipeline_new("client")))
    {
        gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
        // Nobody reads the bus, and its messages keep alive what they are about.
        const auto bus = Ref<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
        gst_bus_set_flushing(bus.get(), TRUE);
        PeerContext context{.bin = Ref<GstBin>::retain(bin()),
                            .executor = io_,
                            .slots = slots_,
                            .loopback_candidates = true,
                            .latency_ms = 50};
        change(context);
        factory_ = make_webrtc_peer_factory(std::move(context));
        renew();
    }
    ~Client()
    {
        on_io([&] {
            peer->close();
            peer.reset();
            factory_ = nullptr; // it holds the pipeline
        });
        fail_unless(wait_for_background_work(kPatience));
        gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // As a Session does when its session is lost: closes the peer and makes the next.
    void renew()
    {
        on_io([&] {
            if (peer)
                peer->close();
            auto made = factory_(events);
            fail_unless(made.ok(), "no peer: %s", made.ok() ? "" : made.error().message.c_str());
            peer = made.take();
        });
        Lock l{events.mu};
        events.flowing.clear();
    }

    [[nodiscard]] GstBin* bin() const { return GST_BIN(pipeline_.get()); }

    std::shared_ptr<TestSender> add_sender(MediaKind kind)
    {
        const SlotId id = slots_->allocate();
        auto slot = std::make_shared<TestSender>(bin(), id, kind);
        slots_->add("pad", slot);
        return slot;
    }
    std::shared_ptr<TestReceiver> add_receiver()
    {
        const SlotId id = slots_->allocate();
        auto slot = TestReceiver::make(bin(), id);
        slots_->add("pad", slot);
        return slot;
    }

    void on_io(std::function<void()> task)
    {
        std::atomic<bool> ran = false;
        io_->post([&] {
            task();
            ran = true;
        });
        fail_unless(wait_until([&] { return ran.load(); }));
    }
    template <typename T> Result<T> wait_for(std::function<void(calls::Done<T>)> call)
    {
        auto box = std::make_shared<std::optional<Result<T>>>();
        auto done = std::make_shared<std::atomic<bool>>(false);
        io_->post([=] {
            call([=](Result<T> r) {
                fail_unless(!box->has_value(), "answered twice");
                box->emplace(std::move(r));
                *done = true;
            });
        });
        fail_unless(wait_until([&] { return done->load(); }), "no answer");
        return std::move(**box);
    }
    calls::LocalOffer offer(std::vector<SlotId> add, std::vector<SlotId> remove = {})
    {
        auto r = wait_for<calls::LocalOffer>([&](auto done) {
            peer->create_offer({.add = add, .remove = remove}, std::move(done));
        });
        fail_unless(r.ok(), "%s", r.ok() ? "" : r.error().debug.c_str());
        return r.take();
    }
    Status set_answer(const std::string& sdp)
    {
        return wait_for<Unit>([&](auto done) { peer->set_answer(sdp, std::move(done)); });
    }
    Result<calls::SessionDescription> set_offer(const std::string& sdp,
                                                std::vector<IncomingTrack> incoming)
    {
        return wait_for<calls::SessionDescription>(
            [&](auto done) { peer->set_offer(sdp, incoming, std::move(done)); });
    }
    // Publishes in one exchange.
    calls::LocalOffer publish(BareSfu& sfu, const std::vector<SlotId>& slots)
    {
        auto o = offer(slots);
        const auto status = set_answer(sfu.answer(o.description.sdp));
        fail_unless(status.ok(), "%s", status.ok() ? "" : status.error().debug.c_str());
        return o;
    }
    void pull(BareSfu& sfu, const std::string& sdp, std::vector<IncomingTrack> incoming)
    {
        auto a = set_offer(sdp, std::move(incoming));
        fail_unless(a.ok(), "%s", a.ok() ? "" : a.error().debug.c_str());
        sfu.accept(a->sdp);
    }

    TestEvents events;
    std::shared_ptr<calls::PeerConnection> peer;

private:
    std::shared_ptr<IoThread> io_ = IoThread::acquire();
    std::shared_ptr<SlotTable> slots_ = std::make_shared<SlotTable>();
    Ref<GstElement> pipeline_;
    calls::PeerConnectionFactory factory_;
};

unsigned count_entries(const char* directory)
{
    DIR* dir = opendir(directory);
    unsigned n = 0;
    while (readdir(dir) != nullptr)
        ++n;
    closedir(dir);
    return n;
}

std::string wrong_fingerprint(std::string sdp)
{
    const auto at = sdp.find("a=fingerprint:sha-256 ") + strlen("a=fingerprint:sha-256 ");
    const std::string right = sdp.substr(at, 95);
    std::string wrong = right;
    wrong[0] = right[0] == '0' ? '1' : '0';
    return replace_all(sdp, right, wrong);
}

} // namespace

GST_START_TEST(publishes_and_tells_when_the_first_packet_has_left)
{
    BareSfu sfu;
    Client client;
    const auto audio = client.add_sender(MediaKind::Audio);
    const auto video = client.add_sender(MediaKind::Video);
    const auto offer = client.offer({audio->id(), video->id()});
    fail_unless(offer.mids.at(audio->id()) != offer.mids.at(video->id()));
    for (const char* line : {"a=sendonly", "a=setup:actpass", "usedtx=1", "a=rtcp-fb:120 nack pli",
                             "urn:ietf:params:rtp-hdrext:sdes:mid", "rtx/90000"})
        fail_unless(offer.description.sdp.find(line) != std::string::npos, "no %s in\n%s", line,
                    offer.description.sdp.c_str());
    for (const char* line : {"a=candidate", "a=sendrecv", "bundle-only", "m=video 0"})
        fail_unless(offer.description.sdp.find(line) == std::string::npos, "%s in\n%s", line,
                    offer.description.sdp.c_str());
    fail_unless(!audio->open && !video->open, "a gate is open before anything is negotiated");
    fail_unless(client.set_answer(sfu.answer(offer.description.sdp)).ok());
    fail_unless(wait_until(
        [&] { return client.events.flows(audio->id()) && client.events.flows(video->id()); }));
    fail_unless(client.events.has(TransportState::Connected));
    fail_unless(wait_until([&] { return sfu.packets("audio") > 20 && sfu.packets("video") > 20; }));
}
GST_END_TEST

GST_START_TEST(a_track_added_later_leaves_the_first_one_alone)
{
    BareSfu sfu;
    Client client;
    const auto video = client.add_sender(MediaKind::Video);
    client.publish(sfu, {video->id()});
    fail_unless(wait_until([&] { return client.events.flows(video->id()); }));
    const auto audio = client.add_sender(MediaKind::Audio);
    client.publish(sfu, {audio->id()});
    fail_unless(wait_until([&] { return client.events.flows(audio->id()); }));
    const unsigned before = sfu.packets("video");
    fail_unless(wait_until([&] { return sfu.packets("video") > before + 20; }));
    // And goes again, with an offer that says so.
    const auto offer = client.offer({}, {audio->id()});
    fail_unless(offer.description.sdp.find("a=inactive") != std::string::npos);
    fail_unless(!audio->open);
    fail_unless(client.set_answer(sfu.answer(offer.description.sdp)).ok());
    const unsigned later = sfu.packets("video");
    fail_unless(wait_until([&] { return sfu.packets("video") > later + 20; }));
}
GST_END_TEST

GST_START_TEST(an_abandoned_offer_leaves_nothing_behind)
{
    BareSfu sfu;
    Client client;
    const auto video = client.add_sender(MediaKind::Video);
    const auto audio = client.add_sender(MediaKind::Audio);
    const auto first = client.offer({video->id(), audio->id()});
    client.on_io([&] { client.peer->abandon_offer(); });
    // Only one of the two is still wanted; the other's m-line says so.
    const auto second = client.offer({video->id()});
    ck_assert_str_eq(second.mids.at(video->id()).c_str(), first.mids.at(video->id()).c_str());
    fail_unless(second.description.sdp.find("a=inactive") != std::string::npos);
    fail_unless(client.set_answer(sfu.answer(second.description.sdp)).ok());
    fail_unless(wait_until([&] { return client.events.flows(video->id()); }));
    fail_unless(!audio->open);
}
GST_END_TEST

GST_START_TEST(a_rejected_m_line_fails_its_slot_only)
{
    BareSfu sfu;
    Client client;
    const auto video = client.add_sender(MediaKind::Video);
    const auto audio = client.add_sender(MediaKind::Audio);
    const auto offer = client.offer({video->id(), audio->id()});
    const auto answer = replace_all(sfu.answer(offer.description.sdp), "m=audio 9", "m=audio 0");
    fail_unless(client.set_answer(answer).ok());
    fail_unless(wait_until([&] {
        return client.events.flows(video->id()) &&
               client.events.has_failed(audio->id(), ErrorCode::Unsupported);
    }));
    fail_unless(!audio->open, "packets would wait in webrtcbin for ever");
}
GST_END_TEST

GST_START_TEST(an_answer_that_does_not_fit_is_an_error)
{
    BareSfu sfu;
    Client client;
    const auto video = client.add_sender(MediaKind::Video);
    const auto audio = client.add_sender(MediaKind::Audio);
    const auto offer = client.offer({video->id(), audio->id()});
    const std::string answer = sfu.answer(offer.description.sdp);
    for (const std::string& bad :
         {answer.substr(0, answer.find("m=audio")), std::string{"no sdp"}, std::string{}}) {
        const auto status = client.set_answer(bad);
        fail_unless(!status.ok() && status.error().code == ErrorCode::Sdp, "%s", bad.c_str());
    }
    fail_unless(client.set_answer(answer).ok());
    fail_unless(wait_until([&] { return client.events.flows(video->id()); }));
}
GST_END_TEST

GST_START_TEST(another_certificate_than_announced_fails_the_transport) // P4
{
    BareSfu sfu;
    Client client;
    const auto video = client.add_sender(MediaKind::Video);
    const auto offer = client.offer({video->id()});
    fail_unless(client.set_answer(wrong_fingerprint(sfu.answer(offer.description.sdp))).ok());
    fail_unless(wait_until([&] { return client.events.has(TransportState::Failed); }));
    fail_unless(!client.events.ever(TransportState::Connected));
    fail_unless(client.events.reason.find("certificate") != std::string::npos);
    fail_unless(!video->open && !client.events.flows(video->id()));
}
GST_END_TEST

GST_START_TEST(pulled_tracks_reach_their_own_slots)
{
    BareSfu sfu;
    sfu.add_track(kVideo, "v");
    sfu.add_track(kAudio, "a");
    Client client;
    const auto audio = client.add_receiver();
    const auto video = client.add_receiver();
    client.pull(sfu, sfu.offer(), {{audio->id(), "a"}, {video->id(), "v"}});
    fail_unless(wait_until(
        [&] { return client.events.flows(audio->id()) && client.events.flows(video->id()); }));
    fail_unless(wait_until([&] { return audio->packets > 20 && video->packets > 20; }));
    fail_unless(video->is_video && !audio->is_video);
    fail_unless(video->offers == 2 && audio->offers == 1);
    // Another one later, and nothing happens to these two.
    sfu.add_track(kAudio, "b");
    const auto second = client.add_receiver();
    client.pull(sfu, sfu.offer(), {{second->id(), "b"}});
    fail_unless(wait_until([&] { return second->packets > 20; }));
    fail_unless(audio->attached == 1 && video->attached == 1 && audio->detached == 0);
}
GST_END_TEST

GST_START_TEST(without_ssrc_lines_the_mid_in_the_packets_decides) // P15
{
    BareSfu sfu;
    sfu.add_track(kVideo, "v");
    sfu.add_track(kAudio, "a");
    Client client;
    const auto audio = client.add_receiver();
    const auto video = client.add_receiver();
    client.pull(sfu, without_lines(sfu.offer(), "a=ssrc"),
                {{audio->id(), "a"}, {video->id(), "v"}});
    fail_unless(wait_until([&] { return audio->packets > 20 && video->packets > 20; }));
    fail_unless(video->is_video && !audio->is_video);
}
GST_END_TEST

GST_START_TEST(without_ssrc_and_mid_the_payload_type_decides) // P15, RFC 8843 section 9.2
{
    BareSfu sfu;
    sfu.add_track(kVideo, "v");
    sfu.add_track(kAudio, "a");
    Client client;
    const auto audio = client.add_receiver();
    const auto video = client.add_receiver();
    client.pull(sfu, without_lines(without_lines(sfu.offer(), "a=ssrc"), "a=extmap"),
                {{audio->id(), "a"}, {video->id(), "v"}});
    fail_unless(wait_until([&] { return audio->packets > 20 && video->packets > 20; }));
    fail_unless(video->is_video && !audio->is_video);
}
GST_END_TEST

GST_START_TEST(a_track_that_nobody_wants_does_not_stop_the_others)
{
    BareSfu sfu;
    sfu.add_track(kVideo, "v");
    sfu.add_track(kAudio, "a");
    sfu.add_track(kAudio, "b");
    Client client;
    const auto audio = client.add_receiver();
    const auto video = client.add_receiver();
    client.pull(sfu, sfu.offer(), {{audio->id(), "a"}, {video->id(), "v"}});
    fail_unless(wait_until([&] { return audio->packets > 20 && video->packets > 20; }));
    // Closed without SDP; its packets come on.
    client.on_io([&] { client.peer->stop_slots({audio->id()}); });
    fail_unless(wait_until([&] { return audio->detached == 1; }));
    const unsigned audio_before = audio->packets;
    const unsigned before = video->packets;
    fail_unless(wait_until([&] { return video->packets > before + 30; }));
    ck_assert_uint_le(audio->packets, audio_before + 1);
    // The service may put another track into the same m-line without saying so in SDP.
    const auto again = client.add_receiver();
    client.on_io([&] { fail_unless(client.peer->reuse({{again->id(), "a"}})); });
    fail_unless(wait_until([&] { return again->packets > 20; }));
    fail_unless(audio->eos == 0 && video->eos == 0 && again->eos == 0);
}
GST_END_TEST

GST_START_TEST(a_closed_m_line_ends_its_slot_only) // P8, P10, P22
{
    for (const char* closed : {"m=video 9", "m=audio 9"}) {
        BareSfu sfu;
        sfu.add_track(kVideo, "v");
        sfu.add_track(kAudio, "a");
        Client client;
        const auto audio = client.add_receiver();
        const auto video = client.add_receiver();
        const std::string offer = sfu.offer();
        client.pull(sfu, offer, {{audio->id(), "a"}, {video->id(), "v"}});
        fail_unless(wait_until([&] { return audio->packets > 20 && video->packets > 20; }));

        const bool is_video = g_str_has_prefix(closed, "m=video");
        auto& gone = is_video ? video : audio;
        auto& kept = is_video ? audio : video;
        std::string second = sfu.offer();
        second.replace(second.find(closed), strlen(closed), is_video ? "m=video 0" : "m=audio 0");
        auto answer = client.set_offer(second, {});
        fail_unless(answer.ok(), "%s", answer.ok() ? "" : answer.error().debug.c_str());
        fail_unless(answer->sdp.find(is_video ? "m=video 0" : "m=audio 0") != std::string::npos,
                    "%s", answer->sdp.c_str());
        fail_unless(wait_until([&] { return gone->detached == 1; }));
        const unsigned before = kept->packets;
        fail_unless(wait_until([&] { return kept->packets > before + 30; }),
                    "closing %s stopped the other", closed);
    }
}
GST_END_TEST

GST_START_TEST(publishing_and_pulling_share_a_connection) // P11: roles stay as they are
{
    BareSfu sfu;
    Client client;
    const auto sent = client.add_sender(MediaKind::Video);
    client.publish(sfu, {sent->id()});
    fail_unless(wait_until([&] { return client.events.flows(sent->id()); }));
    sfu.add_track(kAudio, "a9");
    const auto got = client.add_receiver();
    client.pull(sfu, sfu.offer(), {{got->id(), "a9"}});
    fail_unless(wait_until([&] { return got->packets > 20; }));
    const auto more = client.add_sender(MediaKind::Audio);
    client.publish(sfu, {more->id()});
    fail_unless(wait_until([&] { return client.events.flows(more->id()); }));
    const unsigned before = got->packets;
    fail_unless(wait_until([&] { return got->packets > before + 20; }));
}
GST_END_TEST

GST_START_TEST(close_answers_nothing_and_leaves_nothing)
{
    // At every moment: before the offer is made, with it open, with the answer set, connected.
    for (int moment = 0; moment < 4; ++moment) {
        BareSfu sfu;
        Client client;
        const auto video = client.add_sender(MediaKind::Video);
        if (moment == 0) {
            client.on_io([&] {
                client.peer->create_offer({.add = {video->id()}}, [](Result<calls::LocalOffer>) {
                    ck_abort_msg("answered after close()");
                });
                client.peer->close();
            });
            continue;
        }
        const auto offer = client.offer({video->id()});
        if (moment == 1)
            continue;
        const std::string answer = sfu.answer(offer.description.sdp);
        if (moment == 2) {
            client.on_io([&] {
                client.peer->set_answer(answer,
                                        [](Status) { ck_abort_msg("answered after close()"); });
                client.peer->close();
            });
            continue;
        }
        fail_unless(client.set_answer(answer).ok());
        fail_unless(wait_until([&] { return client.events.flows(video->id()); }));
    }
}
GST_END_TEST

GST_START_TEST(a_slot_moves_from_one_peer_to_the_next)
{
    BareSfu first_sfu;
    BareSfu second_sfu;
    Client client;
    const auto video = client.add_sender(MediaKind::Video);
    client.publish(first_sfu, {video->id()});
    fail_unless(wait_until([&] { return first_sfu.packets("video") > 5; }));
    client.renew();
    client.publish(second_sfu, {video->id()});
    fail_unless(wait_until([&] { return second_sfu.packets("video") > 20; }));
}
GST_END_TEST

GST_START_TEST(twenty_peers_leave_no_thread_and_no_descriptor) // P25
{
    BareSfu warm_sfu;
    Client client;
    const auto video = client.add_sender(MediaKind::Video);
    const auto audio = client.add_sender(MediaKind::Audio);
    unsigned descriptors = 0;
    unsigned threads = 0;
    for (int i = 0; i < 22; ++i) {
        {
            BareSfu sfu;
            client.publish(sfu, {video->id(), audio->id()});
            sfu.add_track(kAudio, "a9");
            const auto got = client.add_receiver();
            client.pull(sfu, sfu.offer(), {{got->id(), "a9"}});
            fail_unless(wait_until([&] { return sfu.packets("video") > 2 && got->packets > 2; }));
            client.renew();
        }
        fail_unless(wait_for_background_work(kPatience));
        // Two rounds to warm up: thread pools, the registry, sockets of the I/O thread.
        if (i == 1) {
            descriptors = count_entries("/proc/self/fd");
            threads = count_entries("/proc/self/task");
        }
    }
    fail_unless(wait_until([&] {
                    return count_entries("/proc/self/fd") <= descriptors &&
                           count_entries("/proc/self/task") <= threads;
                }),
                "%u descriptors became %u, %u threads became %u", descriptors,
                count_entries("/proc/self/fd"), threads, count_entries("/proc/self/task"));
}
GST_END_TEST

static Suite* webrtc_peer_suite()
{
    Suite* s = suite_create("webrtc_peer");
    TCase* sending = tcase_create("sending");
    tcase_add_test(sending, publishes_and_tells_when_the_first_packet_has_left);
    tcase_add_test(sending, a_track_added_later_leaves_the_first_one_alone);
    tcase_add_test(sending, an_abandoned_offer_leaves_nothing_behind);
    tcase_add_test(sending, a_rejected_m_line_fails_its_slot_only);
    tcase_add_test(sending, an_answer_that_does_not_fit_is_an_error);
    tcase_add_test(sending, another_certificate_than_announced_fails_the_transport);
    suite_add_tcase(s, sending);
    TCase* receiving = tcase_create("receiving");
    tcase_add_test(receiving, pulled_tracks_reach_their_own_slots);
    tcase_add_test(receiving, without_ssrc_lines_the_mid_in_the_packets_decides);
    tcase_add_test(receiving, without_ssrc_and_mid_the_payload_type_decides);
    tcase_add_test(receiving, a_track_that_nobody_wants_does_not_stop_the_others);
    tcase_add_test(receiving, a_closed_m_line_ends_its_slot_only);
    tcase_add_test(receiving, publishing_and_pulling_share_a_connection);
    suite_add_tcase(s, receiving);
    TCase* life = tcase_create("life");
    tcase_set_timeout(life, 120);
    tcase_add_test(life, close_answers_nothing_and_leaves_nothing);
    tcase_add_test(life, a_slot_moves_from_one_peer_to_the_next);
    tcase_add_test(life, twenty_peers_leave_no_thread_and_no_descriptor);
    suite_add_tcase(s, life);
    return s;
}

GST_CHECK_MAIN(webrtc_peer)
