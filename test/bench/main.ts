// npm run bench -- [NAME…] [--rounds N] [--json FILE] [--list]: measures what is named (all by default), each beside its yardstick.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { selectMetrics } from './catalogue.ts';
import { describeMachine, jsonOf, table } from './report.ts';
import { type Comparison, type Measured, measureRounds } from './rounds.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean' },
    json: { type: 'string' },
    // Odd, so that the median is a round that happened.
    rounds: { type: 'string', default: '7' },
    // Part of the usual work of a round, for tests.
    scale: { type: 'string', default: '1' },
  },
});
const metrics = selectMetrics(positionals);

if (values.list) {
  for (const { name, unit, sentence } of metrics) console.log(`${name.padEnd(34)} ${unit}  ${sentence}`);
} else {
  const measured = await measure();
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(jsonOf(measured), null, 2)}\n`);
}

async function measure(): Promise<Measured[]> {
  const effort = { scale: Number(values.scale) };
  const rounds = Number(values.rounds);
  const wanted = (name: string): boolean => metrics.some((metric) => metric.name === name);
  const measured: Measured[] = [];
  console.log(describeMachine());
  if (metrics.some(({ name }) => name.startsWith('wasm.'))) {
    const { wasmComparisons } = await import('./wasm-metrics.ts');
    measured.push(...(await measureRounds(await wasmComparisons(wanted, effort), rounds)));
  }
  if (metrics.some(({ name }) => name.startsWith('kernel.'))) {
    const { kernelComparisons } = await import('./kernel-metrics.ts');
    const comparisons = await kernelComparisons(wanted, effort);
    if (typeof comparisons === 'string') console.log(`kernel: skipped: ${comparisons}`);
    else for (const group of comparisons.groups) measured.push(...(await measureRounds(group, rounds)));
    if (typeof comparisons !== 'string') await comparisons.close();
  }
  if (metrics.some(({ name }) => name.startsWith('policy.'))) {
    const { policyComparisons } = await import('./policy-metrics.ts');
    measured.push(...(await measureRounds(await policyComparisons(wanted, effort), rounds)));
  }
  if (metrics.some(({ name }) => name.startsWith('testing.'))) {
    const { testingComparisons } = await import('./testing-metrics.ts');
    measured.push(...(await measureRounds(await testingComparisons(wanted, effort), rounds)));
  }
  if (metrics.some(({ name }) => name.startsWith('state.'))) {
    const { stateComparisons } = await import('./state/metrics.ts');
    const { comparisons, close } = await stateComparisons(wanted, effort);
    measured.push(...(await measureRounds(comparisons, rounds)));
    await close();
  }
  if (metrics.some(({ name }) => name.startsWith('kv.'))) {
    const { kvComparisons } = await import('./kv/metrics.ts');
    const store = await kvComparisons(effort);
    if (typeof store === 'string') console.log(`kv: skipped: ${store}`);
    else measured.push(...(await measureRounds(store.comparisons, rounds)));
    if (typeof store !== 'string') await store.close();
  }
  if (metrics.some(({ name }) => name.startsWith('kube.'))) {
    const { kubeComparisons } = await import('./kube/metrics.ts');
    const { comparisons, close } = await kubeComparisons(wanted, effort);
    measured.push(...(await measureRounds(comparisons, rounds)));
    await close();
  }
  if (metrics.some(({ name }) => /^services\.(initial|slice|rss|disruption)/.test(name))) {
    const { servicesComparisons } = await import('./services/metrics.ts');
    measured.push(...(await measureRounds(servicesComparisons(wanted, effort), rounds)));
  }
  if (metrics.some(({ name }) => name.startsWith('services.crr_'))) {
    const { crrComparisons } = await import('./services/crr/metrics.ts');
    const crr = await crrComparisons(wanted, effort);
    if (typeof crr === 'string') console.log(`services: skipped: ${crr}`);
    else {
      try {
        measured.push(...(await measureRounds(crr.comparisons, rounds)));
      } finally {
        await crr.close();
      }
    }
  }
  if (metrics.some(({ name }) => /^(node|sandbox)\./.test(name))) {
    const { nodeGroups } = await import('./node/metrics.ts');
    for (const group of nodeGroups(wanted, effort)) {
      const opened = await group();
      if (typeof opened === 'string') console.log(`node, sandbox: skipped: ${opened}`);
      else measured.push(...(await measureRounds(opened.comparisons, rounds)));
      if (typeof opened !== 'string') await opened.close();
    }
  }
  if (metrics.some(({ name }) => name.startsWith('dns.'))) {
    const { dnsGroups } = await import('./dns/metrics.ts');
    const groups = await dnsGroups(wanted, effort);
    if (typeof groups === 'string') console.log(`dns: skipped: ${groups}`);
    else for (const group of groups) measured.push(...(await measureOpened(await group(), rounds)));
  }
  if (metrics.some(({ name }) => name.startsWith('userspace.'))) {
    const { userspaceComparisons } = await import('./userspace/metrics.ts');
    const opened = await userspaceComparisons(wanted, effort);
    if (typeof opened === 'string') console.log(`userspace: skipped: ${opened}`);
    else {
      try {
        measured.push(...(await measureRounds(opened.comparisons, rounds)));
      } finally {
        await opened.close();
      }
    }
  }
  console.log(table(measured));
  return measured;
}

/** What was opened is closed, whatever comes of it. */
async function measureOpened(
  { comparisons, close }: { readonly comparisons: readonly Comparison[]; close(): Promise<void> },
  rounds: number,
): Promise<Measured[]> {
  try {
    return await measureRounds(comparisons, rounds);
  } finally {
    await close();
  }
}
