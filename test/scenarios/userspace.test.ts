// A node whose packets run through WebAssembly, with its agent and its datapath process ended while connections are open; and services
// where only such a node has to bring them to the datapath: from its own programs, and from outside.

import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { datapathPid } from '../../orchestrator/sandbox/datapath-pid.ts';
import type { ExecProcess } from '../../orchestrator/sandbox/exec.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { Load, namespace, pod, server, topology, unharmed, until } from './outage-world.ts';

t.setTimeout(600_000);

const nodePort = 30_080;
const echo = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'echo', namespace: 'shop' },
  spec: {
    type: 'NodePort',
    selector: { app: 'echo' },
    ipFamilyPolicy: 'PreferDualStack',
    ports: [{ name: 'echo', port: 80, targetPort: 8080, nodePort }],
  },
};
/** Says a line to an address and port, and ends well when it comes back. */
const ask = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port }, () => socket.write('hello\\n'));
  socket.setTimeout(3000, () => socket.destroy(new Error('nothing came back')));
  socket.once('data', (data) => process.exit(String(data) === 'hello\\n' ? 0 : 1));
  socket.on('error', (error) => { console.error(error.message); process.exit(1); });
`;
/** Says a number every 20 ms, and prints each that comes back. */
const talk = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port });
  let next = 0;
  setInterval(() => socket.write(++next + '\\n'), 20);
  socket.on('data', (data) => process.stdout.write(data));
  socket.on('close', () => process.exit(1));
`;

/** The last number that came back, while it lives. */
function heard(talking: ExecProcess): { readonly last: number; readonly hasEnded: boolean } {
  const state = { last: 0, hasEnded: false };
  createInterface({ input: talking.stdout }).on('line', (line) => (state.last = Number(line)));
  void talking.ended.then(() => (state.hasEnded = true));
  return state;
}

t.test('a node in userspace mode', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, topology({ datapath: 'wasm', nodes: [{ name: 'a' }] }));
  const [cluster] = sandbox.clusters;
  const node = cluster.node('a');
  await cluster.apply([namespace, server('echo', 'a'), pod('client', 'a'), echo]);
  await cluster.ready(['shop/echo', 'shop/client']);
  const { spec } = await cluster.kube.json('GET', '/api/v1/namespaces/shop/services/echo');
  const addresses = (await cluster.pods()).find(({ name }) => name === 'echo')?.addresses ?? [];
  const asking = (host: string, port: number) => ['node', '-e', ask, host, `${port}`];

  await t.test('services are reached by pods, by programs of the node and from outside, in both families', async (t) => {
    for (const [at, address] of (spec.clusterIPs as string[]).entries()) {
      await until(`${address} from a pod`, async () => (await cluster.exec('shop/client', asking(address, 80))).status === 0);
      await until(`${address} from the node`, async () => (await node.exec(asking(address, 80))).status === 0);
      const own = node.addresses[at] as string;
      await until(`${own} from the node`, async () => (await node.exec(asking(own, nodePort))).status === 0);
      await until(`${own} from outside`, async () => (await sandbox.world.exec(asking(own, nodePort))).status === 0);
    }
    const [api] = (await cluster.kube.json('GET', '/api/v1/namespaces/default/services/kubernetes')).spec.clusterIPs as string[];
    const tls = `require('node:tls').connect({ host: '${api}', port: 443, rejectUnauthorized: false }, () => process.exit(0)).on('error', () => process.exit(1))`;
    await until('the API from the node', async () => (await node.exec(['node', '-e', tls])).status === 0);
    t.pass('all of them');
  });

  await t.test('an agent that is killed and comes back finds its pods, and connections go on', async (t) => {
    const talking = cluster.spawn('shop/client', ['node', '-e', talk, addresses[0] as string, '8080']);
    t.teardown(() => talking.kill());
    const state = heard(talking);
    await until('the connection is there', () => state.last > 5);
    await node.killAgent();
    const before = state.last;
    await until('it goes on without an agent', () => state.last > before + 20);
    await node.startAgent();
    const after = state.last;
    await until('and with the next one', () => state.last > after + 20);
    await cluster.apply([pod('late', 'a')]);
    await cluster.ready(['shop/late']);
    await until('a pod that comes later', async () => (await cluster.exec('shop/late', asking(addresses[0] as string, 8080))).status === 0);
    t.notOk(state.hasEnded);
  });

  await t.test('an agent killed six times and stopped once under load takes no connection with it, old or new', async (t) => {
    const control = join(dirname(node.socket), 'datapath/control.sock');
    const process = await datapathPid(control);
    const direct = addresses.map((address): [string, number] => [address, 8081]);
    const targets = [...direct, ...(spec.clusterIPs as string[]).map((address): [string, number] => [address, 80])];
    const load = new Load(cluster, 'shop/client', { targets, kept: 100, fresh: 20, pauseMs: 300 });
    await until('100 connections are there', async () => (await load.tell()).kept === 100);
    await load.flows();
    const before = await load.tell();
    for (let time = 0; time < 6; time += 1) {
      await node.restartAgent('SIGKILL');
      // As many answers in this life, and in no life between two of them.
      await load.flows(100);
    }
    await node.restartAgent('SIGTERM');
    await load.flows();
    const after = await load.tell();
    t.equal(after.kept, 100, 'all that were kept are there');
    t.ok(after.made - before.made > 100, 'and others were made all the time');
    const tally = await load.end();
    t.match(tally, unharmed, JSON.stringify(tally));
    t.equal(await datapathPid(control), process, 'the process that packets run in is the same');
  });

  await t.test('a datapath process that is killed is replaced, and connections go on', async (t) => {
    const talking = cluster.spawn('shop/client', ['node', '-e', talk, spec.clusterIP as string, '80']);
    t.teardown(() => talking.kill());
    const state = heard(talking);
    await until('the connection is there', () => state.last > 5);
    await node.killDatapath();
    const after = state.last;
    await until('it goes on with the next process', () => state.last > after + 20);
    t.notOk(state.hasEnded);
  });

  await t.test('a cleanup takes every device, route and table away', async (t) => {
    const look = 'ip -o link; ip -o addr; ip route show table all; ip -6 route show table all; nft list ruleset';
    const state = async () => (await node.exec(['sh', '-c', look])).stdout;
    t.match(await state(), /axoneme_host/);
    await node.killAgent();
    const main = fileURLToPath(new URL('../../orchestrator/main.ts', import.meta.url));
    const flags = ['--state-dir', node.stateDir, '--run-dir', dirname(node.socket), '--cni-conf-dir', '', '--cni-bin-dir', ''];
    const cleaned = await node.exec([process.execPath, main, 'cleanup', ...flags], { timeoutMs: 60_000 });
    t.equal(cleaned.status, 0, cleaned.stderr);
    for (const what of [/the datapath process/, /device axn/, /device axoneme_host/, /route 10\./, /nft table ip6 axoneme_ports/]) {
      t.match(cleaned.stdout, new RegExp(`^removed ${what.source}`, 'm'));
    }
    t.notMatch(await state(), /axoneme|proto 97|10\.11\./);
    const inPod = await cluster.exec('shop/client', ['ip', '-o', 'link']);
    t.match(inPod.stdout, /^1: lo: [^\n]*\n$/);
  });
});
