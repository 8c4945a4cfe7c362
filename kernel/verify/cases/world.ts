// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// World: random contents of all maps, the same bytes for both machines, drawn from the pools that cases are drawn from.

import type { MapSpec } from '../../../orchestrator/datapath/layout.ts';
import type { Btf, StructMember } from '../machine/btf.ts';
import { addresses, type Source, sourceOf, writeRandom } from './pools.ts';
import type { Random } from './random.ts';

export interface WorldEntry {
  readonly spec: MapSpec;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** How many entries each map of a world is given, before duplicates. */
const counts: Readonly<Record<string, number>> = {
  config: 1,
  endpoints: 6,
  ipcache: 24,
  nodes: 3,
  policy: 160,
  grants: 24,
  frontends: 60,
  source_ranges: 24,
  maglev: 64,
  backends: 7,
  backend_hits: 4,
  affinity: 24,
  conntrack: 900,
  translations: 700,
  fragments: 24,
  socket_config: 1,
  socket_flows: 400,
  socket_reverse: 400,
};

/** Sizes for the loader: roomy, so that no LRU map evicts. */
export const worldSizes: Readonly<Record<string, number>> = {
  events: 65536,
  endpoints: 64,
  ipcache: 256,
  nodes: 64,
  policy: 1024,
  grants: 256,
  frontends: 256,
  source_ranges: 256,
  maglev: 256,
  backends: 64,
  backend_hits: 256,
  affinity: 4096,
  conntrack: 16384,
  translations: 16384,
  fragments: 4096,
  socket_flows: 4096,
  socket_reverse: 4096,
  epochs: 65536,
  metrics: 512,
  config: 1,
};

const prefixLengths: Readonly<Record<string, readonly number[]>> = {
  ipcache: [32, 128, 136, 144, 152, 159, 160, 48, 96],
  source_ranges: [32, 128, 136, 152, 160, 48],
  policy: [72, 80, 88, 92, 95, 96],
};

/** A field and what it is drawn from; padding is in no plan and stays 0. */
export interface PlannedField {
  readonly offset: number;
  readonly size: number;
  readonly source: Source;
}

export function planOf(members: readonly StructMember[]): PlannedField[] {
  const fields = members.filter(({ name }) => !name.startsWith('pad'));
  return fields.map(({ name, offset, size }) => ({ offset, size, source: sourceOf(name, size) }));
}

export function writeStruct(view: DataView, offset: number, plan: readonly PlannedField[], random: Random): void {
  for (const field of plan) writeRandom(view, offset + field.offset, field.size, field.source, random);
}

/** `slotOf`: the core's hash of an address to its place in `epochs`. */
export function makeWorld(specs: readonly MapSpec[], btf: Btf, random: Random, slotOf: (hi: bigint, lo: bigint) => number): WorldEntry[] {
  const entries: WorldEntry[] = [];
  const add = (spec: MapSpec, write: (key: DataView) => void): void => {
    const key = new Uint8Array(spec.key.size);
    const value = new Uint8Array(spec.value.size);
    write(new DataView(key.buffer));
    writeStruct(new DataView(value.buffer), 0, planOf(btf.struct(btf.map(spec.name)!.valueStruct)!.members), random);
    entries.push({ spec, key, value });
  };
  for (const spec of specs) {
    if (spec.name === 'epochs') {
      for (const { hi, lo } of addresses) add(spec, (key) => key.setUint32(0, slotOf(hi, lo), true));
      continue;
    }
    const { keyStruct } = btf.map(spec.name) ?? { keyStruct: '' };
    const struct = btf.struct(keyStruct);
    const plan = struct && planOf(struct.members);
    for (let i = 0; i < (counts[spec.name] ?? 0); i++) {
      add(spec, (key) => {
        if (plan) writeStruct(key, 0, plan, random);
        else key.setUint32(0, i, true);
        const lengths = prefixLengths[spec.name];
        if (lengths) key.setUint32(0, random.pick(lengths), true);
      });
    }
  }
  return entries;
}
