// Engine: one instance of the WebAssembly datapath and its memory. Everything is shared memory of a fixed size, so that further
// instances in other threads can join it.

import { readFile } from 'node:fs/promises';
import { AgentError } from '../../errors.ts';
import { artifact } from '../artifacts.ts';
import type { MapKind, MapSpec } from '../layout.ts';
import { pageBytes } from './mapped-memory.ts';

/** What this room calls of the module; datapath-as/README.md says what each does. Addresses and lengths are in bytes. */
export interface Exports {
  create(map: number, kind: number, keySize: number, valueSize: number, entries: number): number;
  resetSeeded(seed: bigint): void;
  mapUpdate(map: number, key: number, value: number, flags: number): number;
  mapDelete(map: number, key: number): number;
  mapExact(map: number, key: number): number;
  lookup(map: number, key: number): number;
  mapNext(map: number, cursor: number): number;
  entryKey(map: number, cursor: number): number;
  entryValue(map: number, cursor: number): number;
  mapCount(map: number): number;
  mapCopies(map: number): number;
  mapCopyStride(map: number): number;
  attachWorker(worker: number): number;
  memoryFormat(): number;
  recoverMaps(worker: number): number;
  hostHook(packet: number, length: number): number;
  podPort(packet: number, length: number): number;
  overlayOpen(packet: number, identity: number, mtu: number): number;
  overlayFill(most: number): number;
  overlaySegment(): number;
  overlayTooBig(mtu: number): number;
  portUnreachable(): number;
  overlayReceived(at: number, length: number, each: number, mtu: number): void;
  overlayNext(): number;
  overlayLength(): number;
  overlayVni(): number;
  overlayDatagrams(): number;
  run(hook: number, port: number, packet: number, length: number, now: number, random: number, tunnelIdentity: number): number;
  parse(packet: number, length: number, facts: number): void;
  decide(facts: number, record: number, scratch: number): number;
  factsPointer(): number;
  recordPointer(): number;
  scratchPointer(): number;
  inputBuffer(): number;
  eventsPointer(): number;
  eventCapacity(): number;
}

export interface Engine {
  readonly exports: Exports;
  /** For further instances. */
  readonly memory: WebAssembly.Memory;
  /** All memory. A view of it stays good: the memory never grows. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const kinds: Readonly<Record<MapKind, number>> = { hash: 1, lru: 2, lpm: 3, array: 4, 'percpu-array': 5, ring: 0 };

const mostPages = 65536;
/** The module's own part of the memory, below the maps. */
const ownBytes = 48 << 20;
/** What an entry takes besides key and value: buckets, node headers, spare nodes. A guess; when it is too low, more is tried. */
const entryOverhead = (kind: MapKind): number => (kind === 'array' ? 8 : 96);

/** The module that the build makes, for callers that do not bring their own. */
export async function readModule(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(artifact('datapath.wasm')));
}

/**
 * An instance with all maps, empty. `seed` is secret: whoever sends packets chooses the keys of flows, and must not choose their
 * bucket. Memory that no entry has touched costs nothing but address space; `makeMemory` makes it, again when it was too small. Throws
 * SIZE_INVALID when the maps exceed 4 GiB.
 */
export async function startEngine(
  module: WebAssembly.Module,
  specs: readonly MapSpec[],
  sizes: Readonly<Record<string, number>>,
  seed: bigint,
  makeMemory: (pages: number) => WebAssembly.Memory = ownMemory,
): Promise<Engine> {
  const kept = specs.filter(({ kind }) => kinds[kind] !== 0);
  let bytes = ownBytes;
  for (const { name, kind, key, value } of kept) bytes += (sizes[name] ?? 1) * (key.size + value.size + entryOverhead(kind));
  for (let pages = Math.ceil(bytes / pageBytes); ; pages *= 2) {
    const engine = await instantiate(module, makeMemory(Math.min(pages, mostPages)));
    engine.exports.resetSeeded(seed);
    const refused = kept.find((spec) => create(engine, spec, sizes[spec.name] ?? 1) === outOfMemory);
    if (refused === undefined) return engine;
    if (pages >= mostPages)
      throw new AgentError(
        'SIZE_INVALID',
        `map sizes: ${refused.name}: ${sizes[refused.name]} entries do not fit into 4 GiB with the others`,
      );
  }
}

const outOfMemory = 12;

function ownMemory(pages: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** A further instance on memory that has its maps, as a worker that nobody else is at the same time. */
export async function joinEngine(module: WebAssembly.Module, memory: WebAssembly.Memory, worker: number): Promise<Engine> {
  const engine = await instantiate(module, memory);
  engine.exports.attachWorker(worker);
  return engine;
}

async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Engine> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as unknown as Exports;
  return { exports, memory, bytes: new Uint8Array(memory.buffer), view: new DataView(memory.buffer) };
}

function create(engine: Engine, spec: MapSpec, entries: number): number {
  const result = engine.exports.create(spec.number, kinds[spec.kind], spec.key.size, spec.value.size, entries);
  if (result !== 0 && result !== outOfMemory)
    throw new AgentError('SIZE_INVALID', `map sizes: ${spec.name}: ${entries} entries refused (${result})`);
  return result;
}
