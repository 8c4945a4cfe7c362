// A node that is switched from kernel to userspace mode and back by the command: refused while pods are here, and pods that are made
// afterwards have their network each time, from a node that stays in kernel mode too.
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { agentOf, namespace, path, pod, reaches, server, tableOf, topology, until } from './outage-world.ts';

t.setTimeout(600_000);

const main = fileURLToPath(new URL('../../orchestrator/main.ts', import.meta.url));
/** What one mode makes of devices, tables and pins, and the other does not. */
const look = 'ip -o link | grep -v "^[0-9]*: lo"; nft list ruleset; ls /sys/fs/bpf/axoneme 2>/dev/null; true';
const ofKernel = /axoneme_vxlan|^maps$/m;
const ofUser = /axoneme_host/;

t.test('a node is switched between its modes', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, topology({ nodes: [{ name: 'a' }, { name: 'b', datapath: 'auto' }] }));
  const cluster = sandbox.cluster('east');
  const node = cluster.node('b');
  const switchTo = (mode: string) =>
    node.exec([process.execPath, main, 'node', 'switch-mode', mode, '--socket', node.socket], { timeoutMs: 90_000 });
  const status = async () => (await agentOf(cluster, 'b').get('/v1/status')) as { about: { mode: string; pid: number } };
  const state = async () => (await node.exec(['sh', '-c', look])).stdout;
  const { pid } = (await status()).about;
  await cluster.apply([namespace, server('far', 'a')]);
  await drain(cluster);

  for (const [index, mode] of ['kernel', 'wasm', 'kernel'].entries()) {
    if (index > 0) {
      const done = await switchTo(mode);
      t.equal(done.status, 0, done.stderr);
      t.equal(done.stdout, `node b is in ${mode} mode\n`);
    }
    t.match(await status(), { about: { mode, pid } }, 'the same process');
    await makePods(cluster);
    await talk(t, cluster, mode);
    if (mode === 'wasm') await uncut(t, cluster);
    const [found, wanted, unwanted] = [await state(), ...(mode === 'kernel' ? [ofKernel, ofUser] : [ofUser, ofKernel])] as const;
    t.match(found, wanted);
    t.notMatch(found, unwanted, 'nothing is left of the other mode');

    const other = mode === 'kernel' ? 'wasm' : 'kernel';
    const refused = await switchTo(other);
    t.equal(refused.status, 2);
    t.match(refused.stderr, new RegExp(`pods of this node are in ${mode} mode: shop/one, shop/two: drain this node`));
    t.match(await status(), { about: { mode } });
    t.ok(await reaches(cluster, 'shop/one', (await addressesOf(cluster, 'two'))[0] as string), 'and pods talk on');
    await drain(cluster);
  }

  await t.test('a restarted agent keeps the mode it was switched to', async (t) => {
    t.equal((await switchTo('wasm')).status, 0);
    t.equal((await switchTo('wasm')).stdout, 'node b is in wasm mode already\n');
    await node.restartAgent('SIGKILL');
    t.match(await status(), { about: { mode: 'wasm' } });
    t.notMatch(await state(), ofKernel);
  });
});

async function makePods(cluster: RunningCluster): Promise<void> {
  await cluster.apply([pod('one', 'b'), server('two', 'b')]);
  await cluster.ready(['shop/one', 'shop/two', 'shop/far']);
}

/** Of whatever runs there: names are served by one or the other node. */
async function drain(cluster: RunningCluster): Promise<void> {
  const pods = await cluster.kube.list('/api/v1/pods');
  const there = pods.filter(({ spec }) => spec.nodeName === 'b');
  await cluster.delete(
    there.map(({ metadata: { name, namespace } }) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } })),
  );
  await until('they are gone', async () => (await tableOf(cluster, 'b', 'interfaces')).length === 0);
}

async function talk(t: Test, cluster: RunningCluster, mode: string): Promise<void> {
  for (const name of ['two', 'far']) {
    for (const address of await addressesOf(cluster, name)) {
      await until(`${name} at ${address} in ${mode} mode`, () => reaches(cluster, 'shop/one', address));
    }
  }
  t.pass(`pods talk in ${mode} mode, with those of the other node too`);
}

/** Tells the sizes of ten datagrams, once it has said that it listens. */
const receiver = `
  const sizes = [];
  require('node:dgram').createSocket('udp4').on('message', ({ length }) => {
    if (sizes.push(length) === 10) process.stdout.write(JSON.stringify(sizes), () => process.exit(0));
  }).bind(9999, () => console.log('ready'));
`;

/** What a kernel leaves to a device that is not there between nodes of one host. */
async function uncut(t: Test, cluster: RunningCluster): Promise<void> {
  const receiving = cluster.spawn('shop/one', [process.execPath, '-e', receiver], { timeoutMs: 60_000 });
  t.teardown(() => receiving.kill('SIGKILL'));
  let said = '';
  receiving.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until('it listens', () => said.includes('ready'));
  const [address = ''] = await addressesOf(cluster, 'one');
  const send = [process.execPath, path('../datapath/wasm/uncut.ts'), address, '12000', '1200'];
  // Datagrams may be lost; the kernel's are all or none.
  await until('datagrams that were sent in one call arrive', async () => {
    const { status, stderr } = await cluster.exec('shop/far', send);
    if (status !== 0) throw new Error(stderr);
    return said.includes(']');
  });
  t.same(JSON.parse(said.replace('ready\n', '')), Array(10).fill(1200));
}

async function addressesOf(cluster: RunningCluster, name: string): Promise<readonly string[]> {
  return (await cluster.pods()).find((one) => one.name === name)?.addresses ?? [];
}
