// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Planting: puts one bug into a copy of the sources, builds the machine it is in, and looks whether the proof or, failing that, the
// differential run finds it.

import { readFileSync } from 'node:fs';
import { runDifferential } from '../cases/differential.ts';
import { harnessText } from '../cases/harness.ts';
import { layoutsOf } from '../cases/slots.ts';
import { Executions } from '../proof/execution.ts';
import { type Machines, readMachines } from '../proof/functions.ts';
import { linkage } from '../proof/linkage.ts';
import { prove } from '../proof/prove.ts';
import { type Solver, withBudget } from '../terms/solver.ts';
import type { Mutation } from './mutations.ts';
import type { SourceTree } from './source-tree.ts';

/** The bytes of both machines as they ship. */
export interface Shipped {
  readonly wasm: Uint8Array;
  readonly object: Buffer;
  readonly names: readonly string[];
}

export interface Finding {
  readonly mutation: Mutation;
  readonly by: 'proof' | 'differential' | 'nothing';
  readonly what: string;
}

const proofMs = 8_000;
/** A bug near the top of the chain may leave dozens of questions open; cases find it sooner then. */
const proofsMs = 40_000;
const differentialCases = 400_000;

/** `kernelAllowed`: whether the differential run is possible here. */
export async function plant(
  mutation: Mutation,
  tree: SourceTree,
  shipped: Shipped,
  solver: Solver,
  kernelAllowed: boolean,
  seed: number,
): Promise<Finding> {
  const isWasm = mutation.file.startsWith('datapath-as/');
  return tree.withEdit(
    mutation.file,
    (text) => edited(mutation, text),
    async () => {
      const wasm = isWasm ? readFileSync(tree.buildWasm()) : shipped.wasm;
      const object = isWasm ? shipped.object : readFileSync(tree.buildKernel());
      const machines = readMachines(wasm, object, shipped.names);
      if (!mutation.beyondProof) {
        const { verdict, reason = '' } = await prove(
          machines.functions.get(mutation.row)!,
          new Executions(machines, linkage),
          withBudget(solver, proofsMs),
          proofMs,
        );
        if (verdict === 'different') return { mutation, by: 'proof', what: reason };
      }
      if (!kernelAllowed) return { mutation, by: 'nothing', what: 'the kernel refuses bpf(2), so only the proof could look' };
      return differentialFinding(mutation, tree, machines, wasm, seed);
    },
  );
}

async function differentialFinding(
  mutation: Mutation,
  tree: SourceTree,
  machines: Machines,
  wasm: Uint8Array,
  seed: number,
): Promise<Finding> {
  const layouts = layoutsOf(machines, new Executions(machines, linkage), [mutation.row]);
  tree.write('kernel/harness.bpf.c', harnessText(layouts));
  const { differences } = await runDifferential({
    object: tree.buildKernel('kernel/harness.bpf.c'),
    module: new WebAssembly.Module(new Uint8Array(wasm)),
    btf: machines.btf,
    layouts,
    seed,
    cases: () => differentialCases,
    stopEarly: true,
  });
  const first = differences[0];
  if (!first) return { mutation, by: 'nothing', what: '' };
  return { mutation, by: 'differential', what: `seed ${first.seed}, case ${first.index}: ${first.what}` };
}

/** The text with the bug in the body of its function; throws when the function no longer says what the bug replaces. */
export function edited({ bug, within, from, to }: Mutation, text: string): string {
  const head = new RegExp(`^[^\\n]*\\b${within}\\([^;\\n]*\\)[^;\\n]*\\n?\\{`, 'm').exec(text);
  const end = head ? text.indexOf('\n}\n', head.index) : -1;
  const body = head ? text.slice(head.index, end) : '';
  if (!body.includes(from)) throw new Error(`verify: mutations: "${bug}": ${within} has no "${from}" any more`);
  return text.slice(0, head!.index) + body.replace(from, () => to) + text.slice(end);
}
