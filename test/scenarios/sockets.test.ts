// Services for processes: their sockets are given a backend before there is a packet, in pods, in pods of the host's network and on the node
// itself; and without that, packet by packet.

import t, { type Test } from 'tap';
import { CONNTRACK_TRANSLATED, REASON_NO_BACKEND, REASON_SERVICE_PORT_UNKNOWN } from '../../orchestrator/datapath/generated/enums.ts';
import type { Flow } from '../../orchestrator/flows/flow.ts';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { agentOf, namespace, pod, reaches, server, service, topology, until } from './outage-world.ts';
import type { Row } from './stage.ts';

t.setTimeout(600_000);

const servers = { tier: 'server' };

async function entriesOf(cluster: RunningCluster, map: string): Promise<{ key: Row; value: Row }[]> {
  return ((await agentOf(cluster, 'a').get(`/v1/maps/${map}`)) as { items: { key: Row; value: Row }[] }).items;
}

/** Flows of node a that were translated packet by packet. */
async function translated(cluster: RunningCluster): Promise<string[]> {
  const flows = await entriesOf(cluster, 'conntrack');
  const found = flows.filter(({ value }) => (value.flags & CONNTRACK_TRANSLATED) !== 0);
  return [...found, ...(await entriesOf(cluster, 'translations'))].map((entry) => JSON.stringify(entry));
}

async function balancing(cluster: RunningCluster): Promise<{ state: string; message: string } | undefined> {
  const { checks } = (await agentOf(cluster, 'a').get('/v1/status')) as { checks: { name: string; state: string; message: string }[] };
  return checks.find(({ name }) => name === 'sockets are balanced');
}

async function addressesOf(cluster: RunningCluster, name: string): Promise<[string, string]> {
  return (await cluster.kube.json('GET', `/api/v1/namespaces/shop/services/${name}`)).spec.clusterIPs;
}

/** Of the node's own network, as a process of its own. */
async function nodeReaches(cluster: RunningCluster, address: string): Promise<boolean> {
  const script = `exec 3<>/dev/tcp/${address}/80; echo hi >&3; head -1 <&3`;
  return (await cluster.node('a').exec(['timeout', '5', 'bash', '-c', script])).status === 0;
}

/** What bash says when it cannot connect, and after how long. */
async function refusal(cluster: RunningCluster, address: string, port: number): Promise<{ says: string; ms: number }> {
  const start = performance.now();
  const { stderr } = await cluster.exec('shop/one', ['timeout', '20', 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`]);
  return { says: stderr, ms: performance.now() - start };
}

/** The last call that was refused. */
async function told(cluster: RunningCluster, address: string): Promise<Flow | undefined> {
  let found: Flow | undefined;
  for await (const line of agentOf(cluster, 'a').lines('/v1/flows', { last: 5_000 })) {
    const { flow } = line as { flow?: Flow };
    if (flow?.verdict === 'DROPPED' && flow.IP.destination === address) found = flow;
  }
  return found;
}

async function restarted(t: Test, cluster: RunningCluster, flags: readonly string[], name: string, act: (t: Test) => Promise<void>) {
  await t.test(name, async (t) => {
    await cluster.node('a').killAgent();
    await cluster.node('a').startAgent(flags);
    await act(t);
  });
}

t.test('services and sockets', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, topology());
  const cluster = sandbox.cluster('east');
  await cluster.apply([
    ...[namespace, service('echo', servers), service('nobody', { app: 'nobody' })],
    ...[server('near', 'a', { labels: servers }), server('far', 'b', { labels: servers })],
    ...[pod('one', 'a'), pod('hosted', 'a', { hostNetwork: true })],
  ]);
  await cluster.ready();
  const [doors, empty] = [await addressesOf(cluster, 'echo'), await addressesOf(cluster, 'nobody')];
  for (const door of doors) await until(`${door} is known`, () => reaches(cluster, 'shop/one', door, 80));

  await t.test('status tells where', async (t) => {
    const found = await balancing(cluster);
    t.match(found, { state: 'ok', message: /^in .*\/axoneme-sandbox-.*\/east\.a$/ });
  });

  await t.test('a connection to a service leaves its pod as one to a backend', async (t) => {
    for (const door of doors) for (let at = 0; at < 10; at += 1) t.ok(await reaches(cluster, 'shop/one', door, 80), door);
    t.same(await translated(cluster), [], 'no flow was translated');
    const flows = (await entriesOf(cluster, 'conntrack')).filter(({ value }) => value.originPackets > 2);
    t.ok(flows.length >= 20, `${flows.length} flows to backends themselves`);
  });

  await t.test('so does one of the host’s network, and of the node itself', async (t) => {
    for (const door of doors) {
      t.ok(await reaches(cluster, 'shop/hosted', door, 80), `a pod of the host's network reaches ${door}`);
      t.ok(await nodeReaches(cluster, door), `a process of the node reaches ${door}`);
    }
    t.same(await translated(cluster), []);
  });

  await t.test('a service that nobody serves refuses at once, and a port that it has not', async (t) => {
    for (const [address, port] of [...empty.map((one) => [one, 80] as const), ...doors.map((one) => [one, 81] as const)]) {
      const { says, ms } = await refusal(cluster, address, port);
      t.match(says, /Connection refused/, `${address} ${port}`);
      t.ok(ms < 5_000, `after ${ms.toFixed()} ms`);
    }
    for (const [address, reason] of [[empty[0], REASON_NO_BACKEND] as const, [doors[1], REASON_SERVICE_PORT_UNKNOWN] as const]) {
      await until(`${address} is told`, async () => (await told(cluster, address)) !== undefined);
      t.match(await told(cluster, address), {
        ...{ drop_reason: reason, traffic_direction: 'EGRESS' },
        source: { namespace: 'shop', pod_name: 'one' },
      });
    }
    t.match(await told(cluster, empty[0]), { destination_service: { namespace: 'shop', name: 'nobody' } });
  });

  await restarted(t, cluster, ['--socket-lb', 'false'], 'without it packets are translated, those of pods', async (t) => {
    t.match(await balancing(cluster), { state: 'ok', message: 'no: --socket-lb false' });
    for (const door of doors) t.ok(await reaches(cluster, 'shop/one', door, 80), door);
    t.ok((await translated(cluster)).length >= 2);
    t.notOk(await nodeReaches(cluster, doors[0]), 'nobody sees those of the node itself');
  });

  await restarted(t, cluster, [], 'and with it again', async (t) => {
    const before = (await translated(cluster)).length;
    for (const door of doors) t.ok(await reaches(cluster, 'shop/one', door, 80), door);
    t.ok(await nodeReaches(cluster, doors[0]));
    t.ok((await translated(cluster)).length <= before, 'nothing new is translated');
  });

  await restarted(t, cluster, ['--cgroup-root', '/tmp'], 'a cgroup that is none is told, and costs sockets only', async (t) => {
    t.match(await balancing(cluster), { state: 'warning', message: /cgroup \/tmp: hook socket_connect4: EBADF/ });
    for (const door of doors) t.ok(await reaches(cluster, 'shop/one', door, 80), door);
  });
});
