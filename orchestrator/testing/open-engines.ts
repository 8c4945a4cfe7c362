// Opening engines: the machines that the wanted ones need. Kernel mode is loaded only when somebody wants it.

import { DatapathEngine } from './datapath-engine.ts';
import type { Engine } from './engine.ts';
import type { Machine } from './machine.ts';
import { ModelEngine } from './model-engine.ts';
import type { Node } from './node.ts';
import { openWasmMachine } from './wasm-machine.ts';

/** wasm: packets through the datapath in this process. kernel: through eBPF programs, by test run. model: the rules, read directly. */
export type EngineName = 'wasm' | 'kernel' | 'model';

/** Enough for worlds of thousands of pods; memory that no entry touches costs nothing but address space. */
const usualSizes = {
  events: 65536,
  endpoints: 8192,
  ipcache: 32768,
  nodes: 16,
  policy: 131072,
  grants: 32768,
  frontends: 16,
  maglev: 16,
  backends: 16,
  affinity: 16,
  conntrack: 16384,
  translations: 16,
  fragments: 64,
} as const;

/** Machines for these engines, each once, in their order. Rejects with NOT_SUPPORTED where the kernel cannot be used. */
export async function openMachines(engines: readonly EngineName[], sizes: Readonly<Record<string, number>> = {}): Promise<Machine[]> {
  const machines: Machine[] = [];
  try {
    for (const name of new Set(engines)) {
      if (name === 'wasm') machines.push(await openWasmMachine({ ...usualSizes, ...sizes }));
      if (name === 'kernel') machines.push(await (await import('./kernel-machine.ts')).openKernelMachine({ ...usualSizes, ...sizes }));
    }
  } catch (error) {
    for (const machine of machines) await machine[Symbol.asyncDispose]();
    throw error;
  }
  return machines;
}

/** `ports`: those that connections have. */
export function makeEngine(name: EngineName, machines: readonly Machine[], node: Node, ports: ReadonlySet<number>): Engine {
  const machine = machines.find((one) => one.name === name);
  return machine === undefined ? new ModelEngine(node) : new DatapathEngine(machine, node, ports);
}
