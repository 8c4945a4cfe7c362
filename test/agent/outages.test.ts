// A real agent in a sandbox through what happens to agents: killed, alone without the API server and etcd, started anew meanwhile. What is in
// force stays in force, connections live on, and everything comes when everybody is back.
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { openClient } from '../../orchestrator/api/client.ts';
import type { RunningSandbox } from '../../orchestrator/sandbox/running-sandbox.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';

t.setTimeout(600_000);

const server = "require('http').createServer((q, s) => s.end('hi')).listen(8080)";
/** Connections that are used all the time until its input ends; tells then what became of them, each having been answered or waited for. */
const load = `
const net = require('net');
const most = 60000;
let isOver = false, answers = 0, resets = 0, silent = 40;
const end = () => { console.log(JSON.stringify({ answers, resets, silent })); process.exit(); };
for (let i = 0; i < 40; i++) {
  const socket = net.connect(8080, process.argv[1]);
  const ask = () => {
    if (!isOver) return socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n');
    silent--;
    if (silent === 0) end();
  };
  socket.on('connect', ask);
  socket.on('data', () => { answers++; setTimeout(ask, 50); });
  socket.on('error', () => resets++);
  socket.on('close', () => resets++);
}
process.stdin.on('end', () => { isOver = true; setTimeout(end, most); }).resume();
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

async function answers(sandbox: RunningSandbox, from: string, address: string, seconds = 20): Promise<boolean> {
  const { status } = await sandbox.exec(from, ['curl', '-s', '-m', `${seconds}`, '-o', '/dev/null', `http://${address}:8080/`]);
  return status === 0;
}

/** What is dropped is never answered: there is no need to wait for it long. */
async function isKeptOut(sandbox: RunningSandbox, from: string, address: string): Promise<boolean> {
  return !(await answers(sandbox, from, address, 2));
}

/** An agent answers there, whatever it says. */
function isThere(socket: string): Promise<boolean> {
  return openClient({ socket })
    .get('/v1/status')
    .then(
      () => true,
      () => false,
    );
}

async function until(what: string, holds: () => Promise<boolean>, ms = 120_000): Promise<void> {
  for (const end = Date.now() + ms; !(await holds()); await sleep(50)) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
  }
}

t.test('an agent that is killed, and a cluster that is away', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, { clusters: [{ name: 'east', nodes: [{ name: 'a' }] }] });
  const cluster = sandbox.cluster('east');
  const node = cluster.node('a');
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }]);
  const idle = ['sleep', 'infinity'];
  await cluster.apply([pod('web', 'a', idle), pod('other', 'a', idle), pod('db', 'a', ['node', '-e', server]), policy(['web'])]);
  await cluster.ready();
  const address = (await cluster.pods()).find(({ name }) => name === 'db')?.addresses[0] as string;
  await until(
    'web is let in and other is not',
    async () => (await answers(sandbox, 'east/shop/web', address)) && (await isKeptOut(sandbox, 'east/shop/other', address)),
  );

  await t.test('killed under load, it takes nothing with it', async (t) => {
    const loading = cluster.spawn('shop/web', ['node', '-e', load, address], { timeoutMs: 0 });
    const told = text(loading.stdout);
    for (let time = 0; time < 3; time += 1) await node.restartAgent();
    t.ok(await isKeptOut(sandbox, 'east/shop/other', address), 'who was kept out is kept out');
    loading.stdin.end();
    t.match(JSON.parse(await told), { resets: 0, silent: 0 }, (await told).trim());
    t.ok(JSON.parse(await told).answers > 400, 'and answers came all the time');
  });

  await t.test('alone, and killed meanwhile, it keeps everything as it was', async (t) => {
    await cluster.stopApi();
    await cluster.stopEtcd();
    await node.killAgent();
    t.equal(await answers(sandbox, 'east/shop/web', address), true, 'without an agent');
    t.ok(await isKeptOut(sandbox, 'east/shop/other', address));
    const starting = node.startAgent();
    starting.catch(() => {});
    await until('the new life answers', () => isThere(node.socket));
    t.equal(await answers(sandbox, 'east/shop/web', address), true, 'with an agent that nobody tells anything');
    t.ok(await isKeptOut(sandbox, 'east/shop/other', address));
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
    await until('and the other half of it', async () => await isKeptOut(sandbox, 'east/shop/web', address));
  });

  await t.test('a new pod gets its number when etcd is back, and is closed until then', async (t) => {
    await cluster.stopEtcd();
    await cluster.startEtcd();
    await until('a pod of a new kind starts', () =>
      cluster.apply([pod('late', 'a', idle), policy(['late'])]).then(
        () => true,
        () => false,
      ),
    );
    await cluster.ready(['shop/late']);
    await until('it is let in', () => answers(sandbox, 'east/shop/late', address));
    t.pass('it is let in');
  });
});
