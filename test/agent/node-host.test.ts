// The node's network as pods come and go: what a pod waits for, and what is looked at again and again. Host and datapath are in memory.

import t, { type Test } from 'tap';
import { NodeHost, overlayDevice } from '../../orchestrator/agent/node-host.ts';
import type { ServiceHooks } from '../../orchestrator/agent/service-hooks.ts';
import { readConfig } from '../../orchestrator/config.ts';
import { openInterfaces, type PodInterface } from '../../orchestrator/endpoints/interfaces.ts';
import type { Exposure } from '../../orchestrator/enforcement/exposure.ts';
import { openView } from '../../orchestrator/enforcement/view.ts';
import { AgentError } from '../../orchestrator/errors.ts';
import type { Host } from '../../orchestrator/host/host.ts';
import type { HostProblem, NodePlan } from '../../orchestrator/host/plan.ts';
import { openLog } from '../../orchestrator/log.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';

const pod = (endpoint: number): PodInterface => ({
  endpoint,
  containerId: `c${endpoint}`,
  namespace: 'shop',
  pod: `p${endpoint}`,
  uid: '',
  netns: `/run/netns/p${endpoint}`,
  ifname: 'eth0',
  device: `axn${endpoint}`,
  port: 100 + endpoint,
  mac: '02:00:00:00:00:01',
  gatewayMac: '02:00:00:00:00:02',
  addresses: [`10.11.0.${endpoint}`],
  mtu: 1450,
});

/** A node that knows its prefixes and the other nodes. */
async function begun(t: Test) {
  const clock = new VirtualClock();
  const did: string[] = [];
  const broken = new Set<number>();
  const told: HostProblem[] = [];
  const isLost = { underlay: false };
  const underlay = { device: 'eth0', port: 2, mtu: 1500, mac: '02:00:00:00:00:03', addresses: ['172.31.0.2'] };
  const host = {
    underlay() {
      if (isLost.underlay) throw new AgentError('UNDERLAY_UNKNOWN', 'no default route');
      return underlay;
    },
    addresses: () => underlay.addresses,
    portOf: (device: string) => (device === overlayDevice ? 3 : undefined),
    apply: ({ pods, isExposed, masquerade }: NodePlan) => {
      const closed = masquerade?.closed ?? [];
      did.push(`apply ${pods.length}${isExposed ? ' exposed' : ''}${closed.length > 0 ? `, nothing comes from ${closed}` : ''}`);
      return told;
    },
    checks: ({ isExposed }: { isExposed: boolean }) => {
      if (isExposed) did.push('allow sources');
      return [];
    },
  } as unknown as Host;
  const datapath = {
    mode: 'kernel' as const,
    async attach({ number, kind }: { readonly number: number; readonly kind: string }) {
      if (broken.has(number)) throw new AgentError('ATTACH_FAILED', `port ${number}: no hooks`);
      did.push(kind === 'pod' ? `attach ${number}` : `attach ${number} ${kind}`);
      return { [Symbol.asyncDispose]: async () => void did.push(`detach ${number}`) };
    },
  };
  const hooks = {
    async setPort(port: number) {
      did.push(`device ${port}`);
    },
    async want(exposure: Exposure) {
      did.push(`want ${exposure.isExposed} ${exposure.hasOwnBackend}`);
    },
  } as unknown as ServiceHooks;
  const { table: interfaces, writer } = openInterfaces();
  writer.delivered('disk');
  const nodes = openView().nodes.table;
  const { config } = readConfig(['--node-name', 'a', '--node-address', '172.31.0.2', '--cluster-name', 'east'], {});
  const log = openLog({ write: () => {}, now: () => new Date(0) }).room('host');
  const node = new NodeHost({ config, host, datapath, hooks, interfaces, nodes, clock, log, found: () => did.push('found') });
  const stop = new AbortController();
  node.setPrefixes(['10.11.0.0/24']);
  node.setKnown();
  const running = node.run(stop);
  t.teardown(async () => {
    stop.abort();
    await running;
  });
  await clock.advance(1);
  return { node, clock, did, broken, told, isLost, writer, signal: stop.signal };
}

t.test('a pod waits for its own hooks, and for no look at the node', async (t) => {
  const { node, did, writer, signal } = await begun(t);
  t.same(did, ['apply 0', 'attach 3 overlay', 'device 2', 'found'], 'the overlay, then the device to the network');
  writer.put(pod(1));
  await node.prepared(1, signal);
  t.same(did.slice(4), ['attach 101']);
  t.equal(node.mtu(), 1450, 'of the underlay, less what the overlay puts around');
});

t.test('the node is looked at every ten seconds, with the pods that have come', async (t) => {
  const { node, clock, did, writer, signal } = await begun(t);
  writer.put(pod(1));
  await node.prepared(1, signal);
  await clock.advance(9_000);
  t.notOk(did.includes('apply 1'));
  await clock.advance(2_000);
  t.ok(did.includes('apply 1'));
});

t.test('a port that takes no hooks is told to whoever waits; others get theirs, and it is tried again', async (t) => {
  const { node, clock, did, broken, writer, signal } = await begun(t);
  broken.add(101);
  writer.put(pod(1));
  writer.put(pod(2));
  await t.rejects(node.prepared(1, signal), { code: 'ATTACH_FAILED', message: 'port 101: no hooks' });
  await node.prepared(2, signal);
  await clock.advance(1);
  t.same(node.problemTexts(), ['port 101: no hooks']);
  t.same(node.limits(), [], 'which is no limit for others');
  broken.clear();
  await clock.advance(1_500);
  await node.prepared(1, signal);
  t.same(did.slice(4), ['attach 102', 'attach 101', 'apply 2', 'device 2']);
  t.same(node.problemTexts(), []);
});

t.test('before clients of the network are served, the kernel is told to take what becomes of their packets', async (t) => {
  const { node, clock, did } = await begun(t);
  await node.expose({ isExposed: true, hasOwnBackend: false, ports: [] });
  t.same(did.slice(4), ['allow sources', 'want true false'], 'at once');
  await clock.advance(11_000);
  t.ok(did.includes('apply 0 exposed'), 'and as long as they are');
  did.length = 0;
  await node.expose({ isExposed: false, hasOwnBackend: false, ports: [] });
  await clock.advance(11_000);
  t.same(did, ['want false false', 'apply 0', 'device 2']);
});

t.test('a port of a service is closed to what pods send to the world, at once', async (t) => {
  const { node, clock, did } = await begun(t);
  await node.expose({ isExposed: true, hasOwnBackend: false, ports: [30_080, 40_000] });
  await clock.advance(1);
  t.ok(did.includes('apply 0 exposed, nothing comes from 30080,40000'), did.join('; '));
  did.length = 0;
  await node.expose({ isExposed: true, hasOwnBackend: true, ports: [30_080, 40_000] });
  await clock.advance(1);
  t.same(did, ['want true true'], 'nothing else is new');
});

t.test('the hooks of a pod that is gone are taken off, and what it was refused is forgotten', async (t) => {
  const { node, clock, did, broken, writer, signal } = await begun(t);
  broken.add(102);
  writer.put(pod(1));
  writer.put(pod(2));
  await node.prepared(1, signal);
  for (const endpoint of [1, 2]) writer.delete(endpoint);
  await clock.advance(1_500);
  t.ok(did.includes('detach 101'));
  t.same(node.problemTexts(), []);
});

t.test('the overlay and the underlay are limits of the whole node, a route to another node is none', async (t) => {
  const { node, clock, isLost, told } = await begun(t);
  t.same(node.limits(), []);
  told.push({ subject: 'node b', message: 'no way' }, { subject: 'overlay axoneme_vxlan', message: 'it is a veth' });
  await clock.advance(11_000);
  t.same(node.limits(), ['overlay axoneme_vxlan: it is a veth']);
  told.length = 0;
  await clock.advance(11_000);
  t.same(node.limits(), []);
  isLost.underlay = true;
  await clock.advance(11_000);
  t.same(node.limits(), ['no default route']);
});
