// axoneme policy diff: what a change opens and closes, of recorded flows and of all possible ones.
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { folderOf, policy, shop } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

const changed = shop.policy.replace('app: checkout', 'app: web');
const files = { 'cluster.yaml': shop.cluster, 'old/db.yaml': shop.policy, 'new/db.yaml': changed };
const diff = (folder: string, ...args: string[]) => policy(['diff', 'old', 'new', '--cluster', 'cluster.yaml', ...args], folder);
const json = (folder: string, ...args: string[]) => JSON.parse(diff(folder, '-o', 'json', ...args).stdout);

t.test('possible flows that open and close are told with their ports and rules', async (t) => {
  const folder = folderOf(t, files);
  const { status, stdout } = diff(folder);
  t.equal(status, 0);
  t.match(stdout, 'Policies\n  ~ cnp/shop/db\n');
  t.match(stdout, /opens\n {4}shop\/web → shop\/db: 5432\/tcp\n {6}cnp\/shop\/db spec\.ingress\[0\]\n/);
  t.match(stdout, /closes\n {4}shop\/checkout → shop\/db: 5432\/tcp\n {6}default deny of ingress by cnp\/shop\/db spec\.ingress\n/);
  t.notMatch(stdout, 'Recorded');
  const { pairs } = json(folder);
  t.same(pairs.opens, [{ from: ['shop/web'], to: ['shop/db'], ports: ['5432/tcp'], by: ['cnp/shop/db spec.ingress[0]'] }]);
  t.equal(pairs.closes.length, 1);
});

t.test('with --exit-code a change is status 1, and none is 0', async (t) => {
  const folder = folderOf(t, files);
  t.equal(diff(folder, '--exit-code').status, 1);
  const same = policy(['diff', 'old', 'old/db.yaml', '--cluster', 'cluster.yaml', '--exit-code'], folder);
  t.match(same, { status: 0, stdout: /none differs[\s\S]+nothing changes/ });
});

t.test('a policy that comes or goes is told', async (t) => {
  const folder = folderOf(t, {
    ...files,
    'new/web.yaml': shop.policy.replace('name: db', 'name: web').replace('app: db', 'app: web'),
    'new/db.yaml': '# gone\n',
  });
  const { policies, pairs } = json(folder);
  t.same(policies, { added: ['cnp/shop/web'], removed: ['cnp/shop/db'], changed: [] });
  const toDb = pairs.opens.filter(({ to }: { to: string[] }) => to.includes('shop/db'));
  t.ok(toDb.every(({ by }: { by: string[] }) => by.includes('no policy enforces ingress')));
  t.ok(toDb.some(({ from, ports }: { from: string[]; ports: string[] }) => from.includes('shop/web') && ports.includes('every port')));
  t.ok(
    pairs.closes.some(
      ({ to, by }: { to: string[]; by: string[] }) => to.includes('shop/web') && by.join().includes('cnp/shop/web spec.ingress'),
    ),
  );
});

t.test('addresses and names that rules mention are peers, and so are the words for what is around', async (t) => {
  const out = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: out, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress:
    - toCIDRSet: [{ cidr: 10.0.0.0/8, except: [10.96.0.0/12] }]
    - toFQDNs: [{ matchPattern: '*.example.com' }]
      toPorts: [{ ports: [{ port: "443", protocol: TCP }, { port: "8000", endPort: 8010, protocol: TCP }] }]
    - toEntities: [host]
`;
  const folder = folderOf(t, { 'cluster.yaml': shop.cluster, 'old/x.yaml': '# nothing\n', 'new/out.yaml': out });
  const { closes, opens } = json(folder).pairs;
  t.same(opens, []);
  const closed = new Map<string, string[]>();
  for (const { to, ports } of closes) for (const end of to) closed.set(end, [...(closed.get(end) ?? []), ...ports]);
  t.same(closed.get('10.96.0.0/12'), ['every port']);
  t.same(closed.get('other IPv4 addresses'), ['every port']);
  t.same(closed.get('*.example.com'), ['every port but 443/tcp, 8000-8010/tcp']);
  t.same(closed.get('remote-node'), ['every port']);
  for (const open of ['10.0.0.0/8', 'host']) t.notOk(closed.has(open), open);
});

t.test('pods that policy cannot tell apart are told once', async (t) => {
  const replica = shop.cluster.split('---')[1].replace('name: web', 'name: web-2');
  const folder = folderOf(t, { ...files, 'cluster.yaml': `${shop.cluster}---${replica}` });
  t.match(diff(folder).stdout, 'shop/web (+1 alike) → shop/db: 5432/tcp');
});

t.test('without pods it says where they could come from', async (t) => {
  const folder = folderOf(t, files);
  t.match(policy(['diff', 'old', 'new'], folder), { status: 0, stdout: /no pods are known: name the files of the cluster with --cluster/ });
});

t.test('pods may stand beside the policies, on either side', async (t) => {
  const folder = folderOf(t, { 'old/db.yaml': shop.policy, 'new/db.yaml': `${changed}---\n${shop.cluster}` });
  t.match(JSON.parse(policy(['diff', 'old', 'new', '-o', 'json'], folder).stdout).pairs, {
    identities: 3,
    opens: [{ from: ['shop/web'] }],
  });
});

t.test('a new version that is refused changes nothing, and is told', async (t) => {
  const folder = folderOf(t, { ...files, 'new/db.yaml': changed.replace('"5432"', '"none of these"') });
  const { status, stdout, stderr } = diff(folder, '--exit-code');
  t.equal(status, 0);
  t.match(stderr, /^axoneme: new\/db\.yaml:10:\d+: .*it is not in force as it stands$/m);
  t.match(stdout, 'nothing changes');
});

const flows = [
  { from: 'shop/checkout', to: 'shop/db', protocol: 'tcp', port: 5432, count: 7 },
  { from: 'shop/checkout', to: 'shop/db', port: '5432/tcp' },
  { from: 'shop/web', to: 'shop/db', protocol: 'TCP', port: 5432, time: 'whenever', verdict: 'deny' },
  { from: 'shop/web', to: '203.0.113.10', port: 443 },
  { from: 'host', to: 'shop/db', port: 5432 },
  { from: 'shop/gone', to: 'shop/db', port: 5432 },
  { from: 'shop/web', to: 'shop/lost', port: 5432 },
];
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

t.test('recorded flows are counted, asked under both, and listed where they change', async (t) => {
  const folder = folderOf(t, { ...files, 'flows.jsonl': lines(flows) });
  const { flows: found } = json(folder, '--flows', 'flows.jsonl');
  t.match(found, { lines: 7, flows: 6, unchanged: 2, unknown: { flows: 2, pods: ['shop/gone', 'shop/lost'] }, recorded: [], proxies: [] });
  t.same(found.closes, [
    {
      before: 'allow',
      after: 'deny',
      by: ['default deny of ingress by cnp/shop/db spec.ingress'],
      from: 'shop/checkout',
      to: 'shop/db',
      protocol: 'tcp',
      port: 5432,
      count: 8,
    },
  ]);
  t.match(found.opens, [{ from: 'shop/web', to: 'shop/db', by: ['cnp/shop/db spec.ingress[0]'], count: 1 }]);
  const { stdout } = diff(folder, '--flows', 'flows.jsonl');
  t.match(stdout, '6 flows of 7 lines; 2 unchanged');
  t.match(stdout, /closes 1 flow, recorded 8 times\n {4}shop\/checkout → shop\/db 5432\/tcp ×8/);
  t.match(stdout, '2 flows not asked: nothing is known of shop/gone, shop/lost');
});

const end = (pod: string, app: string, workload: string) => ({
  ID: 7,
  identity: 40127,
  namespace: 'shop',
  labels: [`k8s:app=${app}`, 'k8s:io.cilium.k8s.policy.cluster=default', 'k8s:io.kubernetes.pod.namespace=shop'],
  pod_name: pod,
  workloads: [{ name: workload, kind: 'Deployment' }],
});
const db = { ...end('db', 'db', 'db'), workloads: [] };
const tcp = (port: number, flags: object = { SYN: true }) => ({ TCP: { source_port: 41830, destination_port: port, flags } });
const ip = (source: string, destination: string) => ({ IP: { source, destination, ipVersion: 'IPv4' } });
const flow = (fields: object) => ({
  flow: { time: '2026-05-14T09:12:44Z', verdict: 'FORWARDED', Type: 'L3_L4', ...fields },
  node_name: 'n',
});

t.test("Hubble's lines are flows: pods by name, by workload, by their labels; names, words and addresses", async (t) => {
  const recorded = [
    flow({
      ...ip('10.0.0.1', '10.0.0.9'),
      l4: tcp(5432),
      source: end('checkout-6d4b-x8k2p', 'checkout', 'checkout'),
      destination: db,
      is_reply: false,
    }),
    // As older releases print it, and as printers that follow JSON's customs do.
    flow({ ...ip('10.0.0.2', '10.0.0.9'), l4: tcp(5432), source: end('web', 'web', 'web'), destination: db }).flow,
    {
      flow: {
        verdict: 'DROPPED',
        ...ip('10.0.0.2', '10.0.0.9'),
        l4: { TCP: { sourcePort: 1, destinationPort: 5432 } },
        source: { namespace: 'shop', podName: 'web', labels: [] },
        destination: { namespace: 'shop', podName: 'db' },
        isReply: null,
      },
    },
    flow({ ...ip('10.0.0.3', '10.0.0.9'), l4: tcp(5432), source: end('other-abc', 'checkout', 'other'), destination: db }),
    flow({ ...ip('10.0.0.4', '10.0.0.9'), l4: tcp(5432), source: { identity: 9, labels: ['reserved:world-ipv4'] }, destination: db }),
    flow({ ...ip('10.1.0.1', '10.0.0.9'), l4: tcp(5432), source: { identity: 1, labels: ['reserved:host'] }, destination: db }),
    flow({ ...ip('10.0.0.9', '10.0.0.1'), l4: tcp(41830, { SYN: true, ACK: true }), source: db, destination: end('web', 'web', 'web') }),
    flow({ ...ip('10.0.0.9', '10.0.0.1'), l4: tcp(41830), source: db, destination: end('web', 'web', 'web'), is_reply: true }),
    flow({ ...ip('10.0.0.2', '10.0.0.9'), l4: { ICMPv4: { type: 8 } }, source: end('web', 'web', 'web'), destination: db }),
    flow({ ...ip('10.0.0.2', '10.0.0.9'), l4: { ICMPv4: {} }, source: end('web', 'web', 'web'), destination: db }),
    flow({ ...ip('10.0.0.2', '10.0.0.9'), source: end('web', 'web', 'web'), destination: db }),
    { lost_events: { source: 'PERF_EVENT_RING_BUFFER', num_events_lost: '3' }, node_name: 'n' },
    { node_status: { state_change: 'NODE_CONNECTED' } },
  ];
  const folder = folderOf(t, { ...files, 'hubble.json': lines(recorded) });
  const { flows: found } = json(folder, '--flows', 'hubble.json');
  t.match(found, { lines: 7, unchanged: 3, unknown: { flows: 0, pods: [] }, recorded: ['shop/other-abc'] });
  t.same(found.skipped, { reply: 3, event: 2, protocol: 1, unreadable: 0 });
  t.match(found.closes, [
    { from: 'shop/checkout', to: 'shop/db', port: 5432, count: 1 },
    { from: 'shop/other-abc', to: 'shop/db' },
  ]);
  t.match(found.opens, [{ from: 'shop/web', to: 'shop/db', port: 5432, count: 2 }]);
  t.match(diff(folder, '--flows', 'hubble.json').stdout, 'lines left out: replies 3, events 2, other protocols 1');
});

t.test('names that Hubble saw let toFQDNs answer', async (t) => {
  const names = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: out, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: web } }
  egress: [{ toFQDNs: [{ matchName: api.example.com }] }]
`;
  const outside = (address: string, more: object) =>
    flow({ ...ip('10.0.0.2', address), l4: tcp(443), source: end('web', 'web', 'web'), ...more });
  const recorded = [
    outside('203.0.113.10', { destination: { identity: 16777217 }, destination_names: ['api.example.com'] }),
    outside('203.0.113.11', { destination: { identity: 16777217, labels: ['fqdn:api.example.com', 'reserved:world-ipv4'] } }),
    outside('203.0.113.12', { destination: { identity: 2, labels: ['reserved:world'] } }),
  ];
  const folder = folderOf(t, {
    'cluster.yaml': shop.cluster,
    'old/a.yaml': '# none\n',
    'new/out.yaml': names,
    'hubble.jsonl': lines(recorded),
  });
  const { flows: found } = json(folder, '--flows', 'hubble.jsonl');
  t.match(found, { unchanged: 2, closes: [{ to: '203.0.113.12' }] });
  t.equal(found.closes.length, 1);
});

t.test('lines that cannot be read are counted, and the first of them told; the file may be packed', async (t) => {
  const text = `${lines(flows.slice(0, 1))}{"from":\n[]\n{"from":"shop/web"}\n{"from":"shop/web","to":"x y","port":1}\n{"nothing":1}\n{"from":"shop/web","to":"1.1.1.1","port":1,"count":0}\n`;
  const folder = folderOf(t, { ...files, 'flows.jsonl.gz': gzipSync(text) });
  const { stderr, stdout } = diff(folder, '-o', 'json', '--flows', 'flows.jsonl.gz');
  t.match(JSON.parse(stdout).flows, { lines: 1, skipped: { unreadable: 6 } });
  t.same(
    [...stderr.matchAll(/^axoneme: flows\.jsonl\.gz:(\d+): /gm)].map(([, line]) => Number(line)),
    [2, 3, 4, 5, 6, 7],
  );
});
