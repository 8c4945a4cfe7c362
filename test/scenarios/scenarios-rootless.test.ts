// Every scenario as an ordinary user: his sandbox is brought up, used from other processes and taken down without root. With AXONEME_LONG=1
// also in the other order.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { hasRelay } from '../../orchestrator/sandbox/relay.ts';
import { noEtcd } from '../support/etcd.ts';
import { nothing, traceOf } from '../support/leftovers.ts';
import { networkSkip, shell } from '../support/netns.ts';
import { ordinaryUser, runAsOrdinaryUser } from '../support/ordinary-user.ts';
import { testName } from '../support/sandbox.ts';
import { topology, until } from './outage-world.ts';

t.setTimeout(900_000);

const turned = process.env.AXONEME_LONG === '1' ? ['turned'] : [];
const name = testName('rootless');
const folder = mkdtempSync(join(tmpdir(), 'axoneme-rootless-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
chmodSync(folder, 0o777);
writeFileSync(join(folder, 'topology.yaml'), JSON.stringify(topology()));
// The cache is the user's own: that of the checkout is not his to write.
const environment = { AXONEME_SANDBOX_HOME: join(folder, 'home'), NODE_COMPILE_CACHE: join(folder, 'compiled') };
// Where leftovers are looked for.
process.env.AXONEME_SANDBOX_HOME = environment.AXONEME_SANDBOX_HOME;

/** As `sandbox`, of a command that somebody in this process answers. */
async function said(...args: readonly string[]): Promise<string> {
  const [program = '', ...words] = ordinaryUser('orchestrator/main.ts', { environment });
  const child = spawn(program, [...words, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await once(child, 'close');
  return text;
}

/** Of this test's own network, which is the outside of the sandbox; no prefix inside has them. */
const outsideAddresses = ['203.0.113.77', '3fff::77'];
const networkProblem = await networkSkip();
if (networkProblem === false) {
  shell('ip link set lo up');
  for (const address of outsideAddresses) shell(`ip address add ${address} dev lo`);
}

function outsideSkip(): string | false {
  return hasRelay() ? networkProblem : 'slirp4netns is not here (package slirp4netns)';
}

const sandbox = (...args: string[]) => runAsOrdinaryUser('orchestrator/main.ts', ['sandbox', ...args], { environment });

function skip(): string | false {
  if (noEtcd) return noEtcd;
  const { status, stdout, stderr } = runAsOrdinaryUser('test/scenarios/rootless/problem.ts', []);
  return status === 0 ? stdout !== '' && stdout : `no ordinary user can be had here: ${stderr.trim()}`;
}

t.test('an ordinary user has a sandbox of his own', { skip: skip() }, async (t) => {
  t.teardown(() => sandbox('down', name));
  const up = sandbox('up', '--name', name, '--timeout', '300', join(folder, 'topology.yaml'));
  t.match(up, { status: 0, stderr: '', stdout: /^Without root everything runs in namespaces of your own: packets go through WebAssembly/ });
  t.match(up.stdout, /^ +[\d.]+ s +cgroups +can not be made here: /m);
  t.match(up.stdout, /^✓ sandbox \S+ is up after /m);

  t.test('which is found from outside', async (t) => {
    t.match(sandbox('status', name), { status: 0, stdout: / is running in .*✓ east\/b\/agent.*✓ node b /s });
    const inside = sandbox('exec', '--name', name, 'east/a', '--', 'sh', '-c', 'id -u; axoneme status; exit 7');
    t.match(inside, { status: 7, stdout: /^0\nnode a of cluster east: [^\n]* wasm mode/ });
    t.match(sandbox('up', '--name', name), { status: 1, stderr: /is there already/ });
  });

  t.test('whose pods reach the world outside', { skip: outsideSkip() }, async (t) => {
    const server = createServer((socket) => socket.end('from outside\n'));
    await new Promise<void>((resolve) => server.listen(0, '::', resolve));
    t.teardown(() => server.close());
    t.match(up.stdout, /slirp4netns leads to the world outside/);
    const containers = [{ name: 'main', image: 'none', command: ['sleep', 'infinity'] }];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probe', namespace: 'kube-system' },
      spec: { nodeName: 'b', containers },
    };
    writeFileSync(join(folder, 'probe.yaml'), JSON.stringify(pod));
    t.equal(sandbox('apply', '--name', name, '-c', 'east', '-f', join(folder, 'probe.yaml')).status, 0);
    const { port } = server.address() as AddressInfo;
    for (const place of ['east/a', 'east/kube-system/probe']) {
      for (const address of outsideAddresses) {
        const words = ['timeout', '20', 'bash', '-c', `cat < /dev/tcp/${address}/${port}`];
        const hears = async () => (await said('sandbox', 'exec', '--name', name, place, '--', ...words)) === 'from outside\n';
        await until(`${place} ${address}`, hears);
      }
    }
  });

  const [program = '', ...words] = ordinaryUser('test/scenarios/rootless/player.ts', { environment });
  await t.spawn(program, [...words, name, ...turned], { timeout: 900_000 }, 'scenarios');

  t.test('and of which nothing is left', async (t) => {
    t.not(traceOf(name).processes.length, 0, 'its processes are seen');
    t.match(sandbox('down', name), { status: 0, stdout: `sandbox ${name} is gone\n` });
    t.same(traceOf(name), nothing);
    t.notOk(existsSync(environment.AXONEME_SANDBOX_HOME));
  });
});
