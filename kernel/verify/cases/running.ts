// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Running: the part of the verification that runs code instead of reasoning about it, in a process of its own beside the proofs.

import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Executions } from '../proof/execution.ts';
import { exportedNames, type Machines, readMachines } from '../proof/functions.ts';
import { linkage } from '../proof/linkage.ts';
import { type DifferentialResult, runDifferential } from './differential.ts';
import { type HostileResult, runHostile } from './hostile.ts';
import { type ProgramsResult, runPrograms } from './programs.ts';
import { layoutsOf } from './slots.ts';

export interface RunningOrder {
  readonly core: string;
  readonly wasm: string;
  readonly object: string;
  /** Absent where the kernel refuses BPF: then only what needs no kernel is run. */
  readonly harness?: string;
  readonly seed: number;
  /** Cases of all functions together; the chain gets a fifth of them. */
  readonly cases: number;
  readonly packets: number;
  readonly hostile: number;
}

export interface RunningResult {
  readonly differential?: DifferentialResult;
  readonly programs?: ProgramsResult;
  readonly hostile: HostileResult;
}

/** Does it all, in another process. */
export function startRunning(order: RunningOrder): Promise<RunningResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(order)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    let result: RunningResult | undefined;
    child.on('message', (message) => {
      result = message as RunningResult;
    });
    child.on('exit', (code) => (result ? resolve(result) : reject(new Error(`verify: the differential run ended with ${code}`))));
  });
}

const topShare = 0.2;
const top = 'decide';

async function run(order: RunningOrder): Promise<RunningResult> {
  const bytes = readFileSync(order.wasm);
  const machines = readMachines(bytes, readFileSync(order.object), exportedNames(order.core));
  const module = new WebAssembly.Module(bytes);
  const onKernel = order.harness === undefined ? {} : await runOnKernel({ ...order, harness: order.harness }, machines, module);
  return { ...onKernel, hostile: await runHostile(module, machines.btf, order.seed, order.hostile) };
}

async function runOnKernel(
  { object, harness, seed, cases, packets }: RunningOrder & { readonly harness: string },
  machines: Machines,
  module: WebAssembly.Module,
): Promise<Pick<RunningResult, 'differential' | 'programs'>> {
  const { btf } = machines;
  const layouts = layoutsOf(machines, new Executions(machines, linkage));
  const share = Math.ceil((cases * (1 - topShare)) / Math.max(1, layouts.length - 1));
  const casesOf = (name: string): number => (name === top ? Math.ceil(cases * topShare) : share);
  return {
    differential: await runDifferential({ object: harness, module, btf, layouts, seed, cases: casesOf }),
    programs: await runPrograms({ object, module, btf, seed, packets }),
  };
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await run(JSON.parse(process.argv[2]!) as RunningOrder);
  process.send(result, () => process.exit(0));
}
