// SPDX-License-Identifier: LGPL-2.1-or-later
// Shows what the emulator's control path tells, and plays a track by being one more client.

const $ = (id) => document.getElementById(id);
const POLL_MS = 1000;
let log = [];
let connection = null;

async function get(path) {
  const response = await fetch(`_emulator/${path}`);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response.json();
}

// The Calls API, with the app's credentials added by the emulator.
async function calls(method, path, body) {
  const response = await fetch(`_emulator/api/sessions/${path}`, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (answer.errorCode) throw new Error(answer.errorDescription || answer.errorCode);
  return answer;
}

function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

// What is shown once stays the same element, so that a click, a selection or the keyboard's focus
// outlives the next look at the state.
const kept = new Map();
function keep(key, make) {
  if (!kept.has(key)) kept.set(key, make());
  return kept.get(key);
}

function arrange(parent, children) {
  children.forEach((child, i) => {
    if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null);
  });
  while (parent.children.length > children.length) parent.lastElementChild.remove();
}

const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;
const kbps = (bits) => `${Math.round(bits / 1000)} kbit/s`;
const duration = (ms) => (ms < 0.1 ? '< 0.1' : ms < 10 ? ms.toFixed(1) : Math.round(ms)) + ' ms';
const percent = (fraction) => `${(fraction * 100).toFixed(1)} % lost`;

// A number stays with its unit when the line breaks.
const joined = (parts) => parts.filter(Boolean).map((part) => part.replaceAll(' ', '\u00a0')).join(' · ');

function trackNumbers(track) {
  const parts = [track.location === 'local' ? 'publishes' : 'pulls', track.kind, track.codec,
    `mid ${track.mid}`, count(track.packets ?? 0, 'packet')];
  if (track.packetsPerSecond) parts.push(`${track.packetsPerSecond}/s`, kbps(track.bitsPerSecond));
  if (track.keyFrames) parts.push(count(track.keyFrames, 'key frame'));
  if (track.fractionLost !== undefined) parts.push(percent(track.fractionLost));
  if (track.rttMs !== undefined) parts.push(`RTT ${track.rttMs.toFixed(1)} ms`);
  if (track.rid) parts.push(`layer ${track.rid}${track.targetRid !== track.rid ? ` → ${track.targetRid}` : ''}`);
  for (const layer of track.layers ?? [])
    if (layer.rid) parts.push(`${layer.rid}: ${kbps(layer.bitsPerSecond)}`);
  return joined(parts);
}

function showBars(box, counts) {
  const recent = (counts ?? []).slice(-30);
  const top = Math.max(1, ...recent);
  while (box.children.length > recent.length) box.lastElementChild.remove();
  recent.forEach((n, i) => {
    const bar = box.children[i] ?? box.appendChild(element('i'));
    bar.style.height = `${(100 * n) / top}%`;
  });
}

function makeTrack(session, track) {
  const item = element('li');
  const title = element('span');
  title.append(element('strong', '', track.trackName));
  if (track.location === 'local') {
    const play = element('button', '', 'Play');
    play.addEventListener('click', () => start(session.sessionId, track));
    title.append(' ', play);
  }
  const chart = element('div', 'bars');
  chart.title = 'packets in each of the last seconds';
  item.append(title, chart, element('span', 'numbers'));
  return item;
}

function showTrack(session, track) {
  const key = `${session.sessionId} ${track.location} ${track.mid} ${track.trackName}`;
  const item = keep(key, () => makeTrack(session, track));
  item.className = track.status;
  const play = item.querySelector('button');
  if (play) play.hidden = track.status !== 'active';
  showBars(item.querySelector('.bars'), track.packetsBySecond);
  item.querySelector('.numbers').textContent = trackNumbers(track);
  return item;
}

// A bridge between a track of the session and a WebSocket server.
function showAdapter(adapter) {
  const item = keep(`adapter ${adapter.adapterId}`, () => {
    const made = element('li');
    made.append(element('strong', '', adapter.trackName), element('span', 'numbers'));
    return made;
  });
  item.className = adapter.connected ? 'active' : 'inactive';
  const parts = [adapter.location === 'local' ? 'from a WebSocket' : 'to a WebSocket', adapter.codec,
    adapter.connected ? 'connected' : 'not connected', count(adapter.messages, 'message'), `${Math.round(adapter.bytes / 1000)} kB`];
  if (adapter.dropped) parts.push(`${adapter.dropped} dropped`);
  if (adapter.reconnects) parts.push(`dialled again ${count(adapter.reconnects, 'time')}`);
  item.querySelector('.numbers').textContent = joined(parts);
  return item;
}

function showSession(session, adapters) {
  const box = keep(session.sessionId, () => {
    const article = element('article');
    article.append(element('p'), element('ul', 'tracks'));
    return article;
  });
  const { transport } = session;
  const facts = [element('span', 'id', session.sessionId), element('span', `state ${session.state}`, session.state)];
  if (session.pendingOffer) facts.push(element('span', 'state', 'offer waits for its answer'));
  if (transport.remoteAddress) facts.push(element('span', '', transport.remoteAddress));
  if (transport.rttMs !== undefined) facts.push(element('span', '', `RTT ${transport.rttMs.toFixed(1)} ms`));
  if (transport.estimateBps !== undefined) facts.push(element('span', '', `can take ${kbps(transport.estimateBps)}`));
  const line = box.querySelector('p');
  const told = facts.map((f) => f.outerHTML).join('');
  if (line.dataset.told !== told) {
    line.dataset.told = told;
    line.replaceChildren(...facts);
  }
  arrange(box.querySelector('ul'), [...session.tracks.map((track) => showTrack(session, track)),
    ...adapters.filter((a) => a.sessionId === session.sessionId).map(showAdapter)]);
  return box;
}

function showState(state) {
  const { server } = state;
  $('server').textContent = `${state.version} · ${state.baseUrl} · UDP ${server.udp} · ` +
    `${count(server.requests, 'request')}, ${server.refused} refused`;
  $('base').textContent = state.baseUrl;
  $('none').hidden = state.sessions.length > 0;
  // In the order in which they came.
  state.sessions.sort((a, b) => a.transport.createdMs - b.transport.createdMs);
  arrange($('sessions'), state.sessions.map((session) => showSession(session, state.adapters)));
  const filter = $('filter');
  const ids = new Set(state.sessions.map((s) => s.sessionId));
  for (const entry of log) if (entry.sessionId) ids.add(entry.sessionId);
  const known = new Set([...filter.options].map((o) => o.value));
  // An open list must not change under the hand that chooses from it: it only grows.
  for (const id of ids) if (!known.has(id)) filter.add(new Option(`${id.slice(0, 8)}…`, id));
}

// A description is readable as lines, not as one JSON string.
function readable(body) {
  if (body === null) return '(none)';
  if (typeof body === 'string') return body;
  const { sessionDescription, ...rest } = body;
  const text = Object.keys(rest).length > 0 || !sessionDescription ? JSON.stringify(rest, null, 2) : '';
  if (!sessionDescription) return text;
  return `${text}\n\n${sessionDescription.type}:\n${sessionDescription.sdp.replaceAll('\r', '')}`.trim();
}

function openExchange(entry) {
  $('exchange-title').textContent = `${entry.method} ${entry.operation} → ${entry.dropped ? 'no answer' : entry.status}`;
  $('request').textContent = readable(entry.request);
  $('response').textContent = readable(entry.response);
  $('exchange').showModal();
}

function makeEntry(entry) {
  const item = element('li');
  const answer = entry.dropped ? '–' : entry.status;
  const open = element('button', 'exchange', entry.operation + (entry.faults ? ` (${entry.faults})` : ''));
  open.addEventListener('click', () => openExchange(entry));
  item.append(element('span', 'id', `${(entry.atMs / 1000).toFixed(2)} s`), open,
    element('span', entry.status >= 400 || entry.dropped ? 'bad' : '', answer),
    element('span', 'took', duration(entry.durationMs)),
    element('span', 'bar'));
  return item;
}

function showLog() {
  const chosen = $('filter').value;
  const shown = log.filter((e) => !chosen || e.sessionId === chosen).slice(-100).reverse();
  const longest = Math.max(1, ...shown.map((e) => e.durationMs));
  arrange($('log'), shown.map((entry) => {
    const item = keep(`request ${entry.number}`, () => makeEntry(entry));
    item.querySelector('.bar').style.width = `${(100 * entry.durationMs) / longest}%`;
    return item;
  }));
}

// Nothing of sessions and requests that are shown no more.
function forget() {
  for (const [key, shown] of kept) if (!shown.isConnected) kept.delete(key);
}

function stop() {
  connection?.close();
  connection = null;
  $('video').srcObject = null;
  $('player').hidden = true;
}

async function start(publisher, track) {
  stop();
  $('player').hidden = false;
  $('playing').textContent = track.trackName;
  $('video').className = track.kind;
  $('playback').textContent = 'Pulling…';
  try {
    const { sessionId } = await calls('POST', 'new');
    const pulled = await calls('POST', `${sessionId}/tracks/new`,
      { tracks: [{ location: 'remote', sessionId: publisher, trackName: track.trackName }] });
    const [item] = pulled.tracks;
    if (item.errorCode) throw new Error(item.errorDescription);
    connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    connection.addEventListener('track', (event) => {
      $('video').srcObject = new MediaStream([event.track]);
    });
    await connection.setRemoteDescription(pulled.sessionDescription);
    await connection.setLocalDescription();
    await calls('PUT', `${sessionId}/renegotiate`, {
      sessionDescription: { type: 'answer', sdp: connection.localDescription.sdp },
    });
    $('playback').textContent = 'Connected; waiting for the next key frame.';
  } catch (error) {
    $('playback').textContent = `It cannot be played: ${error.message}`;
  }
}

async function showPlayback() {
  if (!connection) return;
  const stats = await connection.getStats();
  for (const s of stats.values())
    if (s.type === 'inbound-rtp' && (s.framesDecoded || s.totalSamplesReceived))
      $('playback').textContent = s.kind === 'video'
        ? `${s.frameWidth}×${s.frameHeight}, ${s.framesDecoded} frames, ${s.packetsLost} packets lost`
        : `${s.packetsReceived} packets, ${s.packetsLost} lost`;
}

async function refresh() {
  try {
    const last = log.length > 0 ? log[log.length - 1].number : 0;
    const [state, more] = await Promise.all([get('state'), get(`log?after=${last}`)]);
    log = [...log, ...more.entries].slice(-1000);
    showState(state);
    showLog();
    forget();
    await showPlayback();
  } catch (error) {
    $('server').textContent = `The emulator does not answer (${error.message}).`;
  }
  setTimeout(refresh, POLL_MS);
}

$('video').addEventListener('loadedmetadata', () => $('player').scrollIntoView({ block: 'nearest' }));
$('stop').addEventListener('click', stop);
$('filter').addEventListener('change', showLog);
refresh();
