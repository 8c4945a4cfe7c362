// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Pools: the few values that keys and fields are drawn from, so that random cases hit entries, collide and meet boundaries.

import * as enums from '../../../orchestrator/datapath/generated/enums.ts';
import { type AddressWords, addressWords } from '../../../orchestrator/net/words.ts';
import type { Random } from './random.ts';

export const addressTexts: readonly string[] = [
  '10.0.0.1',
  '10.0.0.2',
  '10.1.0.7',
  '172.16.0.10',
  '198.51.100.9',
  'fd00::1',
  'fd00::2',
  '2001:db8::7',
];
export const addresses: readonly AddressWords[] = addressTexts.map((text) => addressWords(text));

/** Network order. */
export const l4Ports: readonly number[] = [0, 0x5000, 0xbb01, 0x3500, 0x401f, 0xffff, 0x0100];
export const protocols: readonly number[] = [6, 6, 6, 17, 17, 132, 1, 58, 0, 47];
export const identities: readonly number[] = [0, 1, 2, 6, 256, 257, 0x10100, 0x1000001];
export const interfaces: readonly number[] = [0, 1, 2, 3, 4];
export const policySets: readonly number[] = [0, 1, 2];
export const services: readonly number[] = [0, 1, 2, 3];
export const backendIds: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];
export const nodeNumbers: readonly number[] = [0, 1, 2, 3];
export const ticks: readonly number[] = [0, 1, 1000, 1010, 1100, 5000, 0x7fffffff, 0x80000000, 0xffffffff];
export const epochs: readonly number[] = [0, 1, 2];
/** Of sockets and of network namespaces; the first says that there is none. */
export const cookies: readonly bigint[] = [0n, 1n, 2n, 0x1_0000_0003n];
export const sizes: readonly number[] = [0, 1, 2, 7, 31];
export const tcpFlags: readonly number[] = [2, 18, 16, 17, 4, 20, 1, 0, 24, 255];
export const icmpTypes: readonly number[] = [0, 8, 3, 11, 128, 129, 1, 133, 255];
export const hooks: readonly number[] = [
  enums.HOOK_FROM_POD,
  enums.HOOK_TO_POD,
  enums.HOOK_FROM_OVERLAY,
  enums.HOOK_FROM_NETWORK,
  enums.HOOK_TO_HOST,
  enums.HOOK_TO_NETWORK,
];
const edges32: readonly number[] = [
  0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** What a field of that name and size (bytes) is drawn from. Every field now and then takes an edge or anything at all. */
export type Source = 'hi' | 'lo' | 'ports' | 'cookie' | 'any64' | 'any32' | 'any16' | 'any8' | readonly number[];

const byName: readonly (readonly [RegExp, Source])[] = [
  [/identity/, identities],
  [/(^|_)(epoch|generation)$/, epochs],
  [/now$|expires|renewed/, ticks],
  [/policy_set|^set$/, policySets],
  [/service/, services],
  [/backend$|endpoint$|^id$/, backendIds],
  [/node$|^number$/, nodeNumbers],
  [/^offset$|^size$|affinity_ticks/, sizes],
  [/masq_port_min/, [80, 80, 80, 443, 1, 61000]],
  [/masq_port_max/, [80, 80, 443, 65535, 0]],
  [/hidden/, [0, 0, 1, 2]],
  [/source_high|reply|audited/, [0, 0, 1, 1, 2]],
  [/length|bytes|packets|difference|sum/, 'any32'],
  [/hook/, hooks],
  [/^scope$/, [0, 1, 1]],
  [/^kind$/, [1, 2]],
  [/family/, [4, 6]],
  [/protocol/, protocols],
  [/tcp_flags/, tcpFlags],
  [/icmp_type|icmp_code/, icmpTypes],
  [/invalid/, [0, 0, 0, 0, 0, 0, 0, 130]],
  [/direction/, [0, 1]],
  [/state|mode/, [0, 1, 2]],
  [/match_length/, [1, 9, 17, 25]],
  [/precedence/, [0, 1, 2, 3, 255]],
  [/^pad/, [0]],
];

export function sourceOf(name: string, size: number): Source {
  if (size === 8) {
    if (/_?hi$/.test(name)) return 'hi';
    if (/_?lo$|hairpin4|router4/.test(name)) return 'lo';
    if (/cookie|namespace/.test(name)) return 'cookie';
    const block = /^(tuple|origin|client|flow|address|fragment_key)_?(\d)$/.exec(name);
    if (block) return Number(block[2]) === 4 ? 'ports' : Number(block[2]) % 2 === 0 ? 'hi' : 'lo';
    return 'any64';
  }
  if (size === 4 && /port$/.test(name)) return interfaces;
  if (size === 2 && /masq_port/.test(name)) return byName.find(([pattern]) => pattern.test(name))?.[1] ?? 'any16';
  if (size === 2 && /port|icmp_id|before|after|field/.test(name)) return l4Ports;
  const found = byName.find(([pattern]) => pattern.test(name));
  if (found && (typeof found[1] !== 'string' || size === 4)) return found[1];
  return size === 4 ? 'any32' : size === 2 ? 'any16' : 'any8';
}

function any32(random: Random): number {
  return random.once(2) ? random.word() : random.pick(edges32);
}

/** Writes a random value of a source; sizes are 1, 2, 4 or 8 bytes. */
export function writeRandom(view: DataView, offset: number, size: number, source: Source, random: Random): void {
  const odd = random.once(16);
  if (size === 8) {
    writeWide(view, offset, odd ? 'any64' : source, random);
    return;
  }
  const value = odd || typeof source === 'string' ? any32(random) : random.pick(source);
  if (size === 4) view.setUint32(offset, value, true);
  else if (size === 2) view.setUint16(offset, value, true);
  else view.setUint8(offset, value);
}

function writeWide(view: DataView, offset: number, source: Source, random: Random): void {
  if (source === 'hi') {
    view.setBigUint64(offset, random.pick(addresses).hi, true);
  } else if (source === 'lo') {
    view.setBigUint64(offset, random.pick(addresses).lo, true);
  } else if (source === 'cookie') {
    view.setBigUint64(offset, random.pick(cookies), true);
  } else if (source === 'ports') {
    view.setUint16(offset, random.pick(l4Ports), true);
    view.setUint16(offset + 2, random.pick(l4Ports), true);
    view.setUint32(offset + 4, random.pick(protocols), true);
  } else {
    view.setUint32(offset, any32(random), true);
    view.setUint32(offset + 4, any32(random), true);
  }
}
