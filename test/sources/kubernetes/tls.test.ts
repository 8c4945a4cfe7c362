// The source over TLS: against the API server of the sandbox with its tokens, and with a front that wants certificates of its clients.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import t from 'tap';
import { openApiServer } from '../../../orchestrator/sandbox/api-server/server.ts';
import { Counts } from '../../../orchestrator/sources/kubernetes/counts.ts';
import { type CredentialsSource, openCredentials } from '../../../orchestrator/sources/kubernetes/credentials.ts';
import { Reflector } from '../../../orchestrator/sources/kubernetes/reflector.ts';
import { resources } from '../../../orchestrator/sources/kubernetes/resource.ts';
import { Transport } from '../../../orchestrator/sources/kubernetes/transport.ts';
import { realClock } from '../../../orchestrator/state/clock.ts';
import { type Cluster, pod, startCluster } from '../../sandbox/api-server/cluster.ts';
import { Authority, noOpenssl } from '../../support/certificates.ts';
import { noEtcd } from '../../support/etcd.ts';
import { Memory } from './follower.ts';

t.setTimeout(900_000);

type End = { teardown(act: () => unknown): void };

/** Follows pods in real time, with credentials as they are read. */
async function follow(t: End, source: CredentialsSource, watchMs = 2_000) {
  const credentials = await openCredentials(source);
  const counts = new Counts();
  const sink = new Memory();
  const transport = new Transport({ credentials, clock: realClock, counts });
  const limits = { backoffMinMs: 20, backoffMaxMs: 200, healthyMs: 100, watchMinMs: watchMs, watchMaxMs: watchMs };
  const reflector = new Reflector({ transport, resource: resources.pods, sink, clock: realClock, counts, limits, initialEvents: false });
  const stopping = new AbortController();
  const running = reflector.run({ signal: stopping.signal });
  t.teardown(async () => {
    stopping.abort();
    await running;
    transport.close();
  });
  return { sink, counts };
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + 15_000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`still not so: ${what}`);
    await sleep(10);
  }
}

t.test('the source over TLS', { skip: noEtcd || noOpenssl }, async (t) => {
  const authority = new Authority(t);
  const { certificate, key } = authority.issue('server', 'kube-apiserver');
  const tls = { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
  const plain: Cluster = await startCluster(t);
  const valid = new Set<string>();
  const asked: string[] = [];
  const secure = await openApiServer({
    store: plain.store,
    listen: { tls },
    authenticate(token) {
      asked.push(token);
      return valid.has(token) ? 'agent' : undefined;
    },
  });
  t.teardown(() => secure.close());
  const folder = mkdtempSync(join(tmpdir(), 'kube-tls-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const made = { count: 0 };
  const make = async (): Promise<string> => {
    const name = `pod-${made.count++}`;
    await plain.send('POST', '/api/v1/namespaces/default/pods', { body: pod(name) });
    return `default/${name}`;
  };
  await make();
  const kubeconfig = (name: string, cluster: Record<string, unknown>, user: Record<string, unknown>): CredentialsSource => {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'one',
      contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: secure.url, 'certificate-authority': authority.ca, ...cluster } }],
      users: [{ name: 'u', user }],
    };
    writeFileSync(join(folder, name), JSON.stringify(config));
    return { kubeconfig: join(folder, name) };
  };

  t.test('a server whom the authority of the kubeconfig vouches for is believed, and no other', async (t) => {
    valid.add('mine');
    const { sink } = await follow(t, kubeconfig('token', {}, { token: 'mine' }));
    await until('synced', () => sink.isSynced);
    const data = readFileSync(authority.ca).toString('base64');
    const inline = await follow(
      t,
      kubeconfig('inline', { 'certificate-authority': undefined, 'certificate-authority-data': data }, { token: 'mine' }),
    );
    await until('synced', () => inline.sink.isSynced);
    const other = await openCredentials(
      kubeconfig('other', { 'certificate-authority': new Authority(t, 'another').ca }, { token: 'unsent' }),
    );
    const transport = new Transport({ credentials: other, clock: realClock, counts: new Counts() });
    t.teardown(() => transport.close());
    const signal = new AbortController().signal;
    await t.rejects(transport.json({ path: '/api/v1/pods', signal }), { code: 'KUBE_UNAVAILABLE', message: /certificate|SELF_SIGNED/ });
    t.notOk(asked.includes('unsent'), 'nobody else sees the token');
  });

  t.test('a client certificate is shown, and another one when its files were exchanged', async (t) => {
    const seen: string[] = [];
    const front = createServer(
      { cert: tls.certificate, key: tls.key, ca: readFileSync(authority.ca), requestCert: true, rejectUnauthorized: true },
      (ask, answer) => {
        seen.push(String((ask.socket as TLSSocket).getPeerCertificate().subject.CN));
        const passed = request(new URL(ask.url ?? '/', plain.url), { headers: ask.headers }, (upstream) => {
          answer.writeHead(upstream.statusCode ?? 502, upstream.headers);
          answer.flushHeaders();
          upstream.pipe(answer);
        });
        passed.on('error', () => answer.destroy());
        answer.on('close', () => passed.destroy());
        passed.end();
      },
    );
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      front.closeAllConnections();
      front.close();
    });
    const server = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
    const [own, ownKey] = [join(folder, 'own.crt'), join(folder, 'own.key')];
    const take = (name: string) => {
      const issued = authority.issue('client', name);
      writeFileSync(ownKey, readFileSync(issued.key));
      writeFileSync(own, readFileSync(issued.certificate));
    };
    take('node-1');
    const { sink, counts } = await follow(t, kubeconfig('files', { server }, { 'client-certificate': own, 'client-key': ownKey }), 1_000);
    await until('synced', () => sink.isSynced);
    t.same(new Set(seen), new Set(['node-1']));
    take('node-1-renewed');
    await until('shown', () => seen.at(-1) === 'node-1-renewed');
    const key = await make();
    await until('told', () => sink.objects.has(key));
    t.equal(counts.get('list'), 1);
    t.notOk(sink.told.includes('lost'), 'nobody noticed');
  });

  t.test('the token of a pod is exchanged under it, and an old one refused in the middle is renewed without a list', async (t) => {
    const account = join(folder, 'pod', 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(account, { recursive: true });
    writeFileSync(join(account, 'ca.crt'), readFileSync(authority.ca));
    writeFileSync(join(account, 'token'), 'first');
    valid.add('first');
    const { port } = new URL(secure.url);
    Object.assign(process.env, { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port });
    t.teardown(() => {
      delete process.env.KUBERNETES_SERVICE_HOST;
      delete process.env.KUBERNETES_SERVICE_PORT;
    });
    const { sink, counts } = await follow(t, { serviceAccount: join(folder, 'pod') }, 1_000);
    await until('synced', () => sink.isSynced);
    writeFileSync(join(account, 'token'), 'second');
    valid.add('second');
    valid.delete('first');
    const key = await make();
    await until('told by the watch that began with the old one', () => sink.objects.has(key));
    await until('used', () => asked.at(-1) === 'second');
    valid.delete('second');
    await until('refused', () => counts.get('failure') >= 2);
    const later = await make();
    writeFileSync(join(account, 'token'), 'third');
    valid.add('third');
    await until('told', () => sink.objects.has(later) && sink.isSynced);
    t.equal(counts.get('list'), 1);
    t.ok(counts.get('failure') < 20, `${counts.get('failure')} failures`);
  });

  t.test('a command that says who we are is asked once, and again when its answer is refused', async (t) => {
    const [script, log, now] = [join(folder, 'login.sh'), join(folder, 'asked'), join(folder, 'current')];
    writeFileSync(
      script,
      `#!/bin/sh\necho "$1 $SETTING" >> ${log}\necho '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$(cat ${now})'"}}'\n`,
    );
    writeFileSync(log, '');
    writeFileSync(now, 'exec-1');
    valid.add('exec-1');
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: '/bin/sh',
      args: [script, 'login'],
      env: [{ name: 'SETTING', value: 'set' }],
      interactiveMode: 'Never',
    };
    for (let i = 0; i < 3; i += 1) await make();
    const { sink, counts } = await follow(t, kubeconfig('exec', {}, { exec }), 1_000);
    await until('synced', () => sink.isSynced);
    const times = () => readFileSync(log, 'utf8').split('\n').filter(Boolean);
    await until('watched again', () => counts.get('watch') >= 3);
    t.same(times(), ['login set'], 'once for all requests');
    writeFileSync(now, 'exec-2');
    valid.add('exec-2');
    valid.delete('exec-1');
    await until('asked again', () => asked.at(-1) === 'exec-2');
    const key = await make();
    await until('told', () => sink.objects.has(key));
    t.equal(times().length, 2);
    t.equal(counts.get('renewal'), 1);
    t.equal(counts.get('list'), 1);
    writeFileSync(script, '#!/bin/sh\necho no ticket >&2; exit 3\n');
    const broken = await openCredentials(kubeconfig('exec-broken', {}, { exec }));
    t.teardown(() => broken.close());
    await t.rejects(broken.options(), { code: 'KUBE_CONFIG_INVALID', message: /no ticket/ });
  });

  t.test('a login is renewed before it runs out and when it is refused, with the refresh token that came last', async (t) => {
    const asks: string[] = [];
    let made = 0;
    const jwt = (seconds: number) => {
      made += 1;
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${part({ alg: 'none' })}.${part({ exp: Math.floor(Date.now() / 1000) + seconds, jti: made })}.sign`;
    };
    const issuer = createServer({ cert: tls.certificate, key: tls.key }, async (ask, answer) => {
      const pieces: Buffer[] = [];
      for await (const piece of ask) pieces.push(piece);
      const form = new URLSearchParams(Buffer.concat(pieces).toString());
      answer.setHeader('content-type', 'application/json');
      if (ask.url === '/realm/.well-known/openid-configuration') {
        answer.end(JSON.stringify({ token_endpoint: `${url}/token` }));
        return;
      }
      asks.push(
        `${form.get('grant_type')} ${form.get('refresh_token')} ${Buffer.from(ask.headers.authorization?.slice(6) ?? '', 'base64')}`,
      );
      if (form.get('refresh_token') !== `refresh-${asks.length}`) {
        answer.statusCode = 400;
        answer.end('{"error":"invalid_grant","error_description":"it was used already"}');
        return;
      }
      const token = jwt(3600);
      valid.add(token);
      answer.end(JSON.stringify({ id_token: token, refresh_token: `refresh-${asks.length + 1}` }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      issuer.closeAllConnections();
      issuer.close();
    });
    const url = `https://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
    const first = jwt(29);
    const config = {
      'idp-issuer-url': `${url}/realm`,
      'idp-certificate-authority': authority.ca,
      'client-id': 'kube',
      'client-secret': 'hidden',
      'id-token': first,
      'refresh-token': 'refresh-1',
    };
    const user = (more: object) => ({ 'auth-provider': { name: 'oidc', config: { ...config, ...more } } });
    const still = jwt(100);
    const valued = await openCredentials(kubeconfig('oidc-valid', {}, user({ 'id-token': still })));
    t.teardown(() => valued.close());
    t.match((await valued.options()).headers, { Authorization: `Bearer ${still}` });
    t.same(asks, [], 'what is good for long enough is not renewed');
    const { sink, counts } = await follow(t, kubeconfig('oidc', {}, user({})), 1_000);
    await until('synced', () => sink.isSynced);
    await until('watched again', () => counts.get('watch') >= 3);
    t.same(asks, ['refresh_token refresh-1 kube:hidden'], 'once for all requests');
    valid.clear();
    const key = await make();
    await until('told', () => counts.get('renewal') > 0 && asks.length === 2 && sink.objects.has(key));
    t.equal(asks[1], 'refresh_token refresh-2 kube:hidden');
    t.equal(counts.get('list'), 1);
    const spent = await openCredentials(kubeconfig('oidc-spent', {}, user({})));
    t.teardown(() => spent.close());
    await t.rejects(spent.options(), { code: 'KUBE_REFUSED', message: /oidc: 127.*it was used already/ });
    const without = await openCredentials(kubeconfig('oidc-without', {}, user({ 'refresh-token': undefined })));
    t.teardown(() => without.close());
    await t.rejects(without.options(), { code: 'KUBE_CONFIG_INVALID', message: /nothing to renew it with/ });
  });
});
