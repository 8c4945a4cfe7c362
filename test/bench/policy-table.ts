// Policy tables: the entries and queries of the policy benchmarks, for our maps and, as files, for the native yardstick.

import { mkdirSync, writeFileSync } from 'node:fs';
import type { PolicyEntry, PolicyKey } from '../../orchestrator/datapath/generated/layouts.ts';
import { swapPort } from '../../orchestrator/net/words.ts';
import { policyEntries } from '../datapath/packets/rules.ts';
import { sequence } from './sequence.ts';

export type PolicyRow = readonly [PolicyKey, PolicyEntry];

export interface Query {
  readonly identity: number;
  readonly port: number;
}

export const tableSet = 90;
export const rangeSet = 91;
const identities = 4096;
const firstIdentity = 1000;
const tcp = 6;
const queryCount = 65536;

/** 16,384 entries over 4,096 identities: three TCP ports each, and everything else. */
export function exactTable(): PolicyRow[] {
  return Array.from({ length: identities * 4 }, (_, index) => {
    const rule = `#${index} egress allow ${firstIdentity + (index >> 2)}`;
    return policyEntries(tableSet, (index & 3) === 3 ? rule : `${rule} tcp ${(index & 3) * 1000 + 80}`);
  }).flat();
}

/**
 * The same size; every tenth entry is a prefix of a port range, each identity has a match for all of TCP that is found last, and
 * everybody's match is again for all of TCP. A redirect without a proxy: both matches are compared before the packet is dropped.
 */
export function rangeTable(): PolicyRow[] {
  const rows: PolicyRow[] = policyEntries(rangeSet, '#1 egress allow any tcp').map((row) => row);
  for (let identity = firstIdentity; rows.length < identities * 4; identity += 1) {
    rows.push(...policyEntries(rangeSet, `#2 egress redirect ${identity} tcp`));
    for (let port = 0; port < 7; port += 1) rows.push(...policyEntries(rangeSet, `#3 egress allow ${identity} tcp ${port * 1000 + 81}`));
    // One prefix, 16 to 2,048 ports long by identity.
    const bits = 4 + (identity % 8);
    rows.push(...policyEntries(rangeSet, `#4 egress allow ${identity} tcp ${1 << 15}-${(1 << 15) + (1 << bits) - 1}`));
  }
  return rows.slice(0, identities * 4);
}

/** Identities and ports that the exact table has, in no order. */
export function exactQueries(): Query[] {
  const next = sequence(7);
  return Array.from({ length: queryCount }, () => ({ identity: firstIdentity + (next() % identities), port: (next() % 3) * 1000 + 80 }));
}

/** Identities of the range table and a port that only their broadest match covers. */
export function rangeQueries(): Query[] {
  const next = sequence(8);
  const count = Math.floor((identities * 4) / 9);
  return Array.from({ length: queryCount }, () => ({ identity: firstIdentity + (next() % count), port: 65000 + (next() % 500) }));
}

/** {identity u32, port u16 in network order, protocol u8, 0}: 8 bytes each. */
export function queryBytes(queries: readonly Query[]): Uint8Array {
  const bytes = new Uint8Array(queries.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, { identity, port }] of queries.entries()) {
    view.setUint32(index * 8, identity, true);
    view.setUint16(index * 8 + 4, swapPort(port), true);
    view.setUint8(index * 8 + 6, tcp);
  }
  return bytes;
}

/** The exact table's entries for native/policy.c: {key u64, rule u32, order u16, 0}; order = precedence << 8 | match length. */
export function nativeEntryBytes(rows: readonly PolicyRow[]): Uint8Array {
  const bytes = new Uint8Array(rows.length * 16);
  const view = new DataView(bytes.buffer);
  for (const [index, [key, entry]] of rows.entries()) {
    const word = BigInt(key.identity) | (1n << 32n) | (1n << 39n) | (BigInt(key.protocol) << 40n) | (BigInt(key.port) << 48n);
    view.setBigUint64(index * 16, word, true);
    view.setUint32(index * 16 + 8, entry.rule, true);
    view.setUint16(index * 16 + 12, (entry.precedence << 8) | entry.matchLength, true);
  }
  return bytes;
}

export function writeTable(folder: string, name: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}`, bytes);
  return `${folder}/${name}`;
}
