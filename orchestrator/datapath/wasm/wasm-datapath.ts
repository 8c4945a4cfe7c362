// The datapath as WebAssembly in this process: needs no privilege, no device and no kernel feature. Maps end with the process.

import { randomBytes, randomInt } from 'node:crypto';
import { totalmem } from 'node:os';
import { AgentError } from '../../errors.ts';
import { currentTick } from '../clock.ts';
import type { DatapathEvent, PacketRunner, Port, RunOptions, RunResult } from '../datapath.ts';
import { maps as allMaps } from '../generated/maps.ts';
import type { ImmediateDatapath } from '../immediate.ts';
import type { MapSpec } from '../layout.ts';
import { mapSizes } from '../sizes.ts';
import { type Engine, readModule, startEngine } from './engine.ts';
import { EventRing } from './events.ts';
import { PacketLane } from './lane.ts';
import { WasmMap } from './map.ts';
import { runPacket } from './runner.ts';

export interface WasmOptions {
  /** Entries by map name; the other maps get theirs from this machine's memory. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** The compiled datapath, where the build's own file is not at hand. */
  readonly module?: WebAssembly.Module;
}

/** Rejects with SIZE_INVALID when the maps do not fit into 4 GiB. */
export async function openWasmDatapath(options: WasmOptions = {}): Promise<WasmDatapath> {
  const sizes = mapSizes(allMaps, { memory: totalmem(), explicit: options.sizes ?? {} });
  const engine = await startEngine(options.module ?? (await readModule()), allMaps, sizes, randomBytes(8).readBigUInt64LE());
  return new WasmDatapath(engine, sizes);
}

export class WasmDatapath implements ImmediateDatapath, PacketRunner {
  readonly mode = 'wasm';
  private readonly engine: Engine;
  private readonly sizes: Readonly<Record<string, number>>;
  private readonly ring: EventRing;
  private readonly maps = new Map<string, unknown>();
  private readonly ports = new Map<number, Port>();
  private closed = false;

  constructor(engine: Engine, sizes: Readonly<Record<string, number>>) {
    this.engine = engine;
    this.sizes = sizes;
    this.ring = new EventRing(engine, allMaps.find(({ kind }) => kind === 'ring') as MapSpec);
  }

  map<K, V>(spec: MapSpec<K, V>): WasmMap<K, V> {
    this.check();
    const ours = allMaps.find(({ name, kind }) => name === spec.name && kind !== 'ring');
    if (ours === undefined) throw new AgentError('MAP_UNKNOWN', `map ${spec.name}: not a map of this datapath`);
    const known = this.maps.get(spec.name) ?? new WasmMap(spec, this.engine, this.sizes[spec.name] ?? 1);
    this.maps.set(spec.name, known);
    return known as WasmMap<K, V>;
  }

  /** Registers the port: no device is read here, packets come and go through `run`. */
  async attach(port: Port): Promise<AsyncDisposable> {
    this.check();
    this.ports.set(port.number, port);
    return {
      [Symbol.asyncDispose]: async () => {
        if (this.ports.get(port.number) === port) this.ports.delete(port.number);
      },
    };
  }

  events(): AsyncIterable<DatapathEvent> {
    this.check();
    return this.ring.read();
  }

  now(): number {
    return currentTick();
  }

  async run(hook: number, packet: Uint8Array, options: RunOptions = {}): Promise<RunResult> {
    return this.runNow(hook, packet, options);
  }

  runNow(hook: number, packet: Uint8Array, options: RunOptions = {}): RunResult {
    this.check();
    const { port = 1, now = currentTick(), random = randomInt(2 ** 32), tunnelIdentity = 0, segment = 0 } = options;
    const result = runPacket(this.engine, hook, packet, { port, now, random, tunnelIdentity, segment });
    this.ring.notify();
    return result;
  }

  /** Packets of the caller's that lie ready in this datapath's memory. Not together with packets of more than 8 KiB through `run`. */
  openLane(): PacketLane {
    this.check();
    return new PacketLane(this.engine);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.ring.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private check(): void {
    if (this.closed) throw new AgentError('DATAPATH_CLOSED', 'wasm datapath: used after close');
  }
}
