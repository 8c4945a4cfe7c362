// Connections to removed backends: they go on where nobody asks for their end, and end at once where a service asks for it or an operator does,
// be they balanced in their socket or packet by packet.

import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { agentOf, namespace, path, pod, reaches, server, service, topology, until } from './outage-world.ts';

t.setTimeout(600_000);

interface Told {
  readonly address: string;
  readonly state: 'answered' | 'ended';
  readonly code?: string;
}

/** A process in a pod that keeps a connection to each address. */
function hold(cluster: RunningCluster, from: string, addresses: readonly string[]) {
  const child = cluster.spawn(from, [process.execPath, path('holder.mjs'), ...addresses], { timeoutMs: 0 });
  const told: Told[] = [];
  createInterface(child.stdout).on('line', (line) => told.push(JSON.parse(line)));
  child.stderr.resume();
  return { told, end: () => child.kill() };
}

const asking = (name: string, selector: object) => {
  const made = service(name, selector);
  return { ...made, metadata: { ...made.metadata, annotations: { 'axoneme.io/reset-removed-backends': 'true' } } };
};

async function addressesOf(cluster: RunningCluster, name: string): Promise<string[]> {
  return (await cluster.kube.json('GET', `/api/v1/namespaces/shop/services/${name}`)).spec.clusterIPs;
}

interface Report {
  readonly connections: number;
  readonly backends: readonly { readonly sockets: number; readonly flows: number }[];
  readonly problems: readonly string[];
}

/** `near` is a backend of both services, and then of none, and lives. */
async function removal(t: Test, cluster: RunningCluster, kind: 'sockets' | 'flows'): Promise<void> {
  await cluster.apply([server('near', 'a', { labels: { tier: 'server' } })]);
  const [resetting, plain] = [await addressesOf(cluster, 'resetting'), await addressesOf(cluster, 'plain')];
  for (const door of [...resetting, ...plain]) await until(`${door} is known`, () => reaches(cluster, 'shop/one', door, 80));
  const holder = hold(cluster, 'shop/one', [...resetting, ...plain]);
  t.teardown(() => holder.end());
  await until('every connection is answered', () => holder.told.length === 4);
  await cluster.apply([server('near', 'a', { labels: { tier: 'none' } })]);
  await until('those of the service that asks for it end', () => holder.told.length === 6);
  const ended = holder.told.filter(({ state }) => state === 'ended');
  t.same(ended.map(({ address }) => address).sort(), [...resetting].sort());
  t.same(
    ended.map(({ code }) => code),
    ['ECONNABORTED', 'ECONNABORTED'],
  );
  const agent = agentOf(cluster, 'a');
  const wouldEnd = (await agent.post('/v1/services/shop%2Fplain/reset', { 'dry-run': true })) as Report;
  t.equal(wouldEnd.connections, 2, 'the other service’s went on');
  t.equal(
    wouldEnd.backends.reduce((sum, one) => sum + one[kind], 0),
    2,
    `they are ${kind}`,
  );
  t.same(((await agent.post('/v1/services/shop%2Fplain/reset')) as Report).problems, []);
  await until('now they end as well', () => holder.told.length === 8);
  t.same(
    holder.told.slice(6).map(({ state, code }) => `${state} ${code}`),
    ['ended ECONNABORTED', 'ended ECONNABORTED'],
  );
}

t.test('connections to removed backends', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, topology());
  const cluster = sandbox.cluster('east');
  const servers = { tier: 'server' };
  await cluster.apply([namespace, asking('resetting', servers), service('plain', servers)]);
  await cluster.apply([server('near', 'a', { labels: servers }), pod('one', 'a')]);
  await cluster.ready();
  await t.test('balanced in their socket', (t) => removal(t, cluster, 'sockets'));

  await t.test('connections were counted for their backend, and for their service', async (t) => {
    await cluster.apply([server('near', 'a', { labels: servers })]);
    const [door = ''] = await addressesOf(cluster, 'plain');
    await until(`${door} is known`, () => reaches(cluster, 'shop/one', door, 80));
    const given = async () => {
      const found = (await agentOf(cluster, 'a').get('/v1/services/shop%2Fplain')) as { backends: { connections: number }[] };
      return found.backends.reduce((sum, { connections }) => sum + connections, 0);
    };
    const before = await given();
    t.ok(before > 0);
    for (let at = 0; at < 5; at += 1) await reaches(cluster, 'shop/one', door, 80);
    t.equal(await given(), before + 5);
    await cluster.node('a').killAgent();
    await cluster.node('a').startAgent(['--socket-lb', 'false']);
    t.equal(await given(), before + 5, 'a new life of the agent goes on counting');
    t.match(await agentOf(cluster, 'a').text('/v1/metrics'), /axoneme_service_connections_total\{namespace="shop",service="plain"\} \d+/);
  });

  await t.test('balanced packet by packet', (t) => removal(t, cluster, 'flows'));
});
