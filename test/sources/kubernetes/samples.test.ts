// A reflector's numbers, as Prometheus reads them.
import t from 'tap';
import { Metrics } from '../../../orchestrator/metrics.ts';
import { samplesOf } from '../../../orchestrator/sources/kubernetes/samples.ts';
import { follow } from './follower.ts';
import { HostileServer } from './hostile-server.ts';

t.test('what it did and where it stands can be read as metrics', async (t) => {
  const server = new HostileServer();
  await server.start();
  t.teardown(() => server.stop());
  for (let i = 0; i < 7; i += 1) server.put(`pod-${i}`);
  const { sink, counts, until, pass, reflector } = follow(t, server);
  const metrics = new Metrics();
  metrics.collect(() => samplesOf([{ resource: 'pods', reflector, counts, sink: { rejected: 2 } }]));
  const value = (name: string, more = '') => metrics.text().match(`axoneme_kubernetes_${name}{resource="pods"${more}} (\\S+)\n`)?.[1];
  t.equal(value('synced'), '0');
  t.equal(value('last_success_age_seconds'), 'NaN');
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  server.put('pod-1');
  for (const watch of server.watches) watch.bookmark(server.revision);
  await until('told', () => counts.get('bookmark') === 1);
  await pass(3000, 100);
  t.equal(value('synced'), '1');
  t.equal(value('objects'), '7');
  t.equal(value('changes_total'), '8');
  t.equal(value('events_total'), '2');
  t.equal(value('rejected_objects'), '2');
  t.equal(value('lists_total'), '1');
  t.equal(value('relists_total', ',reason="expired"'), '0');
  t.ok(Number(value('received_bytes_total')) > 500);
  const age = Number(value('last_success_age_seconds'));
  t.ok(age >= 3 && age < 4, `${age}`);
});
