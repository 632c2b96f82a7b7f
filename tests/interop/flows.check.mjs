// SPDX-License-Identifier: LGPL-2.1-or-later
// A browser's page follows the flows of Cloudflare's echo examples against the emulator: echo, simulcast
// with its layers asked for in turn, data channels with the latency of their messages.
import assert from 'node:assert/strict';

import { check, run, until } from './support/check.mjs';
import { Chromium } from './support/chromium.mjs';
import { APP, Emulator, SECRET } from './support/emulator.mjs';
import { servePages } from './support/files.mjs';
import { decoded, hasPublishedColours, hears, inbound } from './support/media.mjs';

const emulator = await Emulator.start();
const chromium = await Chromium.start();
const page = await chromium.open(`${await servePages()}/flows.html`);
await until('the page is ready', () => page.evaluate('() => window.flows !== undefined'));

/** Runs a function of pages/flows.js in the page. */
const flow = (name, ...args) => page.evaluate(`(...args) => window.flows.${name}(...args)`, ...args);
const begin = () => flow('begin', { base: emulator.base, app: APP, secret: SECRET });

/** Polls what the page receives until the condition on it holds. */
const received = (what, condition) => until(what, async () => {
  const now = await flow('received');
  return condition(now) && now;
});

check('echo_brings_the_published_picture_and_tone_back', async () => {
  await begin();
  await flow('echo', { width: 640, height: 360, hertz: 750, codec: 'VP8' });
  const now = await received('30 frames in the published colours, and the tone',
    (n) => decoded(n) >= 30 && hasPublishedColours(n) && hears(n, 750));
  assert.deepEqual(now.size, [640, 360]);
  assert.ok(now.playedSeconds > 0);
  const later = await received('the picture moves on', (n) => decoded(n) > decoded(now) + 10);
  assert.ok(later.playedSeconds > now.playedSeconds);
});

check('closed_tracks_make_room_for_new_ones_in_the_same_sessions', async () => {
  const answers = await flow('closePicture');
  assert.deepEqual(answers.map((a) => a.type), ['answer', 'answer']);
  assert.deepEqual(answers.map((a) => a.tracks.length), [1, 1]);
  const { sections } = await flow('again', { width: 320, height: 240 });
  assert.equal(sections, 2, 'the stopped section of the same kind is used again');
  await received('10 frames of the new size', (n) => decoded(n) >= 10 && n.size[0] === 320 && n.size[1] === 240);
});

for (const codec of ['VP8', 'VP9', 'H264', 'AV1'])
  check(`${codec.toLowerCase()}_of_the_browser_is_decoded_by_the_browser`, async () => {
    await begin();
    await flow('echoPicture', { width: 320, height: 180, codec });
    const now = await received(`20 frames of ${codec} in the published colours`,
      (n) => decoded(n) >= 20 && hasPublishedColours(n));
    assert.equal(inbound(now, 'video').codec, `video/${codec}`);
    assert.deepEqual(now.size, [320, 180]);
  });

const SIZES = { f: [960, 540], h: [480, 270], q: [240, 135] };
const BITRATES = { f: 800_000, h: 300_000, q: 100_000 };

check('each_simulcast_layer_asked_for_arrives_in_its_size', async () => {
  await begin();
  const track = await flow('publishLayers', { width: 960, height: 540, bitrates: BITRATES });
  await until('all three layers send', async () =>
    (await emulator.published(track.sessionId, track.trackName)).layers
      .filter((l) => l.rid !== '' && l.packetsPerSecond > 0).length === 3);
  const { session, mids: [mid] } = await flow('pullLayers');
  await received('the first frames, of any layer', (n) => decoded(n) >= 5);
  // Every layer twice, so that each is left and come back to.
  for (const preferredRid of ['f', 'h', 'q', 'h', 'f', 'q']) {
    await flow('chooseLayer', { preferredRid, priorityOrdering: 'asciibetical', ridNotAvailable: 'asciibetical' });
    const before = decoded(await flow('received'));
    const [width, height] = SIZES[preferredRid];
    const now = await received(`frames of layer ${preferredRid}`, (n) => decoded(n) >= before + 10 &&
      inbound(n, 'video').frameWidth === width && inbound(n, 'video').frameHeight === height);
    assert.deepEqual(now.size, SIZES[preferredRid]);
    assert.ok(hasPublishedColours(now), `the colours of layer ${preferredRid}: ${JSON.stringify(now.colours)}`);
    assert.equal((await emulator.pulled(session, mid)).rid, preferredRid);
  }
  const switches = (await emulator.pulled(session, mid)).layerSwitches;
  assert.ok(switches >= 5);
  const { packetsLost } = inbound(await flow('received'), 'video');
  assert.ok(packetsLost < switches, `no gap in the numbers where the layer changes: ${packetsLost} lost`);
}, { seconds: 120 });

check('layer_preferred_in_the_pull_is_the_one_that_arrives', async () => {
  for (const preferredRid of ['q', 'h']) {
    await flow('pullLayers', { preferredRid });
    const now = await received(`frames of layer ${preferredRid}`, (n) => decoded(n) >= 10);
    assert.deepEqual(now.size, SIZES[preferredRid]);
  }
});

check('channel_messages_arrive_in_order_and_soon', async () => {
  await begin();
  const opened = await flow('openChannels', { dataChannelName: 'channel-one' });
  assert.deepEqual(opened.labels, ['server-events', 'server-events']);
  for (const id of opened.ids) assert.ok(id > 0, '0 is kept for server-events');
  const arrived = await flow('measureLatency', { count: 40, everyMs: 25 });
  assert.deepEqual(arrived.map((m) => m.number), [...Array(40).keys()]);
  const sorted = arrived.map((m) => m.latencyMs).sort((a, b) => a - b);
  console.log(`latency: median ${sorted[20].toFixed(1)} ms, longest ${sorted[39].toFixed(1)} ms`);
  assert.ok(sorted[20] < 100, `median latency ${sorted[20]} ms`);
  assert.ok(sorted[39] < 2000, `longest latency ${sorted[39]} ms`);
});

check('channel_keeps_text_text_and_binary_binary', async () => {
  assert.deepEqual(await flow('sendOne', { text: 'grüß dich' }), { type: 'text', text: 'grüß dich' });
  assert.deepEqual(await flow('sendOne', { bytes: 60_000 }), { type: 'binary', length: 60_000, intact: true });
});

check('channels_are_closed_by_the_api', async () => {
  const closed = await flow('closeChannels');
  assert.deepEqual(closed.map((items) => items.map((i) => i.errorCode)), [[undefined], [undefined]]);
});

check('channel_waits_for_its_ack_and_then_takes_replies', async () => {
  await begin();
  await flow('openChannels', { dataChannelName: 'controls', byOffer: true, waitForAck: true, canReply: true });
  await flow('acknowledge');
  await until('the gate is open', () => flow('untilThrough'));
  assert.deepEqual(await flow('sendOne', { text: 'an answer', reply: true }), { type: 'text', text: 'an answer' });
});

check('unreliable_unordered_channel_works', async () => {
  await begin();
  await flow('openChannels', { dataChannelName: 'player-state', ordered: false, maxRetransmits: 0 });
  const arrived = await flow('measureLatency', { count: 20, everyMs: 10 });
  assert.deepEqual(arrived.map((m) => m.number).sort((a, b) => a - b), [...Array(20).keys()]);
});

check('the_page_saw_no_error_and_the_emulator_refused_nothing', async () => {
  assert.deepEqual(page.errors, []);
  assert.equal((await emulator.state()).server.refused, 0);
});

await run();
