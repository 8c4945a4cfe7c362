// The reflector against a server that misbehaves: nothing is missed, nothing is invented, and nobody is asked more than is needed.
import t from 'tap';
import { difference, follow, plainCredentials } from './follower.ts';
import { HostileServer, sendStatus } from './hostile-server.ts';

async function start(t: { teardown(act: () => unknown): void }, pods = 3): Promise<HostileServer> {
  const server = new HostileServer();
  await server.start();
  t.teardown(() => server.stop());
  for (let i = 0; i < pods; i += 1) server.put(`pod-${i}`);
  return server;
}

t.test('a list in pages is followed by a watch, and every change is told once', async (t) => {
  const server = await start(t, 25);
  const { sink, counts, until } = follow(t, server, { limits: { pageSize: 10 } });
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  t.same(difference(server, sink), []);
  t.equal(counts.get('page'), 3);
  server.put('pod-3', { status: { phase: 'Running' } });
  server.delete('pod-4');
  server.put('new');
  await until('changes are told', () => sink.told.length === 25 + 1 + 3);
  t.same(sink.told.slice(-3), [`put shop/pod-3@126`, 'delete shop/pod-4', 'put shop/new@128']);
  t.same(difference(server, sink), []);
  t.equal(server.count('list'), 1);
  t.equal(server.asked.filter((url) => url.includes('resourceVersion=125')).length, 1, 'the watch goes on from the revision of the list');
});

t.test('what only the server needs is not kept', async (t) => {
  const server = await start(t, 0);
  const metadata = { managedFields: [{ manager: 'x' }], annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', a: 'b' } };
  server.put('listed');
  Object.assign(server.objects.get('shop/listed')!.metadata, structuredClone(metadata));
  const { sink, until } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  const kept = sink.objects.get('shop/listed')!;
  t.same(kept.metadata, { name: 'listed', namespace: 'shop', uid: 'uid-1', resourceVersion: '101', annotations: { a: 'b' } });
  t.equal(kept.kind, 'Pod', 'an item of a list gets the kind that lists leave out');
});

t.test('a connection that is reset is taken up where it was, with backoff and without a list', async (t) => {
  const server = await start(t);
  const { sink, counts, until } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  server.reset();
  server.put('while-away');
  server.delete('pod-0');
  await until('told again', () => sink.told.includes('put shop/while-away@104') && sink.isSynced && server.watches.size === 1);
  t.same(difference(server, sink), []);
  t.equal(server.count('list'), 1);
  t.ok(sink.told.includes('lost') && sink.reasons[0].includes('watch'), sink.reasons[0]);
  t.equal(counts.get('failure'), 1);
});

t.test('while the server is away what was told stays, and it is asked ever less often', async (t) => {
  const server = await start(t);
  const { sink, counts, until, pass } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  server.intercept = (_url, _answer, request) => {
    request.socket.resetAndDestroy();
    return true;
  };
  server.reset();
  const before = server.asked.length;
  await pass(600_000, 500);
  const asked = server.asked.length - before;
  t.ok(asked >= 20 && asked <= 50, `${asked} requests in ten minutes`);
  t.equal(sink.objects.size, 3);
  t.equal(sink.told.filter((what) => what === 'lost').length, 1, 'it is said once');
  server.put('after');
  server.intercept = () => false;
  await until('told again', () => sink.isSynced && sink.objects.has('shop/after'), 500);
  t.same(difference(server, sink), []);
  t.equal(counts.get('list'), 1);
});

t.test('watches that are closed at once are not asked for in a loop', async (t) => {
  const server = await start(t);
  server.trick = (watch) => {
    watch.end();
    return true;
  };
  const { sink, until, pass } = follow(t, server);
  await until('synced', () => sink.isSynced);
  await pass(600_000, 500);
  const watches = server.count('watch');
  t.ok(watches >= 20 && watches <= 50, `${watches} watches in ten minutes`);
  t.equal(server.count('list'), 1);
  t.notOk(sink.told.includes('lost'), 'nothing was lost');
});

t.test('a watch that ends after a long life is followed by another at once', async (t) => {
  const server = await start(t);
  const { sink, until, pass, clock } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  for (let i = 0; i < 5; i += 1) {
    await pass(100_000, 1000);
    const ended = clock.now();
    for (const watch of server.watches) watch.end();
    await until('gone', () => server.watches.size === 0);
    await until('watched again', () => server.watches.size === 1);
    t.ok(clock.now() - ended < 2000, `after ${clock.now() - ended} ms`);
  }
  t.equal(server.count('list'), 1);
});

t.test('a line that cannot be read is counted and costs a connection, no change', async (t) => {
  const server = await start(t);
  const { sink, counts, until } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  for (const watch of server.watches) watch.answer.write('{"type":"ADDED","object":{"metada\n');
  await until('failed', () => counts.get('failure') === 1);
  server.put('later');
  await until('told', () => sink.objects.has('shop/later'));
  t.equal(counts.get('garbage'), 1);
  t.same(difference(server, sink), []);
  t.equal(server.count('list'), 1);
});

t.test('an event that can never be read is passed by with a list', async (t) => {
  const server = await start(t);
  server.trick = (watch, server) => {
    if (server.count('list') >= 2) return undefined;
    watch.answer.write('{"type":"ADDED","object":{}}\n');
    return true;
  };
  const { sink, until } = follow(t, server);
  await until('watched', () => server.watches.size === 1 && sink.isSynced);
  server.put('later');
  await until('told', () => sink.objects.has('shop/later'));
  t.equal(server.count('list'), 2);
  t.same(difference(server, sink), []);
});

t.test('what comes twice or late is told once, in whatever order', async (t) => {
  const server = await start(t, 0);
  server.put('a');
  server.put('b');
  server.put('c');
  const { sink, counts, until } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  const [watch] = server.watches;
  const at = (name: string, revision: number) => ({
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: String(revision) },
  });
  watch.send('MODIFIED', at('a', 110));
  watch.send('MODIFIED', at('a', 110));
  watch.send('MODIFIED', at('b', 109));
  watch.send('MODIFIED', at('a', 108));
  watch.send('DELETED', at('c', 112));
  watch.send('DELETED', at('c', 112));
  watch.send('MODIFIED', at('c', 111));
  watch.send('ADDED', at('d', 113));
  await until('told', () => sink.objects.has('shop/d'));
  t.same(sink.told.slice(4), ['put shop/a@110', 'put shop/b@109', 'delete shop/c', 'put shop/d@113']);
  t.equal(counts.get('stale'), 4);
  t.equal(server.count('list'), 1);
});

t.test('after changes that are forgotten one list tells the difference, deletes included', async (t) => {
  const server = await start(t, 50);
  const { sink, counts, until } = follow(t, server, { limits: { pageSize: 20 } });
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  server.reset();
  server.delete('pod-7');
  server.put('pod-8', { spec: {} });
  server.put('new');
  server.compact();
  const before = sink.told.length;
  await until('synced again', () => sink.told.length > before + 2 && sink.isSynced && server.watches.size === 1);
  t.same(sink.told.slice(before).sort(), ['delete shop/pod-7', 'lost', 'put shop/new@153', 'put shop/pod-8@152', 'synced']);
  t.equal(server.count('list'), 2);
  t.equal(counts.get('relist'), 1);
  t.same(
    [...counts.relists],
    [
      ['expired', 1],
      ['late', 0],
      ['unreadable', 0],
    ],
  );
});

t.test('a storm of 410 is answered with one list each, ever less often', async (t) => {
  const server = await start(t);
  server.trick = (watch) => {
    watch.tooOld();
    return true;
  };
  const { sink, until, pass } = follow(t, server);
  await until('synced', () => sink.isSynced);
  await pass(600_000, 500);
  const [lists, watches] = [server.count('list'), server.count('watch')];
  t.ok(lists <= 50, `${lists} lists in ten minutes`);
  t.ok(lists <= watches + 1, 'none without its reason');
  server.trick = () => undefined;
  server.delete('pod-1');
  await until('told again', () => server.watches.size === 1 && sink.isSynced && !sink.objects.has('shop/pod-1'), 500);
  t.same(difference(server, sink), []);
});

t.test('a list that expires between its pages starts again and deletes nothing too early', async (t) => {
  const server = await start(t, 30);
  let broken = 0;
  server.intercept = (url) => {
    if (url.searchParams.has('continue') && broken === 0) {
      broken += 1;
      server.delete('pod-0');
      server.compact();
    }
    return false;
  };
  const { sink, until } = follow(t, server, { limits: { pageSize: 10 } });
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  t.same(difference(server, sink), []);
  t.equal(server.count('list'), 2);
});

t.test('half a connection is noticed by the bookmarks that do not come', async (t) => {
  const server = await start(t);
  const { sink, counts, until, pass } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  const [watch] = server.watches;
  watch.bookmark(server.revision);
  await pass(100, 10);
  server.watches.clear();
  server.put('unheard');
  await pass(170_000, 1000);
  t.equal(counts.get('silence'), 0, 'a quiet watch is left alone');
  await until('noticed', () => sink.objects.has('shop/unheard'), 500);
  t.equal(counts.get('silence'), 1);
  t.equal(server.count('list'), 1);
  t.same(difference(server, sink), []);
});

t.test('without bookmarks a watch is dead when it outlives the time it was asked for', async (t) => {
  const server = await start(t);
  const { sink, counts, until, pass } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  await pass(290_000, 2000);
  t.equal(server.count('watch'), 2, 'one that was refused first events, and one that lives');
  await until('noticed', () => counts.get('silence') === 1, 500);
  t.same(difference(server, sink), []);
});

t.test('a body that drips is given up by its deadline', async (t) => {
  const server = await start(t);
  server.intercept = (url, answer) => {
    if (url.searchParams.has('watch') || server.count('list') > 1) return false;
    answer.writeHead(200);
    const drip = setInterval(() => answer.write(' '), 2);
    answer.on('close', () => clearInterval(drip));
    return true;
  };
  const { sink, counts, until } = follow(t, server, { limits: { deadlineMs: 60_000 } });
  await until('synced', () => sink.isSynced && server.watches.size === 1, 100);
  t.ok(counts.get('failure') >= 1);
  t.same(difference(server, sink), []);
});

t.test('a token that has run out is read again, once for a request', async (t) => {
  const server = await start(t);
  let token = 'old';
  let valid = 'old';
  const credentials = {
    ...plainCredentials(server.url),
    options: async () => ({ headers: { Authorization: `Bearer ${token}` } }),
    renew: async () => {
      token = 'new';
    },
  };
  server.intercept = (_url, answer, request) => {
    if (request.headers.authorization === `Bearer ${valid}`) return false;
    sendStatus(answer, 401, 'Unauthorized', 'Unauthorized');
    return true;
  };
  const { sink, counts, until } = follow(t, server, { credentials });
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  valid = 'new';
  server.reset();
  server.put('later');
  await until('told', () => sink.objects.has('shop/later'));
  t.equal(counts.get('renewal'), 1);
  t.equal(server.count('list'), 1);
  valid = 'never';
  server.reset();
  await until('reset', () => counts.get('failure') === 2);
  const before = server.asked.length;
  await until('refused', () => counts.get('failure') === 6, 500);
  t.equal(server.asked.length - before, 8, 'what is refused again after it was renewed waits');
});

t.test('a server that has too much to do is left alone for as long as it says', async (t) => {
  const server = await start(t);
  server.intercept = (_url, answer) => {
    answer.setHeader('retry-after', '40');
    sendStatus(answer, 429, 'TooManyRequests', 'slow down');
    return true;
  };
  const { pass, counts } = follow(t, server);
  await pass(119_000, 500);
  t.ok(counts.get('request') >= 3 && counts.get('request') <= 4, `${counts.get('request')} requests in two minutes`);
});

t.test('a server that can sends its objects as first events: no list at all', async (t) => {
  const server = await start(t, 40);
  server.initialEvents = 'served';
  const { sink, until } = follow(t, server);
  await until('synced', () => sink.isSynced);
  t.equal(sink.told.length, 41);
  server.put('later');
  await until('told', () => sink.objects.has('shop/later'));
  server.reset();
  server.delete('pod-3');
  server.compact();
  await until('told again', () => sink.isSynced && !sink.objects.has('shop/pod-3'));
  t.same(difference(server, sink), []);
  t.equal(server.count('list'), 0);
  t.equal(sink.told.filter((what) => what === 'delete shop/pod-3').length, 1);
});

t.test('a server that ignores the wish for first events is listed, and not asked again', async (t) => {
  const server = await start(t);
  server.initialEvents = 'ignored';
  const { sink, until } = follow(t, server);
  await until('synced', () => sink.isSynced && server.count('list') === 1, 500);
  server.reset();
  server.delete('pod-0');
  server.compact();
  await until('told again', () => sink.isSynced && !sink.objects.has('shop/pod-0'), 100);
  t.equal(server.count('list'), 2);
  t.equal(server.asked.filter((url) => url.includes('sendInitialEvents')).length, 1);
  t.same(difference(server, sink), []);
});

t.test('selectors and the wish for metadata alone go with every request', async (t) => {
  const server = await start(t);
  const accepted: (string | undefined)[] = [];
  server.intercept = (_url, _answer, request) => {
    accepted.push(request.headers.accept);
    return false;
  };
  const selection = { fields: 'spec.nodeName=node-1', labels: 'app in (a,b)', metadataOnly: true, namespace: 'shop' };
  const { sink, until } = follow(t, server, { selection, initialEvents: false });
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  for (const asked of server.asked) {
    const url = new URL(asked, server.url);
    t.equal(url.pathname, '/api/v1/namespaces/shop/pods');
    t.equal(url.searchParams.get('fieldSelector'), selection.fields);
    t.equal(url.searchParams.get('labelSelector'), selection.labels);
  }
  t.match(accepted, [/as=PartialObjectMetadataList;g=meta.k8s.io;v=v1/, /as=PartialObjectMetadata;/]);
  t.equal([...sink.objects.values()][0].kind, 'PartialObjectMetadata');
});

t.test('5,000 objects under changes and every kind of fault end up equal', async (t) => {
  const server = await start(t, 5000);
  const { sink, counts, until, pass, clock } = follow(t, server);
  await until('synced', () => sink.isSynced && server.watches.size === 1);
  for (let round = 0; round < 60; round += 1) {
    for (let i = 0; i < 20; i += 1) {
      const name = `pod-${Math.floor(clock.random() * 6000)}`;
      if (clock.random() < 0.3) server.delete(name);
      else server.put(name, { round });
    }
    const fault = round % 6;
    if (fault === 0) server.reset();
    if (fault === 1) for (const watch of server.watches) watch.end();
    if (fault === 2) for (const watch of server.watches) watch.answer.write('garbage\n');
    if (fault === 3) server.compact();
    if (fault === 4) for (const watch of server.watches) watch.send('MODIFIED', [...server.objects.values()][round]);
    await pass(200 + 5000 * clock.random(), 100);
    if (clock.random() < 0.8) await until('watched', () => server.watches.size > 0, 200);
  }
  await until('equal', () => sink.isSynced && difference(server, sink).length === 0, 100);
  t.ok(counts.get('failure') > 20 && counts.get('relist') >= 5 && counts.get('stale') > 0, JSON.stringify(counts.all()));
  t.equal(counts.get('list'), 1 + counts.get('relist'), 'a list for each that was needed');
});
