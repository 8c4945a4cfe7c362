// Requests that are wrong, and what is said about them; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { pod, startCluster } from './cluster.ts';
import { cases, pods } from './wrong-requests.ts';

t.test('requests that are wrong', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  await cluster.send('POST', pods, { body: pod('there') });
  const { body: before } = await cluster.send('GET', `${pods}/there`);
  for (const { name, method, path, body, headers, code, reason, message } of cases) {
    t.test(`${name} is answered ${code}`, async (t) => {
      const answer = await cluster.send(method, path, {
        ...(body === undefined ? {} : { body }),
        ...(headers === undefined ? {} : { headers }),
      });
      t.equal(answer.code, code, answer.text.slice(0, 300));
      if (reason === undefined) return;
      t.match(answer.body, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code });
      if (message !== undefined) t.match(answer.body.message, message);
    });
  }
  t.same((await cluster.send('GET', `${pods}/there`)).body, before, 'none of them changed anything');
  t.same((await cluster.send('GET', pods)).body.items.length, 1, 'or made anything');
});

t.test('who may ask', { skip: noEtcd }, async (t) => {
  const tokens = new Map([['secret', 'somebody']]);
  const cluster = await startCluster(t, { authenticate: (token) => tokens.get(token) });
  const authorization = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  t.equal((await cluster.send('GET', pods, authorization('secret'))).code, 200);
  for (const wrong of [{}, authorization('guess'), { headers: { authorization: 'Basic secret' } }]) {
    const { code, body } = await cluster.send('GET', pods, wrong);
    t.equal(code, 401);
    t.match(body, { kind: 'Status', message: 'Unauthorized', reason: 'Unauthorized', code: 401 });
  }
  for (const path of ['/healthz', '/livez', '/readyz']) t.equal((await cluster.send('GET', path)).text, 'ok', `${path} is for everybody`);
  t.match((await cluster.send('GET', '/version')).body.gitVersion, /^v1\.\d+\.\d+$/);
  tokens.delete('secret');
  t.equal((await cluster.send('GET', pods, authorization('secret'))).code, 401, 'a token that is over is over at once');
});
