// Worker: a thread that packets run in. It is told the memory and its place once, and then runs its loop until the process ends.

import { parentPort, workerData } from 'node:worker_threads';
import { openCalls } from '../calls.ts';
import { joinEngine } from '../engine.ts';
import { Batch } from './batch.ts';
import { type Overlay, openLane } from './lane.ts';
import { runLoop } from './loop.ts';
import { openOverlay } from './overlay-socket.ts';
import type { PortTable } from './port-table.ts';

export interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly worker: number;
  readonly epoll: number;
  readonly table: PortTable;
}

/** First message to a worker. */
export interface WorkerStart {
  readonly memory: WebAssembly.Memory;
}

/** What a worker tells. */
export type WorkerMessage = { readonly kind: 'ready' } | { readonly kind: 'lost'; readonly port: number; readonly descriptor: number };

/** The whole life of this thread. */
export async function runWorker(): Promise<void> {
  const { module, worker, epoll, table } = workerData as WorkerData;
  const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);
  const calls = await openCalls();
  const started = new Promise<WorkerStart>((resolve) => parentPort?.once('message', resolve));
  tell({ kind: 'ready' });
  const { memory } = await started;
  const engine = await joinEngine(module, memory, worker);
  let overlay: Overlay | undefined;
  const batch = new Batch({ engine, calls, table, worker });
  const lane = openLane({ engine, calls, table, worker, batch }, () => overlay);
  overlay = openOverlay({ engine, calls, lane, settings: table.settings });
  runLoop({ calls, table, worker, epoll, lane, batch, overlay, lost: (port, descriptor) => tell({ kind: 'lost', port, descriptor }) });
}
