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

const kbps = (bits) => `${Math.round(bits / 1000)} kbit/s`;
const percent = (fraction) => `${(fraction * 100).toFixed(1)} % lost`;

function trackNumbers(track) {
  const parts = [track.location === 'local' ? 'publishes' : 'pulls', track.kind, track.codec,
    `mid ${track.mid}`, `${track.packets ?? 0} packets`];
  if (track.packetsPerSecond) parts.push(`${track.packetsPerSecond}/s`, kbps(track.bitsPerSecond));
  if (track.keyFrames) parts.push(`${track.keyFrames} key frames`);
  if (track.fractionLost !== undefined) parts.push(percent(track.fractionLost));
  if (track.rttMs !== undefined) parts.push(`RTT ${track.rttMs.toFixed(1)} ms`);
  if (track.rid) parts.push(`layer ${track.rid}${track.targetRid !== track.rid ? ` → ${track.targetRid}` : ''}`);
  for (const layer of track.layers ?? [])
    if (layer.rid) parts.push(`${layer.rid}: ${kbps(layer.bitsPerSecond)}`);
  return parts.filter(Boolean).join(' · ');
}

function bars(counts) {
  const box = element('div', 'bars');
  const recent = (counts ?? []).slice(-30);
  const top = Math.max(1, ...recent);
  for (const n of recent) {
    const bar = element('i');
    bar.style.height = `${(100 * n) / top}%`;
    box.append(bar);
  }
  return box;
}

function showTrack(session, track) {
  const item = element('li', track.status);
  const name = element('strong', '', track.trackName);
  const title = element('span');
  title.append(name);
  if (track.location === 'local' && track.status === 'active') {
    const play = element('button', '', 'Play');
    play.addEventListener('click', () => start(session.sessionId, track));
    title.append(' ', play);
  }
  item.append(title, bars(track.packetsBySecond), element('span', 'numbers', trackNumbers(track)));
  return item;
}

function showSession(session) {
  const box = element('article');
  const line = element('p');
  const { transport } = session;
  line.append(element('span', 'id', session.sessionId), element('span', `state ${session.state}`, session.state));
  if (session.pendingOffer) line.append(element('span', 'state', 'offer waits for its answer'));
  if (transport.remoteAddress) line.append(element('span', '', transport.remoteAddress));
  if (transport.rttMs !== undefined) line.append(element('span', '', `RTT ${transport.rttMs.toFixed(1)} ms`));
  if (transport.estimateBps !== undefined) line.append(element('span', '', `can take ${kbps(transport.estimateBps)}`));
  const list = element('ul', 'tracks');
  for (const track of session.tracks) list.append(showTrack(session, track));
  box.append(line, list);
  return box;
}

function showState(state) {
  const { server } = state;
  $('server').textContent = `${state.version} · ${state.baseUrl} · UDP ${server.udp} · ` +
    `${server.requests} requests, ${server.refused} refused`;
  $('base').textContent = state.baseUrl;
  $('none').hidden = state.sessions.length > 0;
  $('sessions').replaceChildren(...state.sessions.map(showSession));
  const filter = $('filter');
  const chosen = filter.value;
  const ids = new Set(state.sessions.map((s) => s.sessionId));
  for (const entry of log) if (entry.sessionId) ids.add(entry.sessionId);
  const options = [...ids].map((id) => new Option(`${id.slice(0, 8)}…`, id, false, id === chosen));
  filter.replaceChildren(new Option('all sessions', ''), ...options);
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

function showLog() {
  const chosen = $('filter').value;
  const shown = log.filter((e) => !chosen || e.sessionId === chosen).slice(-100).reverse();
  const longest = Math.max(1, ...shown.map((e) => e.durationMs));
  $('log').replaceChildren(...shown.map((entry) => {
    const item = element('li');
    const bar = element('span', 'bar');
    bar.style.width = `${(100 * entry.durationMs) / longest}%`;
    bar.title = `${entry.durationMs} ms`;
    item.append(element('span', 'id', `${(entry.atMs / 1000).toFixed(2)} s`),
      element('span', '', entry.operation + (entry.faults ? ` (${entry.faults})` : '')),
      element('span', entry.status >= 400 || entry.dropped ? 'bad' : '', entry.dropped ? '–' : entry.status),
      bar);
    item.addEventListener('click', () => openExchange(entry));
    return item;
  }));
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
    await showPlayback();
  } catch (error) {
    $('server').textContent = `The emulator does not answer (${error.message}).`;
  }
  setTimeout(refresh, POLL_MS);
}

$('stop').addEventListener('click', stop);
$('filter').addEventListener('change', showLog);
refresh();
