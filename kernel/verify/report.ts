// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Report: a row per exported core function, then the chain, then what was planted; as a table and as data.

import type { DifferentialResult } from './cases/differential.ts';
import type { HostileResult } from './cases/hostile.ts';
import type { ProgramsResult } from './cases/programs.ts';
import type { Finding } from './mutation/planting.ts';
import type { Proof } from './proof/prove.ts';

export interface Row {
  readonly name: string;
  readonly status: 'proved' | 'differential';
  /** Why it is not proved. */
  readonly reason?: string;
  readonly cases: number;
}

export interface Report {
  readonly functions: readonly Row[];
  readonly differences: number;
  readonly mutations: { readonly planted: number; readonly found: number };
}

/** Everything that was found out; parts that could not run are absent, with a sentence in `skipped`. */
export interface Evidence {
  /** Exported core functions that one of the machines lacks. */
  readonly missing: readonly string[];
  readonly proofs: readonly Proof[];
  /** Every exported function was put to the proof: only then can the chain be said to stand. */
  readonly complete: boolean;
  readonly differential?: DifferentialResult;
  readonly programs?: ProgramsResult;
  readonly hostile?: HostileResult;
  readonly findings: readonly Finding[];
  readonly skipped: readonly string[];
}

export function rowsOf(evidence: Evidence): Row[] {
  const rows = evidence.proofs.map(({ name, verdict, reason }): Row => {
    const cases = evidence.differential?.cases[name] ?? 0;
    if (verdict === 'proved') return { name, status: 'proved', cases };
    return { name, status: 'differential', reason: verdict === 'different' ? `differs: ${reason}` : (reason ?? 'open'), cases };
  });
  for (const name of evidence.missing)
    rows.push({ name, status: 'differential', reason: 'one of the machines has no such function', cases: 0 });
  return evidence.complete ? [...rows, chainRow(rows, evidence.programs?.cases ?? 0)] : rows;
}

/** Callees are uninterpreted in their callers' proofs, so the chain stands when every link does. */
function chainRow(rows: readonly Row[], cases: number): Row {
  const open = rows.filter(({ status }) => status !== 'proved').map(({ name }) => name);
  if (open.length === 0) return { name: 'chain', status: 'proved', cases };
  return { name: 'chain', status: 'differential', reason: `not proved: ${open.join(', ')}`, cases };
}

export function differencesOf({ proofs, differential, programs, hostile }: Evidence): string[] {
  const cases = [...(differential?.differences ?? []), ...(programs?.differences ?? [])];
  return [
    ...proofs.filter(({ verdict }) => verdict === 'different').map(({ name, reason }) => `${name}: ${reason}`),
    ...cases.map(({ name, seed, index, what }) => `${name}: seed ${seed}, case ${index}: ${what}`),
    ...(hostile?.trap === undefined ? [] : [`wasm trapped: ${hostile.trap}`]),
  ];
}

export function reportOf(evidence: Evidence): Report {
  const found = evidence.findings.filter(({ by }) => by !== 'nothing').length;
  return {
    functions: rowsOf(evidence),
    differences: differencesOf(evidence).length,
    mutations: { planted: evidence.findings.length, found },
  };
}

/** Whether there is nothing to worry about. */
export function isSound(report: Report, evidence: Evidence): boolean {
  return report.differences === 0 && evidence.missing.length === 0 && report.mutations.found === report.mutations.planted;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function tableOf(evidence: Evidence): string {
  const report = reportOf(evidence);
  const lines = report.functions.map(({ name, status, reason, cases }) => {
    const how = evidence.proofs.find((proof) => proof.name === name);
    const note = reason ?? (how ? `${how.asked === 0 ? 'by normal form' : `${how.asked} questions`}, ${how.milliseconds} ms` : '');
    return `${name.padEnd(26)} ${status.padEnd(12)} ${count(cases).padStart(10)}  ${note}`;
  });
  const proved = report.functions.filter(({ status }) => status === 'proved').length;
  lines.unshift(`${'function'.padEnd(26)} ${'status'.padEnd(12)} ${'cases'.padStart(10)}`);
  lines.push('', `${proved} of ${report.functions.length} proved for all inputs`);
  const total = Object.values(evidence.differential?.cases ?? {}).reduce((sum, value) => sum + value, 0);
  if (evidence.differential) lines.push(`${count(total)} cases through single functions on both machines`);
  if (evidence.programs)
    lines.push(
      `${count(evidence.programs.cases)} packets through whole programs on both machines, ${evidence.programs.decisions.length} kinds of decision, maps compared`,
    );
  if (evidence.hostile)
    lines.push(`${count(evidence.hostile.packets)} hostile packets through wasm, ${count(evidence.hostile.dropped)} dropped`);
  lines.push(`${report.mutations.found} of ${report.mutations.planted} planted bugs found`);
  for (const { mutation, by } of evidence.findings) if (by === 'nothing') lines.push(`  not found: ${mutation.row}: ${mutation.bug}`);
  for (const sentence of evidence.skipped) lines.push(`skipped: ${sentence}`);
  lines.push(`${report.differences} differences`);
  for (const difference of differencesOf(evidence)) lines.push(`  ${difference}`);
  return lines.join('\n');
}
