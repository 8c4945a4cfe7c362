// Structs and constants in C, with the compiler's word that every byte is where the other machine has it.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { snakeCase } from './names.ts';
import type { Constant, Struct } from './tree.ts';
import { isSigned } from './tree.ts';

export function structText({ name, size, fields }: Struct): string {
  const tag = `struct ${snakeCase(name)}`;
  const lines = fields.map((field) => `\t${field.type} ${snakeCase(field.name)};\n`);
  const asserts = fields.map((field) => {
    const member = snakeCase(field.name);
    return `_Static_assert(__builtin_offsetof(${tag}, ${member}) == ${field.offset}, "${tag}.${member}");\n`;
  });
  return `${tag} {\n${lines.join('')}};\n${asserts.join('')}_Static_assert(sizeof(${tag}) == ${size}, "${tag}");\n`;
}

function constantValue({ type, value, hexadecimal }: Constant): string {
  if (isSigned(type)) return `${value}${type === 'i64' ? 'LL' : ''}`;
  const suffix = type === 'u64' ? 'ULL' : type === 'u32' ? 'U' : '';
  return `${hexadecimal ? `0x${value.toString(16)}` : value}${suffix}`;
}

/** The cast gives narrow constants their own type, so that expressions mean the same as in the core. */
export function constantText(constant: Constant): string {
  const value = constantValue(constant);
  const isExact = constant.type === 'u32' || constant.type === 'u64';
  return `#define ${constant.name} ${isExact ? value : `((${constant.type})${value})`}\n`;
}
