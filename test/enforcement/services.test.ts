// Services: a loop that waits for both of its tables, writes what comes of them, and knows the names of what it wrote.

import t from 'tap';
import { frontendsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { Epochs } from '../../orchestrator/datapath/reconcile/epochs.ts';
import { openWasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { Services } from '../../orchestrator/enforcement/services.ts';
import { openLog } from '../../orchestrator/log.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { smallSizes } from '../support/small-sizes.ts';
import { FaultyDatapath } from './faulty-datapath.ts';
import { openWorld, putService, putSlice } from './node.ts';

t.test('services are balanced once everything was told, and live from then on', async (t) => {
  const world = openWorld(t);
  const datapath = await openWasmDatapath({ sizes: smallSizes });
  const faulty = new FaultyDatapath(datapath);
  const clock = new VirtualClock();
  const lines: string[] = [];
  const log = openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('services');
  const tables = { services: world.inputs.services, slices: world.inputs.slices };
  const target = { map: faulty.map.bind(faulty) as typeof datapath.map, now: () => datapath.now() };
  const services = await Services.open({ datapath: target, epochs: await Epochs.open(datapath), ...tables, clock, log });
  const stop = new AbortController();
  const running = services.run({ signal: stop.signal });
  t.teardown(() => {
    stop.abort();
    return running;
  });
  const spec = { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [{ port: 80, protocol: 'TCP' }] };
  putService(world, 'web', { ...spec, selector: { app: 'web' } });
  putSlice(world, 'web', ['10.0.0.2'], 'shop', [{ port: 8080, protocol: 'TCP' }]);
  await clock.advance(10);
  t.equal(await datapath.map(frontendsSpec).count(), 0, 'nothing is written before both tables were told');
  world.writers.services.writer.delivered('kubernetes');
  world.writers.slices.writer.delivered('kubernetes');
  await clock.advance(100);
  t.equal(await datapath.map(frontendsSpec).count(), 2, 'the port, and the rest of the address, which is closed');
  t.match(
    [...services.view.frontends.table.rows()].find(({ port }) => port === 80),
    { service: 'shop/web', backends: ['10.0.0.2 6 8080'] },
  );
  const [[, { service }]] = await Array.fromAsync(datapath.map(frontendsSpec).entries());
  t.same(services.nameOf(service), { namespace: 'shop', name: 'web' });
  t.equal(services.nameOf(999), undefined);
  t.same(services.problems(), []);

  faulty.isFailing = true;
  world.writers.services.writer.delete('shop/web');
  await clock.advance(100);
  t.match(services.problems(), [/refuses/]);
  t.match(lines.join(''), /did not take a change of services/);
  faulty.isFailing = false;
  await clock.advance(30_000);
  t.same(services.problems(), []);
  t.equal(await datapath.map(frontendsSpec).count(), 0);
  t.equal(services.view.frontends.table.size, 0);
});
