// Judge: a process that has the datapath's memory as a worker has it, and asks it about packets without end, while another process
// writes. What it is told of a packet must be the word of the world that was written last, whenever no write was under way.
//
//   judge.ts FOLDER WORKER      ends when it is told to

import { HOOK_FROM_POD, NEXT_HOP_DROP } from '../../../orchestrator/datapath/generated/enums.ts';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { joinEngine, readModule } from '../../../orchestrator/datapath/wasm/engine.ts';
import { mapMemoryFile } from '../../../orchestrator/datapath/wasm/mapped-memory.ts';
import { memoryPath, readDescription } from '../../../orchestrator/datapath/wasm/memory-file.ts';
import { runPacket } from '../../../orchestrator/datapath/wasm/runner.ts';
import { buildPacket } from '../../../orchestrator/net/packet.ts';

/** Words that both processes see, in the packet buffer of a worker that nobody is. */
export const word = { sequence: 0, world: 1, stop: 2, judged: 3, wrong: 4, firstWrong: 5, passed: 6, dropped: 7, count: 16 } as const;
/** Of the two processes, each in its own. */
export const boardWorker = 28;

export const [podAddress, podPort, peerAddress] = ['10.0.0.1', 112, '10.1.0.44'];
const liveFlows = 8;

/** Words of a world, as the writer puts them up: what becomes of a packet to the peer. */
export const [passes, drops] = [1, 2];

export async function openBoard(memory: WebAssembly.Memory): Promise<Int32Array> {
  const { exports } = await joinEngine(await readModule(), memory, boardWorker);
  return new Int32Array(memory.buffer, exports.inputBuffer(), word.count);
}

async function judge(folder: string, worker: number): Promise<void> {
  const pages = readDescription(folder)?.pages ?? 0;
  const memory = mapMemoryFile(await openCalls(), memoryPath(folder), pages);
  const board = await openBoard(memory);
  const engine = await joinEngine(await readModule(), memory, worker);
  process.stdout.write('ready\n');
  for (let turn = 0; Atomics.load(board, word.stop) === 0; turn += 1) {
    // Every other packet is of a flow that lives on; the others begin one.
    const sourcePort = turn % 2 === 0 ? 1000 + ((turn / 2) % liveFlows) : 2000 + (turn % 50_000);
    const transport = { protocol: 'udp', sourcePort: sourcePort + worker, destinationPort: 80 } as const;
    const packet = buildPacket({ source: podAddress, destination: peerAddress, transport });
    const before = Atomics.load(board, word.sequence);
    const expected = Atomics.load(board, word.world);
    const { nextHop } = runPacket(engine, HOOK_FROM_POD, packet, { port: podPort, now: 1000, random: turn, tunnelIdentity: 0, segment: 0 });
    const found = nextHop === NEXT_HOP_DROP ? drops : passes;
    if (before % 2 !== 0 || Atomics.load(board, word.sequence) !== before) continue;
    Atomics.add(board, found === drops ? word.dropped : word.passed, 1);
    if (found !== expected && Atomics.add(board, word.wrong, 1) === 0) Atomics.store(board, word.firstWrong, before * 2 + (turn % 2));
    Atomics.add(board, word.judged, 1);
  }
}

const [folder, worker] = process.argv.slice(2);
if (process.argv[1]?.endsWith('judge.ts')) await judge(folder as string, Number(worker));
