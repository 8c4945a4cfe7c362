// Sender: a thread that runs one frame through a loaded program many times. Message: the action of the last run.

import { parentPort, workerData } from 'node:worker_threads';
import { Bpf } from '../../orchestrator/datapath/kernel/bpf.ts';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { runFrame } from '../../orchestrator/datapath/kernel/test-run.ts';

export interface Sending {
  readonly program: number;
  readonly frame: Uint8Array;
  readonly repeat: number;
}

if (parentPort !== null) {
  const { program, frame, repeat } = workerData as Sending;
  const libc = await openLibc();
  parentPort.postMessage(runFrame(new Bpf(libc), libc, program, frame, {}, repeat).action);
}
