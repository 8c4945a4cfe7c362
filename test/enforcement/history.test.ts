// Histories: whatever came first, and whatever came and went in between, what stands in the maps is what a fresh start makes of the end;
// and a restart in the middle changes no verdict.

import fc from 'fast-check';
import t from 'tap';
import { openWasmDatapath, type WasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { smallSizes } from '../support/small-sizes.ts';
import { meaningOf } from './meaning.ts';
import {
  deleteAddress,
  deleteNode,
  deletePod,
  deletePolicy,
  deliver,
  openInputs,
  openWorld,
  putAddress,
  putGroup,
  putNamespace,
  putNode,
  putPod,
  putPolicy,
  putService,
  putSlice,
  self,
  TestNode,
  type World,
} from './node.ts';

t.setTimeout(600_000);

const names = ['web', 'db', 'other'] as const;
const specs: readonly object[] = [
  { endpointSelector: { matchLabels: { app: 'db' } }, ingress: [{ fromEndpoints: [{ matchLabels: { app: 'web' } }] }] },
  { endpointSelector: {}, egress: [{ toCIDRSet: [{ cidr: '192.0.2.0/24', except: ['192.0.2.8/29'] }] }, { toEntities: ['cluster'] }] },
  {
    endpointSelector: { matchLabels: { app: 'web' } },
    egress: [{ toServices: [{ k8sService: { serviceName: 'out', namespace: 'shop' } }] }],
  },
  { endpointSelector: {}, ingressDeny: [{ fromEntities: ['remote-node'] }], ingress: [{ fromEntities: ['all'] }] },
  {
    endpointSelector: { matchLabels: { tier: 'a' } },
    egress: [{ toCIDRSet: [{ cidrGroupRef: 'partners' }], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] }],
  },
  {
    endpointSelector: {},
    egress: [{ toEndpoints: [{}], toPorts: [{ ports: [{ port: 'http', protocol: 'TCP' }] }] }, { toEntities: ['kube-apiserver'] }],
  },
  { endpointSelector: {}, ingress: [{ fromEndpoints: [{ matchLabels: { 'io.cilium.k8s.namespace.labels.env': 'prod' } }] }] },
];

interface Step {
  readonly text: string;
  readonly act: (world: World) => void;
}

const index = fc.integer({ min: 0, max: 2 });
const name = index.map((at) => names[at] as string);
const labels = fc.record({ app: name, tier: fc.constantFrom('a', 'b') });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(index, labels, fc.boolean()).map(
      ([at, given, isNamed]): Step => ({
        text: `pod ${names[at]} ${JSON.stringify(given)} ${isNamed}`,
        act: (world) =>
          putPod(world, names[at] as string, {
            endpoint: at + 2,
            labels: given,
            ports: isNamed ? [{ name: 'http', containerPort: 8000 + at, protocol: 'TCP' }] : [],
          }),
      }),
    ),
  },
  name.map((which) => ({ text: `no pod ${which}`, act: (world: World) => deletePod(world, which) })),
  fc.constantFrom('prod', 'test').map((env) => ({ text: `namespace ${env}`, act: (world: World) => putNamespace(world, 'shop', { env }) })),
  {
    weight: 4,
    arbitrary: fc.tuple(index, fc.integer({ min: 0, max: specs.length - 1 }), fc.boolean()).map(
      ([at, which, isAudited]): Step => ({
        text: `policy ${at} ${which} ${isAudited}`,
        act: (world) =>
          putPolicy(
            world,
            `p${at}`,
            specs[which] as object,
            isAudited ? { metadata: { annotations: { 'axoneme.io/audit': 'true' } } } : {},
          ),
      }),
    ),
  },
  index.map((at) => ({ text: `no policy ${at}`, act: (world: World) => deletePolicy(world, `p${at}`) })),
  index.map((at) => ({ text: `node ${at + 2}`, act: (world: World) => putNode(world, `n${at + 2}`, at + 2) })),
  index.map((at) => ({ text: `no node ${at + 2}`, act: (world: World) => deleteNode(world, `n${at + 2}`) })),
  fc.tuple(index, index, labels).map(([at, node, given]) => ({
    text: `address ${at} behind ${node + 2} ${JSON.stringify(given)}`,
    act: (world: World) => {
      const all = Object.entries(given).map(([key, value]) => `k8s:${key}=${value};`);
      const text = [...all, 'k8s:io.cilium.k8s.policy.cluster=east;', 'k8s:io.kubernetes.pod.namespace=shop;'].sort().join('');
      const number = world.numbers.number(text);
      if (at !== 1) world.writers.identities.writer.put({ number, labels: text });
      putAddress(world, `10.${node + 2}.0.${at + 10}`, node + 2, number, `remote${at}`);
    },
  })),
  fc.tuple(index, index).map(([at, node]) => ({
    text: `no address ${at} ${node}`,
    act: (world: World) => deleteAddress(world, `10.${node + 2}.0.${at + 10}`),
  })),
  fc.subarray(['203.0.113.1', '203.0.113.2', '192.0.2.9', '192.168.0.3']).map((addresses) => ({
    text: `slice ${addresses}`,
    act: (world: World) => {
      putService(world, 'out', { clusterIP: 'None', ports: [] });
      putSlice(world, 'out', addresses);
    },
  })),
  fc.subarray(['203.0.113.1', '172.31.0.1', '192.168.0.1', '192.168.0.2']).map((addresses) => ({
    text: `api servers ${addresses}`,
    act: (world: World) => putSlice(world, 'kubernetes', addresses, 'default'),
  })),
  fc
    .subarray(['198.51.100.0/24', '192.0.2.0/25'])
    .map((prefixes) => ({ text: `group ${prefixes}`, act: (world: World) => putGroup(world, 'partners', prefixes) })),
);

/** The same facts at once, in the order of their keys. */
function copyOf(world: World): World {
  const { writers, inputs } = openInputs();
  for (const [table, { writer }] of Object.entries(writers)) {
    for (const row of (world.inputs as never as Record<string, { rows(): Iterable<object> }>)[table].rows()) writer.put(row as never);
  }
  return { ...world, writers, inputs, folder: `${world.folder}-fresh-${Math.random()}` };
}

function tidy(world: World): void {
  // A pod whose object is gone stays what it was while its interface stands; a fresh start would not know it.
  for (const { namespace, pod } of [...world.inputs.interfaces.rows()]) {
    if (world.inputs.pods.get(`${namespace}/${pod}`) === undefined) deletePod(world, pod, namespace);
  }
}

async function fresh(world: World): Promise<unknown> {
  const copy = copyOf(world);
  deliver(copy);
  const node = await TestNode.open(copy);
  node.enforcement.setSelf(self);
  await node.settle();
  const meaning = await meaningOf(node);
  await node.stop();
  await node.datapath.close();
  return meaning;
}

t.test('what stands is what a fresh start makes of the end', async (t) => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), fc.infiniteStream(fc.nat(3)), async (steps, pauses) => {
      const world = openWorld(t);
      putNamespace(world, 'shop', { env: 'test' });
      const node = await TestNode.open(world);
      node.enforcement.setSelf(self);
      deliver(world);
      for (const { act } of steps) {
        act(world);
        if (pauses.next().value === 0) await node.settle();
      }
      tidy(world);
      await node.settle();
      t.match(node.lines, [], 'nothing went wrong');
      const meaning = await meaningOf(node);
      t.same(meaning, await fresh(world), steps.map(({ text }) => text).join('; '));
      await node.stop();
      await node.datapath.close();
      runs += 1;
    }),
    { numRuns: Number(process.env.AXONEME_RUNS ?? 40), ...(process.env.AXONEME_SEED && { seed: Number(process.env.AXONEME_SEED) }) },
  );
  t.comment(`${runs} histories`);
});

t.test('a restart in the middle comes to the same, whatever happened meanwhile', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.array(step, { maxLength: 4 }),
      fc.array(step, { maxLength: 6 }),
      async (before, away, after) => {
        const world = openWorld(t);
        putNamespace(world, 'shop', { env: 'test' });
        const datapath: WasmDatapath = await openWasmDatapath({ sizes: smallSizes });
        const first = await TestNode.open(world, { datapath });
        first.enforcement.setSelf(self);
        deliver(world);
        for (const { act } of before) act(world);
        await first.settle();
        await first.stop();
        for (const { act } of away) act(world);
        tidy(world);
        const second = await TestNode.open(world, { datapath });
        second.enforcement.setSelf(self);
        await second.settle();
        for (const { act } of after) act(world);
        tidy(world);
        await second.settle();
        const told = [...before, ...away, ...after].map(({ text }) => text).join('; ');
        t.same(await meaningOf(second), await fresh(world), told);
        await second.stop();
        await datapath.close();
      },
    ),
    { numRuns: Number(process.env.AXONEME_RUNS ?? 25) },
  );
});
