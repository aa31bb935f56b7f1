/** Who is at the other end of a connection, as far as it can be told before it has said anything. */

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The same for those that may be one: a user of this machine, or another machine. */
export function peerOf({ remoteAddress, remotePort, localPort }: Socket): string {
  if (remotePort === undefined || localPort === undefined) return 'a process of this user';
  const address = remoteAddress ?? '';
  const isLoopback = /^(::ffff:)?127\.|^::1$/.test(address);
  const uid = isLoopback ? uidOf(remotePort, localPort) : undefined;
  return uid === undefined ? address : `user ${uid}`;
}

/** Linux: the user whose socket has these ports; undefined where that cannot be told. */
function uidOf(from: number, to: number): string | undefined {
  const row = new RegExp(`: [0-9A-F]+:${hex(from)} [0-9A-F]+:${hex(to)} 01 .*$`, 'm');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    try {
      // sl, local_address, rem_address, st (01: it stands), queues, timer, retransmits, uid
      const [found] = row.exec(readFileSync(table, 'utf8')) ?? [];
      if (found !== undefined) return found.trim().split(/\s+/)[7];
    } catch {
      // Another system, which says only where they come from.
    }
  }
  return undefined;
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
