// A node that is given what it cannot use: objects that nobody checked, addresses that two claim, files that were spoilt, a disk without room,
// maps that are not its own, a process without rights, a runtime that says nonsense. It says what is wrong; nobody else suffers.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import type { RunningNode } from '../../orchestrator/sandbox/running-node.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { etcdctl, Load, letIn, namespace, pod, reaches, server, tableOf, topology, unharmed, until } from './outage-world.ts';

t.setTimeout(1_800_000);

const servers = { tier: 'server' };

t.test('bad input', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, topology({ nodes: [{ name: 'a' }] }));
  const cluster = sandbox.cluster('east');
  const node = cluster.node('a');
  await cluster.apply([
    ...[namespace, letIn('servers', servers, [{ app: 'one' }])],
    ...[server('near', 'a', { labels: servers }), server('victim', 'a'), pod('one', 'a'), pod('stranger', 'a')],
  ]);
  await cluster.ready(undefined, 120_000);
  const [near4, near6] = await addressesOf(cluster, 'near');
  const [victim4] = await addressesOf(cluster, 'victim');
  const isServed = async () => (await reaches(cluster, 'shop/one', near4)) && (await reaches(cluster, 'shop/one', near6));
  const isDenied = async () => !(await reaches(cluster, 'shop/stranger', near4, 8080, 1));
  await until('one is let in', isServed);
  await until('and stranger is not', isDenied);
  /** All the time, whatever happens: connections that go on, and new ones. */
  const load = new Load(cluster, 'shop/one', {
    targets: [near4, near6].map((address): [string, number] => [address, 8081]),
    kept: 4,
    fresh: 4,
  });
  /** After a message, nobody else is worse off. */
  const othersAreWell = async (t: Test) => {
    t.same(await Promise.all([isServed(), isDenied()]), [true, true], 'one is let in as before, and stranger is not');
  };

  await t.test('an object that nobody checked is rejected by name, and the others count', async (t) => {
    const keys = (await etcdctl(cluster, 'get', '--prefix', '--keys-only', '/')).split('\n');
    const keyOf = (end: string) => keys.find((key) => key.endsWith(end)) ?? '';
    const [policies, pods] = [dirname(keyOf('/shop/servers')), dirname(keyOf('/shop/near'))];
    const put = (key: string, object: object) => etcdctl(cluster, 'put', key, JSON.stringify(object));
    const metadata = (name: string) => ({ metadata: { name, namespace: 'shop', uid: `0000-${name}`, generation: 1 } });
    await put(`${policies}/odd-port`, {
      ...metadata('odd-port'),
      spec: {
        endpointSelector: { matchLabels: { app: 'victim' } },
        ingress: [{ toPorts: [{ ports: [{ port: '99999', protocol: 'TCP' }] }] }],
      },
    });
    await put(`${policies}/no-shape`, { ...metadata('no-shape'), spec: ['what', 3, null] });
    await put(`${pods}/no-pod`, { ...metadata('no-pod'), spec: { nodeName: 'a', containers: 7 }, status: 'gone' });
    const conditions = async (name: string) => {
      const row = (await tableOf(cluster, 'a', 'policies')).find(({ policy }) => `${policy}`.endsWith(`/shop/${name}`));
      return `${row?.conditions}`;
    };
    for (const name of ['odd-port', 'no-shape']) await until(`${name} is refused`, async () => /Valid=False/.test(await conditions(name)));
    t.match(await conditions('odd-port'), /DeniedByDefault.*ingress\[0\]\.toPorts\[0\].*99999/, 'with the field and the value');
    t.match(await conditions('no-shape'), /NothingReadable.*spec/);
    const [pod] = (await tableOf(cluster, 'a', 'pods')).filter((row) => row.pod === 'shop/no-pod');
    t.match(pod, { rejected: /containers/ });
    t.notOk(await reaches(cluster, 'shop/one', victim4, 8080, 1), 'what can be read of it closes its pods and opens none');
    await othersAreWell(t);
    await cluster.apply([letIn('servers', servers, [{ app: 'one' }, { app: 'stranger' }])]);
    await until('changes still arrive', async () => !(await isDenied()));
    await cluster.apply([letIn('servers', servers, [{ app: 'one' }])]);
    for (const key of [`${policies}/odd-port`, `${policies}/no-shape`, `${pods}/no-pod`]) await etcdctl(cluster, 'del', key);
    await until('and are taken back', isDenied);
  });

  await t.test('an address that somebody else claims stays with the pod that has it here', async (t) => {
    const key = `axoneme/state/ip/v1/default/${near4}`;
    const [{ identity }] = (await tableOf(cluster, 'a', 'endpoints')).filter((row) => row.pod === 'shop/stranger');
    const host = '172.32.0.1';
    const claim = { IP: near4, Mask: null, HostIP: host, ID: identity, K8sNamespace: 'other', K8sPodName: 'thief' };
    const nonsense = 'axoneme/state/ip/v1/default/not-an-address';
    await etcdctl(cluster, 'put', nonsense, '{"IP": 7');
    await etcdctl(cluster, 'put', key, JSON.stringify(claim));
    const told = new RegExp(`another node claims the address of a pod here.*${near4}.*${host}`);
    await until('the conflict is told', () => told.test(node.log('agent')));
    await until(
      'the record is put right',
      async () => JSON.parse(await etcdctl(cluster, 'get', key, '--print-value-only')).K8sPodName === 'near',
    );
    t.match(node.log('agent'), /record in the store cannot be read.*not-an-address/);
    await othersAreWell(t);
    await etcdctl(cluster, 'del', nonsense);
  });

  await t.test(
    'files that were spoilt are made anew from their copies; where those are spoilt too, their own pod alone is cut off',
    async (t) => {
      const interfaces = await tableOf(cluster, 'a', 'interfaces');
      const file = (name: string, kind: string) => {
        const { endpoint } = interfaces.find((row) => row.pod === `shop/${name}`) ?? {};
        return join(node.stateDir, 'endpoints', `${endpoint}.${kind}`);
      };
      await node.killAgent();
      for (const path of [file('victim', 'json'), file('victim', 'copy'), file('near', 'json')]) writeFileSync(path, '{"format": 1, "int');
      writeFileSync(join(node.stateDir, 'identities.json'), 'spoilt');
      await node.startAgent();
      await othersAreWell(t);
      const log = node.log('agent');
      t.match(log, new RegExp(`made anew from its copy.*${file('near', 'json')}: not JSON`));
      t.match(log, new RegExp(`${file('victim', 'json')}: not JSON.*its pod has no network until it is started anew: device`));
      t.match(log, /the numbers of an earlier life cannot be read/);
      t.ok(existsSync(`${file('victim', 'json')}.broken`), 'it is kept for the curious');
      t.equal(readFileSync(file('near', 'json'), 'utf8'), readFileSync(file('near', 'copy'), 'utf8'));
      await cluster.delete([server('victim', 'a')], { wait: true });
      await cluster.apply([server('victim', 'a')]);
      await cluster.ready(['shop/victim']);
      const [again] = await addressesOf(cluster, 'victim');
      await until('it is served again', () => reaches(cluster, 'shop/stranger', again));
      t.pass('and has its network again, made anew');
    },
  );

  await t.test('without room on the disk a pod is refused with the reason and nothing of it stays; with room it starts', async (t) => {
    const saved = `${node.stateDir}.saved`;
    const steps = `cp -a '${node.stateDir}' '${saved}' && mount -t tmpfs -o size=128k,mode=700 tmpfs '${node.stateDir}' && cp -a '${saved}/.' '${node.stateDir}/'`;
    t.same((await node.exec(['sh', '-c', steps])).stderr, '');
    await node.exec(['sh', '-c', `cat /dev/zero > '${node.stateDir}/filler'`]);
    const devices = async () =>
      (await node.exec(['ip', '-o', 'link', 'show', 'type', 'veth'])).stdout
        .match(/ axn\w+/g)
        ?.sort()
        .join();
    const before = await devices();
    t.match(before, /axn/);
    await cluster.apply([pod('coming', 'a')]);
    await until('the reason is told', () => /shop\/coming.*no space left/i.test(node.log('kubelet')));
    await othersAreWell(t);
    await until('no device stays', async () => (await devices()) === before);
    await cluster.apply([letIn('servers', servers, [{ app: 'one' }, { app: 'stranger' }])]);
    await until('policy changes even now', async () => !(await isDenied()));
    await cluster.apply([letIn('servers', servers, [{ app: 'one' }])]);
    await node.exec(['rm', `${node.stateDir}/filler`]);
    await cluster.ready(['shop/coming'], 60_000);
    await until('and back', isDenied);
    const back = `cp -a '${node.stateDir}/.' '${saved}/' && umount -l '${node.stateDir}' && cp -a '${saved}/.' '${node.stateDir}/'`;
    t.same((await node.exec(['sh', '-c', back])).stderr, '');
    await othersAreWell(t);
  });

  await t.test('a map that is not its own is left alone, or told when it is in the way', async (t) => {
    const maps = '/sys/fs/bpf/axoneme/maps';
    const names = (await node.exec(['ls', maps])).stdout.split('\n');
    const [metrics, policy] = ['metrics', 'policy'].map((map) => names.find((name) => name.startsWith(`${map}@`)) ?? '');
    await node.killAgent();
    // Hard links: the same map under a name that says nothing, and in the place of another.
    await node.exec([
      'sh',
      '-c',
      `cd ${maps} && ln ${metrics} stranger && ln ${metrics} stranger@0123 && mv ${policy} ../kept && ln ${metrics} ${policy}`,
    ]);
    const { stderr, status } = await runAgent(node);
    t.equal(status, 2);
    t.match(stderr, new RegExp(`^axoneme: map policy: ${maps}/${policy}: what is pinned there is not ours: .* \\(MAP_FOREIGN\\)$`, 'm'));
    await othersAreWell(t);
    await node.exec(['sh', '-c', `cd ${maps} && rm ${policy} && mv ../kept ${policy}`]);
    await node.startAgent();
    await othersAreWell(t);
    t.match((await node.exec(['ls', maps])).stdout, /^stranger$/m);
    await node.exec(['sh', '-c', `cd ${maps} && rm stranger*`]);
  });

  await t.test('a right that the process lacks is named with what it is for', async (t) => {
    const needed = {
      net_admin: /CAP_NET_ADMIN is missing, which is for devices/,
      sys_admin: /CAP_SYS_ADMIN is missing, which is for entering pods' network namespaces/,
    };
    await Promise.all(
      Object.entries(needed).map(async ([right, purpose]) => {
        const { status, stderr } = await runAgent(node, ['setpriv', `--bounding-set=-${right}`]);
        t.match({ status, stderr }, { status: 2, stderr: purpose });
      }),
    );
    // It has touched nothing: the agent that runs beside it goes on.
    await othersAreWell(t);
  });

  await t.test('a node that says it is this one, and a device in the place of the overlay, cut nobody off and are told', async (t) => {
    const { call, input } = runtimeOf(node);
    const latest = JSON.stringify({ ...JSON.parse(input), cniVersion: '1.1.0' });
    t.same(await call('STATUS', latest), { status: 0 });
    const key = 'axoneme/state/nodes/v1/east/ghost';
    const [prefix4, prefix6] = node.podCIDRs;
    const addresses = [...node.addresses, '10.11.0.1'].map((IP, index) => ({ Type: index < 2 ? 'InternalIP' : 'CiliumInternalIP', IP }));
    const ghost = { Name: 'ghost', Cluster: 'east', ClusterID: 1, IPAddresses: addresses, IPv4AllocCIDR: prefix4, IPv6AllocCIDR: prefix6 };
    const device = async (words: string) => t.same((await node.exec(['sh', '-c', words])).stderr, '');
    await device('ip link del axoneme_vxlan && ip link add axoneme_vxlan type veth peer name stranger0');
    await etcdctl(cluster, 'put', key, JSON.stringify(ghost));
    await until('the runtime is told', async () => (await call('STATUS', latest)).code === 51);
    t.match(await call('STATUS', latest), { msg: /overlay axoneme_vxlan: there is a veth of that name that is not ours/ });
    await othersAreWell(t);
    await device('ip link del axoneme_vxlan');
    await etcdctl(cluster, 'del', key);
    await until('and that all is well again', async () => (await call('STATUS', latest)).status === 0);
    t.match((await node.exec(['ip', '-d', 'link', 'show', 'axoneme_vxlan'])).stdout, /vxlan external/);
    await othersAreWell(t);
  });

  await t.test('a runtime that says nonsense is answered in its own form', async (t) => {
    const { call, input } = runtimeOf(node);
    const before = (await tableOf(cluster, 'a', 'interfaces')).length;
    const unknown = await call('ADD', input);
    t.match(unknown, { status: 1, code: 4, msg: /\/proc\/self\/ns\/nothing/, details: 'NETNS_UNKNOWN' });
    t.match(await call('ADD', input.slice(0, -20)), { status: 1, code: 6 }, 'input that ends too early');
    t.match(await call('ADD', ''), { status: 1, code: 6 });
    t.match(await call('ADD', input, { CNI_CONTAINERID: '' }), { status: 1, code: 4 });
    t.match(await call('DEL', input), { status: 0 }, 'what is not there is deleted');
    t.equal((await tableOf(cluster, 'a', 'interfaces')).length, before);
    await othersAreWell(t);
  });

  const tally = await load.end();
  t.match(tally, unharmed, JSON.stringify(tally));
  t.ok(tally.answered > 100);
});

async function addressesOf(cluster: RunningCluster, name: string): Promise<readonly [string, string]> {
  const found = (await cluster.pods()).find((one) => one.name === name);
  return [found?.addresses[0] ?? '', found?.addresses[1] ?? ''];
}

/** What a container runtime finds, and calls. */
function runtimeOf(node: RunningNode) {
  const folder = join(dirname(dirname(node.socket)), 'cni');
  const [file] = readdirSync(join(folder, 'net.d'));
  const { name, cniVersion, plugins } = JSON.parse(readFileSync(join(folder, 'net.d', file as string), 'utf8'));
  const [plugin] = plugins;
  const call = async (command: string, input: string, env: Record<string, string> = {}) => {
    const common = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: 'c0ffee',
      CNI_NETNS: '/proc/self/ns/nothing',
      CNI_IFNAME: 'eth0',
      CNI_PATH: folder,
      CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=ghost',
    };
    const { status, stdout } = await node.exec([join(folder, 'bin', plugin.type)], { input, env: { ...common, ...env } });
    return { status, ...(stdout === '' ? {} : JSON.parse(stdout)) };
  };
  return { call, input: JSON.stringify({ ...plugin, name, cniVersion }) };
}

/** An agent of this node that is expected to end by itself. */
function runAgent(node: RunningNode, words: readonly string[] = []) {
  const main = new URL('../../orchestrator/main.ts', import.meta.url).pathname;
  const flags = [
    '--node-name',
    node.name,
    '--state-dir',
    node.stateDir,
    '--run-dir',
    dirname(node.socket),
    '--cni-conf-dir',
    '',
    '--cni-bin-dir',
    '',
  ];
  return node.exec([...words, process.execPath, main, 'agent', ...flags, '--bpffs', '/sys/fs/bpf/axoneme'], { timeoutMs: 60_000 });
}
