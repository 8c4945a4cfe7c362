// Credentials as files and as the library reads them: what a request carries, and what is said of what can't be used.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import t from 'tap';
import { Counts } from '../../../orchestrator/sources/kubernetes/counts.ts';
import { openCredentials } from '../../../orchestrator/sources/kubernetes/credentials.ts';
import { linesOf } from '../../../orchestrator/sources/kubernetes/lines.ts';
import { readPlainConfig } from '../../../orchestrator/sources/kubernetes/plain-config.ts';
import { Transport } from '../../../orchestrator/sources/kubernetes/transport.ts';
import { realClock } from '../../../orchestrator/state/clock.ts';
import { follow, plainCredentials } from './follower.ts';
import { HostileServer, sendStatus } from './hostile-server.ts';

function folder(t: { teardown(act: () => unknown): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'kube-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function kubeconfig(server: string, user: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user }],
  });
}

t.test('a token file of a kubeconfig is read for every request', async (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'token'), 'first\n');
  writeFileSync(join(path, 'config'), kubeconfig('https://192.0.2.1:6443', { tokenFile: join(path, 'token') }));
  const credentials = await openCredentials({ kubeconfig: join(path, 'config') });
  t.teardown(() => credentials.close());
  t.equal(credentials.server.href, 'https://192.0.2.1:6443/');
  const first = await credentials.options();
  t.match(first.headers, { Authorization: 'Bearer first' });
  writeFileSync(join(path, 'token'), 'second');
  const second = await credentials.options();
  t.match(second.headers, { Authorization: 'Bearer second' });
  t.equal(first.agent, second.agent, 'connections are kept');
  rmSync(join(path, 'token'));
  await t.rejects(credentials.options(), { code: 'KUBE_CONFIG_INVALID', message: /token/ });
});

t.test('the service account of a pod is found where pods have it', async (t) => {
  const path = folder(t);
  const account = join(path, 'var/run/secrets/kubernetes.io/serviceaccount');
  mkdirSync(account, { recursive: true });
  writeFileSync(join(account, 'token'), 'pod-token');
  writeFileSync(join(account, 'ca.crt'), 'authority');
  process.env.KUBERNETES_SERVICE_HOST = 'fd00::1';
  process.env.KUBERNETES_SERVICE_PORT = '443';
  t.teardown(() => {
    delete process.env.KUBERNETES_SERVICE_HOST;
    delete process.env.KUBERNETES_SERVICE_PORT;
  });
  const credentials = await openCredentials({ serviceAccount: path });
  t.teardown(() => credentials.close());
  t.equal(credentials.server.host, '[fd00::1]');
  const before = await credentials.options();
  t.match(before.headers, { Authorization: 'Bearer pod-token' });
  t.equal(String(before.ca), 'authority');
  writeFileSync(join(account, 'ca.crt'), 'another');
  t.not((await credentials.options()).agent, before.agent, 'another authority needs other connections');
});

t.test('a plain kubeconfig carries what the library would send; others are left to it', async (t) => {
  const path = folder(t);
  const at = (cluster: object, user: object, name = 'config') => {
    const config = JSON.parse(kubeconfig('https://192.0.2.1:6443', { ...user }));
    Object.assign(config.clusters[0].cluster, cluster);
    writeFileSync(join(path, name), JSON.stringify(config));
    return join(path, name);
  };
  for (const name of ['ca', 'crt', 'key']) writeFileSync(join(path, name), `content of ${name}`);
  const data = (name: string) => Buffer.from(`content of ${name}`).toString('base64');
  const cases = [
    at({ 'certificate-authority': 'ca' }, { 'client-certificate': 'crt', 'client-key': join(path, 'key') }),
    at(
      { 'certificate-authority-data': data('ca'), 'tls-server-name': 'api' },
      { token: 't', 'client-certificate-data': data('crt'), 'client-key-data': data('key') },
      'data',
    ),
    at({ 'insecure-skip-tls-verify': true }, { token: 't' }, 'careless'),
  ];
  for (const file of cases) {
    const library = new KubeConfig();
    library.loadFromFile(file);
    const options: RequestOptions = {};
    await library.applyToHTTPSOptions(options as never);
    const { ca, cert, key, servername, headers, rejectUnauthorized } = options;
    const plain = readPlainConfig(file, undefined)!.options();
    const bytes = (value: unknown) => (value === undefined || value === null ? undefined : String(value));
    t.same([plain.ca, plain.cert, plain.key].map(bytes), [ca, cert, key].map(bytes));
    t.same({ ...plain.headers }, { ...headers });
    t.same([plain.servername, plain.rejectUnauthorized], [servername, rejectUnauthorized]);
  }
  const others = [at({ 'proxy-url': 'http://a' }, {}), at({}, { exec: {} }, 'b'), at({}, { username: 'u', password: 'p' }, 'c')];
  t.same(
    others.map((file) => readPlainConfig(file, undefined)),
    [undefined, undefined, undefined],
  );
  t.equal(readPlainConfig(others[0], 'two'), undefined);
});

t.test('what cannot be used is said with its name', async (t) => {
  const path = folder(t);
  const at = (text: string) => {
    writeFileSync(join(path, 'config'), text);
    return { kubeconfig: join(path, 'config') };
  };
  await t.rejects(openCredentials({ kubeconfig: join(path, 'missing') }), { code: 'KUBE_CONFIG_INVALID', message: /missing.*ENOENT/ });
  await t.rejects(openCredentials(at('{')), { code: 'KUBE_CONFIG_INVALID' });
  await t.rejects(openCredentials(at('{}')), { code: 'KUBE_CONFIG_INVALID' });
  await t.rejects(openCredentials({ ...at(kubeconfig('https://a', {})), context: 'two' }), { message: /no such context: "two"/ });
  await t.rejects(openCredentials(at(kubeconfig('nowhere', {}))), { message: /not a url: "nowhere"/ });
});

t.test('a server that refuses says why, and one that is not there is named', async (t) => {
  const server = new HostileServer();
  await server.start();
  const signal = new AbortController().signal;
  const path = folder(t);
  writeFileSync(join(path, 'config'), kubeconfig(server.url, { token: 'mine' }));
  const credentials = await openCredentials({ kubeconfig: join(path, 'config') });
  const transport = new Transport({ credentials, clock: realClock, counts: new Counts() });
  server.intercept = (_url, answer) => {
    sendStatus(answer, 403, 'Forbidden', 'pods is forbidden: User "x" cannot list');
    return true;
  };
  await t.rejects(transport.json({ path: '/api/v1/pods', signal }), {
    code: 'KUBE_REFUSED',
    status: 403,
    reason: 'Forbidden',
    message: 'kubernetes api: get /api/v1/pods: pods is forbidden: User "x" cannot list',
  });
  t.equal(server.tokens[0], 'Bearer mine');
  server.intercept = (_url, answer) => {
    answer.end('<html>');
    return true;
  };
  await t.rejects(transport.json({ path: '/api/v1/pods', signal }), { code: 'KUBE_ANSWER_INVALID', message: /not json: "<html>"/ });
  transport.close();
  await server.stop();
  await t.rejects(transport.json({ path: '/api/v1/pods', signal }), { code: 'KUBE_UNAVAILABLE', message: /ECONNREFUSED/ });
});

t.test('a request that is not answered ends by its deadline, and by its signal', async (t) => {
  const server = new HostileServer();
  await server.start();
  t.teardown(() => server.stop());
  server.intercept = () => true;
  const transport = new Transport({ credentials: plainCredentials(server.url), clock: realClock, counts: new Counts() });
  const signal = new AbortController().signal;
  await t.rejects(transport.json({ path: '/x', signal, deadlineMs: 30 }), { code: 'KUBE_TIMEOUT', message: /no answer in 30 ms/ });
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 30);
  await t.rejects(transport.json({ path: '/x', signal: stopping.signal }), { code: 'KUBE_UNAVAILABLE' });
});

t.test('lines may come in any pieces, but not be longer than they may', async (t) => {
  const text = '{"a":"ä"}\n\n{"b":2}\n{"c":"€"}\n';
  const bytes = Buffer.from(text);
  for (const size of [1, 2, 3, 7, 100]) {
    const lines: string[] = [];
    for await (const bundle of linesOf(pieces(bytes, size), 100, 'x')) lines.push(...bundle.map(String));
    t.same(lines, ['{"a":"ä"}', '{"b":2}', '{"c":"€"}']);
  }
  const read = async (bytes: Buffer, most: number) => {
    const lines: string[] = [];
    for await (const bundle of linesOf(pieces(bytes, 4), most, 'x')) lines.push(...bundle.map(String));
    return lines;
  };
  await t.rejects(read(Buffer.from(`${'x'.repeat(11)}\n`), 10), { code: 'KUBE_ANSWER_INVALID', message: /longer than 10 bytes/ });
  t.same(await read(Buffer.from(`${'x'.repeat(10)}\n`), 10), ['x'.repeat(10)]);
  await t.rejects(read(Buffer.from('{"a":1}\n{"b"'), 100), { code: 'KUBE_UNAVAILABLE', message: /ended within a line/ });
});

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

t.test('a watch whose token runs out in the middle goes on with a new one, where it was', async (t) => {
  const server = new HostileServer();
  await server.start();
  t.teardown(() => server.stop());
  server.put('first');
  let [held, valid] = ['old', 'old'];
  const credentials = {
    ...plainCredentials(server.url),
    options: async () => ({ headers: { Authorization: held } }),
    renew: async () => {
      held = valid;
    },
  };
  server.intercept = (_url, answer, request) => {
    if (request.headers.authorization === valid) return false;
    sendStatus(answer, 401, 'Unauthorized', 'Unauthorized');
    return true;
  };
  const { sink, counts, until } = follow(t, server, { credentials });
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  valid = 'new';
  for (const watch of server.watches) {
    watch.send('ERROR', { kind: 'Status', status: 'Failure', message: 'the token has run out', reason: 'Unauthorized', code: 401 });
    watch.end();
  }
  server.watches.clear();
  server.put('second');
  await until('told', () => sink.objects.has('shop/second') && sink.isSynced);
  t.equal(server.count('list'), 1);
  t.equal(counts.get('renewal'), 1);
  t.match(sink.reasons, [/the token has run out/]);
});
