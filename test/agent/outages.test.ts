// A real agent in a sandbox through what happens to agents: killed, alone without the API server and etcd, started anew meanwhile. What is in
// force stays in force, connections live on, and everything comes when everybody is back.

import t from 'tap';
import type { RunningSandbox } from '../../orchestrator/sandbox/running-sandbox.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';

t.setTimeout(600_000);

const server = "require('http').createServer((q, s) => s.end('hi')).listen(8080)";
/** Connections that are used all the time; tells at the end what became of them. */
const load = `
const net = require('net');
let answers = 0, resets = 0, silent = 0;
for (let i = 0; i < 40; i++) {
  const socket = net.connect(8080, process.argv[1]);
  let asked = 0, answered = 0;
  const ask = () => { asked++; socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); };
  socket.on('connect', ask);
  socket.on('data', () => { answers++; answered++; setTimeout(ask, 50); });
  socket.on('error', () => resets++);
  socket.on('close', () => resets++);
  setTimeout(() => { if (asked - answered > 1 || answered === 0) silent++; }, Number(process.argv[2]) - 500);
}
setTimeout(() => { console.log(JSON.stringify({ answers, resets, silent })); process.exit(); }, Number(process.argv[2]));
`;

const pod = (name: string, node: string, command: readonly string[]) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app: name } },
  spec: { nodeName: node, containers: [{ name: 'c', image: 'none', command }] },
});
const policy = (from: readonly string[]) => ({
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumNetworkPolicy',
  metadata: { name: 'db', namespace: 'shop' },
  spec: {
    endpointSelector: { matchLabels: { app: 'db' } },
    ingress: [{ fromEndpoints: from.map((app) => ({ matchLabels: { app } })) }],
  },
});

async function answers(sandbox: RunningSandbox, from: string, address: string): Promise<boolean> {
  const { status } = await sandbox.exec(from, ['curl', '-s', '-m', '2', '-o', '/dev/null', `http://${address}:8080/`]);
  return status === 0;
}

async function until(what: string, holds: () => Promise<boolean>, ms = 30_000): Promise<void> {
  for (const end = Date.now() + ms; !(await holds()); ) if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
}

t.test('an agent that is killed, and a cluster that is away', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, { clusters: [{ name: 'east', nodes: [{ name: 'a' }] }] });
  const cluster = sandbox.cluster('east');
  const node = cluster.node('a');
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }]);
  const sleep = ['sleep', 'infinity'];
  await cluster.apply([pod('web', 'a', sleep), pod('other', 'a', sleep), pod('db', 'a', ['node', '-e', server]), policy(['web'])]);
  await cluster.ready();
  const address = (await cluster.pods()).find(({ name }) => name === 'db')?.addresses[0] as string;
  await until(
    'web is let in and other is not',
    async () => (await answers(sandbox, 'east/shop/web', address)) && !(await answers(sandbox, 'east/shop/other', address)),
  );

  await t.test('killed under load, it takes nothing with it', async (t) => {
    const ms = 20_000;
    const loading = cluster.exec('shop/web', ['node', '-e', load, address, `${ms}`]);
    for (let time = 0; time < 3; time += 1) await node.restartAgent();
    t.equal(await answers(sandbox, 'east/shop/other', address), false, 'who was kept out is kept out');
    const { stdout } = await loading;
    const told = JSON.parse(stdout);
    t.match(told, { resets: 0, silent: 0 }, stdout.trim());
    t.ok(told.answers > 400, stdout.trim());
  });

  await t.test('alone, and killed meanwhile, it keeps everything as it was', async (t) => {
    await cluster.stopApi();
    await cluster.stopEtcd();
    await node.killAgent();
    t.equal(await answers(sandbox, 'east/shop/web', address), true, 'without an agent');
    t.equal(await answers(sandbox, 'east/shop/other', address), false);
    const starting = node.startAgent();
    starting.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    t.equal(await answers(sandbox, 'east/shop/web', address), true, 'with an agent that nobody tells anything');
    t.equal(await answers(sandbox, 'east/shop/other', address), false);
    await cluster.startEtcd();
    await cluster.startApi();
    await starting;
    await until('the API takes changes', () =>
      cluster.apply([policy(['other'])]).then(
        () => true,
        () => false,
      ),
    );
    await until('the change is in force', async () => await answers(sandbox, 'east/shop/other', address));
    await until('and the other half of it', async () => !(await answers(sandbox, 'east/shop/web', address)));
  });

  await t.test('a new pod gets its number when etcd is back, and is closed until then', async (t) => {
    await cluster.stopEtcd();
    await cluster.startEtcd();
    await until('a pod of a new kind starts', () =>
      cluster.apply([pod('late', 'a', sleep), policy(['late'])]).then(
        () => true,
        () => false,
      ),
    );
    await cluster.ready(['shop/late']);
    await until('it is let in', () => answers(sandbox, 'east/shop/late', address));
    t.pass('it is let in');
  });
});
