// axoneme policy test over users' suites.
import { join } from 'node:path';
import t from 'tap';
import { folderOf, policy, policyReading, shop } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

const run = (folder: string, ...args: string[]) => policy(['test', ...args], folder);
const json = (folder: string, ...args: string[]) => JSON.parse(run(folder, '-o', 'json', ...args).stdout);

t.test('a suite finds its manifests beside itself, wherever it is called from', async (t) => {
  const suite = `manifests: [../cluster.yaml, 'policies/*.yaml']
tests:
  - name: lists stand for all combinations
    flows:
      - { from: shop/checkout, to: shop/db, port: [5432, 5432/tcp], expect: allow, ingress: allow, rule: 'cnp/shop/db spec.ingress[0]' }
      - { from: [shop/web, host, 203.0.113.10], to: shop/db, port: 80, protocol: udp, expect: deny }
`;
  const folder = folderOf(t, { 'cluster.yaml': shop.cluster, 'shop/db.policytest.yaml': suite, 'shop/policies/db.yaml': shop.policy });
  const { status, stdout } = policy(['test', join(folder, 'shop')]);
  // The local host always reaches its pods.
  t.equal(status, 1);
  t.match(stdout, 'host → shop/db 80/udp');
  t.match(stdout, '1 case, 5 probes on wasm; 1 mismatch (');
});

t.test('tests do not see each other, and have what the suite has', async (t) => {
  const suite = `pods: { shop/a: {}, shop/b: { labels: { app: db } } }
tests:
  - name: first
    manifests: [db.yaml]
    flows: [{ from: shop/a, to: shop/b, port: 1, expect: deny }]
  - name: second
    flows: [{ from: shop/a, to: shop/b, port: 1, expect: allow, reason: forwarded }]
  - name: third
    enforcement: always
    flows: [{ from: shop/a, to: shop/b, port: 1, expect: deny, reason: default deny }]
`;
  const folder = folderOf(t, { 'x.policytest.yaml': suite, 'db.yaml': shop.policy });
  t.match(run(folder, '.'), { status: 0, stdout: /^3 cases, 3 probes on wasm; no mismatch/m });
});

t.test('time, answers, manifests and removals are steps', async (t) => {
  const suite = `manifests:
  - apiVersion: cilium.io/v2
    kind: CiliumNetworkPolicy
    metadata: { name: out, namespace: shop }
    spec:
      endpointSelector: { matchLabels: { app: web } }
      egress: [{ toFQDNs: [{ matchPattern: '*.example.com' }] }]
pods:
  shop/web: { labels: { app: web }, ip: 10.0.0.5, ports: { http: 8080/tcp } }
  shop/db: { labels: { app: db } }
namespaces: { shop: { labels: { team: a } } }
nodes: { worker: { ip: 10.9.9.9 } }
outside: { 203.0.113.20: { names: [known.example.com] } }
flows:
  - { from: shop/web, to: 203.0.113.20, port: 443, expect: allow }
  - { from: shop/web, to: worker, port: 443, expect: deny }
  - { from: worker, to: shop/web, port: http, expect: allow }
  - { from: shop/web, to: 203.0.113.10, port: 443, expect: deny, reason: policyDenied }
  - answer: { name: api.example.com, addresses: [203.0.113.10], ttl: 90, pod: shop/web }
  - { from: shop/web, to: 203.0.113.10, port: 443, expect: allow }
  - advance: 1m
  - { from: shop/web, to: 203.0.113.10, port: 443, expect: allow }
  - advance: 31
  - { from: shop/web, to: 203.0.113.10, port: 443, expect: deny, reason: grant expired }
  - { from: shop/web, to: shop/db, port: 5432, expect: deny, egress: deny, ingress: allow }
  - apply: db.yaml
  - { from: shop/web, to: shop/db, port: 5432, expect: deny, egress: deny, ingress: deny }
  - remove: cnp/shop/out
  - remove: cnp/shop/db
  - { from: shop/web, to: shop/db, port: 5432, expect: allow }
  - { from: 203.0.113.10, to: shop/web, port: 8, protocol: icmp, expect: allow }
`;
  const folder = folderOf(t, { 'steps.policytest.yaml': suite, 'db.yaml': shop.policy });
  for (const engine of ['wasm', 'model']) {
    const { status, stdout } = run(folder, '--engine', engine, 'steps.policytest.yaml');
    t.equal(status, 0, stdout);
    t.match(stdout, '11 probes');
  }
});

t.test('a mismatch stands at its step, with what was expected and the explanation', async (t) => {
  const suite = `pods: { shop/a: {}, shop/b: {} }
tests:
  - name: wrong
    flows:
      - { from: shop/a, to: shop/b, port: 1, expect: allow, rule: cnp/shop/db }
      - { from: shop/a, to: shop/b, port: 1, expect: allow, ingress: deny }
      - { from: shop/a, to: shop/b, port: 1, expect: allow, reason: policy denied }
      - { from: shop/a, to: shop/b, port: 1, expect: redirect }
`;
  const { mismatches } = json(folderOf(t, { 'wrong.policytest.yaml': suite }), 'wrong.policytest.yaml');
  t.match(mismatches, [
    {
      case: 'wrong',
      line: 5,
      column: 9,
      expected: 'rule cnp/shop/db',
      got: 'no rule',
      probe: { from: 'shop/a', port: 1, protocol: 'tcp' },
    },
    { line: 6, expected: 'ingress deny', got: { ingress: 'allow' } },
    { line: 7, expected: 'reason: policy denied', got: /^reason: forwarded/ },
    { line: 8, expected: 'redirect', got: { verdict: 'allow' }, explanation: /^allow: shop\/a → shop\/b/ },
  ]);
});

t.test('what a suite says wrongly is told with its place and with what was meant', async (t) => {
  const suite = `pods: { shop/a: { lables: { app: a } } }
tests:
  - name: wrong
    flow: []
  - flows:
      - { from: shop/a, to: shop/b, port: 1, expects: deny }
`;
  const folder = folderOf(t, {
    'bad.policytest.yaml': suite,
    'good.policytest.yaml': 'pods: { shop/a: {} }\nflows: [{ from: shop/a, to: 1.1.1.1, port: 1, expect: allow }]\n',
  });
  const { status, stdout } = run(folder, '.');
  t.equal(status, 1);
  t.match(stdout, /^bad\.policytest\.yaml:1:19: mismatch[\s\S]+pods\["shop\/a"\]\.lables: unknown field "lables": did you mean labels\?/m);
  t.match(stdout, /^bad\.policytest\.yaml:4:5: mismatch[\s\S]+tests\[0\]\.flow: unknown field "flow": did you mean flows\?/m);
  t.match(stdout, 'tests[1]: the field name is missing');
  t.match(stdout, 'did you mean expect?');
  t.match(stdout, /^good\.policytest\.yaml\n {2}ok {4}good\.policytest\.yaml \(1 flow\)/m);
});

t.test('steps that cannot be taken are mismatches, and the next ones are', async (t) => {
  const suite = `pods: { shop/a: {} }
flows:
  - { from: shop/a, to: shop/nobody, port: 1, expect: deny }
  - { from: shop/a, to: 1.1.1.1, port: x/y, expect: deny }
  - { from: [1], to: 1.1.1.1, port: 1, expect: deny }
  - advance: soon
  - apply: absent.yaml
  - apply: { apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: { name: x, namespace: shop }, spec: { endpointSelector: {} } }
  - remove: nothing
  - answer: { name: a.example.com, addresses: [x] }
  - { from: shop/a, to: 1.1.1.1, port: 1, expect: allow }
`;
  const { mismatches } = json(folderOf(t, { 'steps.policytest.yaml': suite }), 'steps.policytest.yaml');
  const rows: { line: number; got: string; explanation?: string }[] = mismatches;
  t.same(
    rows.filter(({ got }) => got !== 'reject').map(({ line }) => line),
    [3, 4, 5, 6, 9, 10],
  );
  t.match(rows[0].got, /no pod, node or address of that name: "shop\/nobody"/);
  const refused = rows.filter(({ got }) => got === 'reject');
  t.ok(refused.some(({ explanation }) => explanation?.includes('there is no such file')));
  t.ok(refused.some(({ line, explanation }) => line === 8 && explanation?.includes('spec')));
});

t.test('manifests with errors are mismatches of the tests that use them', async (t) => {
  const files = { 'a.policytest.yaml': 'manifests: [db.yaml]\nflows: []\n', 'db.yaml': shop.policy.replace('"5432"', '"port 5432"') };
  const { mismatches } = json(folderOf(t, files), 'a.policytest.yaml');
  t.match(mismatches[0], {
    file: /db\.yaml$/,
    line: 10,
    expected: 'accept',
    got: 'reject',
    explanation: /^spec\.ingress\[0\]\.toPorts\[0\]\.ports\[0\]/,
  });
});

t.test('manifests may stand in the same file, and all of it on standard input', async (t) => {
  const suite = `${shop.policy}---
pods: { shop/db: { labels: { app: db } }, shop/web: {} }
flows: [{ from: shop/web, to: shop/db, port: 5432, expect: deny }]
`;
  t.match(policyReading(t, suite, ['test', '-']), { status: 0, stdout: /^1 case, 1 probe on wasm; no mismatch/m });
});

t.test('a file without a suite is not one that passed', async (t) => {
  const folder = folderOf(t, {
    'none.policytest.yaml': shop.policy,
    'text.policytest.yaml': 'hello',
    'empty.policytest.yaml': '# nothing\n',
  });
  const { mismatches } = json(folder, '.');
  t.same(
    mismatches.map(({ file }: { file: string }) => file),
    ['empty.policytest.yaml', 'none.policytest.yaml', 'text.policytest.yaml'],
  );
});
