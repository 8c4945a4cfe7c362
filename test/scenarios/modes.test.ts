// What a node may be told to be otherwise: routing without an overlay, policy that is only watched, that is always or never enforced; and
// what holds in every mode: pods of the host's network, large transfers, errors of ICMP, the node's address towards the world.
import t, { type Test } from 'tap';
import type { Flow } from '../../orchestrator/flows/flow.ts';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import type { RunningSandbox } from '../../orchestrator/sandbox/running-sandbox.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { agentOf, letIn, namespace, path, pod, reaches, server, service, tableOf, topology, until } from './outage-world.ts';

t.setTimeout(1_800_000);

const skip = await sandboxSkip();
const servers = { tier: 'server' };

for (const mode of ['overlay', 'native']) {
  t.test(`with routing mode ${mode}`, { skip }, async (t) => {
    const sandbox = await startSandbox(t, topology({ agentFlags: ['--routing-mode', mode] }));
    const cluster = sandbox.cluster('east');
    await populate(cluster);
    const { one, near, far, teller, hosts } = await addresses(cluster);

    await t.test('policy says who reaches whom, on the same node and the other one', async (t) => {
      const direct = [...near, ...far].map((address) => [address, 8080] as const);
      const doors = (await serviceAddresses(cluster)).map((address) => [address, 80] as const);
      for (const [address, port] of [...direct, ...doors]) {
        await until(`one reaches ${address}`, () => reaches(cluster, 'shop/one', address, port));
      }
      await none(t, cluster, 'stranger', [...near, ...far]);
      await until('the other node tells of it', () => told(cluster, 'b', 'DROPPED', far[0]));
      const names = { source: { pod_name: 'stranger' }, destination: { pod_name: 'far' } };
      t.match(await told(cluster, 'b', 'DROPPED', far[0]), names, 'and knows who it was');
    });

    await t.test('pods have the MTU that the way between nodes leaves them, and packets of that size arrive whole', async (t) => {
      const widthOf = ({ stdout }: { stdout: string }) => Number(/ mtu (\d+) /.exec(stdout)?.[1]);
      const [here, there] = cluster.nodes;
      const way = (await here.exec(['ip', 'route', 'get', there.addresses[0]])).stdout;
      const underlay = widthOf(await here.exec(['ip', '-o', 'link', 'show', / dev (\S+)/.exec(way)?.[1] ?? '']));
      const mtu = widthOf(await cluster.exec('shop/one', ['ip', '-o', 'link', 'show', 'eth0']));
      t.equal(mtu, underlay - (mode === 'overlay' ? 50 : 0));
      const ping = async (address: string, size: number) =>
        cluster.exec('shop/one', ['ping', '-c', '1', '-W', '5', '-M', 'do', '-s', `${size - (address.includes(':') ? 48 : 28)}`, address]);
      for (const address of teller) {
        t.equal((await ping(address, mtu)).status, 0, `${address} takes ${mtu} bytes`);
        const { stdout, stderr } = await ping(address, mtu + 1);
        t.match(stdout + stderr, /message too long|too big/i);
      }
    });

    await t.test('much goes through in one piece, both families, both protocols', async (t) => {
      for (const address of [...near, ...far, '192.0.2.1', '2001:db8::1']) {
        const port = /^192|db8/.test(address) ? '7' : '8080';
        t.same(await flood(cluster, 'one', 'tcp', address, port, 4_000_000), { got: 4_000_000, same: true }, `tcp ${address}`);
        t.same(await flood(cluster, 'one', 'udp', address, port, 6_000), { got: 6_000, same: true }, `udp ${address}`);
      }
    });

    await t.test('errors of ICMP reach who caused them', async (t) => {
      for (const address of [...near, ...far]) {
        t.same(await flood(cluster, 'one', 'udp', address, '99', 10), { error: 'ECONNREFUSED' }, `nobody listens at ${address}`);
      }
      // A packet that a narrow link on the way does not take, and must not be taken apart.
      for (const [index, address] of ['192.0.2.1', '2001:db8::1'].entries()) {
        await narrow(sandbox, address, true);
        const ping = await cluster.exec('shop/one', ['ping', '-c', '2', '-i', '0.2', '-W', '3', '-M', 'do', '-s', '1372', address]);
        t.match(ping.stdout + ping.stderr, index === 0 ? /mtu ?= ?1300/i : /mtu ?[=:] ?1300|too big/i, `${address} is told how much fits`);
        t.same(await flood(cluster, 'one', 'tcp', address, '7', 200_000), { got: 200_000, same: true }, 'and TCP finds its size');
        await narrow(sandbox, address, false);
      }
    });

    await t.test('a pod of the host network is the host', async (t) => {
      for (const [index, address] of hosts.entries()) {
        await until(`one reaches ${address}`, () => reaches(cluster, 'shop/one', address, 8090));
        t.ok(await reaches(cluster, 'shop/hosted', near[index]), 'a pod hears its own host');
        t.ok(await reaches(cluster, 'shop/hosted', teller[index], 9), 'and one that no policy speaks of hears the other host');
      }
      await none(t, cluster, 'hosted', far, 'a policy that does not name the other host keeps it out');
      const pods = (await tableOf(cluster, 'a', 'endpoints')).map(({ pod }) => pod);
      t.ok(pods.includes('shop/one') && !pods.includes('shop/hosted'), 'it is no endpoint');
    });

    await t.test('a kubelet asks pods that hear and call nobody else how they are', async (t) => {
      const { sealed } = await addresses(cluster);
      const [row] = (await tableOf(cluster, 'a', 'endpoints')).filter(({ pod }) => pod === 'shop/sealed');
      t.match(row, { ingress: 'enforced', egress: 'enforced', state: 'ready' });
      await none(t, cluster, 'one', sealed);
      for (const address of sealed) {
        t.equal((await cluster.node('a').exec(['ping', '-c', '1', '-W', '5', address])).status, 0, `${address}: its host is let in`);
      }
      t.notOk(await reaches(cluster, 'shop/sealed', near[0], 8080, 1));
    });

    await t.test('the world sees the address of the node, pods see each other', async (t) => {
      const [node] = cluster.nodes;
      for (const [index, address] of ['192.0.2.1', '2001:db8::1'].entries()) {
        const { stdout } = await cluster.exec('shop/one', ['curl', '-s', '-m', '10', `http://${index === 0 ? address : `[${address}]`}/`]);
        t.equal(JSON.parse(stdout || '{}').peer, node.addresses[index]);
      }
      for (const [index, address] of teller.entries()) {
        const { stdout } = await cluster.exec('shop/one', ['timeout', '5', 'bash', '-c', `cat < /dev/tcp/${address}/9`]);
        t.equal(stdout.trim().replace('::ffff:', ''), one[index], 'no address is changed between pods');
      }
    });

    // Nothing of it depends on the way between nodes.
    if (mode === 'native') await enforcementModes(t, cluster);
  });
}

/** Policy that is watched, always there or never. */
async function enforcementModes(t: Test, cluster: RunningCluster): Promise<void> {
  const { near, far } = await addresses(cluster);
  const stranger = (address: string) => reaches(cluster, 'shop/stranger', address, 8080, 1);
  const states = async (node: string, name: string) =>
    (await tableOf(cluster, node, 'endpoints')).find(({ pod }) => pod === `shop/${name}`) as
      | { ingress: string; egress: string }
      | undefined;

  await t.test('a policy with the annotation passes what it would drop, and tells it with its rule', async (t) => {
    await until('it is enforced', async () => (await states('a', 'near'))?.ingress === 'enforced');
    t.notOk(await stranger(near[0]));
    await cluster.apply([letIn('servers', servers, [{ app: 'one' }], { annotations: { 'axoneme.io/audit': 'true' } })]);
    await until(
      'it is watched',
      async () => (await states('a', 'near'))?.ingress === 'audit' && (await states('b', 'far'))?.ingress === 'audit',
    );
    for (const address of [near[1], far[0]]) t.ok(await stranger(address), address);
    await until('it is told', () => told(cluster, 'b', 'AUDIT', far[0]));
    const names = { source: { pod_name: 'stranger' }, destination: { pod_name: 'far' } };
    t.match(await told(cluster, 'b', 'AUDIT', far[0]), {
      ...names,
      Summary: /would be dropped: policy denied: no ingress rule of shop\/far/,
    });
    await cluster.apply([letIn('strict', { app: 'near' }, [{ app: 'one' }])]);
    await until('another policy without it counts', async () => (await states('a', 'near'))?.ingress === 'enforced');
    t.notOk(await stranger(near[0]), 'a pod is watched only when every policy that selects it asks for it');
    t.ok(await stranger(far[1]));
    await cluster.delete([letIn('strict', {}, [])]);
    await cluster.apply([letIn('servers', servers, [{ app: 'one' }], { annotations: {} })]);
    await until('it is enforced again', async () => (await states('b', 'far'))?.ingress === 'enforced');
    t.notOk(await stranger(far[0]));
  });

  await restarted(t, cluster, ['--policy-audit'], 'a node that only watches drops nothing and tells what it would have', async (t) => {
    await until('it is watched', async () => (await states('a', 'near'))?.ingress === 'audit');
    t.ok(await stranger(near[0]));
    await until('it is told', () => told(cluster, 'a', 'AUDIT', near[0]));
    t.notOk(await stranger(far[0]), 'the other node enforces');
  });

  await restarted(t, cluster, ['--policy-enforcement', 'never'], 'with enforcement "never" every pod is open', async (t) => {
    await until('it is open', async () => (await states('a', 'near'))?.ingress === 'open');
    t.ok(await stranger(near[0]));
    t.notOk(await stranger(far[0]), 'the other node enforces');
  });

  await restarted(t, cluster, ['--policy-enforcement', 'always'], 'with "always" a pod without policies is closed', async (t) => {
    await until('it is enforced', async () => (await states('a', 'stranger'))?.egress === 'enforced');
    t.notOk(await reaches(cluster, 'shop/one', near[0], 8080, 1), 'it may send to nobody');
    t.equal((await cluster.node('a').exec(['ping', '-c', '1', '-W', '5', near[0]])).status, 0, 'its host is let in');
  });

  await restarted(t, cluster, [], 'and as before without the flags', async (t) => {
    await until('it is open', async () => (await states('a', 'stranger'))?.egress === 'open');
    await until('one is let in', () => reaches(cluster, 'shop/one', near[0]));
    t.notOk(await stranger(near[0]));
  });
}

/** Node a with these flags. */
async function restarted(t: Test, cluster: RunningCluster, flags: readonly string[], name: string, act: (t: Test) => Promise<void>) {
  await t.test(name, async (t) => {
    await cluster.node('a').killAgent();
    await cluster.node('a').startAgent(flags);
    await act(t);
  });
}

/** None of them answers; all are asked at once. */
async function none(t: Test, cluster: RunningCluster, from: string, targets: readonly string[], why = 'is kept out'): Promise<void> {
  const reached = await Promise.all(targets.map((address) => reaches(cluster, `shop/${from}`, address, 8080, 1)));
  t.same(
    targets.filter((_, index) => reached[index]),
    [],
    `${from} ${why}`,
  );
}

async function populate(cluster: RunningCluster): Promise<void> {
  const command = ['node', path('echo.mjs'), '8090'];
  const answer = "require('http').createServer((_, answer) => answer.end()).listen(8080, '::')";
  const sealed = pod('sealed', 'a', { command: ['node', '-e', answer] });
  const [main] = sealed.spec.containers;
  const deaf = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deaf', namespace: 'shop' },
    spec: { podSelector: { matchLabels: { app: 'sealed' } }, policyTypes: ['Ingress', 'Egress'] },
  };
  await cluster.apply([
    ...[namespace, service('echo', servers), letIn('servers', servers, [{ app: 'one' }])],
    ...[server('near', 'a', { labels: servers }), server('far', 'b', { labels: servers })],
    ...[pod('one', 'a'), pod('stranger', 'a'), pod('hosted', 'a', { hostNetwork: true, command })],
    deaf,
    { ...sealed, spec: { ...sealed.spec, containers: [{ ...main, readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 } }] } },
    pod('teller', 'b', { command: ['node', '-e', "require('net').createServer((s) => s.end(s.remoteAddress)).listen(9, '::')"] }),
  ]);
  await cluster.ready(undefined, 120_000);
}

async function addresses(cluster: RunningCluster) {
  const pods = await cluster.pods();
  const of = (name: string) => pods.find((one) => one.name === name)?.addresses ?? [];
  return {
    one: of('one'),
    near: of('near'),
    far: of('far'),
    teller: of('teller'),
    sealed: of('sealed'),
    hosts: cluster.node('a').addresses,
  };
}

async function serviceAddresses(cluster: RunningCluster): Promise<readonly string[]> {
  return (await cluster.kube.json('GET', '/api/v1/namespaces/shop/services/echo')).spec.clusterIPs;
}

async function flood(cluster: RunningCluster, from: string, ...[protocol, address, port, bytes]: [string, string, string, number]) {
  const words = [process.execPath, path('flood.mjs'), protocol, address, port, `${bytes}`];
  const { stdout, stderr, status } = await cluster.exec(`shop/${from}`, words, { timeoutMs: 20_000 });
  return stdout === '' ? { status, stderr } : JSON.parse(stdout);
}

/** The last flow to an address with a verdict. */
async function told(cluster: RunningCluster, node: string, verdict: Flow['verdict'], address: string): Promise<Flow | undefined> {
  let found: Flow | undefined;
  for await (const line of agentOf(cluster, node).lines('/v1/flows', { last: 5_000 })) {
    const { flow } = line as { flow?: Flow };
    if (flow?.verdict === verdict && flow.IP.destination === address) found = flow;
  }
  return found;
}

/** The way from the fabric's router to the world takes less, or as much as before. */
async function narrow(sandbox: RunningSandbox, address: string, isNarrow: boolean): Promise<void> {
  const full = `${address}/${address.includes(':') ? 128 : 32}`;
  const route = (await sandbox.exec('fabric', ['ip', '-o', 'route', 'get', address])).stdout;
  const [, via] = / via (\S+)/.exec(route) ?? [];
  const [, device] = / dev (\S+)/.exec(route) ?? [];
  const words = isNarrow ? ['add', full, ...(via ? ['via', via] : []), 'dev', device ?? '', 'mtu', 'lock', '1300'] : ['del', full];
  const { status, stderr } = await sandbox.exec('fabric', ['ip', ...(address.includes(':') ? ['-6'] : []), 'route', ...words]);
  if (status !== 0) throw new Error(stderr);
}
