// The whole way of a manifest, spoilt: it is accepted, or refused with file, line, column and field, in bounded time and memory, and
// the documents beside it are read as if it were not there.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { readManifests } from '../../orchestrator/manifests/read.ts';
import { processorMs } from '../support/processor-time.ts';
import { large } from './large.ts';
import { type Random, random, spoilObject, spoilText, write } from './mutation.ts';
import { complaints, good, outcome } from './whole-way.ts';

t.setTimeout(600_000);

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

const runs = Number(process.env.HOSTILE_RUNS ?? (process.env.AXONEME_LONG === '1' ? 1000 : 300));
const firstSeed = Number(process.env.HOSTILE_SEED ?? 1);

t.test(`${runs} spoilt manifests between two good ones`, async (t) => {
  const counts = { accepted: 0, refused: 0, slowest: 0 };
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const bad = spoilt(random(seed));
    const text = `${good('before')}---\n${bad}\n---\n${good('behind')}`;
    const before = process.cpuUsage();
    const documents = readManifests(text, { file: 'spoilt.yaml' });
    const outcomes = documents.map(outcome);
    counts.slowest = Math.max(counts.slowest, processorMs(before));
    for (const one of outcomes) counts[one.accepted ? 'accepted' : 'refused']++;
    const found = outcomes.flatMap((one) => [...complaints(text, one)]);
    if (!outcomes[0].accepted || !outcomes[outcomes.length - 1].accepted) found.push('a good document was refused');
    const last = documents[documents.length - 1].object as { metadata?: { name?: string } } | undefined;
    if (last?.metadata?.name !== 'behind') found.push('the document behind was hidden');
    if (found.length > 0) t.fail(`seed ${seed}: ${found.slice(0, 3).join('; ')}`, { bad: bad.slice(0, 2000) });
  }
  t.ok(counts.refused > runs / 2, JSON.stringify(counts));
  t.ok(counts.accepted > 2 * runs, 'some spoilt ones are still good');
  t.ok(counts.slowest < 10_000, `the slowest took ${counts.slowest} ms of the processor`);
});

const megabytes = 800;
for (const [index, [what, , refused]] of large.entries()) {
  t.test(`millions of characters: ${what}: in twenty seconds and ${megabytes} MB`, async (t) => {
    const program = fileURLToPath(new URL('large.ts', import.meta.url));
    const args = [`--max-old-space-size=${megabytes}`, '--disable-warning=ExperimentalWarning', program, String(index)];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    t.equal(status, 0, stderr.slice(0, 500));
    const found = JSON.parse(stdout);
    t.match(found, { refused, complained: [] });
    t.ok(found.length >= 1_000_000 && found.documents >= 1, stdout.trim());
    t.ok(found.milliseconds < 20_000, 'milliseconds of the processor');
  });
}
