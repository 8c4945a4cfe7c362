// Two nodes over a real etcd: one number for one set of labels, records of each that the other reads, and an etcd that goes and comes.

import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { StoreSource } from '../../orchestrator/agent/store-source.ts';
import { openRecords } from '../../orchestrator/enforcement/records.ts';
import { ipKey } from '../../orchestrator/etcd/records/ip.ts';
import { encodeRecord } from '../../orchestrator/etcd/records/json.ts';
import { nodeKey } from '../../orchestrator/etcd/records/node.ts';
import { openEtcd } from '../../orchestrator/etcd/store.ts';
import { openLog } from '../../orchestrator/log.ts';
import { realClock } from '../../orchestrator/state/clock.ts';
import { type EtcdCluster, noEtcd, startEtcd } from '../support/etcd.ts';

t.setTimeout(900_000);

const cluster = { name: 'east', id: 1 };
const labels = 'k8s:app=web;k8s:io.kubernetes.pod.namespace=shop;';
const record = (name: string, address: string) =>
  encodeRecord({
    Name: name,
    Cluster: 'east',
    ClusterID: 1,
    IPAddresses: [{ Type: 'InternalIP', IP: address }],
    IPv4AllocCIDR: '10.1.0.0/24',
  });

function openNode(t: Test, etcd: EtcdCluster, node: string) {
  const records = openRecords();
  const lines: string[] = [];
  const stop = new AbortController();
  const source = new StoreSource({
    open: () => openEtcd({ endpoints: etcd.endpoints, timeoutMs: 1_000 }),
    node,
    cluster,
    records,
    moved: () => {},
    clock: realClock,
    log: openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('etcd'),
  });
  const running = source.run({ signal: stop.signal });
  const end = () => {
    stop.abort();
    return running;
  };
  t.teardown(end);
  return { records, lines, source, end };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await sleep(20)) if (Date.now() > end) throw new Error(`not within a minute: ${what}`);
}

t.test('nodes agree about numbers, and know each other', { skip: noEtcd }, async (t) => {
  const etcd = await startEtcd(t);
  const [a, b] = [openNode(t, etcd, 'a'), openNode(t, etcd, 'b')];
  const [one, other] = await Promise.all([a.source.allocate(labels), b.source.allocate(labels)]);
  t.equal(one, other);
  a.source.set(nodeKey('east', 'a'), record('a', '192.168.0.1'));
  a.source.set(ipKey('10.1.0.5'), encodeRecord({ IP: '10.1.0.5', Mask: null, HostIP: '192.168.0.1', ID: one }));
  await until('b has read all of it', () => b.records.addresses.table.size === 1 && b.records.nodes.table.size === 1);
  t.same([...b.records.identities.table.rows()], [{ number: one, labels }]);
  t.ok(Object.values(b.records).every(({ table }) => table.isInitialised));
  t.same(b.source.problems(), []);
  a.source.remove(ipKey('10.1.0.5'));
  await until('and that it is gone', () => b.records.addresses.table.size === 0);
  etcd.control('put', nodeKey('east', 'c'), '{"Name": "c"}');
  etcd.control('put', ipKey('10.1.0.6'), JSON.stringify({ IP: '10.1.0.6', Mask: null, HostIP: '1.1.1.1', ID: 9 * 65536 + 300 }));
  await until('b has complained', () => b.lines.length === 2);
  t.match(b.lines.join(''), /ID: not of cluster 1/);
  t.equal(b.records.nodes.table.size, 1, 'what cannot be read is left out, and the others proceed');
});

t.test('an etcd that comes later, goes and comes again', { skip: noEtcd }, async (t) => {
  const etcd = await startEtcd(t);
  await etcd.servers[0]?.kill();
  const node = openNode(t, etcd, 'a');
  const waiting = node.source.allocate(labels);
  node.source.set(nodeKey('east', 'a'), record('a', '192.168.0.1'));
  await sleep(2_000);
  t.not(node.source.problems().length, 0, 'it is told that there is none');
  t.notOk(node.records.nodes.table.isInitialised);
  etcd.servers[0]?.start();
  const number = await waiting;
  await until('its own record has come back to it', () => node.records.nodes.table.size === 1);
  await etcd.servers[0]?.kill();
  await until('it says that etcd is away', () => node.source.problems().length > 0);
  t.equal(node.records.nodes.table.size, 1, 'what was told stays');
  etcd.servers[0]?.start();
  await until('all is well again', () => node.source.problems().length === 0);
  t.equal(await node.source.allocate(labels), number);
});

t.test('a record of an earlier life is taken back', { skip: noEtcd }, async (t) => {
  const etcd = await startEtcd(t);
  const first = openNode(t, etcd, 'a');
  const stale = encodeRecord({ IP: '10.1.0.7', Mask: null, HostIP: '192.168.0.1', ID: 2 });
  first.source.set(ipKey('10.1.0.7'), stale);
  await until('it is there', () => first.records.addresses.table.size === 1);
  await first.end();
  const second = openNode(t, etcd, 'a');
  await until('the next life reads it', () => second.records.addresses.table.size === 1);
  second.source.retract(ipKey('10.1.0.7'));
  await until('it is gone', () => second.records.addresses.table.size === 0);
  t.pass();
});
