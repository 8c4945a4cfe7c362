// The executors against the machines themselves: what they say symbolically, evaluated, is what real code computes.
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { harnessText } from '../../../kernel/verify/cases/harness.ts';
import { KernelMachine } from '../../../kernel/verify/cases/kernel-machine.ts';
import { Random } from '../../../kernel/verify/cases/random.ts';
import { layoutsOf, type SlotLayout, slotBytes, writeCase } from '../../../kernel/verify/cases/slots.ts';
import { WasmMachine } from '../../../kernel/verify/cases/wasm-machine.ts';
import { isPointer, Memory } from '../../../kernel/verify/machine/memory.ts';
import { decodeWasm } from '../../../kernel/verify/machine/wasm-decode.ts';
import { WasmExecutor } from '../../../kernel/verify/machine/wasm-execute.ts';
import { SourceTree } from '../../../kernel/verify/mutation/source-tree.ts';
import { Executions } from '../../../kernel/verify/proof/execution.ts';
import { exportedNames, type Machines, readMachines } from '../../../kernel/verify/proof/functions.ts';
import { linkage } from '../../../kernel/verify/proof/linkage.ts';
import { evaluateAll } from '../../../kernel/verify/terms/evaluate.ts';
import { forgetTerms, inOrder, type Term, truth, variable } from '../../../kernel/verify/terms/terms.ts';
import { kernelObject, kernelSkip } from '../../support/kernel.ts';
import { randomFunction } from './random-source.ts';
import { compileModule } from './sample.ts';

const wasmPath = kernelObject.replace('datapath.bpf.o', 'datapath.wasm');
const built = existsSync(wasmPath) && existsSync(kernelObject) ? false : 'the datapath has not been built: npm run build';

const noContract = {
  lookup: () => {
    throw new Error('no lookup');
  },
  call: () => {
    throw new Error('no call');
  },
  unsafe: () => undefined,
};

t.test('random programs: the wasm executor computes what WebAssembly computes', async (t) => {
  const random = new Random(4);
  const names = Array.from({ length: 60 }, (_, i) => `f${i}`);
  const bytes = await compileModule(names.map((name) => randomFunction(name, random)).join('\n'));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), { env: { memory } });
  const module = decodeWasm(bytes);
  let checked = 0;
  for (const name of names) {
    forgetTerms();
    const inputs = [variable('a', 32), variable('b', 64), variable('c', 32), variable('d', 32)];
    const executor = new WasmExecutor(module, noContract, () => ({ kind: 'inline' }));
    const outcome = executor.run(module.exports.get(name)!, inputs, truth(true), new Memory())!;
    for (let i = 0; i < 40; i++) {
      const values = [
        random.word(),
        (BigInt(random.word()) << 32n) | BigInt(random.word()),
        random.once(2) ? random.word() : random.below(256),
        random.word(),
      ];
      const real = BigInt.asUintN(64, (exports[name] as (...args: unknown[]) => bigint)(values[0], values[1], values[2], values[3]));
      const at: Record<string, bigint> = Object.fromEntries(['a', 'b', 'c', 'd'].map((key, k) => [key, BigInt(values[k]!)]));
      const symbolic = evaluateAll([outcome.result as Term], { variable: (key) => at[key]!, result: () => 0n }).get(
        (outcome.result as Term).id,
      );
      if (symbolic !== real) t.equal(symbolic, real, `${name}(${values.join(', ')})`);
      checked++;
    }
  }
  t.equal(checked, 2400);
});

/** Functions without lookups and callees: all that they compute is in their terms. */
function pureFunctions(machines: Machines): SlotLayout[] {
  const executions = new Executions(machines, linkage);
  return layoutsOf(machines, executions).filter(({ core }) => {
    const { wasm, bpf } = executions.execute(core);
    return wasm.occurrences.length === 0 && bpf.occurrences.length === 0 && core.result?.kind !== 'reference';
  });
}

/** Value of an input of the terms, as the slot has it. */
function slotInput(layout: SlotLayout, slot: DataView): (name: string, width: number) => bigint {
  return (name, width) => {
    const [parameter, at = ''] = name.split('.');
    const index = layout.core.parameters.findIndex((each) => each.name === parameter);
    const argument = layout.arguments[index]!;
    if (argument.kind === 'reference') return at === 'present' ? 1n : read(slot, argument.at + Number(at), width);
    return at === '' ? read(slot, argument.at, width) : 0n;
  };
}

function read(slot: DataView, at: number, width: number): bigint {
  if (width === 64) return slot.getBigUint64(at, true);
  return BigInt.asUintN(width, BigInt(slot.getUint32(at, true)));
}

/** What the terms of one side say about a slot, against the slot that the real machine left. */
function compareSlot(layout: SlotLayout, side: 'wasm' | 'bpf', machines: Machines, before: DataView, after: DataView): string[] {
  const execution = new Executions(machines, linkage).execute(layout.core);
  const { outcome } = execution[side];
  const expected: { term: Term; at: number }[] = [];
  if (outcome.result && !isPointer(outcome.result) && layout.core.result?.kind === 'number') expected.push({ term: outcome.result, at: 0 });
  for (const [index, region] of execution.regions) {
    for (const at of region.writes) {
      const value = outcome.memory.load(region, at, 1);
      if (!isPointer(value)) expected.push({ term: value, at: layout.arguments[index]!.at + at });
    }
  }
  const values = evaluateAll(
    expected.map(({ term }) => term),
    { variable: slotInput(layout, before), result: () => 0n },
  );
  for (const { term, at } of expected) {
    const width = at === 0 ? (layout.core.result as { width: number }).width : 8;
    const symbolic = BigInt.asUintN(width, values.get(term.id)!);
    if (symbolic !== read(after, at, width))
      return [`${layout.core.name}, slot byte ${at}: symbolic ${symbolic}, real ${read(after, at, width)}`];
  }
  return [];
}

const casesOfFunction = 12;

function randomSlot(layout: SlotLayout, random: Random): DataView {
  const slot = new DataView(new ArrayBuffer(slotBytes));
  writeCase(layout, slot, 0, random);
  slot.setUint32(48, 0, true);
  return slot;
}

t.test('core functions: the wasm executor leaves what the module leaves', { skip: built }, async (t) => {
  const bytes = readFileSync(wasmPath);
  const machines = readMachines(bytes, readFileSync(kernelObject), exportedNames('datapath-as/core'));
  const wasm = await WasmMachine.open(new WebAssembly.Module(bytes));
  const random = new Random(5);
  const layouts = pureFunctions(machines);
  t.ok(layouts.length >= 15, `${layouts.length} functions without lookups`);
  const wrong: string[] = [];
  for (const layout of layouts) {
    forgetTerms();
    for (let i = 0; i < casesOfFunction; i++) {
      const before = randomSlot(layout, random);
      wasm.slot.set(new Uint8Array(before.buffer));
      wasm.caller(layout)();
      const after = new DataView(wasm.slot.slice(0, slotBytes).buffer);
      wrong.push(...compareSlot(layout, 'wasm', machines, before, after));
    }
  }
  t.same(wrong, []);
});

t.test('core functions: the eBPF executor leaves what the kernel leaves', { skip: built || (await kernelSkip()) }, async (t) => {
  const machines = readMachines(readFileSync(wasmPath), readFileSync(kernelObject), exportedNames('datapath-as/core'));
  const layouts = pureFunctions(machines);
  using tree = new SourceTree();
  tree.write('kernel/harness.bpf.c', harnessText(layouts));
  using kernel = await KernelMachine.open(tree.buildKernel('kernel/harness.bpf.c'));
  const slots = kernel.slots();
  const random = new Random(6);
  const wrong: string[] = [];
  for (const layout of layouts) {
    forgetTerms();
    const before = Array.from({ length: casesOfFunction }, () => randomSlot(layout, random));
    for (const [i, slot] of before.entries()) slots.set(new Uint8Array(slot.buffer), i * slotBytes);
    kernel.run(layout, casesOfFunction);
    for (const [i, slot] of before.entries()) {
      const after = new DataView(slots.slice(i * slotBytes, (i + 1) * slotBytes).buffer);
      wrong.push(...compareSlot(layout, 'bpf', machines, slot, after));
    }
  }
  t.same(wrong, []);
});

t.test('terms of an execution mention inputs only', { skip: built }, async (t) => {
  const machines = readMachines(readFileSync(wasmPath), readFileSync(kernelObject), exportedNames('datapath-as/core'));
  forgetTerms();
  const { wasm } = new Executions(machines, linkage).execute(machines.functions.get('conntrackTransition')!);
  const names = inOrder([wasm.outcome.result as Term])
    .filter(({ op }) => op === 'var')
    .map(({ name }) => name);
  t.ok(
    names.every((name) => /^(protocol|tcp_flags|reply)/.test(name)),
    names.join(', '),
  );
});
