// SPDX-License-Identifier: LGPL-2.1-or-later
// Cloudflare's own client, as its documentation uses it: one PartyTracks pushes, another one pulls.
// Bundled with the package and served by the Worker, which holds its server part.
import { PartyTracks } from 'partytracks/client';
import { BehaviorSubject, of } from 'rxjs';

import { coloursOf, listen, picture, tone } from './source.js';

const $ = (id) => document.getElementById(id);
let pushing;
let pulling;
let metadata;
let tracks;
let preferredRid;
let loudest;

/** What an observable gave so far, newest last. */
function collect(observable) {
  const all = { values: [], errors: [], changed: [] };
  const subscription = observable.subscribe({
    next(value) {
      all.values.push(value);
      all.changed.splice(0).forEach((resolve) => resolve(value));
    },
    error(error) {
      all.errors.push(String(error));
    },
  });
  all.end = () => subscription.unsubscribe();
  all.first = () => (all.values.length > 0 ? Promise.resolve(all.values[0])
    : new Promise((resolve) => { all.changed.push(resolve); }));
  return all;
}

/** A PartyTracks whose connection stays when nothing is pushed or pulled any more. */
function client() {
  const made = new PartyTracks();
  made.session$.subscribe();
  return made;
}

/** Pushes a tone and a picture, or with layers the picture in as many sizes. */
async function push({ width, height, hertz, bitrates }) {
  pushing = client();
  pushing.transceiver$.subscribe(({ sender }) => {
    // A slow machine may cost frames; the size is what the tests ask for.
    if (sender.track?.kind === 'video')
      sender.setParameters({ ...sender.getParameters(), degradationPreference: 'maintain-resolution' });
  });
  const encodings = Object.entries(bitrates ?? {}).map(([rid, maxBitrate], i) =>
    ({ rid, maxBitrate, scaleResolutionDownBy: 2 ** i }));
  metadata = [];
  if (hertz) metadata.push(collect(pushing.push(of(tone(hertz)))));
  metadata.push(collect(pushing.push(of(picture(width, height)),
    bitrates ? { sendEncodings$: of(encodings) } : {})));
  return Promise.all(metadata.map((m) => m.first()));
}

/** Pulls what was pushed, over a session of its own or in that which pushes. */
async function pull(options = {}) {
  pulling = options.inTheSameSession ? pushing : client();
  preferredRid = options.preferredRid && new BehaviorSubject(options.preferredRid);
  tracks = metadata.map((m) => {
    // As an application does it: the metadata travels to the other side whenever it changes.
    const current = new BehaviorSubject(m.values.at(-1));
    const follow = () => {
      m.changed.push(() => {
        current.next(m.values.at(-1));
        follow();
      });
    };
    follow();
    return collect(pulling.pull(current, preferredRid ? { simulcast: { preferredRid$: preferredRid } } : {}));
  });
  for (const t of tracks) await t.first();
}

function show() {
  for (const { values } of tracks) {
    const track = values.at(-1);
    const media = $(track.kind);
    if (media.srcObject?.getTracks()[0] === track) continue;
    media.srcObject = new MediaStream([track]);
    if (track.kind === 'audio') loudest = listen(track);
  }
}

async function received() {
  show();
  const { peerConnection, sessionId } = await new Promise((resolve) => {
    pulling.session$.subscribe(resolve).unsubscribe();
  });
  const video = $('video');
  const inbound = [...(await peerConnection.getStats()).values()].filter((s) => s.type === 'inbound-rtp');
  return {
    sessionId,
    connection: peerConnection.connectionState,
    tracks: inbound,
    size: [video.videoWidth, video.videoHeight],
    colours: video.videoWidth > 0 ? coloursOf(video) : null,
    hertz: loudest ? loudest() : null,
  };
}

/** Ends the subscription of the nth track: partytracks closes it then. */
function stopPulling(n) {
  tracks[n].end();
}
function stopPushing(n) {
  metadata[n].end();
}

window.party = {
  push,
  pull,
  received,
  stopPulling,
  stopPushing,
  choose: (rid) => preferredRid.next(rid),
  metadata: () => metadata.map((m) => m.values),
  pulledTimes: () => tracks.map((t) => t.values.length),
  /** A call to another's session: the cookie that locks a session to its browser is missing then. */
  withoutCookie: async (sessionId) => {
    const response = await fetch(`/partytracks/sessions/${sessionId}`, { credentials: 'omit' });
    return { status: response.status, body: await response.text() };
  },
  history: () => [pushing, pulling].flatMap((p) => p.history.entries),
};
