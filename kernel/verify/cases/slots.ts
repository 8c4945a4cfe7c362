// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Slots: one case of one function as bytes: result, numbers, which references are null, then what the references lead to. Both
// machines get the same slot and must leave the same slot.

import type { Btf, StructMember } from '../machine/btf.ts';
import { Unsupported } from '../machine/unsupported.ts';
import type { Executions } from '../proof/execution.ts';
import type { CoreFunction, Machines } from '../proof/functions.ts';
import { type Source, sourceOf, writeRandom } from './pools.ts';
import type { Random } from './random.ts';
import { type PlannedField, planOf, writeStruct } from './world.ts';

/** Bytes of every slot in the kernel's array; a function uses the first `bytes` of them. */
export const slotBytes = 1024;
const numbersAt = 8;
export const nullsAt = 48;
const regionsAt = 56;

export type SlotArgument =
  | { readonly kind: 'number'; readonly at: number; readonly width: number; readonly source: Source }
  | {
      readonly kind: 'reference';
      readonly at: number;
      readonly size: number;
      readonly struct: string;
      readonly members: readonly StructMember[];
      readonly plan: readonly PlannedField[];
      readonly nullable: boolean;
    };

export interface SlotLayout {
  readonly core: CoreFunction;
  readonly arguments: readonly SlotArgument[];
  readonly bytes: number;
}

export function layoutSlot(core: CoreFunction, btf: Btf, nullable: (index: number) => boolean): SlotLayout {
  let at = regionsAt;
  const list = core.parameters.map((parameter, i): SlotArgument => {
    if (parameter.kind === 'number') {
      const bytes = Math.max(8, parameter.width) / 8;
      return { kind: 'number', at: numbersAt + 8 * i, width: parameter.width, source: sourceOf(parameter.name, bytes) };
    }
    const place = at;
    at += Math.ceil(parameter.size / 8) * 8;
    const { members } = btf.struct(parameter.struct)!;
    return {
      kind: 'reference',
      at: place,
      size: parameter.size,
      struct: parameter.struct,
      members,
      plan: planOf(members),
      nullable: nullable(i),
    };
  });
  if (at > slotBytes) throw new Error(`verify: slots: ${core.name} needs ${at} bytes, a slot has ${slotBytes}`);
  return { core, arguments: list, bytes: at };
}

/** Layouts of the named functions, of all by default. Where a proof would need null, cases pass null too. */
export function layoutsOf(machines: Machines, executions: Executions, names: Iterable<string> = machines.functions.keys()): SlotLayout[] {
  return [...names].map((name) => layoutSlot(machines.functions.get(name)!, machines.btf, nullability(executions, name)));
}

/** A function that cannot be executed on terms gets no null. */
function nullability(executions: Executions, name: string): (index: number) => boolean {
  try {
    const { footprints } = executions.summary(name);
    return (index) => footprints[index]!.nullable;
  } catch (error) {
    if (error instanceof Unsupported) return () => false;
    throw error;
  }
}

/** Fills a zeroed slot with a random case. */
export function writeCase(layout: SlotLayout, view: DataView, offset: number, random: Random): void {
  let nulls = 0;
  layout.arguments.forEach((argument, i) => {
    if (argument.kind === 'reference') {
      if (argument.nullable && random.once(3)) nulls |= 1 << i;
      writeStruct(view, offset + argument.at, argument.plan, random);
    } else if (argument.width === 1) {
      view.setUint8(offset + argument.at, random.below(2));
    } else {
      writeRandom(view, offset + argument.at, argument.width / 8, argument.source, random);
    }
  });
  view.setUint32(offset + nullsAt, nulls, true);
}
