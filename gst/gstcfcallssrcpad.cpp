/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * GstCfCallsSrcPad:
 *
 * A pad of cfcallssrc: one track, for as long as the element wants it, whatever happens to the
 * session that carries it.
 *
 * Since: 0.1
 */
#include "gst/gstcfcallssrcpad.h"

#include "gst/gstcfcallssrcpad-private.hpp"
#include "lib/base/mutex.hpp"

using cf::Lock;
using cf::Mutex;
using cf::gst::PullState;
using cf::gst::ReceiveChain;

struct GstCfCallsSrcPadPrivate {
    std::shared_ptr<ReceiveChain> chain; // set once, before the pad is seen

    Mutex mu; // guards what follows
    std::string session_id CF_GUARDED_BY(mu);
    std::string track_name CF_GUARDED_BY(mu);
    std::string mid CF_GUARDED_BY(mu);
    PullState state CF_GUARDED_BY(mu) = PullState::Pending;
};

struct _GstCfCallsSrcPad {
    GstGhostPad parent;
    GstCfCallsSrcPadPrivate* priv;
};

#define GST_CAT_DEFAULT cf_calls_src_pad_debug
GST_DEBUG_CATEGORY_STATIC(GST_CAT_DEFAULT);

G_DEFINE_TYPE_WITH_CODE(GstCfCallsSrcPad, gst_cf_calls_src_pad, GST_TYPE_GHOST_PAD,
                        GST_DEBUG_CATEGORY_INIT(cf_calls_src_pad_debug, "cfcallssrcpad", 0,
                                                "pads of cfcallssrc"))

namespace
{

enum Property : guint {
    kPropTrackName = 1,
    kPropSessionId,
    kPropMid,
    kPropTrackState,
    kPropStats,
};

constexpr auto kReadOnly = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

void set_string_or_null(GValue* value, const std::string& text)
{
    g_value_set_string(value, text.empty() ? nullptr : text.c_str());
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec)
{
    auto* priv = GST_CF_CALLS_SRC_PAD(object)->priv;
    if (id == kPropStats) {
        g_value_take_boxed(value, cf::gst::src_pad_stats(GST_PAD(object)).release());
        return;
    }
    Lock l{priv->mu};
    switch (id) {
    case kPropTrackName:
        set_string_or_null(value, priv->track_name);
        break;
    case kPropSessionId:
        set_string_or_null(value, priv->session_id);
        break;
    case kPropMid:
        set_string_or_null(value, priv->mid);
        break;
    case kPropTrackState:
        g_value_set_enum(value, static_cast<gint>(priv->state));
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

// While nobody is linked, everything that the track can be given as; afterwards what was chosen.
gboolean on_query(GstPad* pad, GstObject* parent, GstQuery* query)
{
    auto* priv = GST_CF_CALLS_SRC_PAD(pad)->priv;
    const auto target = cf::Ref<GstPad>::adopt(gst_ghost_pad_get_target(GST_GHOST_PAD(pad)));
    if (GST_QUERY_TYPE(query) != GST_QUERY_CAPS || (target && gst_pad_is_linked(pad)))
        return gst_pad_query_default(pad, parent, query);
    auto caps = priv->chain->offered_caps();
    if (!caps)
        caps = cf::Ref<GstCaps>::adopt(gst_pad_get_pad_template_caps(pad));
    GstCaps* filter = nullptr;
    gst_query_parse_caps(query, &filter);
    if (filter != nullptr)
        caps = cf::Ref<GstCaps>::adopt(
            gst_caps_intersect_full(filter, caps.get(), GST_CAPS_INTERSECT_FIRST));
    gst_query_set_caps_result(query, caps.get());
    return TRUE;
}

void constructed(GObject* object)
{
    G_OBJECT_CLASS(gst_cf_calls_src_pad_parent_class)->constructed(object);
    gst_pad_set_query_function(GST_PAD(object), on_query);
}

void finalize(GObject* object)
{
    delete GST_CF_CALLS_SRC_PAD(object)->priv;
    G_OBJECT_CLASS(gst_cf_calls_src_pad_parent_class)->finalize(object);
}

void install_properties(GObjectClass* klass)
{
    /**
     * GstCfCallsSrcPad:track-name:
     *
     * The name that the publisher gave the track.
     *
     * Since: 0.1
     */
    g_object_class_install_property(klass, kPropTrackName,
                                    g_param_spec_string("track-name", "Track name",
                                                        "Name of the track (default NULL)", nullptr,
                                                        kReadOnly));
    /**
     * GstCfCallsSrcPad:session-id:
     *
     * The publisher's session. The session of this element is a property of the element.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropSessionId,
        g_param_spec_string("session-id", "Session id",
                            "Session that publishes the track (default NULL)", nullptr, kReadOnly));
    /**
     * GstCfCallsSrcPad:mid:
     *
     * The media id by which the present session knows the track; %NULL while there is none. It
     * changes when a lost session is replaced.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropMid,
        g_param_spec_string("mid", "Media id",
                            "The track's id in the session description; NULL (the default) while "
                            "there is none",
                            nullptr, kReadOnly));
    /**
     * GstCfCallsSrcPad:track-state:
     *
     * Whether the track is there. `receiving` means that its media has arrived, not that it was
     * agreed upon.
     *
     * Since: 0.1
     */
    g_object_class_install_property(
        klass, kPropTrackState,
        g_param_spec_enum("track-state", "Track state", "Whether the track is there",
                          cf::gst::pull_state_type(), static_cast<gint>(PullState::Pending),
                          kReadOnly));
    /**
     * GstCfCallsSrcPad:stats:
     *
     * `application/x-cfcalls-track-stats` with track-name (string), state (string), form (string:
     * raw, encoded or rtp; absent until something is linked and has arrived), packets, bytes,
     * keyframe-requests (uint64): RTP that came out of the jitterbuffer, over all sessions.
     *
     * Since: 0.1
     */
    g_object_class_install_property(klass, kPropStats,
                                    g_param_spec_boxed("stats", "Statistics",
                                                       "What has arrived of this track",
                                                       GST_TYPE_STRUCTURE, kReadOnly));
}

} // namespace

static void gst_cf_calls_src_pad_init(GstCfCallsSrcPad* self)
{
    self->priv = new GstCfCallsSrcPadPrivate;
}

static void gst_cf_calls_src_pad_class_init(GstCfCallsSrcPadClass* klass)
{
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    object_class->get_property = get_property;
    object_class->constructed = constructed;
    object_class->finalize = finalize;
    install_properties(object_class);
    gst_type_mark_as_plugin_api(cf::gst::pull_state_type(), static_cast<GstPluginAPIFlags>(0));
}

namespace cf::gst
{

GType pull_state_type()
{
    static const GEnumValue values[] = {
        {static_cast<gint>(PullState::Pending), "Not there yet, or not any more", "pending"},
        {static_cast<gint>(PullState::Receiving), "Media has arrived", "receiving"},
        {static_cast<gint>(PullState::Closed), "Taken back", "closed"},
        {static_cast<gint>(PullState::Error), "Refused for good", "error"},
        {0, nullptr, nullptr},
    };
    static const GType type = g_enum_register_static("GstCfCallsPullState", values);
    return type;
}

GstPad* new_src_pad(GstPadTemplate* templ, const std::string& name,
                    std::shared_ptr<ReceiveChain> chain, const calls::TrackLocator& source)
{
    auto* pad = static_cast<GstCfCallsSrcPad*>(g_object_new(GST_TYPE_CF_CALLS_SRC_PAD, "name",
                                                            name.c_str(), "direction", GST_PAD_SRC,
                                                            "template", templ, nullptr));
    pad->priv->chain = std::move(chain);
    Lock l{pad->priv->mu};
    pad->priv->session_id = source.session_id;
    pad->priv->track_name = source.track_name;
    return GST_PAD(pad);
}

void set_src_pad_source(GstPad* pad, const calls::TrackLocator& source)
{
    auto* priv = GST_CF_CALLS_SRC_PAD(pad)->priv;
    {
        Lock l{priv->mu};
        priv->session_id = source.session_id;
        priv->track_name = source.track_name;
    }
    g_object_notify(G_OBJECT(pad), "session-id");
    g_object_notify(G_OBJECT(pad), "track-name");
}

void update_src_pad(GstPad* pad, const calls::SlotInfo& info)
{
    static constexpr PullState kStates[] = {PullState::Pending, PullState::Receiving,
                                            PullState::Closed, PullState::Error};
    const PullState state = kStates[static_cast<int>(info.state)];
    auto* priv = GST_CF_CALLS_SRC_PAD(pad)->priv;
    bool new_state = false;
    bool new_mid = false;
    {
        Lock l{priv->mu};
        new_state = std::exchange(priv->state, state) != state;
        new_mid = std::exchange(priv->mid, info.mid) != info.mid;
    }
    if (new_mid)
        g_object_notify(G_OBJECT(pad), "mid");
    if (new_state)
        g_object_notify(G_OBJECT(pad), "track-state");
}

OwnedStructure src_pad_stats(GstPad* pad)
{
    auto* priv = GST_CF_CALLS_SRC_PAD(pad)->priv;
    const auto counters = priv->chain->counters();
    OwnedStructure stats{gst_structure_new("application/x-cfcalls-track-stats", "packets",
                                           G_TYPE_UINT64, counters.packets, "bytes", G_TYPE_UINT64,
                                           counters.bytes, "keyframe-requests", G_TYPE_UINT64,
                                           counters.key_requests, nullptr)};
    if (const char* form = priv->chain->form_name())
        gst_structure_set(stats.get(), "form", G_TYPE_STRING, form, nullptr);
    static const char* const kNames[] = {"pending", "receiving", "closed", "error"};
    Lock l{priv->mu};
    gst_structure_set(stats.get(), "track-name", G_TYPE_STRING, priv->track_name.c_str(), "state",
                      G_TYPE_STRING, kNames[static_cast<int>(priv->state)], nullptr);
    return stats;
}

} // namespace cf::gst
