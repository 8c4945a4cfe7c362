// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Packets: random ones between the pools' addresses, whole or fragmented, with options, extension headers and quoted packets; and
// malformed ones made of them.

import { buildPacket, type Extension, type Packet } from '../../../orchestrator/net/packet.ts';
import type { Transport } from '../../../orchestrator/net/transport.ts';
import { addressTexts, l4Ports } from './pools.ts';
import type { Random } from './random.ts';

const flagLetters = ['S', 'SA', 'A', 'A', 'FA', 'R', 'RA', 'SF', '', 'PA'];
const extensionKinds: readonly Extension['kind'][] = ['hop-by-hop', 'destination', 'routing', 'ah', 'destination', 99];

/** The pools keep ports in network order; builders want numbers. */
function port(random: Random): number {
  const raw = random.pick(l4Ports);
  return ((raw & 0xff) << 8) | (raw >> 8);
}

function payload(random: Random): Uint8Array {
  const bytes = new Uint8Array(random.below(48));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.word();
  return bytes;
}

function transport(random: Random, v6: boolean, quoting: boolean): Transport {
  const ends = { sourcePort: port(random), destinationPort: port(random), payload: payload(random) };
  const kind = random.below(quoting ? 12 : 9);
  if (kind < 4) return { protocol: 'tcp', flags: random.pick(flagLetters), ...ends };
  if (kind < 6) return { protocol: 'udp', ...ends, ...(random.once(6) ? { checksum: 0 } : {}) };
  if (kind === 6) return { protocol: 'sctp', ...ends };
  const protocol = v6 === !random.once(16) ? 'icmpv6' : 'icmp';
  if (kind < 9)
    return {
      protocol,
      type: random.pick(v6 ? [128, 129, 135, 136, 130] : [8, 0, 13, 5]),
      id: random.pick(l4Ports),
      payload: payload(random),
    };
  const quoted = buildPacket(packet(random, v6, false));
  const type = random.pick(v6 ? [1, 2, 3, 4] : [3, 11, 12, 4]);
  return { protocol, type, payload: random.once(3) ? quoted.subarray(0, random.below(quoted.length + 1)) : quoted };
}

function packet(random: Random, v6: boolean, quoting: boolean): Packet {
  const family = addressTexts.filter((text) => text.includes(':') === v6);
  const base = {
    source: random.pick(family),
    destination: random.pick(family),
    transport: transport(random, v6, quoting),
    hopLimit: random.once(4) ? 255 : 64,
  };
  const start = random.below(4) * 8;
  const fragment = random.once(8) ? { fragment: { id: random.below(3), start, more: random.once(2) } } : {};
  if (!v6) return { ...base, ...fragment, ...(random.once(6) ? { ipv4: { options: new Uint8Array(4 * random.below(11)) } } : {}) };
  const extensions = random.once(4) ? Array.from({ length: 1 + random.below(3) }, () => ({ kind: random.pick(extensionKinds) })) : [];
  return { ...base, ...fragment, ipv6: { extensions } };
}

/** A packet as its sender meant it. */
export function wellFormed(random: Random): Uint8Array<ArrayBuffer> {
  return buildPacket(packet(random, random.once(2), true));
}

/** Changes some bytes in place, mostly of the headers; the length that is left of it. */
export function spoil(bytes: Uint8Array, length: number, random: Random): number {
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(Math.min(length, random.once(2) ? 24 : 96));
    bytes[at] = random.once(3) ? random.word() : bytes[at]! ^ (1 << random.below(8));
  }
  return random.once(4) ? 1 + random.below(length) : length;
}
