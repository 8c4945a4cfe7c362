// Enforcement on a real datapath in WebAssembly: tables go in, packets tell what came of them.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  ENDPOINT_AUDIT,
  HOOK_FROM_OVERLAY,
  HOOK_FROM_POD,
  NEXT_HOP_DROP,
  NEXT_HOP_LOCAL,
  NEXT_HOP_OVERLAY,
  NEXT_HOP_STACK,
} from '../../orchestrator/datapath/generated/enums.ts';
import { configSpec, conntrackSpec, endpointsSpec, nodesSpec, policySpec } from '../../orchestrator/datapath/generated/maps.ts';
import { openWasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { type IpRecord, ipKey, ipPrefix } from '../../orchestrator/etcd/records/ip.ts';
import { nodeKey } from '../../orchestrator/etcd/records/node.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import { addressWords } from '../../orchestrator/net/words.ts';
import { smallSizes } from '../support/small-sizes.ts';
import { FaultyDatapath } from './faulty-datapath.ts';
import { meaningOf } from './meaning.ts';
import {
  deleteAddress,
  deletePod,
  deletePolicy,
  deliver,
  openWorld,
  putAddress,
  putGroup,
  putInterface,
  putNamespace,
  putNode,
  putPod,
  putPolicy,
  self,
  TestNode,
  type World,
} from './node.ts';

let port = 20_000;

/** The next hop of the first packet of a new connection from a pod here. */
async function connect(node: TestNode, from: number, to: string, destinationPort = 80): Promise<number> {
  const source = to.includes(':') ? `fd00::${from.toString(16)}` : `10.0.0.${from}`;
  const packet = buildPacket({ source, destination: to, transport: { protocol: 'tcp', sourcePort: port++, destinationPort, flags: 'S' } });
  return (await node.datapath.run(HOOK_FROM_POD, packet, { port: 100 + from })).nextHop;
}

/** The same from another node, whose header says who it is. */
async function arrive(node: TestNode, source: string, tunnelIdentity: number, to: string): Promise<number> {
  const packet = buildPacket({
    source,
    destination: to,
    transport: { protocol: 'tcp', sourcePort: port++, destinationPort: 80, flags: 'S' },
  });
  return (await node.datapath.run(HOOK_FROM_OVERLAY, packet, { port: 99, tunnelIdentity })).nextHop;
}

const allowWeb = { endpointSelector: { matchLabels: { app: 'db' } }, ingress: [{ fromEndpoints: [{ matchLabels: { app: 'web' } }] }] };

/** Three pods, and a policy for one of them. */
function shop(world: World): void {
  putNamespace(world, 'shop');
  putPod(world, 'web', { endpoint: 2 });
  putPod(world, 'other', { endpoint: 3 });
  putPod(world, 'db', { endpoint: 4 });
  putPolicy(world, 'db', allowWeb);
}

async function serving(
  t: { teardown(act: () => unknown): void },
  world: World,
  options: Parameters<typeof TestNode.open>[1] = {},
): Promise<TestNode> {
  const node = await TestNode.open(world, options);
  t.teardown(() => node.stop());
  node.enforcement.setSelf(self);
  deliver(world);
  await node.settle();
  return node;
}

t.test('pods reach each other as policies say, and each change is in force at once', async (t) => {
  const world = openWorld(t);
  const node = await TestNode.open(world);
  t.teardown(() => node.stop());
  shop(world);
  await node.settle();
  t.equal(await node.datapath.map(endpointsSpec).count(), 0, 'nothing is written before everything was told');
  t.equal(node.enforcement.view.endpoints.table.get(2)?.state, 'creating');
  deliver(world);
  await node.settle();
  t.match(node.enforcement.view.endpoints.table.get(2)?.why, /this node/, 'nor before this node is known');
  node.enforcement.setSelf(self);
  await node.settle();
  t.match(node.enforcement.view.endpoints.table.get(4), { state: 'ready', ingress: 'enforced', egress: 'open', pod: 'db', why: '' });
  for (const address of ['10.0.0.4', 'fd00::4']) {
    t.equal(await connect(node, 2, address), NEXT_HOP_LOCAL);
    t.equal(await connect(node, 3, address), NEXT_HOP_DROP);
  }
  putPod(world, 'other', { labels: { app: 'web' } });
  await node.settle();
  t.equal(await connect(node, 3, '10.0.0.4'), NEXT_HOP_LOCAL, 'labels of a pod changed');
  deletePolicy(world, 'db');
  putPod(world, 'other', { labels: { app: 'other' } });
  await node.settle();
  t.equal(await connect(node, 3, '10.0.0.4'), NEXT_HOP_LOCAL, 'the policy is gone');
  t.same([...node.enforcement.view.policies.table.rows()], []);
  for (const name of ['web', 'other', 'db']) deletePod(world, name);
  await node.settle();
  t.equal(await node.datapath.map(policySpec).count(), 0);
  t.equal(await node.datapath.map(endpointsSpec).count(), 4, 'the host itself is left');
});

t.test('other nodes and their pods are reached through the overlay, under policy in both directions', async (t) => {
  const world = openWorld(t);
  shop(world);
  const number = world.numbers.number('k8s:app=web;k8s:io.kubernetes.pod.namespace=shop;k8s:io.cilium.k8s.policy.cluster=east;');
  putNode(world, 'b', 7);
  putAddress(world, '10.7.0.5', 7, number);
  const node = await serving(t, world);
  t.equal(await connect(node, 2, '10.7.0.5'), NEXT_HOP_OVERLAY);
  t.equal(await connect(node, 2, '10.7.0.99'), NEXT_HOP_OVERLAY, 'a pod of which nobody has told yet is behind its node');
  t.equal(await connect(node, 2, '10.8.0.1'), NEXT_HOP_STACK, 'what nobody has is for the host to route');
  t.equal(await arrive(node, '10.7.0.5', number, '10.0.0.4'), NEXT_HOP_DROP, 'a number of which nobody has told selects nobody');
  world.writers.identities.writer.put({
    number,
    labels: 'k8s:app=web;k8s:io.cilium.k8s.policy.cluster=east;k8s:io.kubernetes.pod.namespace=shop;',
  });
  await node.settle();
  t.equal(await arrive(node, '10.7.0.5', number, '10.0.0.4'), NEXT_HOP_LOCAL);
  t.match(await node.datapath.map(configSpec).get(0), { node: 1, overlayPort: 99 });
  const [[, remote]] = [...(await Array.fromAsync(node.datapath.map(nodesSpec).entries()))].filter(([of]) => of !== 1);
  t.equal(remote.addressLo, addressWords('192.168.0.7').lo);
  t.match(node.enforcement.view.ipcache.table.get('10.7.0.5/32'), { identity: number, node: 'b', from: 'pod shop/remote' });
});

t.test('what this node has is told to the others, and taken back', async (t) => {
  const world = openWorld(t);
  shop(world);
  const node = await serving(t, world);
  t.match(world.records.get(nodeKey('east', 'a')), {
    Name: 'a',
    IPv4AllocCIDR: '10.0.0.0/24',
    IPAddresses: [{ Type: 'InternalIP', IP: '192.168.0.1' }],
  });
  t.match(world.records.get(ipKey('10.0.0.2')), {
    ID: node.enforcement.view.endpoints.table.get(2)?.identity,
    HostIP: '192.168.0.1',
    K8sPodName: 'web',
  });
  deletePod(world, 'web');
  await node.settle();
  t.notOk(world.records.has(ipKey('10.0.0.2')));
  t.ok(world.records.has(ipKey('fd00::3')));
});

t.test('records of an earlier life, read before this node knows itself, take nothing from its pods', async (t) => {
  const world = openWorld(t);
  putNamespace(world, 'shop');
  putPod(world, 'web', { endpoint: 2 });
  putPod(world, 'db', { endpoint: 3 });
  deliver(world);
  const first = await TestNode.open(world);
  first.enforcement.setSelf(self);
  await first.settle();
  const before = await meaningOf(first);
  await first.stop();
  for (const [key, record] of world.records) {
    if (key.startsWith(ipPrefix)) world.writers.addresses.writer.put({ key, record: record as IpRecord });
  }
  t.equal(world.inputs.addresses.size, 4);
  const second = await TestNode.open(world, { datapath: first.datapath });
  await second.settle();
  second.enforcement.setSelf(self);
  await second.settle();
  t.same(await meaningOf(second), before);
  await second.stop();
});

t.test('an address that two nodes claim belongs to the one that comes first, and a warning says so', async (t) => {
  const world = openWorld(t);
  shop(world);
  world.writers.addresses.writer.put({ key: ipKey('10.0.0.2'), record: { IP: '10.0.0.2', Mask: null, HostIP: '192.168.0.0', ID: 300 } });
  world.writers.addresses.writer.put({ key: ipKey('10.0.0.3'), record: { IP: '10.0.0.3', Mask: null, HostIP: '192.168.0.9', ID: 300 } });
  const node = await serving(t, world);
  t.notOk(world.records.has(ipKey('10.0.0.2')));
  t.ok(world.records.has(ipKey('10.0.0.3')));
  t.match(node.lines.join(''), /another node has a pod with this address/);
  t.equal(await connect(node, 2, '10.0.0.4'), NEXT_HOP_LOCAL, 'here the pod keeps its address');
  deleteAddress(world, '10.0.0.2');
  await node.settle();
  t.ok(world.records.has(ipKey('10.0.0.2')), 'the other one has let go of it');
});

t.test('who writes over the record of a pod of ours is told of, and the record is put right or left to him', async (t) => {
  const world = openWorld(t);
  shop(world);
  const node = await serving(t, world);
  const [mine, theirs] = [ipKey('10.0.0.2'), ipKey('10.0.0.3')];
  putAddress(world, '10.0.0.2', 9, 300, 'thief');
  putAddress(world, '10.0.0.3', 0, 300, 'elder');
  await node.settle();
  t.same([world.rewritten, world.left], [[mine, theirs], [theirs]], 'what was left is no longer there to be rewritten');
  t.match(node.lines.join(''), /another node claims the address of a pod here.*10\.0\.0\.2.*192\.168\.0\.9/s);
  t.match(node.lines.join(''), /another node has a pod with this address, and keeps it.*10\.0\.0\.3/s);
  t.equal(await connect(node, 2, '10.0.0.4'), NEXT_HOP_LOCAL);
  t.equal(await connect(node, 4, '10.0.0.3'), NEXT_HOP_LOCAL, 'packets here go to who is here');
  world.writers.addresses.writer.delete(mine);
  await node.settle();
  t.equal(world.rewritten.length, 3, 'what somebody deleted is written again');
  world.records.set(theirs, 'theirs');
  deletePod(world, 'other');
  await node.settle();
  t.equal(world.records.get(theirs), 'theirs', 'the end of our pod takes nothing of theirs');
});

t.test('a pod is closed until it has a number, and who waits for it is told when it is under policy', async (t) => {
  const world = openWorld(t);
  shop(world);
  world.numbers.failing = true;
  const node = await serving(t, world);
  t.match(node.enforcement.view.endpoints.table.get(2), { state: 'waiting-for-identity', identity: 0, why: 'the store is away' });
  t.equal(await connect(node, 2, '10.0.0.3'), NEXT_HOP_DROP);
  let isEnforced = false;
  const waiting = node.enforcement.enforced(2, AbortSignal.timeout(60_000)).then(() => {
    isEnforced = true;
  });
  await node.settle();
  t.notOk(isEnforced);
  await t.rejects(node.enforcement.enforced(3, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
  world.numbers.failing = false;
  await node.clock.advance(20_000);
  await waiting;
  await node.settle();
  t.equal(await connect(node, 2, '10.0.0.3'), NEXT_HOP_LOCAL);
});

t.test('a restart without the store keeps everybody who they are', async (t) => {
  const world = openWorld(t);
  shop(world);
  putPolicy(world, 'out', {
    endpointSelector: { matchLabels: { app: 'web' } },
    egress: [{ toCIDR: ['192.0.2.0/24'] }, { toEndpoints: [{}] }],
  });
  const datapath = await openWasmDatapath({ sizes: smallSizes });
  const first = await TestNode.open(world, { datapath });
  first.enforcement.setSelf(self);
  deliver(world);
  await first.settle();
  const before = first.enforcement.view.endpoints.table.get(2)?.identity;
  const prefix = first.enforcement.view.ipcache.table.get('192.0.2.0/24')?.identity;
  await first.stop();
  world.numbers.failing = true;
  const second = await serving(t, world, { datapath });
  t.equal(second.enforcement.view.endpoints.table.get(2)?.identity, before);
  t.equal(second.enforcement.view.ipcache.table.get('192.0.2.0/24')?.identity, prefix, 'prefixes too');
  t.equal(await connect(second, 2, '10.0.0.4'), NEXT_HOP_LOCAL);
  t.equal(await connect(second, 3, '10.0.0.4'), NEXT_HOP_DROP);
  t.equal(await connect(second, 2, '192.0.2.1'), NEXT_HOP_STACK);
  t.equal(await connect(second, 2, '198.51.100.1'), NEXT_HOP_DROP);
});

t.test('numbers that cannot be read are told and given anew', async (t) => {
  const world = openWorld(t);
  shop(world);
  writeFileSync(join(world.folder, 'identities.json'), '{"version": 1, "local": [[');
  const node = await serving(t, world);
  t.equal(await connect(node, 2, '10.0.0.4'), NEXT_HOP_LOCAL);
  t.match(node.lines.join(''), /numbers of an earlier life cannot be read/);
  t.match(readFileSync(join(world.folder, 'identities.json.broken'), 'utf8'), /version/);
});

t.test('audit lets pass what would be dropped: of a node, and where every policy that speaks of a pod asks for it', async (t) => {
  const audit = { metadata: { annotations: { 'axoneme.io/audit': 'true' } } };
  const world = openWorld(t);
  shop(world);
  putPolicy(world, 'db', allowWeb, audit);
  const node = await serving(t, world);
  t.equal(await connect(node, 3, '10.0.0.4'), NEXT_HOP_LOCAL);
  t.match(node.enforcement.view.endpoints.table.get(4), { ingress: 'audit', egress: 'open' });
  putPolicy(world, 'deny', { endpointSelector: { matchLabels: { app: 'db' } }, ingress: [{}] });
  await node.settle();
  t.equal(await connect(node, 3, '10.0.0.4'), NEXT_HOP_DROP, 'a policy that means it was added');
  t.match(
    [...node.enforcement.view.policies.table.rows()].map(({ policy, isAudited, selects }) => [policy, isAudited, selects]),
    [
      ['cnp/shop/db', true, [4]],
      ['cnp/shop/deny', false, [4]],
    ],
  );
  const other = openWorld(t);
  shop(other);
  const whole = await serving(t, other, { audit: true });
  t.equal(await connect(whole, 3, '10.0.0.4'), NEXT_HOP_LOCAL);
  const [, row] = (await Array.fromAsync(whole.datapath.map(endpointsSpec).entries())).find(([, { id }]) => id === 4) ?? [];
  t.equal((row?.flags ?? 0) & ENDPOINT_AUDIT, ENDPOINT_AUDIT);
});

t.test('groups that policies refer to are followed', async (t) => {
  const world = openWorld(t);
  shop(world);
  putPolicy(world, 'out', { endpointSelector: {}, egress: [{ toCIDRSet: [{ cidrGroupRef: 'partners' }] }] });
  const node = await serving(t, world);
  t.equal(await connect(node, 2, '192.0.2.1'), NEXT_HOP_DROP);
  putGroup(world, 'partners', ['192.0.2.0/24']);
  await node.settle();
  t.equal(await connect(node, 2, '192.0.2.1'), NEXT_HOP_STACK);
  putGroup(world, 'partners', ['198.51.100.0/24']);
  await node.settle();
  t.equal(await connect(node, 2, '192.0.2.1'), NEXT_HOP_DROP);
});

t.test('a datapath that refuses is written to again, and says so', async (t) => {
  const world = openWorld(t);
  shop(world);
  const datapath = await openWasmDatapath({ sizes: smallSizes });
  const faulty = new FaultyDatapath(datapath);
  const node = await serving(t, world, { datapath, faulty });
  faulty.isFailing = true;
  putPod(world, 'late', { endpoint: 5, labels: { app: 'web' } });
  await node.settle();
  t.equal(node.enforcement.view.endpoints.table.get(5)?.state, 'regenerating');
  t.equal(node.enforcement.view.endpoints.table.get(2)?.state, 'ready', 'the others are not touched by it');
  t.match(node.lines.join(''), /did not take a change/);
  t.type(node.enforcement.failure, 'string', 'and goes on to say why');
  faulty.isFailing = false;
  await node.clock.advance(60_000);
  await node.settle();
  t.equal(node.enforcement.failure, undefined);
  t.equal(node.enforcement.view.endpoints.table.get(5)?.state, 'ready');
  t.equal(await connect(node, 5, '10.0.0.4'), NEXT_HOP_LOCAL);
});

t.test('a pod whose policy is being written is not ready, for policies are shown before', async (t) => {
  const world = openWorld(t);
  shop(world);
  const datapath = await openWasmDatapath({ sizes: smallSizes });
  const faulty = new FaultyDatapath(datapath);
  const node = await serving(t, world, { datapath, faulty });
  const seen: (readonly [policies: number, judged: string | undefined, other: string | undefined])[] = [];
  const state = (endpoint: number) => node.enforcement.view.endpoints.table.get(endpoint)?.state;
  const shown = () => [...node.enforcement.view.policies.table.rows()].length;
  const before = shown();
  faulty.onWrite = () => void seen.push([shown() - before, state(2), state(4)]);
  putPolicy(world, 'closed', { endpointSelector: { matchLabels: { app: 'web' } }, egress: [{ toCIDR: ['192.0.2.0/24'] }] });
  await node.settle();
  t.not(seen.length, 0);
  for (const each of seen) t.same(each, [1, 'regenerating', 'ready']);
  t.equal(state(2), 'ready');
});

t.test('a number of an interface that another pod gets starts from nothing', async (t) => {
  const world = openWorld(t);
  shop(world);
  const node = await serving(t, world);
  world.writers.interfaces.writer.delete(2);
  const before = world.inputs.pods.get('shop/web');
  t.ok(before);
  putInterface(world, 'unknown', 2);
  await node.settle();
  t.match(node.enforcement.view.endpoints.table.get(2), { pod: 'unknown', state: 'waiting-for-identity', identity: 0 });
  t.equal(await connect(node, 2, '10.0.0.4'), NEXT_HOP_DROP);
});

t.test('connections of an address are forgotten, those of others are not', async (t) => {
  const world = openWorld(t);
  shop(world);
  const node = await serving(t, world);
  await connect(node, 2, '10.0.0.4');
  await connect(node, 3, '10.0.0.2');
  await connect(node, 3, '192.0.2.1');
  t.equal(await node.datapath.map(conntrackSpec).count(), 3);
  deletePod(world, 'web');
  await Promise.all([node.enforcement.forget(['10.0.0.2', 'fd00::2'], AbortSignal.timeout(5_000)), node.settle()]);
  t.equal(await node.datapath.map(conntrackSpec).count(), 1);
});
