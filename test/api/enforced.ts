// What the shown node enforces, for those who ask why: the same pods and policies in a real enforcement, with a datapath of its own.
import { deliver, openWorld, putNamespace, putPod, putPolicy, self, TestNode } from '../enforcement/node.ts';
import { pods } from './node.ts';

export async function openEnforced(): Promise<TestNode & { close(): Promise<void> }> {
  const ends: (() => void)[] = [];
  const world = openWorld({ teardown: (end) => void ends.push(end) });
  world.numbers.first = pods.web.identity;
  putNamespace(world, 'shop');
  for (const [name, { id, addresses }] of Object.entries(pods)) putPod(world, name, { endpoint: id, address: [...addresses] });
  const select = (app: string) => ({ matchLabels: { app } });
  const toPorts = [{ ports: [{ port: '5432', protocol: 'TCP' }] }];
  putPolicy(world, 'web', { endpointSelector: select('web'), egress: [{ toEndpoints: [select('db')], toPorts }] });
  putPolicy(world, 'db', { endpointSelector: select('db'), ingress: [{ fromEndpoints: [select('web')], toPorts }] });
  const node = await TestNode.open(world);
  node.enforcement.setSelf(self);
  deliver(world);
  await node.settle();
  const close = async () => {
    await node.stop();
    await node.datapath.close();
    for (const end of ends) end();
  };
  return Object.assign(node, { close });
}
