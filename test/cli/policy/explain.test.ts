// axoneme policy explain: one flow, its verdict and its reasons.
import t from 'tap';
import { folderOf, policy, shop } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

const files = { 'db.yaml': shop.policy, 'cluster.yaml': shop.cluster };
const asked = (from: string, to: string, port: string, ...more: string[]) => [
  'explain',
  '--from',
  from,
  '--to',
  to,
  '--port',
  port,
  ...more,
  '.',
];

t.test('an allowed flow names the rule of each side', async (t) => {
  const { status, stdout } = policy(asked('shop/checkout', 'shop/db', '5432/tcp'), folderOf(t, files));
  t.equal(status, 0);
  t.match(stdout, /^shop\/checkout → shop\/db 5432\/tcp: allow\n {2}egress of shop\/checkout: allow\n {4}allowed: no policy enforces/);
  t.match(stdout, /ingress of shop\/db: allow\n {4}allowed by rule ingress\[0\] of shop\/db/);
});

t.test('a denied flow names who denies by default, the nearest miss and what to do; the status is still 0', async (t) => {
  const { status, stdout } = policy(asked('shop/checkout', 'shop/db', '5433'), folderOf(t, files));
  t.equal(status, 0);
  t.match(stdout, ': deny');
  t.match(stdout, 'denied by default: ingress of shop/db is enforced by cnp/shop/db spec.ingress');
  t.match(stdout, /nearest: rule ingress\[0\] of shop\/db .*5432/);
  t.match(stdout, /to allow it: /);
});

t.test('JSON has the verdict of both sides, what it rests on, rules and sentences', async (t) => {
  const { stdout } = policy(asked('shop/web', 'shop/db', '5432', '-o', 'json'), folderOf(t, files));
  t.match(JSON.parse(stdout), {
    from: 'shop/web',
    to: 'shop/db',
    port: 5432,
    protocol: 'tcp',
    verdict: 'deny',
    reason: 'policyDenied',
    engine: 'wasm',
    egress: { verdict: 'allow', ground: 'not-enforced', enforced: false },
    ingress: {
      verdict: 'deny',
      ground: 'default-deny',
      rules: [],
      defaultDenyBy: ['cnp/shop/db spec.ingress'],
      explanation: [/^denied by default/],
    },
  });
});

t.test('peers are addresses, words and names too', async (t) => {
  const names = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: out, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: checkout } }
  egress:
    - toFQDNs: [{ matchName: api.example.com }]
    - toCIDR: [192.0.2.0/24]
    - toEntities: [remote-node]
`;
  const folder = folderOf(t, { ...files, 'out.yaml': names });
  const verdict = (to: string, ...more: string[]) =>
    JSON.parse(policy(asked('shop/checkout', to, '443', '-o', 'json', ...more), folder).stdout).verdict;
  t.equal(verdict('192.0.2.7'), 'allow');
  t.equal(verdict('198.51.100.7'), 'deny');
  t.equal(verdict('remote-node'), 'allow');
  t.equal(verdict('host'), 'deny');
  t.equal(verdict('world'), 'deny');
  t.equal(verdict('api.example.com', '--dns', 'api.example.com=203.0.113.10,60s'), 'allow');
  t.equal(verdict('203.0.113.10', '--dns', 'API.example.com.=203.0.113.9,203.0.113.10'), 'allow');
  t.equal(verdict('other.example.com', '--dns', 'other.example.com=203.0.113.10'), 'deny');
});

t.test('a pod that is nowhere, and a name without an address, are told with what was perhaps meant', async (t) => {
  const folder = folderOf(t, files);
  t.match(policy(asked('shop/chekout', 'shop/db', '1'), folder), {
    status: 2,
    stdout: '',
    stderr: /no such pod.*did you mean "shop\/checkout"\?/,
  });
  t.match(policy(asked('shop/web', 'api.example.com', '1'), folder), {
    status: 2,
    stderr: /give one with --dns api\.example\.com=ADDRESS/,
  });
});

t.test('a pod can be declared with its labels', async (t) => {
  const folder = folderOf(t, files);
  t.match(policy(asked('shop/new', 'shop/db', '5432', '--pod', 'shop/new:app=checkout,tier=x'), folder).stdout, /: allow$/m);
  t.match(policy(asked('shop/new', 'shop/db', '5432', '--pod', 'shop/new'), folder).stdout, /: deny$/m);
});

t.test('a policy that is refused is told, and closes what it speaks of', async (t) => {
  const folder = folderOf(t, {
    ...files,
    'bad.yaml': shop.policy.replace('name: db', 'name: bad').replace('ingress:', 'ingress:\n    - fromCIDR: [x]'),
  });
  const { status, stdout, stderr } = policy(asked('shop/checkout', 'shop/db', '9'), folder);
  t.equal(status, 0);
  t.match(stderr, /^axoneme: bad\.yaml:7:\d+: .*"x".*: it is not in force as it stands$/m);
  t.match(stdout, 'cnp/shop/bad');
});

t.test('a running agent is asked alone: files and what belongs to them do not go with --live', async (t) => {
  const folder = folderOf(t, files);
  const rows: [string[], RegExp][] = [
    [asked('shop/web', 'shop/db', '80', '--live'), /with --live no files are read: "\."/],
    [asked('shop/web', 'shop/db', '80', '--socket', '/nowhere'), /--socket goes with --live/],
    [asked('shop/web', 'shop/db', '80', '--live', '--pod', 'a/b:c=d').slice(0, -1), /--pod does not go with --live/],
    [asked('shop/web', 'shop/db', 'so', '--live', '--engine', 'model').slice(0, -1), /--engine does not go with --live/],
    [asked('shop/web', 'shop/db', '80/quic', '--live').slice(0, -1), /--port: not one of .*"quic"/],
    [asked('shop/web', 'shop/db', '80', '--live', '--socket', '/nowhere').slice(0, -1), /\/nowhere\/axoneme\.sock: no such socket/],
  ];
  for (const [args, complaint] of rows) t.match(policy(args, folder), { status: 2, stdout: '', stderr: complaint });
});
