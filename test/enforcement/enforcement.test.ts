// Enforcement on a real datapath in WebAssembly: tables go in, packets tell what came of them.

import t from 'tap';
import {
  HOOK_FROM_NETWORK,
  HOOK_FROM_POD,
  NEXT_HOP_DROP,
  NEXT_HOP_LOCAL,
  NEXT_HOP_OVERLAY,
} from '../../orchestrator/datapath/generated/enums.ts';
import { endpointsSpec, ipcacheSpec, policySpec } from '../../orchestrator/datapath/generated/maps.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import {
  deletePod,
  deletePolicy,
  deliver,
  openWorld,
  putAddress,
  putInterface,
  putNamespace,
  putNode,
  putPod,
  putPolicy,
  self,
  TestNode,
} from './node.ts';

let port = 20_000;

/** The next hop of the first packet of a new connection from a pod here. */
async function connect(node: TestNode, from: number, to: string, destinationPort = 80): Promise<number> {
  const source = to.includes(':') ? `fd00::${from.toString(16)}` : `10.0.0.${from}`;
  const packet = buildPacket({ source, destination: to, transport: { protocol: 'tcp', sourcePort: port++, destinationPort, flags: 'S' } });
  return (await node.datapath.run(HOOK_FROM_POD, packet, { port: 100 + from })).nextHop;
}

const allowWeb = { endpointSelector: { matchLabels: { app: 'db' } }, ingress: [{ fromEndpoints: [{ matchLabels: { app: 'web' } }] }] };

t.test('pods reach each other as policies say, and each change is in force at once', async (t) => {
  const world = openWorld(t);
  const node = await TestNode.open(world);
  t.teardown(() => node.stop());
  putNamespace(world, 'shop');
  putPod(world, 'web', { endpoint: 2 });
  putPod(world, 'other', { endpoint: 3 });
  putPod(world, 'db', { endpoint: 4 });
  putPolicy(world, 'db', allowWeb);
  await node.settle();
  t.equal(await node.datapath.map(endpointsSpec).count(), 0, 'nothing is written before everything was told');
  t.equal(node.enforcement.view.endpoints.table.get(2)?.state, 'creating');
  deliver(world);
  node.enforcement.setSelf(self);
  await node.settle();
  t.equal(node.enforcement.view.endpoints.table.get(4)?.state, 'ready');
  t.match(node.enforcement.view.endpoints.table.get(4), { ingress: 'enforced', egress: 'open', namespace: 'shop', pod: 'db' });
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
