// The datapath as a process of its own, seen by another process: both have its maps in their memory, so an entry is written here and
// found there by the next packet. What takes the process itself, its ports, is asked of it.

import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { awaitLockLater, type Lock, takeLock } from '../../processes/lock.ts';
import { currentTick } from '../clock.ts';
import type { Datapath, DatapathEvent, PacketRunner, RunOptions, RunResult } from '../datapath.ts';
import { maps as allMaps } from '../generated/maps.ts';
import type { MapSpec } from '../layout.ts';
import { type Calls, openCalls } from './calls.ts';
import { type Role, roles } from './control-line.ts';
import { type Engine, joinEngine, readModule } from './engine.ts';
import { EventRing } from './events.ts';
import type { Hello, ProcessStatus } from './hello.ts';
import { WasmMap } from './map.ts';
import { mapMemoryFile } from './mapped-memory.ts';
import { layoutHashOf } from './memory-file.ts';
import type { UserPort } from './port.ts';
import { ProcessLink } from './process-link.ts';
import { runPacket } from './runner.ts';

export interface SharedOptions {
  /** Of the datapath process: R/datapath. */
  readonly folder: string;
  /** One process of a role at a time: another one waits for its end. Of several, the first one that is free. */
  readonly role?: Role | readonly Role[];
  /** How long a process may take to answer that is being started. */
  readonly waitMs?: number;
}

/** How often rings are looked into while somebody reads. */
const pollMs = 20;
/** How often it is looked which of several roles is free. */
const roleMs = 20;

/**
 * Rejects with DATAPATH_UNREACHABLE when no process answers, DATAPATH_REFUSED when it is of another release, FFI_MISSING, LOCK_UNUSABLE, MEMORY_UNUSABLE.
 */
export async function openSharedDatapath({ folder, role: wanted = 'agent', waitMs = 0 }: SharedOptions): Promise<SharedDatapath> {
  const [calls, module] = await Promise.all([openCalls(), readModule()]);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [role, lock] = await takeRole(calls, folder, typeof wanted === 'string' ? [wanted] : wanted);
  let replaced = (): void => undefined;
  const whenReplaced = new Promise<void>((resolve) => (replaced = resolve));
  let link: ProcessLink | undefined;
  try {
    link = await ProcessLink.open({ folder, role, onReplaced: () => replaced() }, waitMs);
    const { memory, pages, layoutHash } = link.hello;
    if (layoutHash !== layoutHashOf(allMaps)) {
      throw new AgentError('DATAPATH_REFUSED', `datapath process ${link.hello.pid}: its entries have another layout: ${layoutHash}`);
    }
    const engine = await joinEngine(module, mapMemoryFile(calls, memory, pages), roles[role]);
    engine.exports.recoverMaps(roles[role]);
    return new SharedDatapath({ engine, link, lock, role, whenReplaced });
  } catch (error) {
    await link?.close();
    lock[Symbol.dispose]();
    throw error;
  }
}

async function takeRole(calls: Calls, folder: string, wanted: readonly Role[]): Promise<[Role, Lock]> {
  const [only = 'agent'] = wanted;
  if (wanted.length < 2) return [only, await awaitLockLater(calls, join(folder, `${only}.lock`))];
  // Whichever is free first: who has the other one may wait for us.
  for (;;) {
    for (const role of wanted) {
      const lock = takeLock(calls, join(folder, `${role}.lock`));
      if (lock !== undefined) return [role, lock];
    }
    await new Promise((resolve) => setTimeout(resolve, roleMs));
  }
}

interface SharedParts {
  readonly engine: Engine;
  readonly link: ProcessLink;
  readonly lock: Lock;
  readonly role: Role;
  readonly whenReplaced: Promise<void>;
}

export class SharedDatapath implements Datapath, PacketRunner {
  readonly mode = 'wasm';
  /** Resolves when the process has made its memory anew: what was written here reaches nobody any more, and this is to be opened again. */
  readonly whenReplaced: Promise<void>;
  private readonly parts: SharedParts;
  private readonly rings = new Map<number, EventRing>();
  private readonly maps = new Map<string, unknown>();
  private closed = false;
  private wake: (() => void) | undefined;

  constructor(parts: SharedParts) {
    this.parts = parts;
    this.whenReplaced = parts.whenReplaced;
  }

  /** What the process said that answered last. */
  get hello(): Hello {
    return this.parts.link.hello;
  }

  map<K, V>(spec: MapSpec<K, V>): WasmMap<K, V> {
    this.check();
    const ours = allMaps.find(({ name, kind }) => name === spec.name && kind !== 'ring');
    if (ours === undefined) throw new AgentError('MAP_UNKNOWN', `map ${spec.name}: not a map of this datapath`);
    const known = this.maps.get(spec.name) ?? new WasmMap(spec, this.parts.engine, this.parts.link.hello.sizes[spec.name] ?? 1);
    this.maps.set(spec.name, known);
    return known as WasmMap<K, V>;
  }

  /** Has the process open the port's device, and its successors after it. Throws NETNS_UNKNOWN, DEVICE_UNUSABLE. */
  async attach(port: UserPort): Promise<AsyncDisposable> {
    this.check();
    await this.parts.link.call({ call: 'attach', port });
    return { [Symbol.asyncDispose]: () => this.detach(port.number) };
  }

  /** A port that is not attached is not an error. */
  async detach(number: number): Promise<void> {
    if (!this.closed) await this.parts.link.call({ call: 'detach', number });
  }

  /** What the process counts of ports, and which ones it cannot open. */
  status(): Promise<ProcessStatus> {
    this.check();
    return this.parts.link.call({ call: 'status' });
  }

  /** Of all workers and of `run`. Only one process at a time may read them. */
  events(): AsyncIterable<DatapathEvent> {
    this.check();
    return this.readEvents();
  }

  now(): number {
    return currentTick();
  }

  /** In this process. */
  async run(hook: number, packet: Uint8Array, options: RunOptions = {}): Promise<RunResult> {
    this.check();
    const { port = 1, now = currentTick(), random = randomInt(2 ** 32), tunnelIdentity = 0, segment = 0 } = options;
    return runPacket(this.parts.engine, hook, packet, { port, now, random, tunnelIdentity, segment });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.wake?.();
    await this.parts.link.close();
    this.parts.lock[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async *readEvents(): AsyncIterable<DatapathEvent> {
    while (!this.closed) {
      const workers = Array.from({ length: this.parts.link.hello.workers }, (_, worker) => worker);
      for (const worker of [...workers, roles[this.parts.role]]) yield* this.ringOf(worker).take();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private ringOf(worker: number): EventRing {
    const { engine, role } = this.parts;
    const known = this.rings.get(worker);
    if (known !== undefined) return known;
    // Only the instance knows where a worker's ring is.
    engine.exports.attachWorker(worker);
    const base = engine.exports.eventsPointer();
    engine.exports.attachWorker(roles[role]);
    const ring = new EventRing(engine, allMaps.find(({ kind }) => kind === 'ring') as MapSpec, base);
    this.rings.set(worker, ring);
    return ring;
  }

  private check(): void {
    if (this.closed) throw new AgentError('DATAPATH_CLOSED', 'shared datapath: used after close');
  }
}
