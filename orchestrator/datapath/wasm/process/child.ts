// Child: the process that packets run in. It waits until the one before it has ended, goes on with its memory and its ports, and then
// only answers clients: packets are the workers' business.

import { mkdirSync, realpathSync } from 'node:fs';
import type { Server } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AgentError } from '../../../errors.ts';
import { log } from '../../../log.ts';
import { awaitLock, takeLock } from '../../../processes/lock.ts';
import { maps } from '../../generated/maps.ts';
import { mapSizes } from '../../sizes.ts';
import { type Calls, openCalls } from '../calls.ts';
import { type Role, roles } from '../control-line.ts';
import { readModule } from '../engine.ts';
import { memoryProblem } from '../mapped-memory.ts';
import { findMemory, type MemoryWish, makeMemory, memoryPath, type OpenedMemory, readDescription } from '../memory-file.ts';
import { serveControl } from './control-server.ts';
import { OpenPorts } from './open-ports.ts';
import { PortFiles } from './port-files.ts';
import { makePortTable, type PortTable } from './port-table.ts';
import type { WorkerData, WorkerMessage, WorkerStart } from './worker.ts';

/** The area of this thread, which runs no packets. */
export const childWorker = 29;
/** EPOLL_CLOEXEC; EFD_CLOEXEC | EFD_NONBLOCK. */
const [epollFlags, eventFlags] = [0x80000, 0x80800];
/** What a worker may still take for the packets of a turn. */
const patienceMs = 1000;
/** EPOLL_CTL_ADD; EPOLLIN. */
const [add, readable] = [1, 1];

export interface ChildOptions {
  /** Of everything here: R/datapath. */
  readonly folder: string;
  readonly workers: number;
  readonly mapEntries: Readonly<Record<string, number>>;
}

interface Started {
  readonly worker: Worker;
  readonly epoll: number;
  readonly wake: number;
}

export interface ChildLife {
  /** Resolves when it is to take over. */
  readonly go: Promise<void>;
  /** Called when packets run. */
  running(): void;
  /** Called when it is the one, for what shall end it from then on: before, nothing need be tidied up. */
  stopSignal(): AbortSignal;
}

/** Resolves when it has ended its workers. */
export async function runChild(options: ChildOptions, life: ChildLife): Promise<void> {
  const { folder } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [calls, module] = await Promise.all([openCalls(), readModule()]);
  const table = makePortTable(options.workers);
  const workers = await Promise.all(Array.from({ length: options.workers }, (_, worker) => startWorker(calls, { module, worker, table })));
  const wish = wishFor(module, options);
  const found = await findMemory(calls, folder, wish);
  if (typeof found !== 'string') begin(workers, found);
  // All that takes time was before this, where there is something to go on with.
  await life.go;
  using lock = awaitLock(calls, join(folder, 'lock'));
  lock.sign();
  const signal = life.stopSignal();
  const memory = await takeOver(calls, options, wish, found);
  if (typeof found === 'string') begin(workers, memory);
  // Workers of the process before may have ended inside an update, and so may its main thread.
  for (let worker = 0; worker <= childWorker; worker += 1) memory.engine.exports.recoverMaps(worker);
  const ports = new OpenPorts({
    calls,
    table,
    epolls: workers.map(({ epoll }) => epoll),
    files: new PortFiles(join(folder, 'ports')),
  });
  for (const { worker } of workers) {
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'lost') void ports.lost(message.port, message.descriptor);
    });
  }
  ports.restore();
  const server = await serve(calls, options, memory, ports);
  log.room('datapath').info('packets run');
  life.running();
  await aborted(signal);
  await stop(calls, server, workers);
}

function wishFor(module: WebAssembly.Module, { mapEntries }: ChildOptions): MemoryWish {
  return {
    module,
    worker: childWorker,
    specs: maps,
    sizes: (current) => mapSizes(maps, { memory: totalmem(), explicit: mapEntries, ...(current ? { current } : {}) }),
  };
}

/** The memory that was found, if it is still the one; else another one. */
async function takeOver(calls: Calls, { folder }: ChildOptions, wish: MemoryWish, found: OpenedMemory | string): Promise<OpenedMemory> {
  if (typeof found !== 'string') {
    if (readDescription(folder)?.id === found.description.id) return found;
    // Workers are in it already: the next process finds the right one.
    throw new AgentError('MEMORY_UNUSABLE', `${folder}: memory was made anew while this process waited`);
  }
  const again = await findMemory(calls, folder, wish);
  if (typeof again !== 'string') return again;
  log.room('datapath').warn('memory was made anew: flows and entries are forgotten', { error: again });
  return makeMemory(calls, folder, wish);
}

/** From now on they wait for packets. */
function begin(workers: readonly Started[], { engine }: OpenedMemory): void {
  for (const { worker } of workers) worker.postMessage({ memory: engine.memory } satisfies WorkerStart);
}

async function startWorker(calls: Calls, parts: { module: WebAssembly.Module; worker: number; table: PortTable }): Promise<Started> {
  const epoll = calls.epollCreate(epollFlags);
  const wake = calls.eventfd(0, eventFlags);
  const event = new Uint32Array([readable, 0, 0, 0]);
  calls.epollControl(epoll, add, wake, calls.address(event));
  // A command's link has no name that tells a module.
  const worker = new Worker(realpathSync(process.argv[1] as string), {
    argv: ['datapath-worker'],
    workerData: { ...parts, epoll } satisfies WorkerData,
  });
  // Without one of its workers the process is of no use; its supervisor starts another one.
  worker.on('error', (error) => {
    log.room('datapath').error('a worker has failed', { error });
    calls.exit(1);
  });
  await new Promise<void>((resolve) => worker.once('message', () => resolve()));
  return { worker, epoll, wake };
}

function serve(calls: Calls, { folder, workers }: ChildOptions, memory: OpenedMemory, ports: OpenPorts): Promise<Server> {
  const { description } = memory;
  const started = performance.now();
  return serveControl({
    path: join(folder, 'control.sock'),
    ports,
    hello: () => ({ ...description, pid: process.pid, workers, memory: memoryPath(folder) }),
    status: () => ({
      pid: process.pid,
      workers,
      uptimeMs: Math.round(performance.now() - started),
      ports: ports.counters(),
      missing: ports.missing(),
      problems: [memoryProblem(memoryPath(folder))].filter((problem) => problem !== undefined),
    }),
    left: (role) => recoverFrom(calls, folder, memory, role),
  });
}

/** Another process of that role that lives by now has looked after it itself. */
function recoverFrom(calls: Calls, folder: string, { engine }: OpenedMemory, role: Role): void {
  using lock = takeLock(calls, join(folder, `${role}.lock`));
  if (lock !== undefined) engine.exports.recoverMaps(roles[role]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function stop(calls: Calls, server: Server, workers: readonly Started[]): Promise<void> {
  server.close();
  const one = new BigUint64Array([1n]);
  const ended = workers.map(({ worker }) => new Promise((resolve) => worker.once('exit', resolve)));
  for (const { wake } of workers) calls.write(wake, calls.address(one), 8);
  await Promise.race([Promise.all(ended), new Promise((resolve) => setTimeout(resolve, patienceMs))]);
}
