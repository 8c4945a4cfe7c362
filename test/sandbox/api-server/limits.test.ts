// Limits: many watches, watchers that do not read, clients that go away; TLS; against a real etcd.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { noEtcd, startEtcd } from '../../support/etcd.ts';
import { type Cluster, configMap, send, startCluster } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';

t.setTimeout(900_000);

t.test('watches beyond the limit are answered 429, and room is made by those that end', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { limits: { watches: 20 } });
  const watching = Array.from({ length: 20 }, () => cluster.watch(`${maps}?watch=true`));
  for (const one of watching) await one.until(() => one.code === 200);
  const refused = await cluster.send('GET', `${maps}?watch=true`);
  t.equal(refused.code, 429);
  t.match(refused.body, { kind: 'Status', reason: 'TooManyRequests' });
  t.equal(refused.headers['retry-after'], '1');
  watching[0].close();
  await sleep(100);
  const next = cluster.watch(`${maps}?watch=true`);
  await next.until(() => next.code === 200);
});

/** A program of this folder, and what it says, line by line. */
function program(t: Test, path: string, ...args: string[]): { readonly pid: number; next(): Promise<string> } {
  const file = fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { pid: child.pid!, next: async () => String((await lines.next()).value) };
}

const memoryOf = (pid: number) => 1024 * Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout);

const mostFiles = Number(spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim().replace('unlimited', 'Infinity'));
const fewFiles = mostFiles < 10_500 && `a process may open only ${mostFiles} files here`;

t.test('ten thousand watches of one kind are told by one watch of the store, and cost little', { skip: noEtcd || fewFiles }, async (t) => {
  const count = 10_000;
  const etcd = await startEtcd(t);
  const server = program(t, './server-process.ts', etcd.endpoints[0]);
  const url = await server.next();
  const { hostname, port } = new URL(url);
  const { body } = await send(url, 'GET', maps);
  const path = `${maps}?watch=true&resourceVersion=${body.metadata.resourceVersion}`;
  const before = memoryOf(server.pid);
  const watchers = program(t, './watchers.ts', hostname, port, path, String(count), 'seen-by-all');
  t.equal(await watchers.next(), `answered ${count}`);
  await send(url, 'POST', maps, { body: configMap('seen-by-all') });
  t.equal(await watchers.next(), `heard ${count}`);
  const each = (memoryOf(server.pid) - before) / count;
  t.ok(each < 80_000, `${Math.round(each)} bytes of memory for each`);
  const metrics = await fetch(`${etcd.server.url}/metrics`).then((response) => response.text());
  const ofStore = Number(/^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(metrics)?.[1]);
  t.ok(ofStore >= 1 && ofStore <= 3, `${ofStore} watches of the store`);
  t.equal((await send(url, 'GET', path)).code, 429, 'one more is one too many');
});

t.test('a watcher that does not read is sent away, and nobody else waits for it', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { limits: { watchBacklog: 256 * 1024 } });
  const { hostname, port } = new URL(cluster.url);
  const idle = connect(Number(port), hostname);
  t.teardown(() => idle.destroy());
  idle.on('error', () => {});
  idle.pause();
  idle.write(`GET ${maps}?watch=true HTTP/1.1\r\nhost: x\r\n\r\n`);
  const reading = cluster.watch(`${maps}?watch=true`);
  await reading.until(() => reading.code === 200);
  const filler = 'x'.repeat(200_000);
  for (let index = 0; index < 60; index += 1) await cluster.send('POST', maps, { body: configMap(`m${index}`, { filler }) });
  await reading.until(() => reading.events.length === 60);
  t.notOk(reading.ended, 'the one that reads has heard everything');
  let heard = '';
  const cut = new Promise((resolve) => idle.once('close', resolve));
  idle.on('data', (chunk) => {
    heard += String(chunk);
  });
  idle.resume();
  idle.end();
  await cut;
  const events = heard.match(/"type":"ADDED"/g)?.length ?? 0;
  t.ok(events < 60, `${events} of 60 changes were kept for it`);
  t.match(heard, /"type":"ERROR".*"code":410/);
});

/** A client that has asked and then reads nothing; the server may still cut it off. */
function frozen(cluster: Cluster, path: string, t: Test): void {
  const { hostname, port } = new URL(cluster.url);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  socket.pause();
  socket.on('error', () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
}

t.test('clients that freeze while they are told what is there are cut off, and nobody waits for them', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { limits: { stall: 1000 } });
  // More than the system itself keeps for a connection.
  const filler = 'x'.repeat(700_000);
  for (let index = 0; index < 20; index += 1) await cluster.send('POST', maps, { body: configMap(`m${index}`, { filler }) });
  for (const path of [maps, `${maps}?watch=true`]) frozen(cluster, path, t);
  await sleep(300);
  const started = performance.now();
  t.equal((await cluster.send('GET', `${maps}/m1`)).code, 200);
  t.ok(performance.now() - started < 1000);
  const end = Date.now() + 10_000;
  // This test's own client keeps one for its next request.
  while ((await cluster.connections()) > 1 && Date.now() < end) await sleep(100);
  t.ok((await cluster.connections()) <= 1);
});

t.test('many watchers that freeze share what waits for them', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { limits: { stall: 2000 } });
  const path = `${maps}?watch=true`;
  for (let index = 0; index < 100; index += 1) frozen(cluster, path, t);
  while (cluster.watches() < 100) await sleep(20);
  const reading = cluster.watch(path);
  await reading.until(() => reading.code === 200);
  const filler = 'x'.repeat(400_000);
  const before = process.memoryUsage.rss();
  let slowest = 0;
  let most = before;
  for (let index = 0; index < 20; index += 1) {
    const started = performance.now();
    await cluster.send('POST', maps, { body: configMap(`m${index}`, { filler }) });
    await reading.until(() => reading.events.length > index);
    most = Math.max(most, process.memoryUsage.rss());
    slowest = Math.max(slowest, performance.now() - started);
  }
  const grown = (most - before) / 1e6;
  t.ok(grown < 250, `${Math.round(grown)} MB for what would be 800 MB`);
  t.ok(slowest < 3000, `${Math.round(slowest)} ms until the one that reads has heard of a change`);
  // Whether anything moves is looked at twice.
  const end = Date.now() + 15_000;
  while (cluster.watches() > 1 && Date.now() < end) await sleep(50);
  await cluster.send('POST', maps, { body: configMap('last') });
  await reading.until(() => reading.story.includes('ADDED last'));
  t.equal(cluster.watches(), 1, 'only the one that reads is left');
});

t.test('a watcher that reads slowly, but reads, is not taken for one that has frozen', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { limits: { stall: 700, watchBacklog: 1e9 } });
  const { hostname, port } = new URL(cluster.url);
  const slow = connect(Number(port), hostname);
  slow.on('error', () => {});
  // One piece at a time: there is always something that waits.
  slow.on('data', () => slow.pause());
  const reading = setInterval(() => slow.resume(), 25);
  t.teardown(() => {
    clearInterval(reading);
    slow.destroy();
  });
  slow.write(`GET ${maps}?watch=true HTTP/1.1\r\nhost: x\r\n\r\n`);
  while (cluster.watches() < 1) await sleep(10);
  const filler = 'x'.repeat(700_000);
  await Promise.all(Array.from({ length: 30 }, (_, index) => cluster.send('POST', maps, { body: configMap(`m${index}`, { filler }) })));
  for (let index = 0; index < 15; index += 1) {
    await cluster.send('POST', maps, { body: configMap(`s${index}`) });
    await sleep(100);
  }
  t.equal(cluster.watches(), 1);
});

t.test('a request that does not arrive is not waited for', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { limits: { stall: 500 } });
  const { hostname, port } = new URL(cluster.url);
  for (const begun of ['GET /api', `POST ${maps} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`]) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {}).resume();
    socket.write(begun);
    const drip = setInterval(() => socket.write(' '), 100);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
  }
  t.equal((await cluster.send('GET', maps)).code, 200);
});

t.test('a client that goes away in the middle of its body harms nobody', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const { hostname, port } = new URL(cluster.url);
  for (let index = 0; index < 20; index += 1) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(`POST ${maps} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"metadata"`);
    await sleep(5);
    socket.destroy();
  }
  t.equal((await cluster.send('GET', maps)).code, 200);
});

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

t.test('over TLS it shows the certificate that it was given', { skip: noEtcd || noOpenssl }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-api-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const { status } = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    ...subject,
    '-keyout',
    keyFile,
    '-out',
    certificateFile,
  ]);
  t.equal(status, 0);
  const [key, certificate] = [keyFile, certificateFile].map((file) => readFileSync(file, 'utf8'));
  const cluster = await startCluster(t, { listen: { tls: { key, certificate } } });
  t.match(cluster.url, /^https:/);
  const code = await new Promise((resolve, reject) => {
    secureRequest(`${cluster.url}${maps}`, { ca: certificate }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  t.equal(code, 200);
});
