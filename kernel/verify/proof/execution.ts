// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Execution: one core function on both machines with the same unknown arguments, callees and lookups left to the contract.

import { BpfExecutor, type BpfRoles } from '../machine/bpf-execute.ts';
import type { MapShape } from '../machine/btf.ts';
import type { Outcome } from '../machine/machine.ts';
import { isPointer, loadThrough, Memory, pointerTo, type Region, type Value } from '../machine/memory.ts';
import { Unsupported } from '../machine/unsupported.ts';
import { type FunctionRole, WasmExecutor } from '../machine/wasm-execute.ts';
import { concat, extract, leadingZeros, zeroExtend } from '../terms/normalise-slices.ts';
import { constant, type Term, truth, variable } from '../terms/terms.ts';
import { Answers, HostContract, type Occurrence, type Summary, type Universe, unknownRegion } from './contract.ts';
import type { CoreFunction, Machines } from './functions.ts';

export interface Side {
  readonly outcome: Outcome;
  readonly occurrences: readonly Occurrence[];
  readonly hazards: readonly Term[];
}

export interface Execution {
  readonly core: CoreFunction;
  readonly wasm: Side;
  readonly bpf: Side;
  /** One a reference parameter, by parameter index. */
  readonly regions: ReadonlyMap<number, Region>;
  readonly summary: Summary;
}

/**
 * A function of the module that asks a map: its key lies in memory, is a number, is always element 0, or is a peer's: then it comes in
 * words, and the answer is two matches.
 */
export interface LookupFunction {
  readonly map: string;
  readonly key: 'reference' | 'number' | 'first' | 'peer';
}

/** Prefix length of a whole policy key, and the identity of entries that speak of every peer. */
const wholeKey = 96;
const everyPeer = 0;

export interface Linkage {
  /** The lookup that a function of the module is, by its name. */
  lookup(name: string): LookupFunction | undefined;
}

export class Executions implements Universe {
  readonly #machines: Machines;
  readonly #linkage: Linkage;
  readonly #summaries = new Map<string, Summary | Unsupported>();
  readonly #running = new Set<string>();

  constructor(machines: Machines, linkage: Linkage) {
    this.#machines = machines;
    this.#linkage = linkage;
  }

  map(name: string): MapShape {
    const shape = this.#machines.btf.map(name);
    if (!shape) throw new Unsupported(`the object has no map "${name}"`);
    return shape;
  }

  callee(name: string): CoreFunction {
    return this.#machines.functions.get(name) ?? this.#machines.byCName.get(name)!;
  }

  summary(name: string): Summary {
    const core = this.callee(name);
    const known = this.#summaries.get(core.name);
    if (known instanceof Unsupported) throw known;
    return known ?? this.execute(core).summary;
  }

  execute(core: CoreFunction): Execution {
    if (this.#running.has(core.name)) throw new Unsupported(`${core.name} calls itself`);
    this.#running.add(core.name);
    try {
      const execution = this.#execute(core);
      this.#summaries.set(core.name, execution.summary);
      return execution;
    } catch (error) {
      if (error instanceof Unsupported) this.#summaries.set(core.name, new Unsupported(`${core.name}: ${error.message}`));
      throw error;
    } finally {
      this.#running.delete(core.name);
    }
  }

  /** First as if null could be passed anywhere; a reference that is then used unchecked must not be null. */
  #execute(core: CoreFunction): Execution {
    const required = new Set<string>();
    this.#attempt(core, required);
    return this.#attempt(core, new Set(required));
  }

  #attempt(core: CoreFunction, required: Set<string>): Execution {
    const regions = new Map<number, Region>();
    core.parameters.forEach((parameter, i) => {
      if (parameter.kind !== 'reference') return;
      const { name, size } = parameter;
      regions.set(i, unknownRegion(name, size, required.has(name) ? undefined : () => required.add(name)));
    });
    const answers = new Answers();
    const wasm = this.#wasm(core, regions, answers);
    const bpf = this.#bpf(core, regions, answers);
    touchWritten(regions, [wasm, bpf]);
    const footprints = core.parameters.map((parameter, i) => {
      const region = regions.get(i);
      return { reads: new Set(region?.reads), writes: new Set(region?.writes), nullable: !required.has(parameter.name) };
    });
    return { core, wasm, bpf, regions, summary: { footprints, resultBits: resultBits(core, [wasm, bpf]) } };
  }

  #wasm(core: CoreFunction, regions: ReadonlyMap<number, Region>, answers: Answers): Side {
    const contract = new HostContract('wasm', this, answers);
    const args = core.parameters.map((parameter, i): Value => {
      if (parameter.kind === 'reference') return pointerTo(regions.get(i)!);
      const value = variable(parameter.name, parameter.width);
      return parameter.width >= 32 ? value : concat(variable(`${parameter.name}.upper`, 32 - parameter.width), value);
    });
    const executor = new WasmExecutor(this.#machines.wasm, contract, (index) => this.#role(index, core, contract));
    const outcome = executor.run(core.wasmIndex, args, truth(true), new Memory());
    if (!outcome) throw new Unsupported('wasm: every path traps');
    return { outcome, occurrences: contract.occurrences, hazards: contract.hazards };
  }

  #role(index: number, running: CoreFunction, contract: HostContract): FunctionRole {
    const name = this.#machines.wasm.names.get(index);
    const core = name === undefined ? undefined : this.#machines.functions.get(name);
    if (core && core !== running && this.#machines.called.has(core.cName)) return { kind: 'callee', name: core.name };
    const lookup = name === undefined ? undefined : this.#linkage.lookup(name);
    if (!lookup) return { kind: 'inline' };
    if (lookup.key === 'peer')
      return { kind: 'lookup', answer: (args, state) => contract.matches(lookup.map, ...peerQuestions(args), state) };
    return { kind: 'lookup', answer: (args, state) => contract.lookup(...this.#question(lookup, args, state.memory), state) };
  }

  /** Map and key words of a call of one of the module's lookup functions. */
  #question(lookup: LookupFunction, args: readonly Value[], memory: Memory): [string, Term[]] {
    const { map } = lookup;
    if (lookup.key === 'first') return [map, [constant(32, 0)]];
    const key = args[0];
    if (key === undefined) throw new Unsupported(`a lookup in ${map} has no key`);
    if (lookup.key === 'number') {
      if (isPointer(key)) throw new Unsupported(`the number of a lookup in ${map} is a pointer`);
      return [map, [key]];
    }
    if (!isPointer(key)) throw new Unsupported(`the key of a lookup in ${map} is a number`);
    const { keySize } = this.map(map);
    const words: Term[] = [];
    for (let at = 0; at < keySize; at += 8) {
      words.push(loadThrough(memory, key.targets, at, Math.min(8, keySize - at)) as Term);
    }
    return [map, words];
  }

  #bpf(core: CoreFunction, regions: ReadonlyMap<number, Region>, answers: Answers): Side {
    const contract = new HostContract('bpf', this, answers);
    const args: Value[] = core.parameters.map((parameter, i) => {
      if (parameter.kind === 'reference') return pointerTo(regions.get(i)!);
      const value = variable(parameter.name, parameter.width);
      return parameter.width === 64 ? value : concat(variable(`${parameter.name}.above`, 32), zeroExtend(32, value));
    });
    if (core.takesHost) args.unshift(pointerTo(hostRegion()));
    const { byCName, btf } = this.#machines;
    const roles: BpfRoles = { isCallee: (name) => name !== core.cName && byCName.has(name), keySize: (map) => btf.map(map)?.keySize };
    const outcome = new BpfExecutor(this.#machines.elf, contract, roles).run(core.cName, args, truth(true), new Memory());
    if (!outcome) throw new Unsupported('bpf: no path ends');
    return { outcome, occurrences: contract.occurrences, hazards: contract.hazards };
  }
}

/** Words of the whole policy keys of a peer and of every peer, from the arguments set, identity and traffic (core/layout/policy.ts). */
function peerQuestions(args: readonly Value[]): [peer: Term[], everyPeer: Term[]] {
  const [set, identity, traffic] = args.map((value) => {
    if (isPointer(value)) throw new Unsupported('a part of a policy key is a pointer');
    return value;
  }) as [Term, Term, Term];
  const key = (peer: Term): Term[] => [concat(set, constant(32, wholeKey)), concat(traffic, peer)];
  return [key(identity), key(constant(32, everyPeer))];
}

/** Both sides are proved equal, so what one of them shows about the upper bits holds. */
function resultBits(core: CoreFunction, sides: readonly Side[]): number {
  if (core.result?.kind !== 'number') return 0;
  const { width } = core.result;
  return Math.min(
    ...sides.map(({ outcome: { result } }) => {
      if (!result || isPointer(result)) return width;
      return width - leadingZeros(extract(width - 1, 0, result));
    }),
  );
}

/** The kernel's own notes about lookups: the core cannot see them, so nothing about them is compared. */
function hostRegion(): Region {
  return { name: 'host', size: 512, writable: true, found: truth(true), initial: () => undefined, reads: new Set(), writes: new Set() };
}

/** A byte that one path writes and another leaves keeps its old content there: reading it now records that. */
function touchWritten(regions: ReadonlyMap<number, Region>, sides: readonly Side[]): void {
  for (const region of regions.values()) {
    for (const side of sides) for (const at of region.writes) side.outcome.memory.at(region, at);
  }
}
