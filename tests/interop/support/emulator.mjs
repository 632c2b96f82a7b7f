// SPDX-License-Identifier: LGPL-2.1-or-later
// cfcalls-emulator as a child process, and its control path.
import assert from 'node:assert/strict';
import process from 'node:process';

import { atEnd } from './check.mjs';
import { firstLine, start, terminate } from './process.mjs';

export const APP = 'app-of-the-interop-tests';
export const SECRET = 'secret-of-the-interop-tests';
export const TURN_KEY = 'turn-key-of-the-tests';
export const TURN_TOKEN = 'turn-token-of-the-tests';

export class Emulator {
  static async start(...args) {
    const program = process.env.CF_EMULATOR;
    assert.ok(program, 'CF_EMULATOR must name the cfcalls-emulator program');
    const emulator = new Emulator();
    const child = start(program, ['--port', '0', '--app-id', APP, '--app-secret', SECRET,
      '--turn-key', TURN_KEY, '--turn-token', TURN_TOKEN, ...args]);
    atEnd(() => terminate(child));
    emulator.base = await firstLine(child);
    emulator.origin = new URL(emulator.base).origin;
    return emulator;
  }

  async control(method, path, body) {
    const response = await fetch(`${this.origin}/_emulator/${path}`,
      { method, body: body === undefined ? undefined : JSON.stringify(body) });
    assert.equal(response.status, 200, `${method} ${path}: ${response.status}`);
    return response.json();
  }

  state() {
    return this.control('GET', 'state');
  }

  async session(id) {
    return (await this.state()).sessions.find((s) => s.sessionId === id);
  }

  /** The publication `name` of a session, as /_emulator/state describes it; undefined without one. */
  async published(session, name) {
    const found = await this.session(session);
    return found?.tracks.find((t) => t.location === 'local' && t.trackName === name);
  }

  async pulled(session, mid) {
    const found = await this.session(session);
    return found?.tracks.find((t) => t.location === 'remote' && t.mid === mid);
  }

  /** Requests that were answered so far, oldest first. */
  async requests(session = '') {
    return (await this.control('GET', `log?session=${session}`)).entries;
  }
}

/** A Calls client of the tests' own, for what needs no browser. */
export class Calls {
  constructor(emulator) {
    this.url = `${emulator.base}/apps/${APP}/sessions`;
  }

  async request(method, path, body) {
    const response = await fetch(`${this.url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${SECRET}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await response.json();
    assert.ok(response.ok && answer.errorCode === undefined,
      `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    for (const item of answer.tracks ?? answer.dataChannels ?? [])
      assert.equal(item.errorCode, undefined, JSON.stringify(item));
    return answer;
  }
}
