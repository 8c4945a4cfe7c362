// Kernel migration: fills a new map from its predecessor, whose layout or size was another.

import type { MapSpec } from '../layout.ts';
import { type Converter, convertEntry } from '../migrate.ts';
import type { MapInfo } from './bpf.ts';
import { mapLayouts } from './btf.ts';
import { errno, errnoText } from './errno.ts';
import type { OpenMap } from './map.ts';
import { partSize, possibleCpus } from './per-cpu.ts';
import { type Chunk, walk } from './scan.ts';

/** What became of a map's entries. */
export interface Migration {
  readonly map: string;
  readonly from: MapVersion;
  readonly to: MapVersion;
  /** Entries written to the new map. */
  readonly moved: number;
  /** Entries that the new map had no place for, or that could not be read because the old map does not tell its layout. */
  readonly lost: number;
}

export interface MapVersion {
  readonly layoutHash: string;
  readonly entries: number;
}

export interface Predecessor {
  readonly map: OpenMap;
  readonly info: MapInfo;
  readonly layoutHash: string;
}

interface Counts {
  moved: number;
  lost: number;
}

/** Fills a map that is still empty and that nobody else uses yet. */
export function fillMap<K, V>(spec: MapSpec<K, V>, old: Predecessor, fresh: OpenMap, converter?: Converter): Migration {
  const counts = { moved: 0, lost: 0 };
  if (spec.kind !== 'ring') for (const chunk of readAll(spec, old, fresh, counts, converter)) writeAll(spec, fresh, chunk, counts);
  return report(spec, old, fresh, counts);
}

/**
 * Brings over, once the programs use the new map, what the old ones wrote after `fillMap` had passed; what the new map has by now
 * is newer and stays. For hashes only: an array's entries always exist, and tries are written by this process alone.
 */
export function completeMap<K, V>(spec: MapSpec<K, V>, old: Predecessor, fresh: OpenMap, converter?: Converter): Migration {
  const counts = { moved: 0, lost: 0 };
  if (spec.kind === 'hash' || spec.kind === 'lru') {
    for (const chunk of readAll(spec, old, fresh, counts, converter)) insertAbsent(spec, fresh, chunk, counts);
  }
  return report(spec, old, fresh, counts);
}

function* readAll<K, V>(spec: MapSpec<K, V>, old: Predecessor, fresh: OpenMap, counts: Counts, converter?: Converter): Iterable<Chunk> {
  const found = walk(old.map, old.info.keySize, (result) => new Error(`predecessor of map ${spec.name}: scan: ${errnoText(result)}`));
  if (old.layoutHash === spec.layoutHash) return yield* found;
  const layouts = mapLayouts(old.map.bpf, old.map.libc, old.info);
  for (const chunk of found) {
    if (layouts === undefined) counts.lost += chunk.count;
    else yield converted(spec, { old: layouts, key: spec.key, value: spec.value, converter }, old, fresh, chunk);
  }
}

type Layouts<K, V> = Parameters<typeof convertEntry<K, V>>[0];

/** A per-CPU value is converted part by part. */
function converted<K, V>(spec: MapSpec<K, V>, layouts: Layouts<K, V>, old: Predecessor, fresh: OpenMap, chunk: Chunk): Chunk {
  const keys = new Uint8Array(chunk.count * spec.key.size);
  const values = new Uint8Array(chunk.count * fresh.valueSize);
  const [oldKeys, oldValues] = [new DataView(chunk.keys.buffer), new DataView(chunk.values.buffer)];
  const [newKeys, newValues] = [new DataView(keys.buffer), new DataView(values.buffer)];
  const parts = spec.kind === 'percpu-array' ? possibleCpus() : 1;
  for (let index = 0; index < chunk.count; index++) {
    for (let part = 0; part < parts; part++) {
      const oldAt = index * old.map.valueSize + part * partSize(old.info.valueSize);
      const newAt = index * fresh.valueSize + part * partSize(spec.value.size);
      const [key, value] = convertEntry(layouts, oldKeys, index * old.info.keySize, oldValues, oldAt);
      spec.key.encode(key, newKeys, index * spec.key.size);
      spec.value.encode(value, newValues, newAt);
    }
  }
  return { keys, values, count: chunk.count };
}

/** A batch ends at the entry that is refused, which is counted and stepped over. */
function writeAll(spec: MapSpec, fresh: OpenMap, chunk: Chunk, counts: Counts): void {
  const [keys, values] = [fresh.libc.address(chunk.keys), fresh.libc.address(chunk.values)];
  for (let from = 0; from < chunk.count; ) {
    const rest = { keys: keys + from * spec.key.size, values: values + from * fresh.valueSize, count: chunk.count - from };
    const done = fresh.bpf.updateBatch(fresh.descriptor, rest);
    const written = done.result < 0 ? Math.min(done.count, rest.count) : rest.count;
    counts.moved += written;
    from += written;
    if (done.result < 0) {
      counts.lost++;
      from++;
    }
  }
}

function insertAbsent(spec: MapSpec, fresh: OpenMap, chunk: Chunk, counts: Counts): void {
  const [keys, values] = [fresh.libc.address(chunk.keys), fresh.libc.address(chunk.values)];
  for (let index = 0; index < chunk.count; index++) {
    const result = fresh.bpf.update(fresh.descriptor, keys + index * spec.key.size, values + index * fresh.valueSize, 1);
    if (result >= 0) counts.moved++;
    else if (result !== -errno.exist) counts.lost++;
  }
}

function report(spec: MapSpec, old: Predecessor, fresh: OpenMap, counts: Counts): Migration {
  return {
    map: spec.name,
    from: { layoutHash: old.layoutHash, entries: old.info.entries },
    to: { layoutHash: spec.layoutHash, entries: fresh.capacity },
    ...counts,
  };
}
