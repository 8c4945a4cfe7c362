// A sandbox from its start to its end: nodes, pods and the world, its parts that come and go, its commands, and that nothing is left.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { endSandbox } from '../../orchestrator/sandbox/end.ts';
import { attachSandbox, openSandbox } from '../../orchestrator/sandbox/open.ts';
import { readRecord } from '../../orchestrator/sandbox/record.ts';
import type { RunningSandbox } from '../../orchestrator/sandbox/running-sandbox.ts';
import type { Progress } from '../../orchestrator/sandbox/sandbox.ts';
import { nothing, traceOf } from '../support/leftovers.ts';
import { sandboxSkip, startSandbox, testName } from '../support/sandbox.ts';

t.setTimeout(900_000);

const skip = await sandboxSkip();
const main = fileURLToPath(new URL('../../orchestrator/main.ts', import.meta.url));

const readme = fileURLToPath(new URL('../../README.md', import.meta.url));

const pod = (name: string, nodeName: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { nodeName, terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'none', command: ['sleep', 'infinity'] }] },
});

const axoneme = (words: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'sandbox', ...words], { input, encoding: 'utf8' });
  return { status, stdout, stderr };
};

const fabricOf = (name: string): number => readRecord(name)!.plan.fabric;

t.test('a sandbox of two nodes', { skip, timeout: 600_000 }, async (t) => {
  const progress: Progress[] = [];
  const sandbox = await startSandbox(
    t,
    { clusters: [{ name: 'east', nodes: [{ name: 'a' }, { name: 'b' }] }] },
    { progress: (one) => progress.push(one) },
  );
  const east = sandbox.cluster('east');
  const fabric = fabricOf(sandbox.name);
  t.match(
    progress.map(({ part, message }) => `${part}: ${message}`),
    [/^fabric: 2 nodes/, /^east: etcd and API/],
  );
  await east.apply([pod('one', 'a'), pod('two', 'b')]);
  await east.ready(['one', 'two'], 60_000);
  const addressesOf = async (name: string) => (await east.pods()).find((one) => one.name === name)!.addresses;

  t.test('programs run in its places, with their input, output and status', async (t) => {
    t.same(await east.exec('one', ['sh', '-c', 'cat; echo told >&2; exit 3'], { input: 'said' }), {
      status: 3,
      stdout: 'said',
      stderr: 'told\n',
    });
    t.equal((await east.exec('one', ['hostname'])).stdout, 'one\n');
    t.equal((await sandbox.exec('east/default/two', ['hostname'])).stdout, 'two\n');
    t.match((await sandbox.exec('east/b', ['ip', '-br', 'address'])).stdout, new RegExp(`172\\.31\\.${fabric}\\.11/24`));
    t.match((await sandbox.exec('world', ['ip', '-br', 'address'])).stdout, /192\.0\.2\.1\/32/);
    t.equal((await east.exec('one', ['no-such-program'])).status, 127);
    t.equal((await east.exec('one', ['sh', '-c', 'echo $WORD'], { env: { WORD: 'set' } })).stdout, 'set\n');
    await t.rejects(sandbox.exec('east/default/three', ['true']), { code: 'SANDBOX_UNKNOWN' });
    await t.rejects(sandbox.exec('east/c', ['true']), { code: 'SANDBOX_UNKNOWN', message: /no node "c": there are a, b/ });
    await t.rejects(sandbox.exec('west/a', ['true']), { code: 'SANDBOX_UNKNOWN' });
  });

  t.test('its operator says of a policy whether it is valid', async (t) => {
    const kind = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy' };
    const policy = { ...kind, metadata: { name: 'open', namespace: 'default' }, spec: { endpointSelector: {}, ingress: [{}] } };
    await east.apply([policy]);
    const path = '/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies/open';
    let conditions: { type: string; status: string }[] = [];
    for (let left = 600; left > 0 && conditions.length === 0; left -= 1) {
      conditions = (await east.kube.json('GET', path)).status?.conditions ?? [];
      if (conditions.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    t.match(conditions, [{ type: 'Valid', status: 'True' }]);
    await east.delete([policy], { wait: true });
  });

  t.test('agents have the rights that the README names, and no others', async (t) => {
    const ask =
      "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline | grep -q ' agent --node-nam[e] a ' && grep -h CapEff $p/status; done; true";
    const rights = (await sandbox.exec('east/a', ['sh', '-c', ask])).stdout.match(/[0-9a-f]{16}/g) ?? [];
    const numbers: Record<string, bigint> = { CAP_NET_ADMIN: 12n, CAP_NET_RAW: 13n, CAP_SYS_PTRACE: 19n, CAP_SYS_ADMIN: 21n };
    const named = readFileSync(readme, 'utf8').match(/CAP_[A-Z_]+/g) ?? [];
    const documented = [...new Set(named)].reduce((all, name) => all | (1n << numbers[name]!), 0n);
    t.same([...new Set(rights)], [documented.toString(16).padStart(16, '0')]);
  });

  t.test('a program that is killed, or takes too long, is gone from the pod', async (t) => {
    const sleepers = async () => (await east.exec('one', ['sh', '-c', 'ps -eo args | grep -c "^sleep 4[2]"'])).stdout.trim();
    const killed = east.spawn('one', ['sh', '-c', 'echo up; exec sleep 42']);
    await once(killed.stdout, 'data');
    t.equal(await sleepers(), '1');
    killed.kill();
    t.equal(await killed.ended, 137);
    t.equal((await east.exec('one', ['sleep', '42'], { timeoutMs: 200 })).status, 137);
    const begun = Date.now();
    t.equal((await east.exec('one', ['sh', '-c', 'sleep 42; true'], { timeoutMs: 200 })).status, 137);
    t.ok(Date.now() - begun < 10_000, 'and what it had started itself');
    const stop = new AbortController();
    const stopped = east.spawn('one', ['sleep', '42'], { signal: stop.signal });
    stop.abort();
    await stopped.ended;
    t.equal(await sleepers(), '0');
  });

  t.test('pods reach each other and the world, in both families', async (t) => {
    for (const address of await addressesOf('two')) {
      t.equal((await east.exec('one', ['ping', '-c', '1', '-W', '5', address])).status, 0, address);
    }
    for (const [url, peer] of [
      ['http://192.0.2.1', `172.31.${fabric}.10`],
      ['http://198.51.100.77:8080', `172.31.${fabric}.10`],
      ['http://[2001:db8::1]', `fd31:${fabric}::10`],
    ]) {
      const { stdout } = await east.exec('one', ['curl', '-sm', '5', url]);
      t.equal(JSON.parse(stdout || '{}').peer, peer, `${url} is told the node's address`);
    }
  });

  t.test('the world tells and echoes, over TCP and UDP', async (t) => {
    const script = `
      const [family, address] = process.argv.slice(1);
      const socket = require('node:dgram').createSocket(family);
      socket.on('message', (text, from) => { process.stdout.write(text + ' ' + from.address); socket.close(); });
      socket.send('hello', 7, address);`;
    const { addresses } = sandbox.world;
    for (const address of addresses) {
      const family = address.includes(':') ? 'udp6' : 'udp4';
      const { stdout } = await sandbox.exec('a', [process.execPath, '-e', script, family, address], { timeoutMs: 5_000 });
      t.equal(stdout, `hello ${address}`);
    }
    const tell = ['bash', '-c', 'cat < /dev/tcp/198.51.100.200/9'];
    t.match((await sandbox.exec('a', tell)).stdout, new RegExp(`^172\\.31\\.${fabric}\\.10 \\d+\\n$`));
    t.equal((await sandbox.exec('a', ['bash', '-c', 'exec 3<>/dev/tcp/192.0.2.9/7; echo hi >&3; head -1 <&3'])).stdout, 'hi\n');
  });

  t.test('an agent that is killed stays away until it is started; one that ends by itself comes back', async (t) => {
    const node = east.node('a');
    await node.killAgent();
    const [address] = await addressesOf('two');
    t.equal((await east.exec('one', ['ping', '-c', '1', '-W', '5', address])).status, 0, 'packets do not need it');
    const stateOf = () => {
      const { parts } = JSON.parse(axoneme(['status', sandbox.name, '-o', 'json']).stdout);
      return parts.find(({ name }: { name: string }) => name === 'east/a/agent');
    };
    t.match(stateOf(), { state: 'stopped', ended: 'ended by SIGKILL' });
    await node.startAgent();
    const { pid, restarts } = stateOf();
    t.equal(restarts, 0);
    await sandbox.exec('fabric', ['kill', '-9', `${pid}`]);
    for (let attempt = 0; attempt < 100 && stateOf().restarts === 0; attempt += 1) await new Promise((done) => setTimeout(done, 50));
    t.match(stateOf(), { restarts: 1 });
  });

  t.test('its API and etcd may go and come back', async (t) => {
    await east.stopApi();
    await t.rejects(east.pods(), { code: 'SANDBOX_FAILED' });
    await east.startApi();
    t.equal((await east.pods()).filter(({ namespace }) => namespace === 'default').length, 2);
    await east.stopEtcd();
    await east.startEtcd();
    t.match(await east.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: after}}'), [{ outcome: 'created' }]);
  });

  t.test('its commands do what the library does', async (t) => {
    const named = ['--name', sandbox.name];
    t.equal(axoneme(['exec', ...named, 'east/default/one', '--', 'sh', '-c', 'exit 7']).status, 7);
    t.equal(axoneme(['exec', ...named, 'default/one', 'hostname']).stdout, 'one\n');
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: told}\n';
    t.equal(axoneme(['apply', ...named, '-f', '-'], yaml).stdout, 'configmap/told created\n');
    t.match(axoneme(['apply', ...named, '-f', '-'], 'kind: ['), { status: 1, stderr: /standard input:1:7/ });
    t.equal(axoneme(['kubeconfig', ...named, 'east']).stdout, readFileSync(east.kubeconfig, 'utf8'));
    t.match(axoneme(['logs', ...named, 'east/b/agent']).stdout, /"room":"agent"/);
    t.match(axoneme(['logs', ...named, 'east/nobody']), { status: 1, stderr: /nobody called "east\/nobody"/ });
    const told = axoneme(['status', sandbox.name]).stdout;
    for (const line of [/✓ east\/etcd +running/, /✓ node a /, /✓ pod +default\/two +Running on b/]) t.match(told, line);
    t.match(axoneme(['status', 'nobody']), { status: 1, stderr: /no "nobody"/ });
    t.match(axoneme(['up', '--name', sandbox.name]), { status: 1, stderr: /is there already/ });
  });

  await t.test('another one beside it has a network of its own, and its end leaves the first alone', async (t) => {
    const other = await startSandbox(t, { clusters: [{ name: 'east', nodes: [{ name: 'a' }] }] }, { waitForPods: false });
    t.not(fabricOf(other.name), fabric);
    t.same((await attachSandbox(other.name)).clusters[0].nodes[0].addresses[0], `172.31.${fabricOf(other.name)}.10`);
    await killed(t, other);
    t.equal((await east.exec('one', ['true'])).status, 0);
  });

  await t.test('nothing of it is left when it is taken down', async (t) => {
    const before = traceOf(sandbox.name, fabric);
    for (const [kind, found] of Object.entries(before)) if (kind !== 'mounts') t.ok(found.length > 0, `${kind} are seen`);
    await sandbox.down();
    t.same(traceOf(sandbox.name, fabric), nothing);
  });
});

/** Killed as a whole, without a chance to clean up. */
async function killed(t: Test, sandbox: RunningSandbox): Promise<void> {
  const { name } = sandbox;
  const record = readRecord(name)!;
  process.kill(record.first!.pid, 'SIGKILL');
  for (let attempt = 0; attempt < 200 && traceOf(name).processes.length > 0; attempt += 1)
    await new Promise((done) => setTimeout(done, 20));
  t.same(traceOf(name).processes, [], 'its processes end with the first');
  await t.rejects(attachSandbox(name), { code: 'SANDBOX_FAILED', message: /does not run any more/ });
  t.ok(await endSandbox(name));
  t.same(traceOf(name, record.plan.fabric), nothing);
}

t.test('a part that does not start is named, with what it said last, and nothing is left', { skip, timeout: 900_000 }, async (t) => {
  const name = testName('broken');
  const topology = { clusters: [{ name: 'east', nodes: [{ name: 'a', agentFlags: ['--no-such-flag'] }] }] };
  const opening = openSandbox(topology, { name, tied: true, timeoutMs: 120_000 });
  await t.rejects(opening, { code: 'SANDBOX_FAILED', message: /east\/a\/agent: ended with status \d+.*no-such-flag/s });
  t.same(traceOf(name), nothing);
});

t.test('what is no name is refused: it would be part of a path', async (t) => {
  for (const name of ['..', '', 'a/b', '../x', 'A', '-a', 'x'.repeat(80)]) {
    await t.rejects(endSandbox(name), { code: 'USAGE_INVALID' }, name);
    t.throws(() => readRecord(name), { code: 'USAGE_INVALID' });
  }
  t.equal(await endSandbox(testName('nobody')), false);
});

t.test('manifests that can not be read are told before anything is started', { skip }, async (t) => {
  const name = testName('unreadable');
  const topology = { clusters: [{ name: 'east', nodes: [{ name: 'a' }], manifests: ['no-such-file.yaml'] }] };
  await t.rejects(openSandbox(topology, { name }), { code: 'MANIFEST_REFUSED', message: /no-such-file\.yaml/ });
  t.same(traceOf(name), nothing);
});

t.test('a sandbox that is tied ends with its opener, even when that is killed', { skip, timeout: 900_000 }, async (t) => {
  const name = testName('tied');
  const script = `
    import { openSandbox } from ${JSON.stringify(new URL('../../orchestrator/sandbox/open.ts', import.meta.url).href)};
    const topology = { clusters: [{ name: 'east', nodes: [{ name: 'a' }] }] };
    await openSandbox(topology, { name: ${JSON.stringify(name)}, tied: true, timeoutMs: 120_000, waitForPods: false });
    console.log('up');
    setInterval(() => {}, 1000);`;
  const opener = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => opener.kill('SIGKILL'));
  t.teardown(() => endSandbox(name));
  await once(opener.stdout, 'data');
  opener.kill('SIGKILL');
  for (let attempt = 0; attempt < 200 && traceOf(name).processes.length > 0; attempt += 1)
    await new Promise((done) => setTimeout(done, 20));
  t.same(traceOf(name).processes, []);
  await endSandbox(name);
  t.same(traceOf(name), nothing);
});
