// Two workers, one flow: both first packets are forwarded and counted, whoever creates the entry.
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { conntrackCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import { conntrackSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { startWorld } from './world.ts';

const flows = 300;

t.test('first packets of one flow on two workers', async (t) => {
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024, shared: true });
  const machine = startWorld({ memory, flows: flows * 2 });
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const racers = [0, 1].map(
    (worker) => new Worker(new URL('flow-racer.ts', import.meta.url), { workerData: { memory, gate, worker, flows } }),
  );
  await Promise.all(racers.map((racer) => new Promise((resolve, reject) => racer.once('exit', resolve).once('error', reject))));
  t.equal(Atomics.load(gate, 1), 0, 'no packet was dropped');
  t.equal(machine.call.mapCount!(conntrackSpec.number), flows, 'one entry a flow');
  let counted = 0n;
  for (let cursor = 0; ; ) {
    cursor = machine.call.mapNext!(conntrackSpec.number, cursor);
    if (cursor === 0) break;
    counted += conntrackCodec.decode(machine.view, machine.call.entryValue!(conntrackSpec.number, cursor)).originPackets;
  }
  t.equal(counted, BigInt(flows * 2), 'every packet was counted');
});
