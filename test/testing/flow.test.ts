// Questions: what each side says, whatever the other does, and of every kind of packet.
import { inspect } from 'node:util';
import t from 'tap';
import { openCluster } from '../../orchestrator/testing/cluster.ts';
import { cart, db, from, openShop, policy, ports, web } from './shop.ts';

// Every answer here is checked against the rules themselves.
const options = { crossCheck: 'model' } as const;

t.test('both sides are told although one of them denies', async (t) => {
  const cluster = await openCluster(options);
  openShop(cluster);
  const sides = (port: number) => {
    const { egress, ingress, verdict } = cluster.flow({ from: web, to: db, port });
    return `${egress.verdict} ${ingress.verdict} ${verdict}`;
  };
  t.equal(sides(80), 'allow allow allow');
  cluster.apply(policy('web', { egress: [{ toEndpoints: from('db'), toPorts: ports(1, 2) }] }));
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('web'), toPorts: ports(2, 3) }] }));
  t.same([1, 2, 3, 4].map(sides), ['allow deny deny', 'allow allow allow', 'deny allow deny', 'deny deny deny']);
  cluster.apply(policy('web', { egressDeny: [{ toEndpoints: from('db'), toPorts: ports(2) }] }, 'more'));
  const denied = cluster.flow({ from: web, to: db, port: 2 });
  t.same(
    [denied.egress.rule, denied.ingress.rule, denied.reason],
    ['cnp/shop/more spec.egressDeny[0]', 'cnp/shop/db spec.ingress[0]', 'policyDeny'],
  );
  await cluster.close();
});

t.test('a redirect on either side is told, and hides nothing of the other', async (t) => {
  const cluster = await openCluster(options);
  openShop(cluster);
  const http = (port: number) => [{ ...ports(port)[0], rules: { http: [{ method: 'GET' }] } }];
  cluster.apply(
    policy('web', {
      egress: [
        { toEndpoints: [{}], toPorts: http(1) },
        { toEndpoints: [{}], toPorts: http(2) },
        { toEndpoints: [{}], toPorts: [...ports(3), ...http(4)] },
      ],
    }),
  );
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: [{}], toPorts: [...http(1), ...ports(2), ...http(3)] }] }));
  const sides = (port: number) => {
    const { egress, ingress, verdict } = cluster.flow({ from: web, to: db, port });
    return `${egress.verdict} ${ingress.verdict} ${verdict}`;
  };
  t.same([1, 2, 3, 4].map(sides), [
    'redirect redirect redirect',
    'redirect allow redirect',
    'allow redirect redirect',
    'redirect deny deny',
  ]);
  await cluster.close();
});

t.test('every kind of ICMP message is judged by its type, in either family', async (t) => {
  const cluster = await openCluster(options);
  openShop(cluster);
  const messages = [
    ...[0, 3, 4, 5, 8, 11, 12, 13, 255].map((type) => ({ protocol: 'icmp' as const, family: 'IPv4', type })),
    ...[1, 2, 3, 4, 128, 129, 133, 134, 135, 136, 137, 143].map((type) => ({ protocol: 'icmpv6' as const, family: 'IPv6', type })),
  ];
  for (const { protocol, family, type } of messages) {
    cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('web'), icmps: [{ fields: [{ family, type }] }] }] }));
    for (const other of messages) {
      const { verdict } = cluster.flow({ from: web, to: db, protocol: other.protocol, type: other.type });
      const isMeant = other.protocol === protocol && other.type === type;
      if (verdict !== (isMeant ? 'allow' : 'deny')) t.fail(`${protocol} ${type} is allowed: ${other.protocol} ${other.type}: ${verdict}`);
    }
    t.equal(cluster.flow({ from: web, to: db, protocol, type }).ingress.rule, 'cnp/shop/db spec.ingress[0]', `${protocol} ${type}`);
    t.equal(cluster.flow({ from: '2001:db8::1', to: db, protocol, type }).verdict, 'deny');
  }
  await cluster.close();
});

t.test('TCP, UDP and SCTP are told apart, and ports by name are those of the destination', async (t) => {
  const cluster = await openCluster(options);
  openShop(cluster);
  cluster.pod(db, {
    labels: { app: 'db' },
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53 },
    ],
  });
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: [{}], toPorts: [{ ports: [{ port: 'dns', protocol: 'UDP' }] }] }] }));
  const verdict = (protocol: 'tcp' | 'udp' | 'sctp', port: number | string) => cluster.flow({ from: web, to: db, protocol, port }).verdict;
  t.equal(verdict('udp', 'dns'), 'allow');
  t.equal(verdict('udp', 53), 'allow');
  t.equal(verdict('tcp', 'dns-tcp'), 'deny');
  t.equal(verdict('sctp', 53), 'deny');
  t.throws(() => verdict('tcp', 'dns'), { code: 'WORLD_INVALID', message: 'flow: port: the destination names no tcp port so: "dns"' });
  await cluster.close();
});

t.test('whoever is no pod is judged by what its address stands for', async (t) => {
  const cluster = await openCluster(options);
  openShop(cluster);
  cluster.node('here', { ip: ['192.0.2.1', 'fd00:1::1'], local: true });
  cluster.node('there', { ip: '192.0.2.2' });
  cluster.node('control', { ip: '192.0.2.3', apiServer: true });
  cluster.outside('198.51.100.9', { name: 'api', reserved: ['kube-apiserver'] });
  const peers = ['here', 'there', 'control', 'api', '203.0.113.1', '203.0.113.129', '2001:db8::7'];
  const allowed = () => peers.filter((peer) => cluster.flow({ from: web, to: peer, port: 443 }).verdict === 'allow').join(' ');
  const rules: [object, string][] = [
    [{ toEntities: ['host'] }, 'here'],
    [{ toEntities: ['remote-node'] }, 'there control'],
    [{ toEntities: ['kube-apiserver'] }, 'control api'],
    [{ toEntities: ['world'] }, 'api 203.0.113.1 203.0.113.129 2001:db8::7'],
    [{ toCIDRSet: [{ cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] }] }, '203.0.113.1'],
    [{ toCIDR: ['2001:db8::/32'] }, '2001:db8::7'],
    [{ toCIDR: ['192.0.2.0/24'] }, ''],
  ];
  for (const [rule, expected] of rules) {
    cluster.apply(policy('web', { egress: [rule] }));
    t.equal(allowed(), expected, JSON.stringify(rule));
  }
  cluster.apply(policy('web', { ingress: [{ fromEntities: ['remote-node'] }] }));
  t.same(
    peers.filter((peer) => cluster.flow({ from: peer, to: web, port: 443 }).verdict === 'allow'),
    ['here', 'there', 'control'],
    'the local host always reaches its pods',
  );
  t.equal(cluster.flow({ from: '203.0.113.1', to: 'api', port: 443 }).verdict, 'allow', 'between two that are not here nobody asks');
  await cluster.close();
});

t.test('the API server behind its service is one without anybody saying so', async (t) => {
  const cluster = await openCluster(options);
  openShop(cluster);
  cluster.apply(policy('web', { egress: [{ toEntities: ['kube-apiserver'] }] }));
  t.equal(cluster.flow({ from: web, to: '198.51.100.1', port: 6443 }).verdict, 'deny');
  cluster.apply({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['198.51.100.1'] }],
    ports: [{ port: 6443 }],
  });
  t.equal(cluster.flow({ from: web, to: '198.51.100.1', port: 6443 }).verdict, 'allow');
  await cluster.close();
});

t.test('an explanation speaks of the state in which the question was asked', async (t) => {
  const cluster = await openCluster(options);
  openShop(cluster);
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('cart') }] }));
  const before = cluster.flow({ from: web, to: db, port: 80 });
  cluster.apply(policy('db', { ingress: [{ fromEndpoints: from('web') }] }));
  t.equal(cluster.flow({ from: web, to: db, port: 80 }).verdict, 'allow');
  t.match(before.explanation, /^deny: shop\/web → shop\/db 80\/TCP\n[\s\S]*denied by default/);
  t.match(String(before), 'nearest: ');
  t.equal(inspect(before), before.explanation);
  t.same(Object.keys(before.ingress), ['direction', 'verdict', 'rule'], 'whoever prints a side prints no world');
  t.same(JSON.parse(JSON.stringify(before)), {
    from: web,
    to: db,
    protocol: 'tcp',
    port: 80,
    verdict: 'deny',
    reason: 'policyDenied',
    egress: { verdict: 'allow' },
    ingress: { verdict: 'deny' },
  });
  t.same([before.allowed, before.egress.enforced, before.ingress.ground], [false, false, 'default-deny']);
  t.same(cluster.flow({ from: cart, to: db, port: 80 }).ingress.rules, []);
  t.same(cluster.flow({ from: web, to: db, port: 80 }).ingress.rules, ['cnp/shop/db spec.ingress[0]']);
  await cluster.close();
});

t.test('questions that make no sense are refused with what is wrong', async (t) => {
  const cluster = await openCluster();
  openShop(cluster);
  const refused = (question: object, message: string) =>
    t.throws(() => cluster.flow({ from: web, to: db, port: 80, ...question } as never), { code: 'WORLD_INVALID', message });
  refused({ to: 'shop/dbb' }, 'flow: to: no pod, node or address of that name: "shop/dbb"');
  refused({ from: 'nobody' }, 'flow: from: no pod, node or address of that name: "nobody"');
  refused({ protocol: 'quic' }, 'flow: protocol: not one of tcp, udp, sctp, icmp, icmpv6: "quic"');
  refused({ port: undefined }, 'flow: port: tcp needs one');
  refused({ port: 65536 }, 'flow: port: not within 0 and 65535: 65536');
  refused({ protocol: 'icmp', type: 256 }, "flow: type: not an ICMP message's, 0 to 255: 256");
  t.throws(() => cluster.pod('a/b/c'), { message: 'pod: not a name, or namespace/name: "a/b/c"' });
  t.throws(() => cluster.pod('x', { ip: '10.0.0.256' }), { message: 'pod default/x: not an address: "10.0.0.256"' });
  t.throws(() => cluster.outside('10.0.0.1', { reserved: ['hosts' as never] }), {
    message: 'outside 10.0.0.1: reserved: no such kind: "hosts"',
  });
  t.throws(() => cluster.advance(-1), { message: 'advance: not a number of seconds: -1' });
  await cluster.close();
  t.throws(() => cluster.flow({ from: web, to: db, port: 80 }), { code: 'DATAPATH_CLOSED' });
});
