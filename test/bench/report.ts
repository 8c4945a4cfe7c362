// Reports: what was measured, as a table for people and as JSON for machines.

import { cpus, release } from 'node:os';
import { catalogue } from './catalogue.ts';
import type { Measured } from './rounds.ts';

export interface JsonReport {
  readonly machine: { readonly cpu: string; readonly cpus: number; readonly kernel: string; readonly node: string };
  readonly metrics: readonly JsonMetric[];
}

export interface JsonMetric {
  readonly name: string;
  /** Median. */
  readonly value: number;
  readonly unit: string;
  /** The yardstick of the same run. */
  readonly baseline?: { readonly name: string; readonly value: number };
  /** Value / the yardstick's; of rounds that measured both at once, the median of theirs. */
  readonly ratio?: number;
  readonly runs: number;
  /** Between the first and the third quartile of the runs, in the unit. */
  readonly spread: number;
}

export function jsonOf(measured: readonly Measured[]): JsonReport {
  return { machine: machine(), metrics: measured.map(jsonMetric) };
}

export function describeMachine(): string {
  const { cpu, cpus: count, kernel, node } = machine();
  return `${count} × ${cpu}, Linux ${kernel}, Node ${node}`;
}

/** One line a metric. */
export function table(measured: readonly Measured[]): string {
  const lines = measured.map((row) => {
    const { name, value, unit, spread, baseline, ratio } = jsonMetric(row);
    const text = (number: number): string => number.toFixed((unit === 'ms' || unit === 'Gb/s') && value < 10 ? 3 : 1);
    const compared = baseline === undefined ? '' : `${ratio?.toFixed(2)} × ${text(baseline.value)} (${baseline.name})`;
    return `${name.padEnd(34)} ${text(value).padStart(8)} ${unit.padEnd(2)}  ± ${text(spread / 2).padEnd(6)} ${compared}`.trimEnd();
  });
  return lines.join('\n');
}

function machine(): JsonReport['machine'] {
  const all = cpus();
  return { cpu: all[0]?.model.trim() ?? 'unknown', cpus: all.length, kernel: release(), node: process.versions.node };
}

function jsonMetric({ metric, value, baseline, ratio, rounds, spread }: Measured): JsonMetric {
  const unit = catalogue.find(({ name }) => name === metric)?.unit ?? 'ns';
  return { name: metric, value, unit, ...(baseline && { baseline, ratio: ratio ?? value / baseline.value }), runs: rounds, spread };
}
