// SPDX-License-Identifier: LGPL-2.1-or-later
// A second WebRTC stack, which shares nothing with the browser's or with webrtcbin: libdatachannel, with its
// own ICE (libjuice), DTLS, SRTP and SDP. It sends whole RTP packets, so what arrives is compared byte by byte.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import datachannel from 'node-datachannel';

import { atEnd, check, run, until } from './support/check.mjs';
import { Calls, Emulator } from './support/emulator.mjs';
import { asksForKeyFrame, isRtcp, makeRtp, parseRtp } from './support/rtp.mjs';

const emulator = await Emulator.start();
const calls = new Calls(emulator);
atEnd(async () => datachannel.cleanup());

class Peer {
  static async create(name) {
    const peer = new Peer();
    peer.pc = new datachannel.PeerConnection(name, { iceServers: [], bindAddress: '127.0.0.1' });
    atEnd(async () => peer.pc.close());
    peer.descriptions = [];
    peer.channels = [];
    peer.pc.onLocalDescription((sdp, type) => peer.descriptions.push({ type, sdp }));
    ({ sessionId: peer.sessionId } = await calls.request('POST', 'new'));
    return peer;
  }

  call(method, operation, body) {
    return calls.request(method, `${this.sessionId}/${operation}`, body);
  }

  createChannel(label, id) {
    const channel = this.pc.createDataChannel(label, { negotiated: true, id });
    this.channels.push(channel); // one that nobody holds is closed
    return channel;
  }

  /** The next description that the stack makes. */
  async description() {
    await until('the stack made its description', () => this.descriptions.length > 0);
    return this.descriptions.shift();
  }

  connected() {
    return until('connected', () => this.pc.state() === 'connected');
  }

  async answer(offer) {
    this.pc.setRemoteDescription(offer.sdp, offer.type);
    await this.call('PUT', 'renegotiate', { sessionDescription: await this.description() });
    await this.connected();
  }

  /** A track that sends, with what a test needs to know of it. */
  addSource(media, ssrc, payloadType) {
    media.addSSRC(ssrc, 'interop', 'stream', `track-${media.mid()}`);
    const track = this.pc.addTrack(media);
    const source = { track, ssrc, payloadType, mid: media.mid(), isVideo: media instanceof datachannel.Video, keyFramesAskedFor: 0, sent: [] };
    track.onMessage((packet) => {
      if (isRtcp(packet) && asksForKeyFrame(packet)) ++source.keyFramesAskedFor;
    });
    return source;
  }

  async publish(sources) {
    this.pc.setLocalDescription('offer');
    const { tracks, sessionDescription } = await this.call('POST', 'tracks/new', {
      sessionDescription: await this.description(),
      tracks: sources.map(({ mid }) => ({ location: 'local', mid, trackName: `of-${mid}` })),
    });
    this.pc.setRemoteDescription(sessionDescription.sdp, sessionDescription.type);
    await this.connected();
    await until('the tracks are open', () => sources.every((s) => s.track.isOpen()));
    return tracks;
  }

  async pull(publisher, names) {
    const received = new Map();
    this.pc.onTrack((track) => {
      const packets = [];
      received.set(track.mid(), { track, packets });
      track.onMessage((packet) => {
        if (!isRtcp(packet)) packets.push(parseRtp(Buffer.from(packet)));
      });
    });
    const { tracks, sessionDescription } = await this.call('POST', 'tracks/new', {
      tracks: names.map((trackName) => ({ location: 'remote', sessionId: publisher.sessionId, trackName })),
    });
    await this.answer(sessionDescription);
    return tracks.map(({ mid }) => received.get(mid));
  }
}

/** Sends one packet that is one frame. VP8 (RFC 7741): a descriptor of one byte, then bit 0: no key frame. */
function sendFrame(source, { clock, key = false }) {
  const payload = randomBytes(source.isVideo ? 900 : 120);
  if (source.isVideo) {
    payload[0] = 0x10;
    payload[1] = key ? payload[1] & 0xfe : payload[1] | 1;
    // A key frame has a start code and its size (RFC 6386 9.1).
    if (key) Buffer.from([0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00]).copy(payload, 4);
  }
  const packet = { payloadType: source.payloadType, ssrc: source.ssrc, sequence: 65500 + source.sent.length, marker: source.isVideo,
    timestamp: 0xfffff000 + source.sent.length * clock, payload, key };
  source.sent.push(packet);
  assert.ok(source.track.sendMessageBinary(makeRtp(packet)));
}

/** What arrived is a run of what was sent: the same payloads, each once and in order, nothing between. */
function assertSameRun(sent, received, clock) {
  const first = sent.findIndex((p) => p.payload.equals(received[0].payload));
  assert.ok(first >= 0, 'the first packet that arrived was sent');
  received.forEach((packet, i) => {
    const original = sent[first + i];
    assert.ok(packet.payload.equals(original.payload), `payload ${i} is the one that was sent`);
    assert.equal(packet.marker, original.marker);
    assert.equal(packet.sequence, (received[0].sequence + i) & 0xffff);
    assert.equal(packet.timestamp, (received[0].timestamp + i * clock) >>> 0);
    assert.equal(packet.ssrc, received[0].ssrc);
    assert.notEqual(packet.ssrc, original.ssrc, 'the SFU has sources of its own');
  });
  return first;
}

let publisher;
let audio;
let video;

check('published_tracks_are_seen_by_the_emulator', async () => {
  publisher = await Peer.create('publisher');
  const sound = new datachannel.Audio('sound', 'SendOnly');
  sound.addOpusCodec(111);
  const image = new datachannel.Video('image', 'SendOnly');
  image.addVP8Codec(97);
  audio = publisher.addSource(sound, 1001, 111);
  video = publisher.addSource(image, 2002, 97);
  const tracks = await publisher.publish([audio, video]);
  assert.deepEqual(tracks, [{ mid: 'sound', trackName: 'of-sound' }, { mid: 'image', trackName: 'of-image' }]);
  sendFrame(audio, { clock: 960 });
  sendFrame(video, { clock: 3000, key: true });
  const seen = await until('both tracks have a packet', async () => {
    const all = await Promise.all([audio, video].map((s) => emulator.published(publisher.sessionId, `of-${s.mid}`)));
    return all.every((t) => t.packets === 1) && all;
  });
  assert.deepEqual(seen.map((t) => t.codec), ['opus', 'VP8']);
  assert.deepEqual(seen.map((t) => t.layers[0].ssrc), [1001, 2002]);
});

check('pulled_packets_are_those_that_were_published', async () => {
  const subscriber = await Peer.create('subscriber');
  const [sound, image] = await subscriber.pull(publisher, ['of-sound', 'of-image']);
  let keyFrames = 0;
  // A key frame when asked for one, as an encoder does it.
  for (let i = 0; i < 300 && (image.packets.length < 100 || sound.packets.length < 100); ++i) {
    const key = keyFrames < video.keyFramesAskedFor;
    if (key) keyFrames = video.keyFramesAskedFor;
    sendFrame(video, { clock: 3000, key });
    sendFrame(audio, { clock: 960 });
    await pause(10);
  }
  await until('100 packets of each track', () => image.packets.length >= 100 && sound.packets.length >= 100);
  assert.ok(keyFrames > 0, 'the publisher was asked for a key frame');
  const first = assertSameRun(video.sent, image.packets, 3000);
  assert.ok(video.sent[first].key, 'video starts with a key frame');
  assertSameRun(audio.sent, sound.packets, 960);
  const { tracks } = await emulator.session(subscriber.sessionId);
  assert.deepEqual(tracks.map((t) => [t.location, t.status]), [['remote', 'active'], ['remote', 'active']]);
});

check('closed_track_sends_nothing_any_more', async () => {
  const before = await emulator.published(publisher.sessionId, 'of-sound');
  const answer = await publisher.call('PUT', 'tracks/close', { tracks: [{ mid: 'sound' }], force: true });
  assert.deepEqual(answer.tracks, [{ mid: 'sound' }]);
  assert.equal((await emulator.published(publisher.sessionId, 'of-sound')).status, 'inactive');
  assert.ok(before.packets >= 100);
  // The other track of the same session goes on.
  const { packets } = await emulator.published(publisher.sessionId, 'of-image');
  sendFrame(video, { clock: 3000 });
  await until('the picture goes on', async () =>
    (await emulator.published(publisher.sessionId, 'of-image')).packets === packets + 1);
});

check('data_channel_messages_arrive_as_they_were_sent', async () => {
  const sender = await Peer.create('sender');
  const receiver = await Peer.create('receiver');
  const ids = [];
  for (const [peer, item] of [[sender, { location: 'local' }],
    [receiver, { location: 'remote', sessionId: sender.sessionId }]]) {
    // The offer is ours, with the channel that each session has. (In an offer of the SFU's that channel is
    // its own, with a number that libdatachannel keeps for its own side.)
    const events = peer.createChannel('server-events', 0);
    const { sessionDescription } = await peer.call('POST', 'datachannels/establish', {
      dataChannel: { location: 'remote', dataChannelName: 'server-events' },
      sessionDescription: await peer.description(),
    });
    peer.pc.setRemoteDescription(sessionDescription.sdp, sessionDescription.type);
    await until('server-events is open', () => events.isOpen());
    const { dataChannels } = await peer.call('POST', 'datachannels/new',
      { dataChannels: [{ ...item, dataChannelName: 'chat' }] });
    ids.push(dataChannels[0].id);
  }
  const [out, into] = [sender, receiver].map((peer, i) => peer.createChannel('chat', ids[i]));
  const heard = [];
  into.onMessage((message) => heard.push(message));
  await until('both ends are open', () => out.isOpen() && into.isOpen());
  const messages = ['a line', randomBytes(16_000), 'grüß dich', randomBytes(1)];
  for (const m of messages)
    assert.ok(typeof m === 'string' ? out.sendMessage(m) : out.sendMessageBinary(m));
  await until('all messages arrived', () => heard.length === messages.length);
  assert.deepEqual(heard.map((m) => (typeof m === 'string' ? m : Buffer.from(m))), messages);
});

await run();
