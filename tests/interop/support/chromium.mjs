// SPDX-License-Identifier: LGPL-2.1-or-later
// Headless Chromium, driven through its DevTools protocol over a pipe: messages are JSON and end with
// a NUL (--remote-debugging-pipe; file descriptor 3 is read, 4 is written).
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

import { atEnd, until } from './check.mjs';
import { start } from './process.mjs';

const FLAGS = [
  '--headless=new',
  '--remote-debugging-pipe',
  // Tests run as root or in a user namespace; the pages are our own.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  // One page publishes while another one is looked at.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-breakpad',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
  // In a network namespace with nothing but loopback there is no other candidate.
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

export class Chromium {
  static async start() {
    const chromium = new Chromium();
    const folder = await mkdtemp(path.join(tmpdir(), 'cfcalls-chromium-'));
    const child = start(process.env.CF_CHROMIUM ?? 'chromium', [...FLAGS, `--user-data-dir=${folder}`],
      { stdio: ['pipe', 'pipe'], env: { ...process.env, HOME: folder } });
    chromium.child = child;
    chromium.input = child.stdio[3];
    chromium.input.on('error', () => {});
    chromium.waiting = new Map();
    chromium.listeners = new Map();
    chromium.number = 0;
    chromium.readFrom(child.stdio[4]);
    child.ended.then(() => {
      for (const { reject } of chromium.waiting.values())
        reject(new Error(`Chromium ended: ${child.said}`));
    });
    atEnd(async () => {
      chromium.send('Browser.close').catch(() => {});
      const kill = setTimeout(() => child.kill('SIGKILL'), 5000);
      await child.ended;
      clearTimeout(kill);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    });
    await chromium.send('Browser.getVersion');
    return chromium;
  }

  readFrom(output) {
    let parts = [];
    output.on('data', (data) => {
      let from = 0;
      for (let end = data.indexOf(0); end >= 0; end = data.indexOf(0, from)) {
        parts.push(data.subarray(from, end));
        this.received(JSON.parse(Buffer.concat(parts).toString()));
        parts = [];
        from = end + 1;
      }
      parts.push(data.subarray(from));
    });
  }

  received(message) {
    if (message.id === undefined) {
      this.listeners.get(message.sessionId)?.(message.method, message.params);
      return;
    }
    const { resolve, reject, method } = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) reject(new Error(`${method}: ${message.error.message}`));
    else resolve(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    return new Promise((resolve, reject) => {
      if (this.child.exitCode !== null) {
        reject(new Error(`Chromium ended: ${this.child.said}`));
        return;
      }
      const id = ++this.number;
      this.waiting.set(id, { resolve, reject, method });
      this.input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Opens a page of `size` and waits until it has loaded. */
  async open(url, size = { width: 1280, height: 800 }) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId);
    this.listeners.set(sessionId, (method, params) => page.happened(method, params));
    await page.send('Page.enable');
    await page.send('Runtime.enable');
    await page.resize(size);
    const loaded = new Promise((resolve) => {
      page.onLoad = resolve;
    });
    const { errorText } = await page.send('Page.navigate', { url });
    assert.equal(errorText, undefined, `${url}: ${errorText}`);
    await loaded;
    return page;
  }
}

export class Page {
  constructor(chromium, targetId, sessionId) {
    this.chromium = chromium;
    this.targetId = targetId;
    this.sessionId = sessionId;
    this.onLoad = () => {};
    /** Exceptions and console.error() of the page: none is what a test asks for. */
    this.errors = [];
  }

  send(method, params) {
    return this.chromium.send(method, params, this.sessionId);
  }

  happened(method, params) {
    if (method === 'Page.loadEventFired') {
      this.onLoad();
    } else if (method === 'Runtime.exceptionThrown') {
      const { exception, text } = params.exceptionDetails;
      this.errors.push(exception?.description ?? exception?.value ?? text);
    } else if (method === 'Runtime.consoleAPICalled' && params.type === 'error') {
      this.errors.push(params.args.map((a) => a.description ?? a.value).join(' '));
    } else if (method === 'Inspector.targetCrashed') {
      this.errors.push('the page crashed');
    } else if (method === 'Page.javascriptDialogOpening') {
      this.errors.push(`dialog: ${params.message}`);
      this.send('Page.handleJavaScriptDialog', { accept: false });
    }
  }

  /** What the function gives when it runs in the page with these arguments (JSON both ways). */
  async evaluate(code, ...args) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression: `(${code})(...${JSON.stringify(args)})`,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails)
      throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  resize({ width, height, mobile = false }) {
    return this.send('Emulation.setDeviceMetricsOverride',
      { width, height, mobile, deviceScaleFactor: mobile ? 2 : 1 });
  }

  /** Clicks as a person does: scrolls there, and presses the mouse button on its middle. */
  async click(find, ...args) {
    const at = await until(`there is something to click: ${find}`, () => this.evaluate(`(...args) => {
      const element = (${find})(...args);
      if (!element) return null;
      element.scrollIntoView({ block: 'center' });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    }`, ...args));
    for (const type of ['mousePressed', 'mouseReleased'])
      await this.send('Input.dispatchMouseEvent', { type, ...at, button: 'left', clickCount: 1 });
  }

  /** A PNG of the page, for a person to look at. */
  async screenshot(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    await writeFile(file, Buffer.from(data, 'base64'));
  }

  async close() {
    await this.chromium.send('Target.closeTarget', { targetId: this.targetId });
    this.chromium.listeners.delete(this.sessionId);
  }
}
