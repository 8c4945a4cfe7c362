// DNS rules of a node, from policies to the proxy and to packets, on a real datapath in WebAssembly.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { currentTick, ticks } from '../../orchestrator/datapath/clock.ts';
import { HOOK_FROM_POD, NEXT_HOP_DROP, NEXT_HOP_PROXY, NEXT_HOP_STACK } from '../../orchestrator/datapath/generated/enums.ts';
import { grantsSpec, policySpec } from '../../orchestrator/datapath/generated/maps.ts';
import type { DnsTeller } from '../../orchestrator/enforcement/dns/telling.ts';
import type { WantedDns } from '../../orchestrator/enforcement/dns/wanted-rules.ts';
import { localScope } from '../../orchestrator/model/identity.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import { addressWords, swapPort } from '../../orchestrator/net/words.ts';
import {
  deletePod,
  deletePolicy,
  deliver,
  openWorld,
  putAddress,
  putNamespace,
  putNode,
  putPod,
  putPolicy,
  self,
  TestNode,
  type World,
} from './node.ts';

const proxyPort = 10_053;
const resolver = '10.7.0.53';
const outside = '198.51.100.7';
const kubeDns = {
  matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'kube-system', 'k8s-app': 'kube-dns' },
};

function wildcard(app: string, ...names: object[]): object {
  return {
    endpointSelector: { matchLabels: { app } },
    egress: [
      { toEndpoints: [kubeDns], toPorts: [{ ports: [{ port: '53', protocol: 'UDP' }], rules: { dns: names } }] },
      { toFQDNs: names, toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] },
    ],
  };
}

/** What was told, and how many rows policy had for identities of names by then. */
class Listener implements DnsTeller {
  earlier: WantedDns | undefined;
  readonly heard: { readonly rules: WantedDns; readonly rows: number }[] = [];
  node: TestNode | undefined;
  isExpected = false;

  expect(isExpected: boolean): void {
    this.isExpected = isExpected;
  }

  async tell(rules: WantedDns): Promise<void> {
    this.heard.push({ rules, rows: this.node === undefined ? 0 : await namedRows(this.node) });
  }

  get last(): WantedDns {
    return this.heard.at(-1)?.rules ?? { endpoints: [], sets: [] };
  }
}

/** No policy here has prefixes, so that local identities are those of names. */
async function namedRows(node: TestNode): Promise<number> {
  let count = 0;
  for await (const [{ identity }] of node.datapath.map(policySpec).entries()) if (identity > localScope) count += 1;
  return count;
}

function cluster(world: World): number {
  putNamespace(world, 'shop');
  putNamespace(world, 'kube-system');
  putPod(world, 'client', { endpoint: 2, labels: { app: 'myService' } });
  putPod(world, 'other', { endpoint: 3, labels: { app: 'other' } });
  putNode(world, 'b', 7);
  const labels = 'k8s:io.cilium.k8s.policy.cluster=east;k8s:io.kubernetes.pod.namespace=kube-system;k8s:k8s-app=kube-dns;';
  const number = world.numbers.number(labels);
  world.writers.identities.writer.put({ number, labels });
  putAddress(world, resolver, 7, number, 'dns');
  return number;
}

async function serving(t: { teardown(act: () => unknown): void }, world: World, listener: Listener, before?: TestNode): Promise<TestNode> {
  const options = { dns: { port: proxyPort, teller: listener } };
  const node = await TestNode.open(world, { ...options, ...(before && { datapath: before.datapath }) });
  listener.node = node;
  t.teardown(() => node.stop());
  node.enforcement.setSelf(self);
  deliver(world);
  await node.settle();
  return node;
}

let port = 20_000;

async function send(node: TestNode, from: number, to: string, protocol: 'udp' | 'tcp', destinationPort: number) {
  const transport =
    protocol === 'udp'
      ? ({ protocol, sourcePort: port++, destinationPort } as const)
      : ({ protocol, sourcePort: port++, destinationPort, flags: 'S' } as const);
  const packet = buildPacket({ source: `10.0.0.${from}`, destination: to, transport });
  return await node.datapath.run(HOOK_FROM_POD, packet, { port: 100 + from });
}

async function grant(node: TestNode, endpoint: number, address: string, identity: number, seconds: number): Promise<void> {
  const none = { identity1: 0, expires1: 0, identity2: 0, expires2: 0, identity3: 0, expires3: 0 };
  const expires0 = (currentTick() + ticks(seconds)) >>> 0;
  await node.datapath.map(grantsSpec).update([
    [
      { ...addressWords(address), endpoint },
      { identity0: identity, expires0, ...none },
    ],
  ]);
}

t.test('the proxy is expected as soon as a policy of the cluster has rules for names, whomever it selects', async (t) => {
  const world = openWorld(t);
  cluster(world);
  const listener = new Listener();
  const node = await serving(t, world, listener);
  t.notOk(listener.isExpected);
  const [lookups, reach] = (wildcard('elsewhere', { matchName: 'www.domain.com' }) as { egress: object[] }).egress;
  for (const rule of [lookups, reach]) {
    putPolicy(world, 'names', { endpointSelector: { matchLabels: { app: 'elsewhere' } }, egress: [rule] });
    await node.settle();
    t.ok(listener.isExpected);
    deletePolicy(world, 'names');
    await node.settle();
    t.notOk(listener.isExpected);
  }
  t.same(listener.heard, [], 'of no pod here');
});

t.test('the proxy is told who may ask for what, and who is granted what it answers', async (t) => {
  const world = openWorld(t);
  const dns = cluster(world);
  putPolicy(world, 'egress-domain-wildcard', wildcard('myService', { matchPattern: '*.domain.com' }));
  const listener = new Listener();
  const node = await serving(t, world, listener);
  const identity = node.enforcement.view.identities.table.get(listener.last.sets[0]?.granted[0]?.identity ?? 0);
  t.match(identity, { scope: 'local', labels: ['pattern:*.domain.com'], endpoints: 0 });
  const name = { kind: 'pattern', value: '*.domain.com', text: 'pattern:*.domain.com' };
  const rule = 'cnp/shop/egress-domain-wildcard spec.egress[0]';
  const set = listener.last.sets[0]?.set;
  t.same(listener.last.sets, [
    {
      set,
      allowed: [{ identity: dns, protocol: 17, port: 53, portBits: 16, names: [name], rule }],
      granted: [{ name, identity: identity?.number, minTtl: 1, grace: 0, each: false }],
    },
  ]);
  t.match(listener.last.endpoints, [{ id: 2, namespace: 'shop', pod: 'client', set, addresses: ['10.0.0.2', 'fd00::2'] }]);
  t.equal(listener.last.endpoints[0]?.labels.includes('k8s:app=myService'), true);

  const question = await send(node, 2, resolver, 'udp', 53);
  t.equal(question.nextHop, NEXT_HOP_PROXY);
  t.equal(swapPort(question.record?.proxyPort ?? 0), proxyPort);
  t.equal((await send(node, 2, resolver, 'tcp', 53)).nextHop, NEXT_HOP_DROP, 'that way no rule leads');
  t.equal((await send(node, 2, outside, 'tcp', 443)).nextHop, NEXT_HOP_DROP, 'nobody told it so');
  await grant(node, 3, outside, identity?.number ?? 0, 60);
  t.equal((await send(node, 2, outside, 'tcp', 443)).nextHop, NEXT_HOP_DROP, 'another pod was told');
  await grant(node, 2, outside, identity?.number ?? 0, 60);
  t.equal((await send(node, 2, outside, 'tcp', 443)).nextHop, NEXT_HOP_STACK);
  t.equal((await send(node, 2, outside, 'tcp', 80)).nextHop, NEXT_HOP_DROP, 'the port of the rule');
});

t.test('what is said of a connection to an address of a name is what becomes of it', async (t) => {
  const world = openWorld(t);
  cluster(world);
  putPolicy(world, 'a', wildcard('myService', { matchPattern: '*.domain.com' }));
  const listener = new Listener();
  const node = await serving(t, world, listener);
  const identity = listener.last.sets[0]?.granted[0]?.identity ?? 0;
  const said = async (from: string, port = '443') => {
    const answer = await node.enforcement.explain({ from: `shop/${from}`, to: outside, protocol: 'tcp', port });
    if ('why' in answer) throw new Error(answer.why);
    const isPassed = (await send(node, from === 'client' ? 2 : 3, outside, 'tcp', Number(port))).nextHop !== NEXT_HOP_DROP;
    t.equal(answer.verdict === 'allow', isPassed, `${from} ${port}`);
    const [side] = answer.sides;
    t.notMatch(side?.explanation.join('\n'), /another verdict/);
    return [answer.verdict, side?.rule, side?.explanation.join('\n')] as const;
  };
  t.match(await said('client'), ['deny', '', /allows \*\.domain\.com, which shop\/client has not resolved/]);
  await grant(node, 2, outside, identity, 60);
  t.match(await said('client'), ['allow', 'cnp/shop/a spec.egress[1]', /allowed by rule egress\[1\] of shop\/a/]);
  t.match(await said('client', '80'), ['deny', '', /443\/TCP/]);
  await grant(node, 2, outside, identity, -60);
  t.match(await said('client'), ['deny', '', /expired|again/]);
  t.equal((await said('other'))[0], 'allow', 'no policy is over it');
});

t.test('numbers of selectors are those of policies that speak of pods here, and outlive the process', async (t) => {
  const world = openWorld(t);
  cluster(world);
  putPolicy(world, 'a', wildcard('myService', { matchPattern: '*.domain.com' }, { matchName: 'b.example' }));
  putPolicy(world, 'elsewhere', wildcard('nobody', { matchName: 'elsewhere.example' }));
  const listener = new Listener();
  const first = await serving(t, world, listener);
  const numbersOf = ({ sets }: WantedDns) =>
    sets.flatMap(({ granted }) => granted.map(({ name, identity }) => [name.text, identity] as const));
  const before = numbersOf(listener.last);
  t.same(before.map(([text]) => text).sort(), ['name:b.example', 'pattern:*.domain.com']);
  const file = () => readFileSync(join(world.folder, 'identities.json'), 'utf8');
  t.match(file(), /"names pattern:\*\.domain\.com",\d+/);
  t.notMatch(file(), /elsewhere/);
  await first.stop();

  const again = new Listener();
  again.earlier = listener.last;
  const second = await serving(t, world, again, first);
  t.not(again.last.sets[0]?.set, listener.last.sets[0]?.set, 'a new life has new sets');
  t.same(new Map(numbersOf(again.last)), new Map(before), 'and the numbers of before');
  putPolicy(world, 'a', wildcard('myService', { matchName: 'c.example' }));
  await second.settle();
  const [[text, number] = ['', 0]] = numbersOf(again.last);
  t.equal(text, 'name:c.example');
  t.notOk(
    before.some(([, one]) => one === number),
    'a number that was given back is not given again at once',
  );
  deletePod(world, 'client');
  await second.settle();
  t.same(again.last, { endpoints: [], sets: [] });
  t.equal(await namedRows(second), 0);
});

t.test('more is told when the datapath knows of it, less before it forgets', async (t) => {
  const world = openWorld(t);
  cluster(world);
  putPolicy(world, 'a', wildcard('myService', { matchName: 'a.example' }));
  const listener = new Listener();
  const node = await serving(t, world, listener);
  const namesOf = ({ sets }: WantedDns) =>
    sets.flatMap(({ allowed }) => allowed.flatMap(({ names }) => (names === 'every' ? names : names.map(({ value }) => value))));
  listener.heard.length = 0;
  putPolicy(world, 'a', wildcard('myService', { matchName: 'a.example' }, { matchName: 'b.example' }));
  await node.settle();
  t.same(
    listener.heard.map(({ rules, rows }) => [namesOf(rules), rows]),
    [
      [['a.example'], 1],
      [['a.example', 'b.example'], 2],
    ],
    'wider: b may be asked for when the datapath has it',
  );
  listener.heard.length = 0;
  putPolicy(world, 'a', wildcard('myService', { matchName: 'b.example' }));
  await node.settle();
  t.same(namesOf(listener.heard[0]?.rules ?? listener.last), ['b.example']);
  t.equal(listener.heard[0]?.rows, 2, 'narrower: a may not be asked for while the datapath still has it');
  listener.heard.length = 0;
  deletePolicy(world, 'a');
  await node.settle();
  t.same(
    listener.heard.map(({ rules }) => namesOf(rules)),
    [[]],
    'who is free of the proxy is known to it until the datapath sends nothing any more',
  );
  t.equal((await send(node, 2, resolver, 'udp', 53)).nextHop !== NEXT_HOP_PROXY, true);
  listener.heard.length = 0;
  putPolicy(world, 'a', wildcard('myService', { matchName: 'a.example' }));
  await node.settle();
  t.same(
    listener.heard.map(({ rules, rows }) => [namesOf(rules), rows]),
    [[['a.example'], 0]],
    'who comes to the proxy for the first time is known to it before',
  );
});

t.test('annotations say for how long, those that mean nothing are told once', async (t) => {
  const world = openWorld(t);
  cluster(world);
  const listener = new Listener();
  const annotated = (annotations: Record<string, string>) =>
    putPolicy(world, 'a', wildcard('myService', { matchName: 'a.example' }), { metadata: { annotations } });
  annotated({ 'axoneme.io/dns-min-ttl': '30s', 'axoneme.io/dns-grace': 'long', 'axoneme.io/dns-cname-names': 'true' });
  const node = await serving(t, world, listener);
  const settings = () => listener.last.sets[0]?.granted.map(({ minTtl, grace, each }) => [minTtl, grace, each]);
  const warnings = () => node.lines.filter((line) => line.includes('annotation')).map((line) => JSON.parse(line));
  t.same(settings(), [[30, 0, true]]);
  t.match(warnings(), [{ level: 'warn', policy: 'cnp/shop/a', error: /dns-grace: not a duration.*"long"/ }]);
  putPod(world, 'more', { endpoint: 5, labels: { app: 'myService' } });
  await node.settle();
  t.equal(warnings().length, 1);
  const heard = listener.heard.length;
  annotated({ 'axoneme.io/dns-min-ttl': '5s', 'axoneme.io/dns-grace': '10s' });
  await node.settle();
  t.same(settings(), [[5, 10, false]], 'an annotation alone has changed');
  t.ok(listener.heard.length > heard);
  putPolicy(world, 'b', wildcard('myService', { matchName: 'a.example' }), {
    metadata: { annotations: { 'axoneme.io/dns-min-ttl': '1m' } },
  });
  await node.settle();
  t.same(settings(), [[60, 10, false]], 'of two policies the longer times hold');
  t.equal(warnings().length, 1);
});

t.test('a pod of which nothing is known after a restart is to the proxy as it was', async (t) => {
  const world = openWorld(t);
  cluster(world);
  putPolicy(world, 'a', wildcard('myService', { matchName: 'a.example' }));
  const listener = new Listener();
  const first = await serving(t, world, listener);
  const before = listener.last;
  await first.stop();
  world.writers.pods.writer.delete('shop/client');
  const again = new Listener();
  again.earlier = before;
  const second = await serving(t, world, again, first);
  t.same(again.heard, [], 'there is nothing to tell');
  putPod(world, 'client', { labels: { app: 'other' } });
  await second.settle();
  t.same(again.last, { endpoints: [], sets: [] }, 'it is somebody else now');
});

t.test('a change costs little among 110 pods and 1,000 rules', async (t) => {
  const world = openWorld(t);
  cluster(world);
  const names = (policy: number) => Array.from({ length: 10 }, (_, at) => ({ matchName: `n${at}.p${policy}.example` }));
  for (let pod = 0; pod < 108; pod += 1)
    putPod(world, `p${pod}`, { endpoint: 10 + pod, labels: { app: `p${pod}`, group: `g${pod % 10}` } });
  // Five rules each: two of this kind, of 100 policies for ten pods each, and of 100 for one.
  for (let policy = 0; policy < 100; policy += 1) {
    putPolicy(world, `g${policy}`, {
      ...wildcard('any', ...names(policy)),
      endpointSelector: { matchLabels: { group: `g${policy % 10}` } },
    });
    const spec = wildcard(`p${policy}`, ...names(1000 + policy)) as { egress: object[] };
    putPolicy(world, `p${policy}`, { ...spec, egress: [...spec.egress, ...spec.egress, ...spec.egress, ...spec.egress] });
  }
  const listener = new Listener();
  const node = await serving(t, world, listener);
  const rows = listener.last.sets.reduce((sum, { allowed }) => sum + allowed.length, 0);
  t.ok(rows > 1000, `${rows} rows for ${listener.last.endpoints.length} pods`);
  const costs: number[] = [];
  for (let change = 0; change < 5; change += 1) {
    putPolicy(world, 'g0', {
      ...wildcard('any', { matchName: `changed${change}.example` }),
      endpointSelector: { matchLabels: { group: 'g0' } },
    });
    const from = process.cpuUsage();
    await node.settle();
    const { user, system } = process.cpuUsage(from);
    costs.push(Math.round((user + system) / 1000));
  }
  t.comment(`ms of processor time for a change: ${costs.join(' ')}`);
  t.ok(Math.min(...costs) < 500);
});
