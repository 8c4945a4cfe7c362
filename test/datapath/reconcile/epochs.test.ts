// Epochs and hints share a slot, and slots are shared by addresses.

import t from 'tap';
import { epochsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { Epochs } from '../../../orchestrator/datapath/reconcile/epochs.ts';
import { openWasmDatapath } from '../../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { addressSlot } from '../../support/address-slot.ts';
import { smallSizes } from '../../support/small-sizes.ts';

t.test('hints stay, epochs move, and each keeps the other', async (t) => {
  await using datapath = await openWasmDatapath({ sizes: smallSizes });
  const epochs = await Epochs.open(datapath);
  const slot = addressSlot('10.0.0.1');
  await epochs.hint(['10.0.0.1'], 2);
  await epochs.hint(['10.0.0.1'], 1);
  t.same(await datapath.map(epochsSpec).get(slot), { epoch: 0, hints: 3 });
  await epochs.move(['10.0.0.1', '10.0.0.1', 'fd00::1']);
  t.same(await datapath.map(epochsSpec).get(slot), { epoch: 1, hints: 3 }, 'once, however often it is named');
  t.equal(await datapath.map(epochsSpec).count(), 2);
});

t.test('epochs go on from what the datapath has, and none of them is 0 again', async (t) => {
  await using datapath = await openWasmDatapath({ sizes: smallSizes });
  const slot = addressSlot('10.0.0.1');
  await datapath.map(epochsSpec).update([[slot, { epoch: 0xffffffff, hints: 2 }]]);
  await (await Epochs.open(datapath)).move(['10.0.0.1']);
  t.same(await datapath.map(epochsSpec).get(slot), { epoch: 1, hints: 2 });
});
