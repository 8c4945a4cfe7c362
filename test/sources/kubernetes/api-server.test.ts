// The source against the API server of the sandbox over a real etcd, and through a proxy that breaks connections.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { crds } from '../../../orchestrator/model/schema/crds.ts';
import { Counts } from '../../../orchestrator/sources/kubernetes/counts.ts';
import { ensureDefinitions } from '../../../orchestrator/sources/kubernetes/definitions.ts';
import type { KubeObject } from '../../../orchestrator/sources/kubernetes/object.ts';
import { PolicyStatus } from '../../../orchestrator/sources/kubernetes/policy-status.ts';
import { Reflector, type ReflectorOptions } from '../../../orchestrator/sources/kubernetes/reflector.ts';
import { pathOf, resources } from '../../../orchestrator/sources/kubernetes/resource.ts';
import { type PolicyRow, policyRows } from '../../../orchestrator/sources/kubernetes/rows/policies.ts';
import { Transport } from '../../../orchestrator/sources/kubernetes/transport.ts';
import { realClock } from '../../../orchestrator/state/clock.ts';
import { type Cluster, pod, startCluster } from '../../sandbox/api-server/cluster.ts';
import { noEtcd } from '../../support/etcd.ts';
import { Memory, plainCredentials } from './follower.ts';

type End = { teardown(act: () => unknown): void };

/** A reflector in real time with short rests. */
function follow(t: End, url: string, options: Partial<ReflectorOptions> = {}) {
  const counts = new Counts();
  const sink = new Memory();
  const transport = new Transport({ credentials: plainCredentials(url), clock: realClock, counts });
  const limits = { backoffMinMs: 10, backoffMaxMs: 100, ...options.limits };
  const reflector = new Reflector({ transport, resource: resources.pods, sink, clock: realClock, counts, ...options, limits });
  const stopping = new AbortController();
  const running = reflector.run({ signal: stopping.signal });
  t.teardown(async () => {
    stopping.abort();
    await running;
    transport.close();
  });
  return { sink, counts };
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`still not so: ${what}`);
    await sleep(10);
  }
}

/** What the server has now, as `key@revision`. */
async function truth(cluster: Cluster, path: string): Promise<string[]> {
  const { body } = await cluster.send('GET', path);
  return body.items.map(({ metadata }: KubeObject) => `${metadata.namespace}/${metadata.name}@${metadata.resourceVersion}`).sort();
}

function held({ objects }: Memory): string[] {
  return [...objects].map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`).sort();
}

const pods = '/api/v1/namespaces/default/pods';

t.test('the source and the API server of the sandbox', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const make = (name: string, labels = {}) => cluster.send('POST', pods, { body: pod(name, { metadata: { labels } }) });

  t.test('pods are followed through pages, changes and deletions', async (t) => {
    for (let i = 0; i < 12; i += 1) t.equal((await make(`a${i}`)).code, 201);
    const { sink, counts } = follow(t, cluster.url, { limits: { pageSize: 5 }, initialEvents: false });
    await until('synced', () => sink.isSynced);
    t.equal(counts.get('page'), 3);
    await make('later', { app: 'x' });
    await cluster.send('DELETE', `${pods}/a3?gracePeriodSeconds=0`);
    await until('equal', async () => held(sink).join() === (await truth(cluster, pods)).join());
    t.ok(sink.objects.has('default/later') && !sink.objects.has('default/a3'));
    t.equal(counts.get('list'), 1);
    const some = follow(t, cluster.url, { selection: { labels: 'app=x' } });
    await until('synced', () => some.sink.isSynced);
    t.same([...some.sink.objects.keys()], ['default/later']);
    const bare = follow(t, cluster.url, { selection: { metadataOnly: true }, initialEvents: false });
    await until('synced', () => bare.sink.isSynced);
    t.same(Object.keys(bare.sink.objects.get('default/later') ?? {}).sort(), ['apiVersion', 'kind', 'metadata']);
  });

  t.test('through a proxy that resets and cuts, nothing is missed and nothing invented', async (t) => {
    const proxy = await BreakingProxy.open(t, cluster.url);
    const { sink, counts } = follow(t, proxy.url);
    await until('synced', () => sink.isSynced);
    const lists = counts.get('list');
    for (let round = 0; round < 24; round += 1) {
      await make(`r${round}`);
      if (round > 2) await cluster.send('DELETE', `${pods}/r${round - 3}?gracePeriodSeconds=0`);
      if (round % 3 === 0) proxy.reset();
      if (round % 3 === 1) proxy.cut();
      await sleep(20 * (round % 4));
    }
    await until('equal', async () => sink.isSynced && held(sink).join() === (await truth(cluster, pods)).join());
    t.ok(counts.get('failure') >= 5, JSON.stringify(counts.all()));
    t.equal(counts.get('list'), lists, 'no list was needed');
    const told = sink.told.filter((what) => what.startsWith('put '));
    t.equal(new Set(told).size, told.length, 'nothing was told twice');
  });

  t.test('definitions are made once, upgraded when they are older, and others are left alone', async (t) => {
    const transport = new Transport({ credentials: plainCredentials(cluster.url), clock: realClock, counts: new Counts() });
    t.teardown(() => transport.close());
    const ensure = async () => [
      ...(await ensureDefinitions({ transport, clock: realClock, signal: new AbortController().signal })).values(),
    ];
    const [first] = crds();
    const path = pathOf(resources.definitions, { name: first.metadata.name });
    await cluster.send('POST', pathOf(resources.definitions), { body: first });
    t.same(await ensure(), ['foreign', 'created', 'created']);
    const label = async (version: string) => {
      const headers = { 'content-type': 'application/merge-patch+json' };
      await cluster.send('PATCH', path, { body: { metadata: { labels: { 'axoneme.io/schema-version': version } } }, headers });
    };
    await label('0');
    t.same(await ensure(), ['upgraded', 'current', 'current']);
    t.same(await ensure(), ['current', 'current', 'current']);
    await label('999');
    t.same(await ensure(), ['newer', 'current', 'current']);
  });

  t.test('the author of a policy is told what became of it, once', async (t) => {
    const row = policyRows({ clusterName: 'default', localCluster: true });
    let may = true;
    const rows = new Map<string, PolicyRow>();
    const counts = new Counts();
    const transport = new Transport({ credentials: plainCredentials(cluster.url), clock: realClock, counts });
    const status = new PolicyStatus({ transport, clock: realClock, date: () => new Date(), mayWrite: () => may });
    const sink = new Memory();
    sink.put = (key, object) => {
      rows.set(key, row(key, object, rows.get(key)));
      status.put(rows.get(key)!);
    };
    follow(t, cluster.url, { resource: resources.ciliumPolicies, sink });
    const stopping = new AbortController();
    const running = status.run({ signal: stopping.signal });
    t.teardown(async () => {
      stopping.abort();
      await running;
      transport.close();
    });
    const path = pathOf(resources.ciliumPolicies, { namespace: 'default' });
    const body = {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: 'web' },
      spec: { endpointSelector: {}, ingress: [{ fromEndpoints: [{}] }] },
    };
    const made = await cluster.send('POST', path, { body });
    t.equal(made.code, 201, made.text);
    const conditions = async () => (await cluster.send('GET', `${path}/web`)).body.status?.conditions ?? [];
    await until('told', async () => (await conditions()).length === 2);
    t.match(await conditions(), [
      { type: 'Valid', status: 'True', reason: 'Accepted', lastTransitionTime: /^\d{4}-.*Z$/ },
      { type: 'Enforced', status: 'True' },
    ]);
    await sleep(200);
    t.equal(counts.get('request'), 1, 'what it says already is not written again');
    const headers = { 'content-type': 'application/merge-patch+json' };
    await cluster.send('PATCH', `${path}/web`, { body: { metadata: { labels: { other: 'thing' } } }, headers });
    await sleep(200);
    t.equal(counts.get('request'), 1, 'nor when something else of it changes');
    const toPorts = [{ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ path: '/' }] } }];
    const patched = await cluster.send('PATCH', `${path}/web`, { body: { spec: { ingress: [{ toPorts }] } }, headers });
    t.equal(patched.code, 200, patched.text);
    await until('told', async () => (await conditions()).some(({ reason }: { reason: string }) => reason === 'PartlyEnforced'));
    t.match((await conditions())[1].message, /spec.ingress\[0\].toPorts\[0\].rules/);
    await sleep(200);
    const before = counts.get('request');
    for (let removal = 0; removal < 3; removal += 1) {
      const other = { status: { conditions: [{ type: 'Other', status: 'True' }] } };
      await cluster.send('PATCH', `${path}/web/status`, { body: other, headers });
      await until('said again', async () => (await conditions()).length === 3);
    }
    t.same((await conditions()).map(({ type }: { type: string }) => type).sort(), ['Enforced', 'Other', 'Valid'], 'what others took away');
    t.ok(counts.get('request') - before <= 5, `${counts.get('request') - before} writes for three removals`);
    const tries = counts.get('request');
    may = false;
    await cluster.send('PATCH', `${path}/web`, { body: { spec: { ingress: [{ fromEndpoints: [{}] }] } }, headers });
    await sleep(200);
    t.equal(counts.get('request'), tries, 'who may not write any more does not');
  });
});

/** Passes bytes on, until it is told to break what passes. */
class BreakingProxy {
  readonly url: string;
  readonly #pairs: Set<[Socket, Socket]>;

  private constructor(url: string, pairs: Set<[Socket, Socket]>) {
    this.url = url;
    this.#pairs = pairs;
  }

  static async open(t: End, target: string): Promise<BreakingProxy> {
    const pairs = new Set<[Socket, Socket]>();
    const { hostname, port } = new URL(target);
    const server = createServer((near) => {
      const far = connect(Number(port), hostname);
      const pair: [Socket, Socket] = [near, far];
      pairs.add(pair);
      for (const [one, other] of [pair, [far, near]] as [Socket, Socket][]) {
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          pairs.delete(pair);
          other.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      for (const [near] of pairs) near.destroy();
      server.close();
    });
    return new BreakingProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, pairs);
  }

  reset(): void {
    for (const [near] of this.#pairs) near.resetAndDestroy();
  }

  /** Half a line, and then an end. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      far.unpipe(near);
      near.end('29\r\n{"type":"ADDED","object":{"kind":"Pod","m\r\n');
    }
  }
}
