// The datapath as eBPF programs. Maps, programs and hooks are pinned under the node's bpffs folder and outlive the process; opening
// it again takes them over, with the programs and layouts of today's object.

import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { AgentError } from '../../errors.ts';
import { artifact } from '../artifacts.ts';
import { currentTick } from '../clock.ts';
import type { DatapathEvent, PacketRunner, Port, RunOptions, RunResult, SocketBalancer } from '../datapath.ts';
import { maps as allMaps, metricsSpec, socketConfigSpec } from '../generated/maps.ts';
import type { ImmediateDatapath } from '../immediate.ts';
import type { MapSpec } from '../layout.ts';
import type { Converter } from '../migrate.ts';
import { mapSizes } from '../sizes.ts';
import { type Attacher, type AttachMethod, attachHook, detachAll, detachHook, hooksOf, renewAll } from './attach.ts';
import { Bpf } from './bpf.ts';
import { type Fitting, type LoadedObject, loadObject } from './elf.ts';
import { EventReader, lostCounter } from './events.ts';
import { type Libc, openLibc } from './libc.ts';
import { KernelMap, type OpenMap } from './map.ts';
import { MapSet } from './map-set.ts';
import type { Migration } from './migration.ts';
import { markPrograms, objectMark, openPinned, unmarkPrograms } from './pinned-object.ts';
import { Pins } from './pins.ts';
import { Ring } from './ring.ts';
import { Runner } from './runner.ts';
import { attachSockets, detachSockets, namespaceCookie, renewSockets, socketProgramNames } from './sockets.ts';
import { tryTcx } from './tcx.ts';

export interface KernelOptions {
  /** The node's folder; a bpffs is mounted on it if it is on none. */
  readonly bpffsFolder: string;
  /** Path of the ELF object, where it is not the build's own. */
  readonly object?: string;
  /** Entries by map name; the other maps get theirs from this machine's memory. */
  readonly sizes?: Readonly<Record<string, number>>;
  /**
   * Programs of an earlier life that are of this very object are used on, which saves a second of the kernel's time. Such a datapath runs no
   * packets on demand (`run`).
   */
  readonly keepsPrograms?: boolean;
  /** How hooks are attached; by tcx if the kernel can. */
  readonly attach?: AttachMethod;
  /** All maps of the object that are ours; the generated list. */
  readonly specs?: readonly MapSpec[];
  /** By map name, for layouts whose fields changed their meaning. */
  readonly converters?: Readonly<Record<string, Converter>>;
}

/** Rejects with FFI_MISSING, BPF_CALL_FAILED, OBJECT_REFUSED or MAP_FOREIGN; what an earlier process left is then as it was. */
export async function openKernelDatapath(options: KernelOptions): Promise<KernelDatapath> {
  const libc = await openLibc();
  const bpf = new Bpf(libc);
  const pins = new Pins(options.bpffsFolder, bpf, libc);
  const specs = options.specs ?? allMaps;
  using set = new MapSet(bpf, libc, pins, { specs, converters: options.converters });
  const sizes = mapSizes(specs, { memory: totalmem(), explicit: options.sizes ?? {}, current: set.currentSizes() });
  const path = options.object ?? fileURLToPath(artifact('datapath.bpf.o'));
  const mark = objectMark(path);
  const paths = options.keepsPrograms === true ? set.keptPaths(sizes) : undefined;
  const pinned = paths && openPinned({ pins, libc }, mark, paths);
  const { object, socketRefusal } = pinned ? { object: pinned } : await loadForHost(path, (name) => set.fit(sizes, name));
  try {
    const migrations = set.adopt(object.maps);
    if (pinned === undefined) {
      unmarkPrograms(pins);
      for (const [name, descriptor] of object.programs) pins.put(pins.programPath(name), descriptor);
    }
    const program = (hook: string): number => programOf(object, hook);
    const attacher = { bpf, libc, pins, program, method: options.attach ?? (tryTcx(bpf, libc) === 0 ? 'tcx' : 'clsact') } as const;
    renewAll(attacher);
    renewSockets(attacher, (name) => object.programs.has(name));
    const late = set.complete(object.maps);
    if (pinned === undefined) markPrograms(pins, mark, object);
    const maps = openMaps(set, specs, object);
    const reader = openReader(libc, specs, maps);
    return new KernelDatapath({ bpf, libc, pins, object, attacher, maps, reader, socketRefusal }, sum(migrations, late));
  } catch (error) {
    object[Symbol.dispose]();
    throw error;
  }
}

interface Parts {
  readonly bpf: Bpf;
  readonly libc: Libc;
  readonly pins: Pins;
  readonly object: LoadedObject;
  readonly attacher: Attacher;
  readonly maps: ReadonlyMap<string, OpenMap>;
  readonly reader: EventReader | undefined;
  readonly socketRefusal: string | undefined;
}

/** A kernel that takes everything but the programs for sockets handles packets all the same. */
async function loadForHost(
  path: string,
  fit: (name: string) => Fitting | undefined,
): Promise<{ object: LoadedObject; socketRefusal?: string }> {
  try {
    return { object: await loadObject(path, fit) };
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'OBJECT_REFUSED') throw error;
    try {
      return { object: await loadObject(path, fit, socketProgramNames), socketRefusal: error.message };
    } catch {
      throw error;
    }
  }
}

function openMaps(set: MapSet, specs: readonly MapSpec[], object: LoadedObject): Map<string, OpenMap> {
  const maps = new Map<string, OpenMap>();
  for (const spec of specs) {
    const descriptor = object.maps.get(spec.name);
    if (descriptor !== undefined) maps.set(spec.name, set.openMap(spec, descriptor));
  }
  return maps;
}

function openReader(libc: Libc, specs: readonly MapSpec[], maps: ReadonlyMap<string, OpenMap>): EventReader | undefined {
  const spec = specs.find(({ kind }) => kind === 'ring');
  const ring = spec && maps.get(spec.name);
  if (spec === undefined || ring === undefined) return undefined;
  const metrics = maps.get(metricsSpec.name);
  return new EventReader(new Ring(libc, ring.descriptor, ring.capacity), spec, metrics ? lostCounter(metrics, metricsSpec) : () => 0);
}

export class KernelDatapath implements ImmediateDatapath, PacketRunner, SocketBalancer {
  readonly mode = 'kernel';
  /** What opening did to maps whose layout or size had changed. */
  readonly migrations: readonly Migration[];
  readonly socketRefusal: string | undefined;
  private readonly parts: Parts;
  private readonly maps = new Map<string, unknown>();
  private runner: Runner | undefined;
  private closed = false;

  constructor(parts: Parts, migrations: readonly Migration[]) {
    this.parts = parts;
    this.migrations = migrations;
    this.socketRefusal = parts.socketRefusal;
  }

  map<K, V>(spec: MapSpec<K, V>): KernelMap<K, V> {
    const open = this.open.maps.get(spec.name);
    if (open === undefined || spec.kind === 'ring') throw new AgentError('MAP_UNKNOWN', `map ${spec.name}: not a map of this datapath`);
    const known = this.maps.get(spec.name) ?? new KernelMap(spec, open);
    this.maps.set(spec.name, known);
    return known as KernelMap<K, V>;
  }

  async attach(port: Port): Promise<AsyncDisposable> {
    const { attacher } = this.open;
    for (const hook of hooksOf[port.kind]) await attachHook(attacher, port.number, hook);
    return { [Symbol.asyncDispose]: () => this.detach(port) };
  }

  /** Also what an earlier process attached; what is not there is not an error. */
  async detach({ number, kind }: Port): Promise<void> {
    for (const hook of hooksOf[kind]) detachHook(this.open.attacher, number, hook);
  }

  /** The node's own network namespace is that of this process. */
  async attachSockets(cgroup: string): Promise<void> {
    const { attacher, libc } = this.open;
    if (this.socketRefusal !== undefined) throw new AgentError('ATTACH_FAILED', `cgroup ${cgroup}: ${this.socketRefusal}`);
    await this.map(socketConfigSpec).update([[0, { hostNamespace: namespaceCookie(libc) }]]);
    attachSockets(attacher, cgroup);
  }

  async detachSockets(): Promise<boolean> {
    return detachSockets(this.open.attacher);
  }

  events(): AsyncIterable<DatapathEvent> {
    const { reader } = this.open;
    if (reader === undefined) throw new AgentError('MAP_UNKNOWN', 'events: this datapath has no ring');
    return reader.read();
  }

  now(): number {
    return currentTick();
  }

  async run(hook: number, packet: Uint8Array, options: RunOptions = {}): Promise<RunResult> {
    return this.runNow(hook, packet, options);
  }

  runNow(hook: number, packet: Uint8Array, options: RunOptions = {}): RunResult {
    const { bpf, libc, object } = this.open;
    this.runner ??= new Runner(bpf, libc, object.maps, (name) => programOf(object, name));
    return this.runner.run(hook, packet, options);
  }

  /** Descriptor of a program of the object by its name in C, for test runs of whole frames. Lives until `close`. */
  program(name: string): number {
    return programOf(this.open.object, name);
  }

  /** Takes all hooks off and removes all that is pinned: the datapath ends, packets go by untouched, flows are forgotten. */
  async remove(): Promise<void> {
    const { attacher, pins } = this.open;
    detachAll(attacher);
    detachSockets(attacher);
    pins.removeAll();
    await this.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.parts.reader?.close();
    this.runner?.[Symbol.dispose]();
    this.parts.object[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private get open(): Parts {
    if (this.closed) throw new AgentError('DATAPATH_CLOSED', 'kernel datapath: used after close');
    return this.parts;
  }
}

function programOf(object: LoadedObject, name: string): number {
  const descriptor = object.programs.get(name);
  if (descriptor === undefined) throw new AgentError('OBJECT_REFUSED', `object: no program of the name "${name}"`);
  return descriptor;
}

/** Both passes of each map as one account. */
function sum(first: readonly Migration[], late: readonly Migration[]): Migration[] {
  const accounts = new Map<string, Migration>();
  for (const part of [...first, ...late]) {
    const known = accounts.get(part.map);
    accounts.set(part.map, known === undefined ? part : { ...known, moved: known.moved + part.moved, lost: known.lost + part.lost });
  }
  return [...accounts.values()];
}
