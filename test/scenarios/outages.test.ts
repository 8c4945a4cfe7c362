// Two nodes under load through outages: agents that are killed or stopped again and again, a node that hears nothing of API server and etcd,
// an etcd that dies or forgets its history. Packets notice nothing of it, nothing is taken back early, and everything comes afterwards. With
// AXONEME_LONG=1 an outage takes a minute, else some seconds, and agents are killed twenty times.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import type { RunningSandbox } from '../../orchestrator/sandbox/running-sandbox.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import {
  etcdctl,
  Load,
  letIn,
  mapsOf,
  namespace,
  pod,
  reaches,
  server,
  service,
  tableOf,
  topology,
  unharmed,
  until,
} from './outage-world.ts';

t.setTimeout(1_800_000);

const isLong = process.env.AXONEME_LONG === '1';
const awayMs = isLong ? 60_000 : 4_000;
/** Of each agent. */
const kills = isLong ? 10 : 3;
const servers = { tier: 'server' };

t.test('outages', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, topology());
  const cluster = sandbox.cluster('east');
  await cluster.apply([
    ...[namespace, service('echo', servers), letIn('servers', servers, [{ app: 'one' }, { app: 'two' }])],
    ...[server('near', 'a', { labels: servers }), server('far', 'b', { labels: servers })],
    ...[pod('one', 'a'), pod('two', 'b'), pod('stranger', 'a'), pod('leaving', 'a')],
  ]);
  await cluster.ready(undefined, 120_000);
  const near = await addressesOf(cluster, 'near');
  const far = await addressesOf(cluster, 'far');
  const { spec } = await cluster.kube.json('GET', '/api/v1/namespaces/shop/services/echo');
  const targets: [string, number][] = [
    // Another port than the service's: a client's kernel may use one port of its own towards both, and they would be one flow.
    ...[...near, ...far].map((address): [string, number] => [address, 8081]),
    ...spec.clusterIPs.map((address: string): [string, number] => [address, 80]),
  ];
  await until('who is let in is, and who is not is not', async () => {
    for (const [address, port] of targets) if (!(await reaches(cluster, 'shop/one', address, port))) return false;
    return !(await reaches(cluster, 'shop/stranger', near[0], 8080, 1));
  });
  const isDenied = async () => !(await reaches(cluster, 'shop/stranger', near[0], 8080, 2));
  /** 200 connections that are kept and new ones all the time, while something happens; not one of them may come to harm. */
  const underLoad = async (t: Test, act: (loads: readonly Load[]) => Promise<void>) => {
    const loads = ['one', 'two'].map((name) => new Load(cluster, `shop/${name}`, { targets, kept: 100, fresh: 20, pauseMs: 500 }));
    const kept = async () => (await Promise.all(loads.map((load) => load.tell()))).reduce((sum, tally) => sum + tally.kept, 0);
    await until('200 connections are there', async () => (await kept()) === 200);
    await Promise.all(loads.map((load) => load.flows()));
    await act(loads);
    await Promise.all(loads.map((load) => load.flows()));
    t.equal(await kept(), 200, 'all that were kept are there');
    for (const tally of await Promise.all(loads.map((load) => load.end()))) t.match(tally, unharmed, JSON.stringify(tally));
  };
  /** What the maps have lost or got, whenever that was, while the outage lasts. */
  const watched = async (forMs: number, before: Maps, look = differences) => {
    const found = new Set<string>();
    for (const end = Date.now() + forMs; Date.now() < end; await sleep(500)) {
      for (const line of look(await bothMaps(cluster), before)) found.add(line);
    }
    return [...found];
  };

  await t.test(`agents killed ${2 * kills} times and stopped twice under load take no connection with them`, async (t) => {
    const before = await settledMaps(cluster);
    await underLoad(t, async (loads) => {
      await Promise.all(
        cluster.nodes.map(async (node) => {
          for (let time = 0; time < kills; time += 1) await node.restartAgent();
          await node.restartAgent('SIGTERM');
        }),
      );
      await Promise.all(loads.map((load) => load.flows(100)));
    });
    for (const { name } of cluster.nodes) t.equal(livesOf(cluster, name), 1 + kills + 1, `lives of the agent of ${name}`);
    t.ok(await isDenied(), 'who was kept out is kept out');
    t.same(await differencesAtLast(cluster, before), [], 'maps say the same as before');
  });

  await t.test('what happens to pods and policies while an agent is away is made up for on its return', async (t) => {
    const node = cluster.node('a');
    const [left] = await addressesOf(cluster, 'leaving');
    await underLoad(t, async (loads) => {
      await node.killAgent();
      await cluster.delete([pod('leaving', 'a')], { wait: true });
      await until('the deletion is queued', () => readdirSync(join(node.stateDir, 'delete-queue')).some((name) => name.endsWith('.json')));
      await cluster.apply([pod('coming', 'a'), letIn('servers', servers, [{ app: 'one' }, { app: 'two' }, { app: 'coming' }])]);
      await until('the runtime is told to try again', async () => /ADD of shop\/coming: agent/.test(node.log('kubelet')));
      await Promise.all(loads.map((load) => load.flows(100)));
      await node.startAgent();
    });
    await cluster.ready(['shop/coming'], 60_000);
    t.ok(await reaches(cluster, 'shop/coming', near[0]), 'a pod that came meanwhile is served, by the policy of now');
    t.ok(await reaches(cluster, 'shop/coming', far[1]));
    t.ok(await isDenied());
    await until('the pod that left is forgotten', async () => {
      const rows = await tableOf(cluster, 'a', 'interfaces');
      const [device] = rows.filter(({ pod }) => pod === 'leaving');
      return device === undefined && !(await bothMaps(cluster)).a.some((line) => line.includes(`"${left}"`));
    });
    await until('the queue is empty', () => readdirSync(join(node.stateDir, 'delete-queue')).length === 0);
  });

  await t.test('a node that hears nothing keeps what it has, and catches up with what nobody can tell it any more', async (t) => {
    const life = livesOf(cluster, 'a');
    const before = await settledMaps(cluster);
    await underLoad(t, async () => {
      await cutOff(sandbox, 'east/a', true);
      t.same(await watched(awayMs / 2, before), [], 'nothing is taken back');
      // The others go on. What this node has seen is no longer in etcd's history when it is back, and nobody knows what it had asked for.
      await cluster.apply([server('later', 'b', { labels: { tier: 'later' } }), letIn('later', { tier: 'later' }, [{ app: 'stranger' }])]);
      await cluster.apply([letIn('servers', servers, [{ app: 'one' }, { app: 'two' }, { app: 'stranger' }])]);
      await compact(cluster);
      await Promise.all([cluster.stopEtcd(), cluster.stopApi()]);
      await cluster.startEtcd();
      await cluster.startApi();
      t.same(await watched(awayMs / 2, before, (now) => differences({ ...now, b: before.b }, before)), [], 'nor later');
      await cutOff(sandbox, 'east/a', false);
      await cluster.ready(['shop/later'], 60_000);
      const [later] = await addressesOf(cluster, 'later');
      await until('what changed meanwhile is in force', async () => reaches(cluster, 'shop/stranger', near[0], 8080, 1));
      await until('who came meanwhile is reached', () => reaches(cluster, 'shop/stranger', later));
    });
    t.equal(livesOf(cluster, 'a'), life, 'all of that in one life');
  });

  await t.test('a life that is told nothing leaves everything as it was', async (t) => {
    const before = await settledMaps(cluster);
    await underLoad(t, async () => {
      await cutOff(sandbox, 'east/a', true);
      // It is not healthy before it has heard something.
      await cluster.node('a').killAgent();
      const restarted = cluster
        .node('a')
        .startAgent()
        .catch(() => {});
      await until('the new life answers', () => mapsOf(cluster, 'a'));
      t.same(await watched(awayMs / 2, before), [], 'nothing is taken back');
      await cutOff(sandbox, 'east/a', false);
      await restarted;
    });
    await cluster.apply([letIn('servers', servers, [{ app: 'one' }, { app: 'two' }])]);
    await until('and what changes afterwards is in force', isDenied);
  });

  await t.test('without API server and etcd everything stays, and goes on when they are back', async (t) => {
    await cluster.apply([server('later', 'b'), pod('coming', 'a')]);
    await cluster.ready(['shop/later', 'shop/coming'], 60_000);
    const gone = [...(await addressesOf(cluster, 'later')), ...(await addressesOf(cluster, 'coming'))];
    t.equal(gone.length, 4);
    await cluster.delete([server('later', 'b'), pod('coming', 'a'), letIn('later', {}, [])], { wait: true });
    await until('they are gone everywhere', async () => {
      const lines = Object.values(await bothMaps(cluster)).flat();
      return !gone.some((address) => lines.some((line) => line.includes(`"${address}"`) || line.includes(`"${address}/`)));
    });
    const before = await settledMaps(cluster);
    await underLoad(t, async (loads) => {
      await cluster.stopEtcd();
      t.same(await watched(awayMs / 4, before), [], 'nothing is taken back');
      await cluster.stopApi();
      t.same(await watched(awayMs / 2, before), [], 'nor without the API server');
      await cluster.node('b').killAgent();
      const restarted = cluster
        .node('b')
        .startAgent()
        .catch(() => {});
      await until('the new life answers', () => mapsOf(cluster, 'b'));
      t.same(await watched(awayMs / 2, before), [], 'nor by a new life');
      t.ok(await isDenied(), 'who was kept out is kept out');
      await cluster.startEtcd();
      await cluster.startApi();
      await restarted;
      // Once more, etcd alone, in the middle of the way back.
      await cluster.stopEtcd();
      await sleep(awayMs / 4);
      await cluster.startEtcd();
      await Promise.all(loads.map((load) => load.flows(100)));
    });
    t.same(await differencesAtLast(cluster, before), [], 'maps say the same as before');
    await until('changes are taken', () => cluster.apply([letIn('servers', servers, [{ app: 'stranger' }])]).then(() => true));
    await until('changes are in force', async () => reaches(cluster, 'shop/stranger', far[0], 8080, 1));
    await until('both halves of them', async () => !(await reaches(cluster, 'shop/one', near[0], 8080, 2)));
    t.pass('changes arrive');
  });
});

async function addressesOf(cluster: RunningCluster, name: string): Promise<readonly string[]> {
  return (await cluster.pods()).find((one) => one.name === name)?.addresses ?? [];
}

function livesOf(cluster: RunningCluster, node: string): number | undefined {
  return cluster
    .node(node)
    .log('agent')
    .match(/the agent serves/g)?.length;
}

interface Maps {
  readonly a: readonly string[];
  readonly b: readonly string[];
}

async function bothMaps(cluster: RunningCluster): Promise<Maps> {
  return { a: await mapsOf(cluster, 'a'), b: await mapsOf(cluster, 'b') };
}

/** Until nothing moves any more. */
async function settledMaps(cluster: RunningCluster): Promise<Maps> {
  for (let last = await bothMaps(cluster); ; ) {
    await sleep(500);
    const next = await bothMaps(cluster);
    if (differences(last, next).length === 0) return next;
    last = next;
  }
}

/** What is different, as sentences. */
function differences(now: Maps, before: Maps): string[] {
  return (['a', 'b'] as const).flatMap((node) => [
    ...without(before[node], now[node]).map((line) => `node ${node} lost ${line}`),
    ...without(now[node], before[node]).map((line) => `node ${node} got ${line}`),
  ]);
}

/** The differences that stay. */
async function differencesAtLast(cluster: RunningCluster, before: Maps): Promise<string[]> {
  let left = differences(await bothMaps(cluster), before);
  for (const end = Date.now() + 30_000; left.length > 0 && Date.now() < end; ) {
    await sleep(200);
    left = differences(await bothMaps(cluster), before);
  }
  return left;
}

/** Lines of a list that another has not, or not as often. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return all.filter((line) => {
    const at = rest.indexOf(line);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

/** Packets between a node and the control plane go nowhere in either direction, without anybody being told. */
async function cutOff(sandbox: RunningSandbox, path: string, isCut: boolean): Promise<void> {
  const node = sandbox.node(path);
  const control = new URL(sandbox.cluster(node.cluster).etcd.endpoints[0]).hostname;
  const cut = (address: string) => ['ip', 'route', isCut ? 'add' : 'del', 'blackhole', `${address}/32`];
  for (const { status, stderr } of [await node.exec(cut(control)), await sandbox.exec('fabric', cut(node.addresses[0]))]) {
    if (status !== 0) throw new Error(stderr);
  }
}

/** Of all that has been written so far, etcd keeps only how it stands now. */
async function compact(cluster: RunningCluster): Promise<void> {
  const { header } = JSON.parse(await etcdctl(cluster, 'get', 'any', '-w', 'json'));
  await etcdctl(cluster, 'compact', `${header.revision}`);
}
