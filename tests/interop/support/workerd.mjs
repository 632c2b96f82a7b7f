// SPDX-License-Identifier: LGPL-2.1-or-later
// Cloudflare's Workers runtime with the Worker of worker.js in it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { atEnd, until } from './check.mjs';
import { APP, SECRET, TURN_KEY, TURN_TOKEN } from './emulator.mjs';
import { PAGES } from './files.mjs';
import { start, terminate } from './process.mjs';

// The program itself; what node_modules/.bin has would start it once more.
const require = createRequire(import.meta.url);
const WORKERD = require('workerd').default;

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const config = (port, apiBase) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-04-01",
  bindings = [
    (name = "PAGE", text = embed "page.html"),
    (name = "SCRIPT", text = embed "page.js"),
    (name = "API_BASE", text = "${apiBase}"),
    (name = "APP", text = "${APP}"),
    (name = "SECRET", text = "${SECRET}"),
    (name = "TURN_KEY", text = "${TURN_KEY}"),
    (name = "TURN_TOKEN", text = "${TURN_TOKEN}"),
  ],
);
`;

/** Bundles the page and the Worker, and serves both; gives the origin. */
export async function serveWorker(apiBase) {
  const folder = await mkdtemp(path.join(tmpdir(), 'cfcalls-worker-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const common = { bundle: true, format: 'esm', logLevel: 'error', define: { 'process.env.NODE_ENV': '"development"' } };
  await Promise.all([
    build({ ...common, entryPoints: [path.join(PAGES, 'partytracks.js')], outfile: path.join(folder, 'page.js') }),
    build({
      ...common,
      entryPoints: [fileURLToPath(new URL('worker.js', import.meta.url))],
      outfile: path.join(folder, 'worker.js'),
      conditions: ['workerd', 'worker'],
    }),
    build({
      entryPoints: [path.join(PAGES, 'partytracks.html')], outfile: path.join(folder, 'page.html'), loader: { '.html': 'copy' },
    }),
  ]);
  const port = await freePort();
  await writeFile(path.join(folder, 'config.capnp'), config(port, apiBase));
  const child = start(WORKERD, ['serve', path.join(folder, 'config.capnp')]);
  atEnd(() => terminate(child));
  let ended = false;
  child.ended.then(() => { ended = true; });
  const origin = `http://127.0.0.1:${port}`;
  await until('workerd listens', async () => {
    if (ended) throw new Error(`workerd ended: ${child.said}`);
    return fetch(origin).then((response) => response.ok, () => false);
  });
  return origin;
}
