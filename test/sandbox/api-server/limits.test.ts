// Limits: many watches, watchers that do not read, clients that go away; TLS; against a real etcd.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { configMap, startCluster } from './cluster.ts';

const maps = '/api/v1/namespaces/default/configmaps';

t.setTimeout(180_000);

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

t.test('a thousand watches of one kind are told by one watch of the store', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const watching = Array.from({ length: 1000 }, () => cluster.watch(`${maps}?watch=true`));
  for (const one of watching) await one.until(() => one.code === 200);
  await cluster.send('POST', maps, { body: configMap('seen-by-all') });
  for (const one of watching) await one.until(() => one.events.length > 0);
  t.same(new Set(watching.map(({ story }) => story.join())), new Set(['ADDED seen-by-all']));
  const metrics = await fetch(`${cluster.etcd.server.url}/metrics`).then((response) => response.text());
  const watchers = Number(/^etcd_debugging_mvcc_watcher_total (\d+)/m.exec(metrics)?.[1]);
  t.ok(watchers >= 1 && watchers <= 3, `${watchers} watches of the store`);
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
