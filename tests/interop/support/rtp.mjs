// SPDX-License-Identifier: LGPL-2.1-or-later
// RTP packets by hand, for a stack that sends and gives whole packets.

export function makeRtp({ payloadType, sequence, timestamp, ssrc, marker = false, payload }) {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = (marker ? 0x80 : 0) | payloadType;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

/** RFC 5761 4: RTCP has 192...223 where RTP has marker and payload type. */
export const isRtcp = (packet) => packet[1] >= 192 && packet[1] <= 223;

/** A picture loss indication, alone or in a compound packet (RFC 4585 6.3.1). */
export function asksForKeyFrame(packet) {
  for (let at = 0; at + 4 <= packet.length; at += 4 * (packet.readUInt16BE(at + 2) + 1))
    if (packet[at + 1] === 206 && (packet[at] & 0x1f) === 1) return true;
  return false;
}

export function parseRtp(packet) {
  let at = 12 + 4 * (packet[0] & 0x0f);
  if (packet[0] & 0x10) at += 4 + 4 * packet.readUInt16BE(at + 2);
  const padding = packet[0] & 0x20 ? packet[packet.length - 1] : 0;
  return {
    marker: (packet[1] & 0x80) !== 0,
    payloadType: packet[1] & 0x7f,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(at, packet.length - padding),
  };
}
