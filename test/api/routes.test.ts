// Every route over a real socket: what it answers is of the schema that the document shows, and the document has every route.
import t from 'tap';
import { openClient } from '../../orchestrator/api/client.ts';
import { routes } from '../../orchestrator/api/routes.ts';
import { objections } from './conforms.ts';
import { openDns } from './dns.ts';
import { openEnforced } from './enforced.ts';
import { openNode, world } from './node.ts';
import { ask } from './raw.ts';

const enforced = await openEnforced();
const dns = await openDns();
const node = await openNode({ viewOf: (view) => ({ ...view, dns: dns.view, explain: (asked) => enforced.enforcement.explain(asked) }) });
t.teardown(async () => {
  await node.close();
  await enforced.close();
  dns.close();
});
await node.send('web', 'db', 5432);
await node.send('web', world, 443);
await node.send('db', 'cart', 80);
dns.ask('web', 'api.example.com.');
dns.ask('cart', 'other.org.', false);
const { read, write } = node.api.sockets;

/** A request for each route. */
const examples: Readonly<Record<string, { target: string; body?: string }>> = {
  'GET /v1/healthz': { target: '/v1/healthz' },
  'GET /v1/status': { target: '/v1/status' },
  'GET /v1/metrics': { target: '/v1/metrics' },
  'GET /v1/config': { target: '/v1/config' },
  'GET /v1/openapi.json': { target: '/v1/openapi.json' },
  'GET /v1/endpoints': { target: '/v1/endpoints?namespace=shop' },
  'GET /v1/endpoints/{id}': { target: '/v1/endpoints/shop%2Fweb' },
  'GET /v1/policy': { target: '/v1/policy' },
  'GET /v1/policy/{policy}': { target: '/v1/policy/cnp%2Fshop%2Fweb' },
  'GET /v1/explain': { target: '/v1/explain?from=shop%2Fweb&to=shop%2Fcart&port=80' },
  'GET /v1/identities': { target: '/v1/identities' },
  'GET /v1/identities/{number}': { target: '/v1/identities/65537' },
  'GET /v1/ip': { target: '/v1/ip?address=10.11.0.2' },
  'GET /v1/nodes': { target: '/v1/nodes' },
  'GET /v1/services': { target: '/v1/services' },
  'GET /v1/services/{name}': { target: '/v1/services/shop%2Fdb' },
  'POST /v1/services/{name}/reset': { target: '/v1/services/shop%2Fdb/reset?dry-run' },
  'GET /v1/flows': { target: '/v1/flows' },
  'GET /v1/dns/log': { target: '/v1/dns/log' },
  'GET /v1/dns/cache': { target: '/v1/dns/cache?name=*.example.com' },
  'DELETE /v1/dns/cache': { target: '/v1/dns/cache?endpoint=11' },
  'GET /v1/dns/names': { target: '/v1/dns/names' },
  'GET /v1/maps': { target: '/v1/maps?count' },
  'GET /v1/maps/{name}': { target: '/v1/maps/conntrack?limit=1' },
  'POST /v1/node/mode': { target: '/v1/node/mode?mode=wasm' },
  'GET /v1/tables': { target: '/v1/tables' },
  'GET /v1/tables/{name}': { target: '/v1/tables/ipcache' },
  'POST /v1/cni': { target: '/v1/cni', body: '{"command":"STATUS","config":{}}' },
};

for (const route of routes) {
  const name = `${route.method} ${route.path}`;
  t.test(`${name} answers as its schema says`, async (t) => {
    const example = examples[name];
    if (example === undefined) throw new Error('no request for this route');
    const { status, headers, body } = await ask(write, example.target, {
      method: route.method,
      ...(example.body && { body: example.body }),
    });
    t.equal(status, 200, body.slice(0, 500));
    t.equal(headers['content-type']?.split(';')[0], route.answer.type);
    const { schema, type } = route.answer;
    if (schema === undefined) return;
    const values =
      type === 'application/json'
        ? [JSON.parse(body)]
        : body
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
    t.ok(values.length > 0);
    t.same(
      values.flatMap((value) => objections(value, schema)),
      [],
    );
  });
}

t.test('lists are not empty where the node has something, so that their items were looked at', async (t) => {
  const client = openClient({ socket: read });
  for (const path of [
    'endpoints',
    'policy',
    'identities',
    'ip',
    'nodes',
    'services',
    'dns/cache',
    'dns/names',
    'maps',
    'maps/conntrack',
    'maps/policy',
    'tables',
    'tables/nodes',
  ]) {
    const { items } = (await client.get(`/v1/${path}`)) as { items: unknown[] };
    t.ok(items.length > 0, path);
  }
});

t.test('the document has every route with its parameters, and nothing else', async (t) => {
  const document = (await openClient({ socket: read }).get('/v1/openapi.json')) as {
    paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>;
  };
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  t.same(told.sort(), routes.map(({ method, path }) => `${method} ${path}`).sort());
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  t.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length, 'names of operations are different');
  for (const { method, path, parts = {}, query = {} } of routes) {
    const { parameters } = document.paths[path]?.[method.toLowerCase()] ?? { parameters: [] };
    t.same(
      parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      Object.keys(parts),
      path,
    );
    t.same(
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      Object.keys(parts),
      `${path} describes its parts`,
    );
    t.same(
      parameters.filter((one) => one.in === 'query').map(({ name }) => name),
      Object.keys(query),
      path,
    );
  }
});

t.test('what does not exist is a 404 that says what does', async (t) => {
  for (const [target, message, hint] of [
    ['/v1/nothing', '/v1/nothing: no such path', /openapi/],
    ['/v1/endpoints/99', 'endpoints: no such endpoint: "99"', /11 \(shop\/web\)/],
    ['/v1/tables/pods', 'tables: no such table: "pods"', /endpoints, frontends/],
    ['/v1/maps/flows', 'maps: no such map: "flows"', /conntrack/],
    ['/v1/policy/cnp%2Fa%2Fb', 'policy: no such policy: "cnp/a/b"', /cnp\/shop\/db/],
    ['/v1/identities/7', 'identities: not known on this node: "7"', undefined],
  ] as const) {
    const { status, body } = await ask(read, target);
    const problem = JSON.parse(body);
    t.match({ status, message: problem.message }, { status: 404, message }, target);
    if (hint) t.match(problem.hint, hint);
  }
});

t.test('parameters that are not understood are a 400 that says why', async (t) => {
  for (const [target, message] of [
    ['/v1/endpoints?name=web', '/v1/endpoints: no such parameter: "name"'],
    ['/v1/flows?type=drops', '/v1/flows: type: not one of drop, allow, audit, overflow: "drops"'],
    ['/v1/flows?port=70000', '/v1/flows: port: not from 0 to 65535: "70000"'],
    ['/v1/flows?last=-1', '/v1/flows: last: not a whole number: "-1"'],
    ['/v1/flows?last=1&last=2', '/v1/flows: last: given twice: "2"'],
    ['/v1/flows?follow=yes', '/v1/flows: follow: not true or false: "yes"'],
    ['/v1/ip?address=10.0.0.300', '/v1/ip: address: not an IPv4 or IPv6 address: "10.0.0.300"'],
    ['/v1/endpoints/%zz', 'request: path: not percent-encoded UTF-8: "/v1/endpoints/%zz"'],
    ['/v1/maps/conntrack?__proto__=1', '/v1/maps/{name}: no such parameter: "__proto__"'],
  ] as const) {
    const { status, body } = await ask(read, target);
    t.same({ status, message: JSON.parse(body).message }, { status: 400, message: message.replace('{name}', 'conntrack') }, target);
  }
});

t.test('a method that a path does not have is a 405 that names those it has', async (t) => {
  const { status, headers, body } = await ask(write, '/v1/endpoints', { method: 'DELETE' });
  t.equal(status, 405);
  t.equal(headers.allow, 'GET, HEAD');
  t.match(JSON.parse(body), { message: '/v1/endpoints: DELETE: not here', hint: 'it takes GET, HEAD' });
});

t.test('HEAD answers as GET does, without a body', async (t) => {
  for (const target of ['/v1/status', '/v1/endpoints', '/v1/flows', '/v1/flows?follow', '/v1/nothing']) {
    const [head, get] = [await ask(read, target, { method: 'HEAD' }), target.includes('follow') ? undefined : await ask(read, target)];
    t.equal(head.body, '', target);
    t.equal(head.status, get?.status ?? 200, target);
  }
  t.equal(node.flows.readers, 0, 'and follows nothing');
});

t.test('healthz is 503 when a check failed, and tells which', async (t) => {
  const sick = await openNode({
    viewOf: (view) => ({
      ...view,
      checks: () => [
        { section: 'etcd', name: 'etcd answers', state: 'warning', message: 'slow', hint: 'look' },
        { section: 'host', name: 'forwarding is on', state: 'failed', message: 'net.ipv4.ip_forward is 0' },
      ],
    }),
  });
  const { status, body } = await ask(sick.api.sockets.read, '/v1/healthz');
  t.equal(status, 503);
  t.match(JSON.parse(body), { state: 'failed', failed: [{ name: 'forwarding is on' }] });
  await sick.close();
});

t.test('checks that cannot be made are a check that failed', async (t) => {
  const sick = await openNode({
    viewOf: (view) => ({
      ...view,
      checks() {
        throw new Error('no datapath');
      },
    }),
  });
  const { status, body } = await ask(sick.api.sockets.read, '/v1/status');
  t.equal(status, 200);
  t.match(JSON.parse(body), { state: 'failed', checks: [{ name: 'the agent can look at itself', message: 'no datapath' }] });
  await sick.close();
});

t.test('a fault of the agent is a 500 without its words, and a line in the log', async (t) => {
  const sick = await openNode({
    viewOf: (view) => ({
      ...view,
      config() {
        throw new Error('secret: hunter2');
      },
    }),
  });
  const { status, body } = await ask(sick.api.sockets.read, '/v1/config');
  t.equal(status, 500);
  t.notMatch(body, 'hunter2');
  t.match(sick.logged, [/"level":"error".*hunter2/]);
  t.equal((await ask(sick.api.sockets.read, '/v1/status')).status, 200, 'the agent goes on');
  await sick.close();
});

t.test('before there is a datapath its maps are a 503', async (t) => {
  const early = await openNode({ viewOf: (view) => ({ ...view, datapath: undefined }) });
  for (const target of ['/v1/maps', '/v1/maps/conntrack']) t.equal((await ask(early.api.sockets.read, target)).status, 503, target);
  const { status, body } = await ask(early.api.sockets.read, '/v1/endpoints/11');
  t.match({ status, datapath: JSON.parse(body).datapath }, { status: 200, datapath: [] });
  await early.close();
});

t.test('an address is answered with the longest prefix that covers it', async (t) => {
  const client = openClient({ socket: read });
  const prefixOf = async (address: string) =>
    ((await client.get('/v1/ip', { address })) as { items: { prefix: string }[] }).items.map(({ prefix }) => prefix);
  t.same(await prefixOf('10.11.0.2'), ['10.11.0.2/32']);
  t.same(await prefixOf('8.8.8.8'), ['0.0.0.0/0']);
  t.same(await prefixOf('fd00:11::2'), ['fd00:11::2/128']);
  t.same(await prefixOf('2001:db8::1'), [], 'no prefix of IPv6 covers it');
});

t.test('a connection is explained by what is in force, or it is said who could', async (t) => {
  const client = openClient({ socket: read });
  t.match(await client.get('/v1/explain', { from: 'shop/web', to: 'shop/db', port: 5432 }), {
    verdict: 'allow',
    sides: [{ rule: 'cnp/shop/web spec.egress[0]' }, { rule: 'cnp/shop/db spec.ingress[0]' }],
  });
  await t.rejects(client.get('/v1/explain', { from: 'shop/web', to: 'shop/nobody', port: 1 }), {
    message: /explain: to: no pod of that name is known here: "shop\/nobody": pods of the host network/,
  });
  await t.rejects(client.get('/v1/explain', { from: 'shop/web', to: 'shop/db' }), { message: /port: is missing/ });
  await t.rejects(client.get('/v1/explain', { from: 'shop/web', to: 'shop/db', port: 1, protocol: 'quic' }), { message: /not one of/ });
  const bare = await openNode();
  t.teardown(() => bare.close());
  await t.rejects(openClient({ socket: bare.api.sockets.read }).get('/v1/explain', { from: 'a/b', to: 'a/c', port: 1 }), {
    message: 'explain: nothing is enforced here',
  });
});
