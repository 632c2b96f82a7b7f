// SPDX-License-Identifier: LGPL-2.1-or-later
// The flows of Cloudflare's echo examples, written anew. The test program starts each step and asks
// for what came of it; both ends are in this page.
import { Client, event } from './calls.js';
import { coloursOf, listen, picture, tone } from './source.js';

const $ = (id) => document.getElementById(id);
let api;
let publisher;
let subscriber;
let published;
let pulled;
let loudest;

/** Where the API is: {base, app, secret}. Ends what an earlier flow left. */
export function begin(where) {
  api = where;
  for (const client of [publisher, subscriber]) client?.pc.close();
  publisher = subscriber = published = pulled = loudest = undefined;
  $('video').srcObject = $('audio').srcObject = null;
}

const named = () => published.map((t) => ({ sessionId: publisher.sessionId, trackName: t.sender.track.id }));

async function publish(tracks, options) {
  publisher = await Client.create(api);
  published = await publisher.publish(tracks, options);
  return named();
}

async function pull(tracks) {
  subscriber = await Client.create(api);
  pulled = await subscriber.pull(tracks);
  for (const { receiver: { track } } of pulled) {
    $(track.kind).srcObject = new MediaStream([track]);
    if (track.kind === 'audio') loudest = listen(track);
  }
  return { session: subscriber.sessionId, mids: pulled.map((t) => t.mid) };
}

/** Sound and picture, out and back over two sessions. */
export async function echo({ width, height, hertz, codec }) {
  await publish([tone(hertz), picture(width, height)], { codec });
  return pull(named());
}

/** One more codec: picture only. */
export async function echoPicture({ width, height, codec }) {
  await publish([picture(width, height)], { codec });
  return pull(named());
}

/** Three layers of one picture: full, half and quarter size. */
export async function publishLayers({ width, height, bitrates }) {
  const [track] = await publish([picture(width, height)], {
    codec: 'VP8',
    encodings: Object.entries(bitrates).map(([rid, maxBitrate], i) =>
      ({ rid, maxBitrate, scaleResolutionDownBy: 2 ** i })),
  });
  return track;
}

export function pullLayers(simulcast) {
  return pull(named().map((t) => ({ ...t, simulcast })));
}

export function chooseLayer(simulcast) {
  return subscriber.call('PUT', 'tracks/update', {
    tracks: named().map((t, i) => ({ location: 'remote', ...t, mid: pulled[i].mid, simulcast })),
  });
}

/** Who publishes what. */
export const where = () => ({ sessionId: publisher.sessionId, names: named().map((t) => t.trackName) });

/** What arrives: statistics of each pulled track, and what the elements show and play. */
export async function received() {
  const video = $('video');
  return {
    tracks: await Promise.all(pulled.map((t) => subscriber.statistics(t))),
    size: [video.videoWidth, video.videoHeight],
    playedSeconds: video.currentTime,
    colours: video.videoWidth > 0 ? coloursOf(video) : null,
    hertz: loudest ? loudest() : null,
  };
}

/**
 * Closes the picture, where it is pulled and then where it is published, each with an offer. The sound
 * stays: with no section left in the BUNDLE group, Chromium does not take its own offer.
 */
export async function closePicture() {
  const isVideo = (t) => t.receiver.track.kind === 'video';
  const answers = [await subscriber.closeTracks(pulled.filter(isVideo)),
    await publisher.closeTracks(published.filter(isVideo))];
  return answers.map((a) => ({ tracks: a.tracks, type: a.sessionDescription.type }));
}

/** Publishes and pulls once more in the same two sessions. */
export async function again({ width, height }) {
  published = await publisher.publish([picture(width, height)]);
  pulled = await subscriber.pull(named());
  $('video').srcObject = new MediaStream([pulled[0].receiver.track]);
  return { mids: pulled.map((t) => t.mid), sections: subscriber.pc.getTransceivers().length };
}

let outgoing;
let incoming;

/** A channel from one session to another. */
export async function openChannels({ byOffer = false, ...how }) {
  publisher = await Client.create(api);
  subscriber = await Client.create(api);
  const labels = await Promise.all([publisher, subscriber].map((c) => (byOffer ? c.establishByOffer() : c.establish())));
  const { waitForAck, canReply, ...both } = how;
  outgoing = await publisher.openChannel({ location: 'local', ...both });
  incoming = await subscriber.openChannel(
    { location: 'remote', sessionId: publisher.sessionId, ...both, waitForAck, canReply });
  return { labels: labels.map((c) => c.label), ids: [outgoing.id, incoming.id] };
}

/** Sends `count` numbered messages with the time in them; gives what arrived, with its latency. */
export async function measureLatency({ count, everyMs }) {
  const arrived = [];
  const all = new Promise((resolve) => {
    incoming.onmessage = ({ data }) => {
      const { number, at } = JSON.parse(data);
      arrived.push({ number, latencyMs: performance.now() - at });
      if (arrived.length === count) resolve();
    };
  });
  for (let number = 0; number < count; ++number) {
    outgoing.send(JSON.stringify({ number, at: performance.now() }));
    await new Promise((resolve) => { setTimeout(resolve, everyMs); });
  }
  await Promise.race([all, new Promise((resolve) => { setTimeout(resolve, 10000); })]);
  return arrived;
}

/** What one message becomes on its way: [type, length, sum of its bytes]. */
export async function sendOne({ text, bytes, reply = false }) {
  const [from, to] = reply ? [incoming, outgoing] : [outgoing, incoming];
  to.onmessage = null;
  const arrived = event(to, 'message');
  from.send(text ?? new Uint8Array(bytes).map((_, i) => i % 251));
  const { data } = await arrived;
  if (typeof data === 'string') return { type: 'text', text: data };
  const view = new Uint8Array(data);
  return { type: 'binary', length: view.length, intact: view.every((v, i) => v === i % 251) };
}

/** The subscriber's first message: with waitForAck the SFU keeps it, and lets the traffic through. */
export function acknowledge() {
  const heard = [];
  outgoing.onmessage = ({ data }) => heard.push(data);
  incoming.send('ready');
  return heard;
}

/** Sends until the first message is let through. */
export async function untilThrough() {
  let through;
  incoming.onmessage = ({ data }) => { through = data; };
  for (let i = 0; i < 400 && !through; ++i) {
    outgoing.send(`try ${i}`);
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
  return through;
}

export async function closeChannels() {
  const closed = [outgoing, incoming].map((c) => event(c, 'close'));
  const answers = [await subscriber.closeChannels([incoming]), await publisher.closeChannels([outgoing])];
  await Promise.all(closed);
  return answers.map((a) => a.dataChannels);
}
