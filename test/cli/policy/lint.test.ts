// axoneme policy lint: problems with their places, sums, the estimate.
import t from 'tap';
import { folderOf, policy, shop } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

t.test('every problem is told with file, line, column, severity, path and message', async (t) => {
  const bad = `${shop.policy}---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: bad, namespace: shop }
spec:
  endpointSelector: {}
  egress:
    - toCIDR: [10.0.0.0/33]
    - toEndpoint: [{ matchLabels: { app: db } }]
`;
  const folder = folderOf(t, { 'bad.yaml': bad });
  const { status, stdout } = policy(['lint', 'bad.yaml'], folder);
  t.equal(status, 1);
  t.match(stdout, /^bad\.yaml:18:16: error: spec\.egress\[0\]\.toCIDR\[0\]: .*10\.0\.0\.0\/33/m);
  t.match(stdout, /^bad\.yaml:19:7: error: spec\.egress\[1\]\.toEndpoint: .*did you mean toEndpoints\?/m);
  t.match(stdout, /^1 file, 2 documents, 1 accepted policy: 2 errors, 0 warnings$/m);
});

t.test('warnings are findings only with --strict', async (t) => {
  const proxied = shop.policy.replace('protocol: TCP }]', 'protocol: TCP }]\n          rules: { http: [{}] }');
  const folder = folderOf(t, { 'http.yaml': proxied });
  t.match(policy(['lint', 'http.yaml'], folder), {
    status: 0,
    stdout: /^http\.yaml:11:20: warning: spec\.ingress\[0\]\.toPorts\[0\]\.rules\.http: /m,
  });
  t.equal(policy(['lint', '--strict', 'http.yaml'], folder).status, 1);
});

t.test('a broken document and a broken file hide no other', async (t) => {
  const folder = folderOf(t, {
    'a.yaml': `kind: [\n---\n${shop.policy}`,
    'b.yaml': Buffer.from([0xff, 0xfe, 0x00, 0x01]),
    'c.json': '{"kind": "NetworkPolicy",',
    'd.yaml': shop.policy.replace('name: db', 'name: other'),
    'e.policytest.yaml': 'tests: []',
    'f.txt': 'not looked at',
  });
  const { status, stdout } = policy(['lint', '-o', 'json', '.'], folder);
  t.equal(status, 1);
  const { policies, problems, ...sums } = JSON.parse(stdout);
  t.equal(policies, 2);
  t.same([...new Set(problems.map(({ file }: { file: string }) => file))], ['a.yaml', 'b.yaml', 'c.json']);
  for (const { line, column, severity, message } of problems) t.ok(line > 0 && column > 0 && severity === 'error' && message !== '');
  t.equal(sums.errors, problems.length);
});

t.test('an object that is there twice is a warning that names both places', async (t) => {
  const folder = folderOf(t, { 'a.yaml': shop.policy, 'b.yaml': `# once more\n${shop.policy}` });
  t.match(policy(['lint', 'a.yaml', 'b.yaml'], folder), {
    status: 0,
    stdout: /^b\.yaml:4:\d+: warning: metadata\.name: CiliumNetworkPolicy shop\/db is already in a\.yaml:3/m,
  });
});

t.test('other kinds are left alone, unless the name is nearly one that is known', async (t) => {
  const folder = folderOf(t, {
    'config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
    'typo.yaml': shop.policy.replace('CiliumNetworkPolicy', 'CiliumNetworkPolcy'),
  });
  t.match(policy(['lint', 'config.yaml'], folder), {
    status: 0,
    stdout: /^1 file, 1 document, 0 accepted policies: 0 errors, 0 warnings\n$/,
  });
  t.match(policy(['lint', 'typo.yaml'], folder), { stdout: /^typo\.yaml:2:7: warning: kind: .*did you mean CiliumNetworkPolicy\?/m });
});

t.test('the entries of the policy map are estimated when there are pods', async (t) => {
  const folder = folderOf(t, { 'db.yaml': shop.policy, 'cluster.yaml': shop.cluster });
  t.notMatch(policy(['lint', 'db.yaml'], folder).stdout, /policy map/);
  const { entries } = JSON.parse(policy(['lint', '-o', 'json', 'db.yaml', 'cluster.yaml'], folder).stdout);
  // The local host, and the checkout on its port.
  t.match(entries, { endpoints: 3, total: 2, fits: true });
  t.same(entries.largest[0], { pod: 'shop/db', pods: 1, ingress: 2, egress: 0 });
});
