// Overlay messages: struct msghdr and what it points to, for one worker's datagrams out and in. They name addresses of this process, so they
// lie in memory of its own: linear memory is also that of a process which waits to take over. Everything that stays the same is written once.
//
//   offset   out                              offset   in
//        0   msghdr, 56 bytes                    256   msghdr
//       64   iovec, 16 bytes                     320   iovec
//       96   sockaddr, 16 or 28 bytes            384   sockaddr, which nobody reads
//      128   cmsghdr with UDP_SEGMENT            448   cmsghdr with UDP_GRO

import type { Calls } from '../calls.ts';
import type { Engine } from '../engine.ts';
import { setting } from './overlay-socket.ts';

export interface MessagesOptions {
  readonly engine: Engine;
  readonly calls: Calls;
  /** By `setting` of overlay-socket.ts. */
  readonly settings: Int32Array;
  /** Where datagrams are received to, and how many bytes. */
  readonly received: number;
  readonly room: number;
}

export interface Messages {
  /** Takes the peer's address, 16 bytes in linear memory. */
  setPeer(address: number): void;
  /** Bytes from `from` on in the module's datagrams; cut into `segment` bytes unless 0. As sendmsg(2). */
  send(descriptor: number, from: number, length: number, segment: number): number;
  /** As recvmsg(2). */
  receive(descriptor: number): number;
  /** Bytes of each datagram that was received last; 0: it was one. */
  each(): number;
}

const [outAt, inAt, blockBytes] = [0, 256, 512];
/** In both halves: iovec, sockaddr, cmsghdr. */
const parts = { vector: 64, peer: 96, control: 128 } as const;
const inParts = { vector: 64, peer: 128, control: 192 } as const;
/** struct msghdr in words. */
const header = { name: 0, nameLength: 2, vector: 4, vectors: 6, control: 8, controlLength: 10 } as const;
const [udp, cut, joined] = [17, 103, 104];
const [cutBytes, cutSpace, inSpace, inPeer] = [18, 24, 64, 28];
const [ipv4, ipv6] = [2, 10];

export function openMessages({ engine, calls, settings, received, room }: MessagesOptions): Messages {
  const linear = calls.address(engine.bytes);
  const bytes = new Uint8Array(new ArrayBuffer(blockBytes));
  const view = new DataView(bytes.buffer);
  const words = new Int32Array(bytes.buffer);
  const base = calls.address(bytes);
  const point = (from: number, to: number) => view.setBigUint64(from, BigInt(base + to), true);

  point(outAt, outAt + parts.peer);
  point(outAt + header.vector * 4, outAt + parts.vector);
  view.setUint32(outAt + header.vectors * 4, 1, true);
  point(outAt + header.control * 4, outAt + parts.control);
  view.setUint32(outAt + parts.control, cutBytes, true);
  view.setUint32(outAt + parts.control + 8, udp, true);
  view.setUint32(outAt + parts.control + 12, cut, true);

  point(inAt, inAt + inParts.peer);
  point(inAt + header.vector * 4, inAt + inParts.vector);
  view.setUint32(inAt + header.vectors * 4, 1, true);
  point(inAt + header.control * 4, inAt + inParts.control);
  view.setBigUint64(inAt + inParts.vector, BigInt(linear + received), true);
  view.setUint32(inAt + inParts.vector + 8, room, true);

  const datagrams = linear + engine.exports.overlayDatagrams();
  const [outMessage, inMessage] = [base + outAt, base + inAt];
  const vector = (outAt + parts.vector) >>> 2;
  const outControl = (outAt + header.controlLength * 4) >>> 2;
  const segmentAt = (outAt + parts.control + 16) >>> 2;
  const inName = (inAt + header.nameLength * 4) >>> 2;
  const inControl = (inAt + header.controlLength * 4) >>> 2;
  const told = (inAt + inParts.control) >>> 2;
  const low = (address: number) => (address % 2 ** 32) | 0;
  const high = (address: number) => Math.floor(address / 2 ** 32);
  const peer = outAt + parts.peer;
  let known = 0;
  /** Family, port and length of the peers' addresses, again when the socket is another one. */
  const setSocket = (tunnelPort: number): void => {
    known = tunnelPort;
    const isIpv4 = Atomics.load(settings, setting.isIpv4) !== 0;
    bytes.fill(0, peer, peer + 28);
    view.setUint16(peer, isIpv4 ? ipv4 : ipv6, true);
    view.setUint16(peer + 2, tunnelPort);
    view.setUint32(outAt + header.nameLength * 4, isIpv4 ? 16 : 28, true);
  };
  return {
    setPeer(address) {
      const tunnelPort = Atomics.load(settings, setting.tunnelPort);
      if (tunnelPort !== known) setSocket(tunnelPort);
      const isIpv4 = view.getUint16(peer, true) === ipv4;
      const [from, to] = isIpv4 ? [address + 12, peer + 4] : [address, peer + 8];
      for (let byte = 0; byte < (isIpv4 ? 4 : 16); byte += 1) bytes[to + byte] = engine.bytes[from + byte] as number;
    },
    send(descriptor, from, length, segment) {
      words[vector] = low(datagrams + from);
      words[vector + 1] = high(datagrams + from);
      words[vector + 2] = length;
      words[outControl] = segment === 0 ? 0 : cutSpace;
      words[segmentAt] = segment;
      return calls.sendmsg(descriptor, outMessage, 0);
    },
    receive(descriptor) {
      words[inName] = inPeer;
      words[inControl] = inSpace;
      return calls.recvmsg(descriptor, inMessage, 0);
    },
    each: () =>
      (words[inControl] as number) >= cutBytes && words[told + 2] === udp && words[told + 3] === joined ? (words[told + 4] as number) : 0,
  };
}
