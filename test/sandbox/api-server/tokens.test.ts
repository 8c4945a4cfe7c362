// Who somebody is: tokens of service accounts, for whom and how long they are, and what ends them; reviews; against a real etcd.
import t from 'tap';
import { openApiServer } from '../../../orchestrator/sandbox/api-server/server.ts';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, pod, send, startCluster } from './cluster.ts';

const accounts = '/api/v1/namespaces/default/serviceaccounts';
const pods = '/api/v1/namespaces/default/pods';
const reviewing = '/apis/authentication.k8s.io/v1/tokenreviews';
const issuer = 'https://kubernetes.default.svc.cluster.local';
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

t.test('tokens of service accounts', { skip: noEtcd }, async (t) => {
  let now = Date.now();
  const people = new Map([['secret', 'admin']]);
  const cluster = await startCluster(t, { now: () => now, authenticate: (token) => people.get(token) });
  const send = (method: string, path: string, body?: unknown, token = 'secret') => cluster.send(method, path, { ...bearer(token), body });
  const request = (spec: Answered = {}) => send('POST', `${accounts}/default/token`, { spec });
  const review = async (token: string, audiences?: string[]) => (await send('POST', reviewing, { spec: { token, audiences } })).body.status;

  t.test('say who, for whom and until when', async (t) => {
    const { code, body } = await request({ audiences: ['one', issuer], expirationSeconds: 600 });
    t.equal(code, 201);
    t.match(body, {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      spec: { audiences: ['one', issuer], expirationSeconds: 600 },
    });
    t.equal(Date.parse(body.status.expirationTimestamp), Math.floor(now / 1000) * 1000 + 600_000);
    const claims = JSON.parse(Buffer.from(body.status.token.split('.')[1], 'base64url').toString());
    t.match(claims, {
      aud: ['one', issuer],
      iss: issuer,
      sub: 'system:serviceaccount:default:default',
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'default' } },
    });
    const me = await send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {}, body.status.token);
    t.equal(me.code, 201);
    t.match(me.body.status.userInfo, {
      username: 'system:serviceaccount:default:default',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    t.same(await review(body.status.token, ['one', 'two']), { authenticated: true, user: me.body.status.userInfo, audiences: ['one'] });
    t.notOk((await review(body.status.token, ['two'])).authenticated);
  });

  t.test('are for the server when nobody else is named, and for an hour', async (t) => {
    const { body } = await request();
    t.same(body.spec, { audiences: [issuer], expirationSeconds: 3600 });
    t.equal((await send('GET', pods, undefined, body.status.token)).code, 200);
    const { body: others } = await request({ audiences: ['others'] });
    t.equal((await send('GET', pods, undefined, others.status.token)).code, 401, 'what is for others does not open this server');
  });

  t.test('are over when their time is, when their pod has gone, and when their account is another', async (t) => {
    const { body: made } = await send('POST', pods, pod('a', { spec: { nodeName: 'n1' } }));
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'a', uid: made.metadata.uid };
    const { body: bound } = await request({ boundObjectRef });
    t.match((await review(bound.status.token)).user.extra, {
      'authentication.kubernetes.io/pod-name': ['a'],
      'authentication.kubernetes.io/node-name': ['n1'],
    });
    await send('DELETE', `${pods}/a?gracePeriodSeconds=0`);
    t.equal((await send('GET', pods, undefined, bound.status.token)).code, 401);
    const { body: short } = await request({ expirationSeconds: 600 });
    const { body: long } = await request({ expirationSeconds: 7200 });
    now += 601_000;
    t.equal((await send('GET', pods, undefined, short.status.token)).code, 401);
    t.equal((await send('GET', pods, undefined, long.status.token)).code, 200);
    await send('DELETE', `${accounts}/default`);
    t.equal((await send('GET', pods, undefined, long.status.token)).code, 401);
    await send('POST', accounts, { metadata: { name: 'default' } });
    t.equal((await send('GET', pods, undefined, long.status.token)).code, 401, 'the same name is not the same account');
  });

  t.test('can not be forged', async (t) => {
    const { token } = (await request()).body.status;
    const [head, body, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const other = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 1 })).toString('base64url');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const forged of [
      `${head}.${other}.${signature}`,
      `${unsigned}.${body}.`,
      `${head}.${body}`,
      `${head}.${body}.${signature}.x`,
      `${head}.${body}.AAAA`,
    ])
      t.equal((await send('GET', pods, undefined, forged)).code, 401, forged);
  });

  t.test('are refused to those who ask for too much', async (t) => {
    const rows: [spec: Answered, code: number, message: RegExp][] = [
      [{ expirationSeconds: 599 }, 422, /spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes/],
      [{ expirationSeconds: 2 ** 33 }, 422, /may not specify a duration larger than 2\^32 seconds/],
      [{ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'none' } }, 404, /pods "none" not found/],
      [{ boundObjectRef: { kind: 'Service', apiVersion: 'v1', name: 'x' } }, 400, /cannot bind token to object of type/],
    ];
    for (const [spec, code, message] of rows) t.match(await request(spec), { code, body: { message } });
    t.equal((await send('POST', `${accounts}/none/token`, { spec: {} })).code, 404);
    await send('POST', pods, pod('b'));
    const wrong = await request({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'b', uid: 'another' } });
    t.match(wrong, { code: 409, body: { message: /the UID in the bound object reference \(another\) does not match the UID in record/ } });
    await send('POST', accounts, { metadata: { name: 'robot' } });
    const other = await send('POST', `${accounts}/robot/token`, { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'b' } } });
    t.match(other, { code: 400, body: { message: /to pod running with different serviceaccount name/ } });
  });

  t.test('and questions about them and about access are answered, but not kept', async (t) => {
    t.same(await review('secret'), {
      authenticated: true,
      user: { username: 'admin', groups: ['system:authenticated'] },
      audiences: [issuer],
    });
    t.match(await review('guess'), { user: {}, error: /invalid bearer token/ });
    const ask = (plural: string, spec: Answered, namespace = '') =>
      send('POST', `/apis/authorization.k8s.io/v1/${namespace}${plural}`, { spec });
    const resourceAttributes = { verb: 'get', resource: 'pods' };
    t.same((await ask('selfsubjectaccessreviews', { resourceAttributes })).body.status, { allowed: true });
    t.same((await ask('subjectaccessreviews', { resourceAttributes, user: 'somebody' })).body.status, { allowed: true });
    t.same((await ask('subjectaccessreviews', { resourceAttributes, user: 'system:anonymous' })).body.status, { allowed: false });
    t.equal((await ask('localsubjectaccessreviews', { resourceAttributes, user: 'x' }, 'namespaces/default/')).code, 201);
    t.match(await ask('subjectaccessreviews', { user: 'x' }), { code: 422, body: { message: /exactly one of/ } });
    t.match(await ask('subjectaccessreviews', { resourceAttributes }), { code: 422, body: { message: /at least one of user or group/ } });
    t.equal((await send('GET', reviewing)).code, 405);
    t.equal((await send('POST', reviewing, { spec: {} })).code, 400);
    const { body } = await send('GET', '/api/v1');
    t.match(
      body.resources.find(({ name }: Answered) => name === 'serviceaccounts/token'),
      { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
    );
  });
});

t.test('a token outlives the server that gave it', { skip: noEtcd }, async (t) => {
  const first = await startCluster(t);
  const { body } = await first.send('POST', `${accounts}/default/token`, { body: { spec: {} } });
  const again = await openApiServer({ store: first.store });
  t.teardown(() => again.close());
  const { code, body: me } = await send(again.url, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    body: {},
    ...bearer(body.status.token),
  });
  t.equal(code, 201);
  t.equal(me.status.userInfo.username, 'system:serviceaccount:default:default');
});
