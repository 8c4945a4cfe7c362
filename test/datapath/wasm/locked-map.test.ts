// A map whose lock is held by a worker that is gone: a change of it fails and says so, and works once somebody has looked after it.
import t from 'tap';
import { maps, policySpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { readModule, startEngine } from '../../../orchestrator/datapath/wasm/engine.ts';
import { WasmMap } from '../../../orchestrator/datapath/wasm/map.ts';
import { smallSizes } from '../../support/small-sizes.ts';

t.setTimeout(120_000);

const gone = 5;

/** The lock's word in the map's descriptor. */
const lockAt = (number: number) => 0x2000 + number * 256 + 64;

t.test('neither an update nor a deletion gets lost without a word', async (t) => {
  const engine = await startEngine(await readModule(), maps, smallSizes, 7n);
  const policy = new WasmMap(policySpec, engine, smallSizes.policy);
  const key = { prefixLength: 96, set: 1, identity: 300, direction: 0, protocol: 6, port: 80 };
  const [old, other] = [1, 2].map((rule) => ({ rule, proxyPort: 0, matchLength: 25, precedence: 1 }));
  await policy.update([[key, old]]);
  engine.view.setUint32(lockAt(policySpec.number), gone + 1, true);
  const busy = { code: 'MAP_BUSY', retryable: true, message: /map policy: .* has it locked/ };
  await t.rejects(policy.delete([key]), busy);
  await t.rejects(policy.update([[key, other]]), busy);
  t.same(await policy.get(key), old);
  t.equal(engine.exports.recoverMaps(gone), 1);
  await policy.update([[key, other]]);
  t.same(await policy.get(key), other);
  await policy.delete([key]);
  await policy.delete([key]);
  t.equal(await policy.get(key), undefined, 'to delete what is not there is no error');
});
