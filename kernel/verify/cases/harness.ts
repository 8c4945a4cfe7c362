// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Harness: the kernel sources as they are, with one small program a core function that takes slots out of an array, calls the function
// and leaves the results there. The functions in it must be, byte for byte, those of the object that ships.

import { type Elf, symbolFunction } from '../machine/elf.ts';
import { nullsAt, type SlotArgument, type SlotLayout, slotBytes } from './slots.ts';

/** Slots in the array; one test run works through as many. */
export const slotCount = 4096;
export const casesMap = 'cases';

export function programName(layout: SlotLayout): string {
  return `case_${layout.core.cName}`;
}

function argumentText(argument: SlotArgument, index: number): string {
  if (argument.kind === 'number') {
    const type = argument.width === 1 ? '__u8' : `__u${argument.width}`;
    return `${argument.width === 1 ? '!!' : ''}*(${type} *)(slot + ${argument.at})`;
  }
  const place = `(struct ${argument.struct} *)(slot + ${argument.at})`;
  return argument.nullable ? `(*(__u32 *)(slot + ${nullsAt}) & ${1 << index}) ? NULL : ${place}` : place;
}

function programText(layout: SlotLayout): string {
  const args = layout.arguments.map(argumentText);
  if (layout.core.takesHost) args.unshift('&host');
  const call = `${layout.core.cName}(${args.join(', ')})`;
  return `
SEC("tc")
int ${programName(layout)}(struct __sk_buff *skb)
{
${layout.core.takesHost ? '	struct host host = {};\n' : ''}	__u32 index = skb->mark;
	__u8 *slot = bpf_map_lookup_elem(&${casesMap}, &index);

	if (!slot)
		return 1;
	skb->mark = index + 1;
	${layout.core.result ? `*(__u64 *)slot = ${call}` : call};
	return 0;
}
`;
}

export function harnessText(layouts: readonly SlotLayout[]): string {
  return `/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "datapath.bpf.c"

struct slot {
	__u8 bytes[${slotBytes}];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ${slotCount});
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct slot);
} ${casesMap} SEC(".maps");
${layouts.map(programText).join('')}`;
}

/** Core functions whose instructions differ between two objects, relocated fields aside. */
export function differingFunctions(a: Elf, b: Elf, names: Iterable<string>): string[] {
  return [...names].filter((name) => !instructions(a, name).equals(instructions(b, name)));
}

const callOp = 0x85;
const wideLoadOp = 0x18;

/** The bytes of a function, with the targets of calls and map references blanked: they depend on where things lie. */
function instructions(elf: Elf, name: string): Buffer {
  const symbol = elf.symbols.find((each) => each.type === symbolFunction && each.name === name);
  if (!symbol) return Buffer.alloc(0);
  const start = elf.sections[symbol.section]!.offset + symbol.value;
  const code = Buffer.from(elf.bytes.subarray(start, start + symbol.size));
  for (let at = 0; at < code.length; at += 8) {
    const isCall = code[at] === callOp && code[at + 1]! >> 4 === 1;
    if (isCall || (code[at] === wideLoadOp && elf.relocation(symbol.section, symbol.value + at))) code.writeInt32LE(0, at + 4);
    if (code[at] === wideLoadOp) at += 8;
  }
  return code;
}
