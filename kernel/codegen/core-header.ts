// The core's header: everything of the core in one C file, in the order in which C wants it.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import type { Surroundings } from './expressions.ts';
import { callOrder, definition, hostedFunctions, prototype } from './functions.ts';
import { constantText, structText } from './structs.ts';
import type { Constant, Core } from './tree.ts';

const start = `#pragma once
#include <stdbool.h>

/* As bpf/bpf_helpers.h spells them, so that either may come first. */
#ifndef __hidden
#define __hidden __attribute__((visibility("hidden")))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;

/* Bytes of a struct that no single field of it names. */
#define core_at(type, base, offset) (*(type *)((u8 *)(base) + (offset)))

static __always_inline u32 rotl32(u32 value, u32 count)
{
	return value << (count & 31) | value >> (-count & 31);
}

static __always_inline u64 rotl64(u64 value, u64 count)
{
	return value << (count & 63) | value >> (-count & 63);
}
`;

function byFile<T extends { readonly at: { readonly file: string } }>(items: Iterable<T>, spell: (item: T) => string, gap: string): string {
  let file = '';
  let text = '';
  for (const item of items) {
    if (item.at.file !== file) text += `\n/* from ${item.at.file} */\n`;
    else text += gap;
    file = item.at.file;
    text += spell(item);
  }
  return text;
}

/** kernel/generated/core.h. */
export function coreHeader(core: Core, banner: string): string {
  const hosted = hostedFunctions(core);
  const inlined = new Set([...core.functions.values()].filter((one) => one.inlined).map(({ name }) => name));
  const context: Surroundings = { structs: core.structs, hosted, inlined };
  const { functions } = callOrder(core);
  const hostFunctions = functions.filter(({ body }) => body === undefined).sort((a, b) => a.at.line - b.at.line);
  const own = functions.filter(({ body }) => body !== undefined);
  return [
    banner,
    start,
    byFile(core.constants.values(), (constant: Constant) => constantText(constant), ''),
    byFile(core.structs.values(), structText, '\n'),
    '\n/* What the core asks of its machine: bodies are in kernel/lib/host.h. */\nstruct host;\n',
    ...hostFunctions.map((one) => prototype(one, hosted)),
    '\n',
    ...own.map((one) => prototype(one, hosted)),
    ...own.map((one) => `\n${definition(one, context)}`),
  ].join('');
}
