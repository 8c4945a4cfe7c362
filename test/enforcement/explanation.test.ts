// Explanations beside packets: what is said of a connection is what becomes of its first packet.

import t from 'tap';
import { HOOK_FROM_POD, NEXT_HOP_DROP } from '../../orchestrator/datapath/generated/enums.ts';
import type { PolicyKey } from '../../orchestrator/datapath/generated/layouts.ts';
import { policySpec } from '../../orchestrator/datapath/generated/maps.ts';
import type { LiveExplanation, Unexplained } from '../../orchestrator/enforcement/explanation.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import { deliver, openWorld, putAddress, putNamespace, putNode, putPod, putPolicy, self, TestNode, type World } from './node.ts';

const select = (app: string) => ({ matchLabels: { app } });
const ports = (...all: (string | { port: string; endPort: number })[]) => [
  { ports: all.map((port) => ({ protocol: 'TCP', ...(typeof port === 'string' ? { port } : port) })) },
];

/** Pods with numbers of endpoints; each has addresses that end with it. */
const pods = { web: 2, db: 3, cart: 4, open: 5 } as const;

function shop(world: World): void {
  putNamespace(world, 'shop');
  for (const [name, endpoint] of Object.entries(pods)) {
    putPod(world, name, { endpoint, ports: name === 'db' ? [{ name: 'sql', containerPort: 5432 }] : [] });
  }
  putPolicy(world, 'web', {
    endpointSelector: select('web'),
    egress: [
      { toEndpoints: [select('db')], toPorts: ports('sql', { port: '8000', endPort: 8099 }) },
      { toCIDRSet: [{ cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] }] },
      { toEndpoints: [select('far')] },
    ],
    egressDeny: [{ toEndpoints: [select('db')], toPorts: ports('8050') }],
  });
  putPolicy(world, 'db', {
    endpointSelector: select('db'),
    ingress: [{ fromEntities: ['all'], toPorts: ports({ port: '8000', endPort: 8099 }) }, { fromEndpoints: [select('web')] }],
    ingressDeny: [{ fromEndpoints: [select('cart')], toPorts: ports('8001') }],
  });
  const audit = { metadata: { annotations: { 'axoneme.io/audit': 'true' } } };
  putPolicy(
    world,
    'cart',
    { endpointSelector: select('cart'), ingress: [{ fromEndpoints: [select('web')], toPorts: ports('80') }] },
    audit,
  );
  putNode(world, 'b', 7);
  const number = 5000;
  const labels = 'k8s:app=far;k8s:io.cilium.k8s.policy.cluster=east;k8s:io.kubernetes.pod.namespace=shop;';
  world.writers.identities.writer.put({ number, labels });
  putAddress(world, '10.7.0.5', 7, number, 'far');
}

async function serving(t: { teardown(act: () => unknown): void }): Promise<TestNode> {
  const world = openWorld(t);
  shop(world);
  const node = await TestNode.open(world);
  t.teardown(() => node.stop());
  node.enforcement.setSelf(self);
  deliver(world);
  await node.settle();
  return node;
}

let sourcePort = 20_000;

async function passes(node: TestNode, from: keyof typeof pods, to: string, destinationPort: number): Promise<boolean> {
  const source = `10.0.0.${pods[from]}`;
  const packet = buildPacket({
    source,
    destination: to,
    transport: { protocol: 'tcp', sourcePort: sourcePort++, destinationPort, flags: 'S' },
  });
  return (await node.datapath.run(HOOK_FROM_POD, packet, { port: 100 + pods[from] })).nextHop !== NEXT_HOP_DROP;
}

function explained(answer: LiveExplanation | Unexplained): LiveExplanation {
  if ('why' in answer) throw new Error(answer.why);
  return answer;
}

t.test('what is said of a connection is what becomes of it', async (t) => {
  const node = await serving(t);
  const targets = [
    ...Object.entries(pods).map(([name, endpoint]) => [`shop/${name}`, `10.0.0.${endpoint}`] as const),
    ['shop/far', '10.7.0.5'],
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.200', '203.0.113.200'],
    ['198.51.100.1', '198.51.100.1'],
  ] as const;
  const seen = new Map<string, number>();
  for (const from of Object.keys(pods) as (keyof typeof pods)[]) {
    for (const [to, address] of targets.filter(([name]) => name !== `shop/${from}`)) {
      for (const port of [80, 5432, 7999, 8000, 8001, 8050, 8099, 8100]) {
        const asked = { from: `shop/${from}`, to, protocol: 'tcp', port: `${port}` } as const;
        const { verdict, sides } = explained(await node.enforcement.explain(asked));
        t.equal(verdict !== 'deny', await passes(node, from, address, port), `${from} ${to} ${port}: ${verdict}`);
        t.ok(sides.every(({ explanation }) => explanation.every((sentence) => !sentence.includes('another verdict'))));
        seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
      }
    }
  }
  t.same([...seen.keys()].sort(), ['allow', 'audit', 'deny']);
});

t.test('it says who decides, by which rule or for want of which, and what selects the pod', async (t) => {
  const { enforcement } = await serving(t);
  const ask = async (from: string, to: string, port: string) => explained(await enforcement.explain({ from, to, protocol: 'tcp', port }));
  t.match(await ask('shop/web', 'shop/db', 'sql'), {
    from: { name: 'shop/web', node: '' },
    port: 5432,
    verdict: 'allow',
    sides: [
      { direction: 'egress', pod: 'shop/web', policies: ['cnp/shop/web'], rule: 'cnp/shop/web spec.egress[0]' },
      { direction: 'ingress', pod: 'shop/db', policies: ['cnp/shop/db'], rule: 'cnp/shop/db spec.ingress[1]' },
    ],
    elsewhere: [],
  });
  t.match((await ask('shop/cart', 'shop/db', '8001')).sides, [
    { verdict: 'allow', rule: '', policies: ['cnp/shop/cart'], explanation: ['allowed: no policy enforces egress of shop/cart'] },
    { verdict: 'deny', rule: 'cnp/shop/db spec.ingressDeny[0]', explanation: [/^denied by rule ingressDeny\[0\] of shop\/db/] },
  ]);
  t.match((await ask('shop/open', 'shop/cart', '80')).sides[1], {
    verdict: 'audit',
    explanation: [
      /^denied by default/,
      /^nearest: rule ingress\[0\] of shop\/cart wants app=web/,
      /^to allow it: /,
      /^it is audited: it passes/,
    ],
  });
  t.match(await ask('host', 'shop/db', '80'), { verdict: 'allow', sides: [{ direction: 'ingress', rule: 'local host' }] });
  const across = await ask('shop/web', 'shop/far', '80');
  t.match(across, {
    verdict: 'allow',
    elsewhere: [{ direction: 'ingress', pod: 'shop/far', node: 'b' }],
    to: { identity: 5000, node: 'b' },
  });
  t.match(await ask('shop/web', '10.7.0.5', '80'), { to: { name: 'shop/far' }, elsewhere: [{ node: 'b' }] });
});

t.test('what cannot be answered says why, and who could', async (t) => {
  const { enforcement } = await serving(t);
  const ask = (from: string, to: string, port = '80') => enforcement.explain({ from, to, protocol: 'tcp', port });
  t.match(await ask('shop/nobody', 'shop/db'), { why: 'from: no pod of that name is known here: "shop/nobody"', hint: /host/ });
  t.match(await ask('shop/web', 'somebody'), { why: 'to: not namespace/pod, an address, or a word like host: "somebody"' });
  t.match(await ask('shop/web', 'shop/db', 'http'), { why: /names no tcp port so.*"http"/ });
  t.match(await ask('shop/web', 'shop/db', '70000'), { why: /"70000"/ });
  t.match(await ask('shop/far', '198.51.100.1'), { why: 'neither end is a pod of this node', hint: /shop\/far is on b/ });
  t.match(await ask('host', '198.51.100.1'), { why: /neither end is a pod/ });
});

t.test('a pod without a number is closed', async (t) => {
  const node = await serving(t);
  const { world, enforcement } = node;
  world.numbers.failing = true;
  putPod(world, 'late', { endpoint: 9 });
  await node.settle();
  const { verdict, sides } = explained(await enforcement.explain({ from: 'shop/web', to: 'shop/late', protocol: 'tcp', port: '80' }));
  t.equal(verdict, 'deny');
  t.match(sides[1], { verdict: 'deny', policies: [] });
  t.equal(await passes(node, 'web', '10.0.0.9', 80), false);
});

t.test('the verdict is that of the entries, also where they are not what the rules want', async (t) => {
  const node = await serving(t);
  const map = node.datapath.map(policySpec);
  const keys: PolicyKey[] = [];
  for await (const [key] of map.entries()) keys.push(key);
  await map.delete(keys);
  const asked = { from: 'shop/web', to: 'shop/db', protocol: 'tcp', port: '5432' } as const;
  const { verdict, sides } = explained(await node.enforcement.explain(asked));
  t.equal(verdict, 'deny');
  t.match(sides[0], { rule: '', explanation: [/^allowed by rule/, /^the datapath has another verdict by now: deny/] });
  t.equal(await passes(node, 'web', '10.0.0.3', 5432), false);
});
