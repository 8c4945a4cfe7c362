// The order of the test files: what takes longest begins first, so that no processor idles at the end; and clusters, and what does little but
// wait, have places of their own beside what computes.
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Queue } from './run.ts';

/** Clusters of real nodes through outages and changes: each of them waits for half of its time. Names first, whose answers are soon too late. */
const clusters = [
  'test/scenarios/dns.',
  'test/scenarios/dns-wasm',
  'test/scenarios/dns-mixed',
  'test/scenarios/outages',
  'test/scenarios/modes',
  'test/scenarios/churn',
  'test/scenarios/scenarios.',
  'test/scenarios/bad-input',
  'test/scenarios/',
  'test/agent/outages',
];
/** Beside as many others as there are processors: two would take from each other what their nodes need to answer in time. */
const clustersAtOnce = 1;
/** When nothing computes any more. */
const clustersAtMost = 2;
/** Of what computes: whoever waits for an answer has it in time, and what computes has all that is left. */
const niceness = 5;

/**
 * A tenth of a processor, a third at most, and those that take least first: they wait for time-outs, leases, elections and other programs. Who
 * has had them all goes on with what computes: as long as names are asked they have most of a processor.
 */
const waiting = [
  'test/etcd/outage',
  'test/sources/kubernetes/reflector',
  'test/etcd/lease',
  'test/agent/dns-proxy',
  'test/etcd/close',
  'test/datapath/process/handover',
  'test/etcd/records/publish',
  'test/etcd/cluster',
  'test/operator/',
  'test/agent/store-source',
  'test/sandbox/api-server/restart',
  'test/datapath/process/garbage',
  'test/datapath/process/client',
  'test/datapath/process/life',
  'test/sources/kubernetes/tls',
  'test/host/redirected/',
  'test/etcd/',
  'test/host/',
];

/**
 * A quarter of a minute of a processor and more, the longest first, but those that start clusters, too, when names have had their time; a
 * name that is wrong here costs time and nothing else.
 */
export const long: readonly string[] = [
  'test/kernel/verify/quick',
  'test/kernel-matrix',
  'test/cli/policy/cases',
  'test/manifests/hostile',
  'test/sources/kubernetes/faults',
  'test/datapath/process/loop',
  'test/cli/policy/hostile',
  'test/sandbox/api-server/limits',
  'test/datapath/reconcile/services',
  'test/datapath/packets',
  'test/policy/random',
  'test/policy/verdicts',
  'test/readme',
  'test/bench/main',
  'test/package',
  'test/sandbox/sandbox',
  'test/agent/cleanup',
];

/** Every file of tests below `folder`. */
export function testFiles(folder = 'test'): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => `${folder}/${name}`);
}

export function inOrder(files: readonly string[], processors = availableParallelism()): Queue[] {
  const kindOf = (file: string) => [clusters, waiting].find((names) => names.some((start) => file.startsWith(start))) ?? long;
  const sortedOf = (names: readonly string[]) =>
    sorted(
      files.filter((file) => kindOf(file) === names),
      names,
    );
  return [
    { files: sortedOf(clusters), atOnce: clustersAtOnce, atMost: clustersAtMost },
    { files: sortedOf(waiting), atOnce: 1 },
    { files: sortedOf(long), atOnce: Math.max(1, processors - 1), niceness },
  ];
}

/** Those that are named first, as they are named there, then the others by name. */
function sorted(files: readonly string[], first: readonly string[]): string[] {
  const place = (file: string): number => {
    const found = first.findIndex((start) => file.startsWith(start));
    return found < 0 ? first.length : found;
  };
  return files.toSorted((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}
