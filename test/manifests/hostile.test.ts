// The whole way of a manifest, spoilt: it is accepted, or refused with file, line, column and field, in bounded time and memory, and
// the documents beside it are read as if it were not there.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { type Document, locate } from '../../orchestrator/manifests/document.ts';
import { type LocatedProblem, problemText } from '../../orchestrator/manifests/problem-text.ts';
import { readManifests } from '../../orchestrator/manifests/read.ts';
import { isPolicy, readPolicy } from '../../orchestrator/model/policy/translate/read-policy.ts';
import { checkObject } from '../../orchestrator/model/schema/kinds.ts';
import { type Random, random, spoilObject, spoilText, write } from './mutation.ts';

interface Outcome {
  readonly accepted: boolean;
  readonly problems: readonly LocatedProblem[];
}

/** What becomes of a document: text, schema, policy. */
function outcome(document: Document): Outcome {
  if (document.object === undefined) return { accepted: false, problems: document.problems };
  const found = isPolicy(document.object) ? readPolicy(document.object).problems : checkObject(document.object);
  const problems = [...document.problems, ...locate(found, document)];
  return { accepted: !problems.some(({ severity }) => severity === 'error'), problems };
}

/** What a message lacks, if anything. */
function* complaints(text: string, { accepted, problems }: Outcome): Generator<string> {
  const lines = text.split('\n');
  if (!accepted && problems.length === 0) yield 'refused without a word';
  if (problems.length > 250) yield `${problems.length} problems`;
  for (const problem of problems) {
    const { line, column, message } = problem;
    if (!(line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1].length + 1))
      yield `no place: ${problemText(problem)}`;
    if (!/^spoilt\.yaml:\d+:\d+: \S/.test(problemText(problem)) || message.length > 1500) yield `no message: ${message.slice(0, 200)}`;
  }
}

const good = (name: string) =>
  `apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: ${name}\n  namespace: shop\nspec:\n  endpointSelector: {}\n  ingress:\n  - {}\n`;

const file = gunzipSync(readFileSync(new URL('../policy/cases/A-hand.jsonl.gz', import.meta.url))).toString('utf8');
const manifests = file
  .trim()
  .split('\n')
  .flatMap((line) => {
    const { policies, objects = [] } = JSON.parse(line) as { policies: unknown[]; objects?: unknown[] };
    return [...policies, ...objects];
  });

function spoilt(random: Random): string {
  const object = manifests[random(manifests.length)];
  const how = random(3);
  const text = write(how === 0 ? object : spoilObject(object, random), random);
  return how === 1 ? text : spoilText(text, random);
}

const runs = Number(process.env.HOSTILE_RUNS ?? 1000);
const firstSeed = Number(process.env.HOSTILE_SEED ?? 1);

t.test(`${runs} spoilt manifests between two good ones`, async (t) => {
  const counts = { accepted: 0, refused: 0, slowest: 0 };
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const bad = spoilt(random(seed));
    const text = `${good('before')}---\n${bad}\n---\n${good('behind')}`;
    const start = performance.now();
    const documents = readManifests(text, { file: 'spoilt.yaml' });
    const outcomes = documents.map(outcome);
    counts.slowest = Math.max(counts.slowest, performance.now() - start);
    for (const one of outcomes) counts[one.accepted ? 'accepted' : 'refused']++;
    const found = outcomes.flatMap((one) => [...complaints(text, one)]);
    if (!outcomes[0].accepted || !outcomes[outcomes.length - 1].accepted) found.push('a good document was refused');
    const last = documents[documents.length - 1].object as { metadata?: { name?: string } } | undefined;
    if (last?.metadata?.name !== 'behind') found.push('the document behind was hidden');
    if (found.length > 0) t.fail(`seed ${seed}: ${found.slice(0, 3).join('; ')}`, { bad: bad.slice(0, 2000) });
  }
  t.ok(counts.refused > runs / 2, JSON.stringify(counts));
  t.ok(counts.accepted > 2 * runs, 'some spoilt ones are still good');
  t.ok(counts.slowest < 10_000, `the slowest took ${Math.round(counts.slowest)} ms`);
});

const million = 1_000_000;
const rule = (index: number) =>
  `  - toCIDR:\n    - 10.${index % 256}.${(index >> 8) % 256}.0/24\n    toPorts:\n    - ports:\n      - port: "${1 + (index % 60_000)}"\n        protocol: TCP\n`;
const head = good('large').replace('  ingress:\n  - {}\n', '  egress:\n');
const fill = (start: string, part: (index: number) => string, length = 10 * million) => {
  const parts = [start];
  for (let [size, index] = [start.length, 0]; size < length; index++) {
    parts.push(part(index));
    size += parts[parts.length - 1].length;
  }
  return parts.join('');
};
const item = (index: number) => `- ${good(`p${index}`).trimEnd().replaceAll('\n', '\n  ')}\n`;
const object = (index: number) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: `p${index}` },
  spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
});
const large: [what: string, text: () => string, accepted: number, refused: number][] = [
  ['one policy', () => fill(head, rule), 1, 0],
  ['one policy, every rule of it wrong', () => fill(head, (index) => rule(index).replace('TCP', 'tcp').replace('/24', '')), 0, 1],
  ['many documents', () => fill('', (index) => `---\n${good(`p${index}`)}`, 5 * million), 38_461, 0],
  ['a list', () => fill('apiVersion: v1\nkind: List\nitems:\n', item, 5 * million), 33_557, 0],
  [
    'a list in JSON',
    () => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: Array.from({ length: 50_000 }, (_, index) => object(index)) }),
    50_000,
    0,
  ],
  ['a label', () => head.replace('{}', `{matchLabels: {a: ${'a'.repeat(10 * million)}}}`).replace('egress:', 'egress: [{}]'), 0, 1],
  [
    'a path that is an expression',
    () =>
      fill(head, () => ' ', 10).concat(
        `\n  - toPorts:\n    - ports: [{port: "80", protocol: TCP}]\n      rules: {http: [{path: "${'(a+)+'.repeat(2 * million)}"}]}\n`,
      ),
    0,
    1,
  ],
  ['a name', () => fill(head, () => ' ', 10).concat(`\n  - toFQDNs: [{matchPattern: "${'*a.'.repeat(3 * million)}"}]\n`), 0, 1],
];
for (const [what, make, accepted, refused] of large) {
  t.test(`ten million characters: ${what}`, async (t) => {
    const text = make();
    const start = performance.now();
    const outcomes = readManifests(text, { file: 'spoilt.yaml' }).map(outcome);
    const time = performance.now() - start;
    t.equal(outcomes.filter((one) => !one.accepted).length, refused, 'refused');
    if (accepted < 2) t.equal(outcomes.length - refused, accepted, 'accepted');
    else t.ok(outcomes.length - refused > 20_000, `${outcomes.length - refused} accepted`);
    t.same(
      outcomes.filter((one) => !one.accepted).flatMap((one) => [...complaints(text, one)]),
      [],
    );
    t.ok(time < 20_000, `${(text.length / million).toFixed(1)} million characters in ${Math.round(time)} ms`);
    const { heapUsed } = process.memoryUsage();
    t.ok(heapUsed < 1500 * million, `${Math.round(heapUsed / million)} MB`);
  });
}
