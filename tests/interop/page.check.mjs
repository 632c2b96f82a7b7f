// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulator's own page, as a person uses it: reads the list, clicks, watches, on a desk and on a phone.
// With CF_SCREENSHOTS=DIR it leaves pictures there.
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';

import { check, run, until } from './support/check.mjs';
import { Chromium } from './support/chromium.mjs';
import { APP, Calls, Emulator, SECRET } from './support/emulator.mjs';
import { servePages } from './support/files.mjs';
import { serveWebSocket } from './support/websocket.mjs';

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844, mobile: true };

const emulator = await Emulator.start();
const chromium = await Chromium.start();
const page = await chromium.open(`${emulator.origin}/`, DESK);

async function screenshot(name) {
  if (process.env.CF_SCREENSHOTS) await page.screenshot(path.join(process.env.CF_SCREENSHOTS, `${name}.png`));
}

/** What of the page sticks out at its side; nothing is right. */
const stickingOut = () => page.evaluate(`() => {
  const width = document.documentElement.clientWidth;
  return [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility())
    .filter((e) => { const r = e.getBoundingClientRect(); return r.width > 0 && (r.left < 0 || r.right > width + 0.5); })
    .map((e) => e.tagName + '#' + e.id + '.' + e.className)
    .concat(document.documentElement.scrollWidth > width ? ['the page scrolls sideways'] : []);
}`);
const text = (id) => page.evaluate(`(id) => document.getElementById(id).innerText`, id);

check('empty_page_says_how_to_begin', async () => {
  await until('the page knows the emulator', async () => (await text('server')).includes(emulator.base));
  assert.ok((await page.evaluate('() => document.body.innerText')).includes(`No session yet. Start a client with ${emulator.base}`));
  await screenshot('desk-empty');
  assert.deepEqual(await stickingOut(), []);
});

let publisher;

check('published_tracks_are_listed_with_their_numbers', async () => {
  // Another page publishes: tone, and picture in three layers.
  const other = await chromium.open(`${await servePages()}/flows.html`);
  await until('the other page is ready', () => other.evaluate('() => window.flows !== undefined'));
  publisher = await other.evaluate(`async (where) => {
    window.flows.begin(where);
    await window.flows.echo({ width: 640, height: 360, hertz: 750, codec: 'VP8' });
    return window.flows.where();
  }`, { base: emulator.base, app: APP, secret: SECRET });
  await page.send('Page.bringToFront');
  await until('both sessions and their tracks are listed', () => page.evaluate(`(names) =>
    names.every((n) => document.getElementById('sessions').innerText.includes(n)) &&
      /640|VP8/.test(document.getElementById('sessions').innerText) &&
      document.querySelectorAll('#sessions article').length === 2`, publisher.names));
  await until('rates are shown', async () => /\d+\s+kbit\/s/.test(await text('sessions')));
  await screenshot('desk-sessions');
  assert.deepEqual(await stickingOut(), []);
});

/** The button of a track's line, by the kind that the line says. */
const PLAY = `(kind) => [...document.querySelectorAll('#sessions li')]
  .find((li) => li.innerText.includes('publishes') && li.innerText.includes(kind))?.querySelector('button')`;

// Otherwise a click that takes longer than until the next look at the state would hit nothing.
check('buttons_stay_when_the_numbers_change', async () => {
  await page.evaluate(`(...args) => { window.before = { button: (${PLAY})(...args), numbers: sessions.innerText }; }`, 'video');
  await until('the numbers changed', () => page.evaluate('() => sessions.innerText !== window.before.numbers'));
  assert.ok(await page.evaluate(`(...args) => (${PLAY})(...args) === window.before.button`, 'video'));
});

check('play_shows_moving_pictures', async () => {
  await page.click(PLAY, 'video');
  const playback = () => page.evaluate(`() => {
    const video = document.getElementById('video');
    const { totalVideoFrames } = video.getVideoPlaybackQuality();
    return { frames: totalVideoFrames, at: video.currentTime, size: [video.videoWidth, video.videoHeight], paused: video.paused };
  }`);
  const first = await until('20 frames', async () => {
    const now = await playback();
    return now.frames >= 20 && now;
  });
  assert.deepEqual(first.size, [640, 360]);
  assert.equal(first.paused, false);
  const later = await until('more frames', async () => {
    const now = await playback();
    return now.frames >= first.frames + 20 && now;
  });
  assert.ok(later.at > first.at);
  await until('the page tells what it plays', async () => /640×360, \d+ frames/.test(await text('playback')));
  await screenshot('desk-playing');
  assert.deepEqual(await stickingOut(), []);
});

/** The line of an operation in the list of requests, anywhere on which a click opens it. */
const ENTRY = `(operation) => [...document.querySelectorAll('#log li')].find((li) => li.innerText.includes(operation))`;

check('adapters_are_listed_with_their_session', async () => {
  const endpoint = await serveWebSocket();
  const [audio] = publisher.names;
  await new Calls(emulator).request('POST', '../adapters/websocket/new', { tracks: [
    { location: 'remote', sessionId: publisher.sessionId, trackName: audio, endpoint: `${endpoint.url}?token=hidden`, outputCodec: 'pcm' },
  ] });
  await until('the endpoint hears something', () => endpoint.bytes() > 10_000);
  await until('the adapter is listed, with what it sends', () => page.evaluate(`(name) =>
    [...document.querySelectorAll('#sessions li')].some((li) => li.innerText.includes(name) &&
      /to a WebSocket · pcm · connected · [1-9]\\d* messages/.test(li.innerText.replaceAll('\\u00a0', ' ')))`, audio));
  assert.ok(!(await page.evaluate('() => document.body.innerText')).includes('hidden'));
});

check('timeline_shows_each_negotiation_with_request_and_answer_side_by_side', async () => {
  const id = publisher.sessionId;
  await page.evaluate(`(id) => {
    const filter = document.getElementById('filter');
    filter.value = id;
    filter.dispatchEvent(new Event('change'));
  }`, id);
  const operations = await page.evaluate(`() => [...document.querySelectorAll('#log li')].map((li) => li.innerText)`);
  assert.equal(operations.length, 2, operations.join('\n'));
  assert.ok(operations.some((o) => o.includes('sessions/new')));
  await page.click(ENTRY, 'tracks/new');
  await until('the exchange is open', () => page.evaluate(`() => document.getElementById('exchange').open`));
  const shown = await page.evaluate(`() => {
    const box = (id) => document.getElementById(id).getBoundingClientRect();
    return { request: document.getElementById('request').innerText, response: document.getElementById('response').innerText,
      sideBySide: box('request').right <= box('response').left && Math.abs(box('request').top - box('response').top) < 2 };
  }`);
  assert.match(shown.request, /offer:\nv=0\n/);
  assert.match(shown.request, /"location": "local"/);
  assert.match(shown.response, /answer:\nv=0\n/);
  assert.match(shown.response, /"requiresImmediateRenegotiation": false/);
  assert.ok(!/ice-pwd:(?!redacted)/.test(shown.request + shown.response), 'no ICE password is shown');
  assert.ok(shown.sideBySide);
  await screenshot('desk-exchange');
  await page.click(`() => document.querySelector('#exchange button')`);
  await until('it is closed', () => page.evaluate(`() => !document.getElementById('exchange').open`));
});

check('everything_fits_a_phone', async () => {
  await page.resize(PHONE);
  await page.evaluate('() => scrollTo(0, 0)');
  await screenshot('phone-sessions');
  assert.deepEqual(await stickingOut(), []);
  await page.evaluate(`() => document.getElementById('player').scrollIntoView()`);
  await screenshot('phone-playing');
  await page.evaluate(`() => document.getElementById('log').scrollIntoView()`);
  await screenshot('phone-log');
  await page.click(ENTRY, 'tracks/new');
  await until('the exchange is open', () => page.evaluate(`() => document.getElementById('exchange').open`));
  assert.deepEqual(await stickingOut(), []);
  await screenshot('phone-exchange');
  await page.click(`() => document.querySelector('#exchange button')`);
});

check('stop_ends_the_session_of_the_page', async () => {
  await page.click(`() => document.getElementById('stop')`);
  await until('the player is gone', () => page.evaluate(`() => document.getElementById('player').hidden`));
  await until('nobody pulls for the page any more', async () =>
    (await emulator.state()).sessions.filter((s) => s.state === 'connected').length === 2);
});

check('the_page_saw_no_error', async () => {
  assert.deepEqual(page.errors, []);
  assert.equal((await emulator.state()).server.refused, 0);
});

await run();
