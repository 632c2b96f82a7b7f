// SPDX-License-Identifier: LGPL-2.1-or-later
// The far end of a WebSocket adapter: takes every connection and counts what it gets.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

import { atEnd } from './check.mjs';

// RFC 6455 1.3
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export async function serveWebSocket() {
  const sockets = new Set();
  let bytes = 0;
  const server = createServer((_, response) => response.writeHead(426).end());
  server.on('upgrade', (request, socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => { bytes += data.length; });
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
  });
  await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `ws://127.0.0.1:${server.address().port}/`, bytes: () => bytes };
}
