// A process that writes into three maps of a memory that is a file, in an order that follows from a seed, until it is killed. After each
// write it notes in the memory how many it has finished.
//
//   recover-writer.ts FILE PAGES WORKER SEED FIRST

import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { mapMemoryFile } from '../../../orchestrator/datapath/wasm/mapped-memory.ts';
import { type Maps, mapsOf, write } from './recover-maps.ts';

const [file = '', pages, worker, seed, first] = process.argv.slice(2);
const maps: Maps = mapsOf(mapMemoryFile(await openCalls(), file, Number(pages)), Number(worker));
const progress = new Int32Array(maps.memory.buffer, maps.progress, 1);
process.stdout.write('ready\n');
for (let number = Number(first); ; number += 1) {
  write(maps, Number(seed), number);
  Atomics.store(progress, 0, number + 1);
}
