// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Verify: shows that both machines decide alike, over the bytes that ship: proofs for all inputs, cases on the running kernel beside
// them, and planted bugs that must all be found.
//
//   node kernel/verify/main.ts [--quick] [--report FILE] [--seed N] [--only FUNCTION]…

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { probe } from '../../orchestrator/datapath/probe.ts';
import { differingFunctions, harnessText } from './cases/harness.ts';
import { type RunningResult, startRunning } from './cases/running.ts';
import { layoutsOf } from './cases/slots.ts';
import { readElf } from './machine/elf.ts';
import { type Mutation, mutations } from './mutation/mutations.ts';
import { type Finding, plant, type Shipped } from './mutation/planting.ts';
import { checkout, SourceTree } from './mutation/source-tree.ts';
import { Executions } from './proof/execution.ts';
import { exportedNames, type Machines, readMachines } from './proof/functions.ts';
import { linkage } from './proof/linkage.ts';
import { type Proof, prove } from './proof/prove.ts';
import { type Evidence, isSound, reportOf, tableOf } from './report.ts';
import { openSolver, type Solver } from './terms/solver.ts';

/** How much of everything: the whole, and what fits into `npm test`. */
const amounts = {
  whole: { cases: 10_500_000, packets: 200_000, hostile: 10_000_000, proofMs: 60_000 },
  quick: { cases: 200_000, packets: 5_000, hostile: 100_000, proofMs: 120_000 },
} as const;

/** Of the quick run: the top of the chain takes as long as all others together. */
const leftOut = ['decide'];
const quickMutations = 3;

const files = {
  core: join(checkout, 'datapath-as/core'),
  wasm: join(checkout, 'build/datapath.wasm'),
  object: join(checkout, 'build/datapath.bpf.o'),
};

interface Wish {
  readonly quick: boolean;
  readonly seed: number;
  readonly only: readonly string[];
}

async function verify({ quick, seed, only }: Wish): Promise<Evidence> {
  const names = exportedNames(files.core);
  const shipped: Shipped = { wasm: readFileSync(files.wasm), object: readFileSync(files.object), names };
  const machines = readMachines(shipped.wasm, shipped.object, names);
  const amount = quick || only.length > 0 ? amounts.quick : amounts.whole;
  const skipped: string[] = [];
  using tree = new SourceTree();
  const harness = buildHarness(tree, machines);
  const { choice } = await probe();
  const kernelAllowed = choice.mode === 'kernel';
  if (!kernelAllowed) skipped.push(`cases on the kernel: ${choice.sentence}`);
  const running = startRunning({ ...files, ...(kernelAllowed ? { harness } : {}), seed, ...amount });
  running.catch(() => undefined);
  const solver = await openSolver();
  const proofs = await proveAll(
    machines,
    solver,
    (name) => (only.length === 0 ? !(quick && leftOut.includes(name)) : only.includes(name)),
    amount.proofMs,
  );
  const planted = only.length > 0 ? [] : chosenMutations(quick, kernelAllowed);
  const findings = await plantAll(planted, tree, shipped, solver, kernelAllowed, seed);
  const ran: RunningResult = await running;
  return {
    missing: names.filter((name) => !machines.functions.has(name)),
    proofs,
    complete: proofs.length === machines.functions.size,
    findings,
    skipped,
    ...ran,
  };
}

/** It takes minutes: who waits sees how far it is, and what it is at when it hangs. */
function tell(what: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what}\n`);
}

/** Bugs that only the kernel can bring to light are not planted where there is none to ask. */
function chosenMutations(quick: boolean, kernelAllowed: boolean): readonly Mutation[] {
  const possible = mutations.filter(({ beyondProof }) => kernelAllowed || !beyondProof);
  return quick ? possible.filter(({ file }) => file.startsWith('kernel/')).slice(0, quickMutations) : possible;
}

/** The harness holds the sources of now; if its functions are not those of the object, the object is not what the sources say. */
function buildHarness(tree: SourceTree, machines: Machines): string {
  tree.write('kernel/harness.bpf.c', harnessText(layoutsOf(machines, new Executions(machines, linkage))));
  const harness = tree.buildKernel('kernel/harness.bpf.c');
  const stale = differingFunctions(machines.elf, readElf(readFileSync(harness)), machines.byCName.keys());
  if (stale.length > 0) throw new Error(`verify: build/datapath.bpf.o is not what the sources make (${stale.join(', ')}): npm run build`);
  return harness;
}

async function proveAll(machines: Machines, solver: Solver, wanted: (name: string) => boolean, milliseconds: number): Promise<Proof[]> {
  const executions = new Executions(machines, linkage);
  const proofs: Proof[] = [];
  for (const core of machines.functions.values()) {
    if (!wanted(core.name)) continue;
    const proof = await prove(core, executions, solver, milliseconds);
    tell(`${core.name}: ${proof.verdict}`);
    proofs.push(proof);
  }
  return proofs;
}

async function plantAll(
  list: readonly Mutation[],
  tree: SourceTree,
  shipped: Shipped,
  solver: Solver,
  kernelAllowed: boolean,
  seed: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const mutation of list) {
    const finding = await plant(mutation, tree, shipped, solver, kernelAllowed, seed);
    tell(`planted: ${mutation.bug}: found by ${finding.by}`);
    findings.push(finding);
  }
  return findings;
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, report: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string', multiple: true } },
});
for (const path of [files.wasm, files.object]) {
  if (!existsSync(path)) {
    process.stderr.write(`verify: ${path} has not been built: npm run build\n`);
    process.exit(2);
  }
}
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
const evidence = await verify({ quick: values.quick ?? false, seed, only: values.only ?? [] });
const report = reportOf(evidence);
process.stdout.write(`${tableOf(evidence)}\n`);
if (values.report !== undefined) writeFileSync(values.report, `${JSON.stringify(report, null, 2)}\n`);
// The solver's threads would keep the process alive.
process.exit(isSound(report, evidence) ? 0 : 1);
