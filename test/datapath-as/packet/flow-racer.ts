// One of two workers that send the first packet of the same flows at the same moment; the flow's index is its client port.
import { workerData } from 'node:worker_threads';
import { startMachine } from './machine.ts';
import { addresses, CLIENT, SERVER, send } from './world.ts';

const { memory, gate, worker, flows } = workerData as { memory: WebAssembly.Memory; gate: Int32Array; worker: number; flows: number };
const machine = startMachine(memory);
machine.call.attachWorker!(worker);
const { [CLIENT]: source, [SERVER]: destination } = addresses.ipv4;

/** Waits until both workers have come `count` times; spinning, since they shall be as near to each other as can be. */
function meet(count: number): void {
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < count * 2);
}

for (let flow = 1; flow <= flows; flow += 1) {
  meet(flow);
  const { reason } = send(
    machine,
    CLIENT,
    { source, destination, transport: { protocol: 'udp', sourcePort: flow, destinationPort: 53 } },
    1,
    undefined,
    true,
  );
  if (reason !== 0) Atomics.add(gate, 1, 1);
}
