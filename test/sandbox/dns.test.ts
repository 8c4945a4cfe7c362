// The names of a sandbox's cluster: the zone by itself, over the wire, and behind a real resolver.
import { spawn, spawnSync } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from 'dns-packet';
import fc from 'fast-check';
import t from 'tap';
import { openDnsServer, reply } from '../../orchestrator/sandbox/dns/server.ts';
import { type Service, type Slice, Zone } from '../../orchestrator/sandbox/dns/zone.ts';

const service = (spec: object): Service => ({ spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec } }) as Service;
const slice = (namespace: string, name: string, endpoints: object[], addressType = 'IPv4') =>
  ({
    addressType,
    metadata: { namespace, labels: { 'kubernetes.io/service-name': name } },
    endpoints,
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  }) as unknown as Slice;

function zone(): Zone {
  const zone = new Zone('cluster.local');
  zone.putService('shop/web', service({ clusterIP: '10.21.0.7', clusterIPs: ['10.21.0.7', 'fd00:21::7'] }));
  zone.putService('shop/db', service({ clusterIP: 'None' }));
  zone.putService('shop/bare', service({ clusterIP: 'None' }));
  zone.putService('shop/out', service({ type: 'ExternalName', externalName: 'example.com' }));
  zone.putSlice('shop/db-1', slice('shop', 'db', [{ addresses: ['10.11.0.1'], hostname: 'db-0' }, { addresses: ['10.11.0.2'] }]));
  zone.putSlice('shop/db-2', slice('shop', 'db', [{ addresses: ['10.11.0.3'], conditions: { ready: false } }]));
  zone.putSlice('shop/db-6', slice('shop', 'db', [{ addresses: ['fd00:11::2'] }], 'IPv6'));
  return zone;
}

const said = (name: string, type: string, of = zone()) => {
  const { rcode, answers } = of.answer(name, type);
  return rcode === 'NOERROR'
    ? answers.map(({ data }) => (typeof data === 'string' ? data : `${data.port} ${data.target}`)).join(' ')
    : rcode;
};

t.test('a cluster knows its names', async (t) => {
  const rows: [name: string, type: string, answer: string][] = [
    ['web.shop.svc.cluster.local', 'A', '10.21.0.7'],
    ['WEB.shop.SVC.cluster.local.', 'AAAA', 'fd00:21::7'],
    ['web.shop.svc.cluster.local', 'TXT', ''],
    ['_http._tcp.web.shop.svc.cluster.local', 'SRV', '80 web.shop.svc.cluster.local'],
    ['_http._udp.web.shop.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['db.shop.svc.cluster.local', 'A', '10.11.0.1 10.11.0.2'],
    ['db.shop.svc.cluster.local', 'AAAA', 'fd00:11::2'],
    ['db-0.db.shop.svc.cluster.local', 'A', '10.11.0.1'],
    ['10-11-0-2.db.shop.svc.cluster.local', 'A', '10.11.0.2'],
    [
      '_http._tcp.db.shop.svc.cluster.local',
      'SRV',
      '8080 db-0.db.shop.svc.cluster.local 8080 10-11-0-2.db.shop.svc.cluster.local 8080 fd00-11--2.db.shop.svc.cluster.local',
    ],
    ['bare.shop.svc.cluster.local', 'A', ''],
    ['out.shop.svc.cluster.local', 'A', 'example.com'],
    ['none.shop.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['web.other.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['shop.svc.cluster.local', 'A', ''],
    ['svc.cluster.local', 'A', ''],
    ['cluster.local', 'A', ''],
    ['10-11-0-9.shop.pod.cluster.local', 'A', '10.11.0.9'],
    ['fd00-11--9.shop.pod.cluster.local', 'AAAA', 'fd00:11::9'],
    ['10-11-0-999.shop.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['dns-version.cluster.local', 'TXT', '1.1.0'],
    ['7.0.21.10.in-addr.arpa', 'PTR', 'web.shop.svc.cluster.local'],
    ['1.0.11.10.in-addr.arpa', 'PTR', 'db-0.db.shop.svc.cluster.local'],
    [`7${'.0'.repeat(23)}.1.2.0.0.0.0.d.f.ip6.arpa`, 'PTR', 'web.shop.svc.cluster.local'],
    ['9.0.21.10.in-addr.arpa', 'PTR', 'NXDOMAIN'],
    ['example.com', 'A', 'REFUSED'],
    ['notcluster.local', 'A', 'REFUSED'],
  ];
  for (const [name, type, answer] of rows) t.equal(said(name, type), answer, `${type} of ${name}`);
});

t.test('what has gone is not answered', async (t) => {
  const changed = zone();
  changed.deleteSlice('shop/db-1');
  t.equal(said('db.shop.svc.cluster.local', 'A', changed), '');
  changed.putSlice('shop/db-6', slice('shop', 'bare', [{ addresses: ['fd00:11::5'] }], 'IPv6'));
  t.equal(said('db.shop.svc.cluster.local', 'AAAA', changed), '', 'a slice that changed its service is no longer of the old one');
  changed.deleteService('shop/web');
  t.equal(said('web.shop.svc.cluster.local', 'A', changed), 'NXDOMAIN');
});

const question = (name: string, type: string, more: object = {}) =>
  encode({ type: 'query', id: 77, flags: 256, questions: [{ name, type: type as 'A' }], ...more });

t.test('messages that make no sense are answered with an error or not at all, and end nothing', async (t) => {
  const asked = question('web.shop.svc.cluster.local', 'A');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(asked.length - 1), fc.nat(255), (bytes, at, value) => {
      for (const message of [
        Buffer.from(bytes),
        asked.subarray(0, at),
        Buffer.from(asked.map((byte, index) => (index === at ? value : byte))),
      ]) {
        const answer = reply(zone(), message, 'udp');
        if (answer !== undefined && answer.length > 1232) return false;
      }
      return true;
    }),
    { numRuns: 2000 },
  );
  const rcode = (message: Buffer) => (reply(zone(), message, 'udp')?.[3] ?? -1) & 15;
  t.equal(rcode(asked.subarray(0, 20)), 1);
  t.equal(rcode(Buffer.concat([asked.subarray(0, 2), Buffer.from([0x10]), asked.subarray(3)])), 4);
  t.equal(
    reply(zone(), Buffer.concat([asked.subarray(0, 2), Buffer.from([0x80]), asked.subarray(3)]), 'udp'),
    undefined,
    'an answer is no question',
  );
});

t.test('an answer that is too long for a datagram is cut, and whole over a stream', async (t) => {
  const wide = zone();
  const endpoints = Array.from({ length: 200 }, (_, at) => ({ addresses: [`10.11.1.${at}`] }));
  wide.putSlice('shop/bare-1', slice('shop', 'bare', endpoints));
  const asked = question('bare.shop.svc.cluster.local', 'A');
  const short = decode(reply(wide, asked, 'udp')!);
  t.match(short, { flag_tc: true, answers: [] });
  t.equal(decode(reply(wide, asked, 'tcp')!).answers?.length, 200);
  const server = await openDnsServer(wide, { host: '127.0.0.1', port: 0 });
  t.teardown(() => server.close());
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${server.port}`]);
  t.equal((await resolver.resolve4('bare.shop.svc.cluster.local')).length, 200, 'a client asks again over a stream');
  await t.rejects(resolver.resolve4('none.shop.svc.cluster.local'), { code: 'ENOTFOUND' });

  const stream = connect(server.port, '127.0.0.1');
  const frame = (message: Buffer) => Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
  const both = Buffer.concat([frame(question('web.shop.svc.cluster.local', 'A')), frame(question('web.shop.svc.cluster.local', 'AAAA'))]);
  for (const byte of both) stream.write(Buffer.from([byte]));
  let got = Buffer.alloc(0);
  for await (const piece of stream) {
    got = Buffer.concat([got, piece]);
    if (
      got.length > 2 &&
      got.length >= 4 + got.readUInt16BE(0) &&
      got.length >= 4 + got.readUInt16BE(0) + got.readUInt16BE(2 + got.readUInt16BE(0))
    )
      break;
  }
  t.equal(decode(got.subarray(2, 2 + got.readUInt16BE(0))).answers?.length, 1);
});

const noDnsmasq = spawnSync('dnsmasq', ['--version']).status === 0 ? false : 'dnsmasq is not installed';

t.test('a real resolver in front of it finds the names, also new ones', { skip: noDnsmasq }, async (t) => {
  const live = zone();
  const server = await openDnsServer(live, { host: '127.0.0.1', port: 0 });
  const port = 20000 + (process.pid % 20000);
  const words = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--no-resolv',
    '--no-hosts',
    '--no-negcache',
    `--port=${port}`,
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
    '--pid-file=',
  ];
  const dnsmasq = spawn('dnsmasq', [
    ...words,
    `--user=${process.getuid?.() === 0 ? 'root' : ''}`,
    `--server=/cluster.local/127.0.0.1#${server.port}`,
  ]);
  t.teardown(async () => {
    dnsmasq.kill();
    await server.close();
  });
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  for (let left = 50; left > 0 && (await resolver.resolve4('web.shop.svc.cluster.local').catch(() => [])).length === 0; left -= 1)
    await sleep(50);
  t.same(await resolver.resolve4('web.shop.svc.cluster.local'), ['10.21.0.7']);
  await t.rejects(resolver.resolve4('late.shop.svc.cluster.local'), { code: 'ENOTFOUND' });
  live.putService('shop/late', service({ clusterIP: '10.21.0.9' }));
  t.same(await resolver.resolve4('late.shop.svc.cluster.local'), ['10.21.0.9']);
  t.match(await resolver.resolveSrv('_http._tcp.web.shop.svc.cluster.local'), [{ port: 80, name: 'web.shop.svc.cluster.local' }]);
});
