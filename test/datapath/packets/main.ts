// node test/datapath/packets/main.ts [WORDS…]: plays the cases whose name has all the words, on both machines, packet by packet.

import { packetCases } from './all.ts';
import { openKernelMachine, openWasmMachine } from './machines.ts';
import { familiesOf, playCase } from './runner.ts';

const words = process.argv.slice(2);
const wasm = await openWasmMachine();
const kernel = await openKernelMachine();
if (typeof kernel === 'string') console.log(`kernel: skipped: ${kernel}`);
const machines = typeof kernel === 'string' ? [wasm] : [wasm, kernel];

for (const packetCase of Object.values(packetCases).flat()) {
  if (!words.every((word) => packetCase.name.includes(word))) continue;
  console.log(packetCase.name);
  for (const family of familiesOf(packetCase)) {
    for (const machine of machines) {
      if (machine === kernel && packetCase.notInKernel !== undefined) continue;
      const { faults, steps } = await playCase(machine, packetCase, family);
      console.log(`  ${machine.datapath.mode}, ${family}`);
      for (const { packet, verdict } of steps) console.log(`    ${packet} → ${verdict}`);
      for (const fault of faults) console.log(`    WRONG: ${fault}`);
      if (faults.length > 0) process.exitCode = 1;
    }
  }
}
await Promise.all(machines.map(({ datapath }) => datapath.close()));
