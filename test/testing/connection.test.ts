// Connections over time: what the datapath remembers of a flow, and what ends it.
import t from 'tap';
import { type Cluster, openCluster } from '../../orchestrator/testing/cluster.ts';
import { cart, db, from, openShop, policy, ports, web } from './shop.ts';

const outside = '203.0.113.10';
const names = policy('web', { egress: [{ toFQDNs: [{ matchPattern: '*.example.com' }], toPorts: ports(443) }] });

async function opened(): Promise<Cluster> {
  const cluster = await openCluster();
  openShop(cluster);
  return cluster;
}

t.test('an answer passes only when somebody asked', async (t) => {
  const cluster = await opened();
  cluster.apply(policy('web', { ingress: [{ fromEndpoints: from('nobody') }], egress: [{ toEndpoints: from('db') }] }));
  const never = cluster.connect({ from: web, to: db, port: 5432 });
  t.equal(never.reply().reason, 'policyDenied');
  for (const protocol of ['tcp', 'udp', 'sctp'] as const) {
    const connection = cluster.connect({ from: web, to: db, port: 5432, protocol });
    t.same(
      [connection.send(), connection.reply(), connection.send()].map(({ passed }) => passed),
      [true, true, true],
      protocol,
    );
  }
  for (const protocol of ['icmp', 'icmpv6'] as const) {
    const echo = cluster.connect({ from: web, to: outside, protocol });
    t.equal(echo.send().passed, false, `${protocol} to an address outside`);
    const inside = cluster.connect({ from: web, to: db, protocol });
    t.same(
      [inside.send(), inside.reply()].map(({ passed }) => passed),
      [true, true],
      protocol,
    );
  }
  await cluster.close();
});

t.test('a policy that no longer allows a connection ends it; one that still does not', async (t) => {
  const cluster = await opened();
  cluster.apply(policy('web', { ingress: [{ fromEndpoints: from('nobody') }] }));
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('web'), toPorts: ports(5432) }] }));
  const [kept, cut] = [cluster.connect({ from: web, to: db, port: 5432 }), cluster.connect({ from: web, to: db, port: 5432 })];
  for (const connection of [kept, cut]) t.same([connection.send().passed, connection.reply().passed], [true, true]);
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('web'), toPorts: ports(5432, 5433) }] }));
  t.same([kept.send().passed, kept.reply().passed], [true, true]);
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('cart') }] }));
  t.same(cut.send(), { passed: false, verdict: 'deny', reason: 'policyDenied' });
  t.equal(cut.reply().passed, false);
  await cluster.close();
});

t.test('a name that expires allows nothing new, and a connection that it allowed goes on', async (t) => {
  const cluster = await opened();
  cluster.apply(names);
  cluster.answer({ name: 'api.example.com', addresses: [outside], ttl: 60 });
  const connection = cluster.connect({ from: web, to: outside, port: 443 });
  t.same(
    [connection.send(), connection.reply(), connection.send()].map(({ passed }) => passed),
    [true, true, true],
  );
  cluster.advance(59);
  t.equal(cluster.flow({ from: web, to: outside, port: 443 }).verdict, 'allow');
  cluster.advance(2);
  t.same([cluster.flow({ from: web, to: outside, port: 443 }).reason, connection.send().passed], ['grantExpired', true]);
  cluster.apply(policy('web', { egress: [{ toFQDNs: [{ matchName: 'other.example.com' }] }] }));
  t.equal(connection.send().passed, false, 'the policy that takes the name away ends it');
  await cluster.close();
});

t.test('connections age on the virtual clock', async (t) => {
  const cluster = await opened();
  cluster.apply(policy('web', { ingress: [{ fromEndpoints: from('nobody') }] }));
  const [idle, busy, half] = Array.from({ length: 3 }, () => cluster.connect({ from: web, to: db, port: 5432, protocol: 'udp' }));
  for (const connection of [idle, busy]) t.same([connection?.send().passed, connection?.reply().passed], [true, true]);
  half?.send();
  for (let minute = 0; minute < 4; minute++) {
    cluster.advance(60);
    busy?.send();
  }
  t.same(
    [idle, busy, half].map((connection) => connection?.reply().passed),
    [false, true, false],
  );
  await cluster.close();
});

t.test('a connection that was closed is none', async (t) => {
  const cluster = await opened();
  cluster.apply(policy('web', { ingress: [{ fromEndpoints: from('nobody') }] }));
  const connection = cluster.connect({ from: web, to: db, port: 5432 });
  t.same(
    [connection.send(), connection.reply(), connection.send()].map(({ passed }) => passed),
    [true, true, true],
  );
  connection.close();
  cluster.advance(11);
  t.equal(connection.reply().passed, false);
  await cluster.close();
});

t.test('questions and connections do not hear of each other', async (t) => {
  const cluster = await opened();
  cluster.apply(policy('web', { ingress: [{ fromEndpoints: from('nobody') }] }));
  const connection = cluster.connect({ from: web, to: db, port: 61000, protocol: 'udp' });
  connection.send();
  for (let port = 32760; port < 32780; port++) {
    t.equal(cluster.flow({ from: db, to: web, port, protocol: 'udp' }).verdict, 'deny', `${port} is no answer`);
    t.equal(cluster.flow({ from: web, to: db, port: 61000, protocol: 'udp' }).verdict, 'allow');
  }
  t.equal(connection.reply().passed, true);
  cluster.reset();
  openShop(cluster);
  cluster.apply(policy('web', { ingress: [{ fromEndpoints: from('nobody') }] }));
  const next = cluster.connect({ from: web, to: db, port: 61000, protocol: 'udp' });
  t.equal(next.reply().passed, false, 'nothing is left of the world before');
  await cluster.close();
});

t.test('a redirected connection passes by way of the proxy, and what is no connection is refused', async (t) => {
  const cluster = await opened();
  cluster.apply(policy('web', { egress: [{ toEndpoints: [{}], toPorts: [{ ...ports(80)[0], rules: { http: [{}] } }] }] }));
  const connection = cluster.connect({ from: web, to: cart, port: 80 });
  t.equal(connection.flow.verdict, 'redirect');
  t.same(connection.send(), { passed: true, verdict: 'redirect', reason: 'forwarded' });
  t.throws(() => cluster.connect({ from: web, to: cart, protocol: 'icmp', type: 3 }), { code: 'WORLD_INVALID' });
  await cluster.close();
  const model = await openCluster({ engine: 'model' });
  openShop(model);
  t.throws(() => model.connect({ from: web, to: cart, port: 80 }), { code: 'NOT_SUPPORTED' });
  await model.close();
});
