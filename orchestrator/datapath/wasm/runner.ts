// Runner: an IP packet through the module, as a TUN device would hand it over: behind a virtio-net header.

import { protocolNumbers } from '../../net/transport.ts';
import type { RunOptions, RunResult } from '../datapath.ts';
import { recordCodec } from '../generated/layouts.ts';
import type { Engine } from './engine.ts';

const virtioBytes = 12;
const mostPacketBytes = 65535;

/** Where a virtio-net header says how its packet is to be cut, and into what; and its numbers for that. */
const [virtioType, virtioSegment] = [1, 4];
const [tcpOverIpv4, tcpOverIpv6, udp] = [1, 4, 5];

function segmentType(packet: Uint8Array): number {
  const isIpv6 = (packet[0] ?? 0) >> 4 === 6;
  if (packet[isIpv6 ? 6 : 9] === protocolNumbers.udp) return udp;
  return isIpv6 ? tcpOverIpv6 : tcpOverIpv4;
}

/** Throws a RangeError for a packet that no IP header could describe. */
export function runPacket(engine: Engine, hook: number, packet: Uint8Array, options: Required<RunOptions>): RunResult {
  if (packet.length > mostPacketBytes) throw new RangeError(`packet: longer than ${mostPacketBytes} bytes: ${packet.length}`);
  const { exports, bytes, view } = engine;
  const at = exports.inputBuffer();
  bytes.fill(0, at, at + virtioBytes);
  bytes.set(packet, at + virtioBytes);
  const { port, now, random, tunnelIdentity, segment } = options;
  if (segment !== 0) {
    bytes[at + virtioType] = segmentType(packet);
    view.setUint16(at + virtioSegment, segment, true);
  }
  const decided = exports.run(hook, port, at, virtioBytes + packet.length, now, random, tunnelIdentity) >>> 0;
  return {
    nextHop: decided & 0xff,
    reason: (decided >>> 8) & 0xff,
    packet: bytes.slice(at + virtioBytes, at + virtioBytes + packet.length),
    record: recordCodec.decode(view, exports.recordPointer()),
  };
}
