// axoneme policy test over case files: the given sets, planted mistakes, and files that are not what they should be.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { kernelSkip } from '../../support/kernel.ts';
import { root } from '../../support/sources.ts';
import { folderOf, policy, policyReading } from './axoneme.ts';

const sets = join(root, 'test/policy/cases');
const linesOf = (name: string) =>
  gunzipSync(readFileSync(join(sets, name)))
    .toString()
    .trimEnd()
    .split('\n');
const hand = linesOf('A-hand.jsonl.gz');
const handCase = (id: string) => JSON.parse(hand.find((line) => line.includes(`"id":"${id}"`)) ?? '{}');
/** Small enough to be played in no time. */
const small = { ...handCase('hand-sel-in'), probes: handCase('hand-sel-in').probes.slice(0, 4) };
const json = (args: readonly string[], cwd?: string) => JSON.parse(policy(['test', '-o', 'json', ...args], cwd).stdout);

t.setTimeout(1_800_000);
const noKernel = await kernelSkip();

/** The three at once read the sets once. */
const asked: Readonly<Record<string, string>> = noKernel
  ? { model: 'model', wasm: 'wasm', kernel: 'kernel' }
  : { all: 'model, wasm, kernel' };

for (const [engine, names] of Object.entries(asked)) {
  t.test(`the given sets are answered as recorded by ${names}`, { skip: engine === 'kernel' && noKernel }, async (t) => {
    const { status, stdout } = policy(['test', '--engine', engine, 'test/policy/cases']);
    t.equal(status, 0);
    const [, cases, probes, engines, disputed] = /^(\d+) cases, (\d+) probes on ([\w, ]+); no mismatch; (\d+) disputed/m.exec(stdout) ?? [];
    t.same([Number(cases), Number(probes), engines], [3394, 192107 + 142 + 1401, names]);
    t.ok(Number(disputed) > 0 && Number(disputed) < 100, `${disputed} disputed`);
  });
}

t.test('in mode always too, but that the local host still reaches pods without a policy', async (t) => {
  const folder = folderOf(t, { 'hand.jsonl': hand.join('\n') });
  const { mismatches, disputed } = json(['--enforcement', 'always', 'hand.jsonl'], folder);
  t.same(mismatches, []);
  const others = disputed.filter(({ probe }: { probe: { from: string } }) => probe.from !== 'host');
  t.same([...new Set(others.map((row: { case: string }) => row.case))], ['hand-empty-fqdns']);
});

t.test('JSON has cases, probes, mismatches, disputed and engines, and nothing else', async (t) => {
  const folder = folderOf(t, { 'one.jsonl': JSON.stringify(small) });
  t.same(json(['--engine', 'model', 'one.jsonl'], folder), { cases: 1, probes: 4, mismatches: [], disputed: [], engines: ['model'] });
});

t.test('a wrong expectation is a mismatch with case, probe, both sides and the explanation', async (t) => {
  const [probe] = small.probes;
  const wrong = { ...small, probes: [{ ...probe, ingress: 'deny', verdict: 'deny' }] };
  const folder = folderOf(t, { 'wrong.jsonl': `\n${JSON.stringify(wrong)}\n`, 'right.jsonl': JSON.stringify(small) });
  const { status, stdout } = policy(['test', 'wrong.jsonl', 'right.jsonl'], folder);
  t.equal(status, 1);
  t.match(stdout, 'wrong.jsonl:2: mismatch: hand-sel-in: matchExpressions In [wasm]');
  t.match(stdout, 'prod/web → prod/api 80/tcp');
  t.match(stdout, /expected {2}deny \(egress allow, ingress deny\)\n +got +allow \(egress allow, ingress allow\)/);
  t.match(stdout, 'allowed: no policy enforces ingress of prod/api');
  t.match(stdout, '2 cases, 5 probes on wasm; 1 mismatch');
  const [mismatch] = json(['wrong.jsonl'], folder).mismatches;
  t.match(mismatch, {
    case: 'hand-sel-in',
    line: 2,
    engine: 'wasm',
    probe: { from: 'prod/web', to: 'prod/api', port: 80, protocol: 'TCP' },
  });
  t.match(mismatch, {
    expected: { ingress: 'deny' },
    got: { egress: 'allow', ingress: 'allow', verdict: 'allow' },
    explanation: /allow: prod/,
  });
});

t.test('one side that differs is a mismatch even where the verdict is the same', async (t) => {
  const denied = handCase('hand-sel-in').probes.find((probe: { ingress: string }) => probe.ingress === 'deny');
  const folder = folderOf(t, { 'side.jsonl': JSON.stringify({ ...small, probes: [{ ...denied, egress: 'deny' }] }) });
  t.match(json(['side.jsonl'], folder).mismatches, [{ expected: { egress: 'deny' }, got: { egress: 'allow', verdict: 'deny' } }]);
});

t.test('either recorded value of a probe is right, but no mixture of them', async (t) => {
  const [probe] = small.probes;
  const denied = { egress: 'deny', ingress: 'deny', verdict: 'deny' };
  const files = {
    'local.jsonl': JSON.stringify({
      ...small,
      probes: [{ ...probe, ...denied, localCluster: { egress: 'allow', ingress: 'allow', verdict: 'allow' } }],
    }),
    'mixed.jsonl': JSON.stringify({
      ...small,
      probes: [{ ...probe, egress: 'deny', verdict: 'deny', localCluster: { egress: 'allow', ingress: 'deny', verdict: 'deny' } }],
    }),
  };
  const folder = folderOf(t, files);
  t.equal(policy(['test', 'local.jsonl'], folder).status, 0);
  t.equal(policy(['test', 'mixed.jsonl'], folder).status, 1);
});

t.test('a difference in a disputed case is told apart and does not fail', async (t) => {
  const [probe] = small.probes;
  const wrong = { ...small, disputed: 'somebody doubts it', probes: [{ ...probe, ingress: 'deny', verdict: 'deny' }] };
  const folder = folderOf(t, { 'doubt.jsonl': JSON.stringify(wrong) });
  const { status, stdout } = policy(['test', 'doubt.jsonl'], folder);
  t.equal(status, 0);
  t.match(stdout, /disputed: hand-sel-in[\s\S]+somebody doubts it[\s\S]+no mismatch; 1 disputed/);
  t.match(json(['doubt.jsonl'], folder), { mismatches: [], disputed: [{ case: 'hand-sel-in', disputed: 'somebody doubts it' }] });
});

t.test('wrong expectations of manifests and names are mismatches', async (t) => {
  const [sanitize] = linesOf('D-sanitize.jsonl.gz').map((line) => JSON.parse(line));
  const [pattern] = linesOf('E-matchpattern.jsonl.gz').map((line) => JSON.parse(line));
  const rows = [
    { ...sanitize, agent: 'accept', schema: 'accept' },
    { ...pattern, match: !pattern.match },
    { ...pattern, id: 'refused', agent: 'reject', match: null },
  ];
  const folder = folderOf(t, { 'mixed.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') });
  const { cases, mismatches } = json(['mixed.jsonl'], folder);
  t.equal(cases, 3);
  t.match(mismatches[0], { case: sanitize.id, expected: 'accept', got: 'reject', explanation: /spec/ });
  t.match(mismatches[1], { case: pattern.id, expected: !pattern.match, got: pattern.match, probe: { name: pattern.name } });
  t.equal(mismatches.filter((row: { case: string }) => row.case === 'refused').length, 2);
});

t.test('policies that were refused when the case was recorded are ignored', async (t) => {
  const [policyOfCase] = small.policies;
  const closing = { ...policyOfCase, metadata: { name: 'closing', namespace: 'prod' }, spec: { endpointSelector: {}, ingress: [{}] } };
  const policies = [policyOfCase, closing];
  const files = {
    'closed.jsonl': JSON.stringify({ ...small, policies }),
    'named.jsonl': JSON.stringify({ ...small, policies, rejected: ['prod/closing'] }),
    'whole.jsonl': JSON.stringify({ ...small, policies, rejected: [closing] }),
  };
  const folder = folderOf(t, files);
  t.same(
    ['closed', 'named', 'whole'].map((name) => policy(['test', `${name}.jsonl`], folder).status),
    [1, 0, 0],
  );
});

t.test('other kinds than policies are accepted or refused too', async (t) => {
  const group = (cidr: string) => ({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumCIDRGroup',
    metadata: { name: 'g' },
    spec: { externalCIDRs: [cidr] },
  });
  const rows = [
    { id: 'good', manifest: group('10.0.0.0/8'), agent: 'accept', schema: 'accept' },
    { id: 'bad', manifest: group('10.0.0.0/33'), agent: 'accept', schema: 'reject' },
  ];
  const folder = folderOf(t, { 'groups.jsonl': rows.map((row) => JSON.stringify(row)).join('\n') });
  t.same(json(['groups.jsonl'], folder).mismatches, []);
});

t.test('lines that are no cases are mismatches of their own, and hide no other line', async (t) => {
  const lines = [
    '{"id":',
    '[]',
    'null',
    '{"id":"x"}',
    '{"id":"x","probes":{}}',
    '{"id":"x","probes":[{"from":1}]}',
    JSON.stringify({ ...small, probes: [{ ...small.probes[0], from: 'nobody/here' }] }),
    JSON.stringify({ ...small, endpoints: [{ ...small.endpoints[0], ip: '10.0.0.256' }] }),
    JSON.stringify({ ...small, externals: [{ ip: '1.1.1.1', reserved: ['nonsense'] }] }),
    JSON.stringify({ ...small, probes: [{ ...small.probes[0], protocol: '__proto__' }] }),
    JSON.stringify({ ...small, endpoints: [{ ...small.endpoints[0], labels: { a: 1 } }] }),
    `{"id":"deep","probes":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  ];
  const folder = folderOf(t, { 'bad.jsonl': [...lines, JSON.stringify(small)].join('\n') });
  const { status, stdout, stderr } = policy(['test', '-o', 'json', 'bad.jsonl'], folder);
  t.same({ status, stderr }, { status: 1, stderr: '' });
  const { cases, mismatches } = JSON.parse(stdout);
  t.equal(cases, lines.length + 1);
  t.same(
    mismatches.map(({ line }: { line: number }) => line),
    lines.map((_, index) => index + 1),
  );
});

t.test('a broken file fails, and the files beside it are run', async (t) => {
  const packed = gzipSync(Buffer.from(hand.slice(0, 20).join('\n')));
  const folder = folderOf(t, {
    'broken.jsonl.gz': packed.subarray(0, packed.length >> 1),
    'empty.jsonl': '\n',
    'fine.jsonl': JSON.stringify(small),
    'not-gzip.jsonl.gz': JSON.stringify(small),
  });
  const { mismatches, ...rest } = json(['--engine', 'model', '.'], folder);
  t.same([...new Set(mismatches.map(({ file }: { file: string }) => file))], ['broken.jsonl.gz', 'empty.jsonl']);
  t.ok(rest.cases >= 2 + 2, 'what could be read of it was run too');
});

t.test('flows recorded in a folder are not its cases, unless they are named', async (t) => {
  const flows = '{"from":"shop/web","to":"shop/db","protocol":"tcp","port":5432}\n';
  const folder = folderOf(t, { 'cases.jsonl': JSON.stringify(small), 'flows.jsonl': flows, 'hubble.jsonl': '{"flow":{}}\n' });
  t.match(json(['--engine', 'model', '.'], folder), { cases: 1, mismatches: { length: 0 } });
  t.equal(json(['--engine', 'model', 'cases.jsonl', 'flows.jsonl'], folder).mismatches.length, 1);
  t.match(policy(['test', '.'], folderOf(t, { 'flows.jsonl': flows })), { status: 2, stderr: /recorded flows, but no cases/ });
});

t.test('cases come through standard input as well', async (t) => {
  t.match(policyReading(t, `${JSON.stringify(small)}\n`, ['test', '-']), { status: 0, stdout: /^1 case, 4 probes on wasm; no mismatch/ });
});
