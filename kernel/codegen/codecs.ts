// Codecs, generated: an interface and a Codec for every layout class, so that the orchestrator spells bytes as both machines read them.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

import { layoutHash } from './maps.ts';
import type { Field, Scalar, Struct } from './tree.ts';

/** `Conntrack` → `conntrackCodec`; `u32` → `u32Codec`. */
export function codecName(name: string): string {
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Codec`;
}

const views: Readonly<Record<Scalar, string>> = {
  bool: 'Uint8',
  u8: 'Uint8',
  u16: 'Uint16',
  u32: 'Uint32',
  u64: 'BigUint64',
  i32: 'Int32',
  i64: 'BigInt64',
};

function isWide(type: Scalar): boolean {
  return type === 'u64' || type === 'i64';
}

/** Padding is spelled as zeros and is no part of a value. */
function isPadding({ name }: Field): boolean {
  return /^pad\d+$/.test(name);
}

function place({ offset }: Field): string {
  return offset === 0 ? 'offset' : `offset + ${offset}`;
}

function endian({ type }: Field): string {
  return views[type].endsWith('8') ? '' : ', true';
}

function encodeLine(field: Field): string {
  const zero = isWide(field.type) ? '0n' : '0';
  const value = isPadding(field) ? zero : field.type === 'bool' ? `value.${field.name} ? 1 : 0` : `value.${field.name}`;
  return `    view.set${views[field.type]}(${place(field)}, ${value}${endian(field)});\n`;
}

function decodeLine(field: Field): string {
  const value = `view.get${views[field.type]}(${place(field)}${endian(field)})`;
  return `      ${field.name}: ${field.type === 'bool' ? `${value} !== 0` : value},\n`;
}

function valueType(type: Scalar): string {
  return isWide(type) ? 'bigint' : type === 'bool' ? 'boolean' : 'number';
}

function codec(struct: Struct): string {
  const { name, size, fields } = struct;
  const own = fields.filter((field) => !isPadding(field));
  return `export interface ${name} {
${own.map((field) => `  ${field.name}: ${valueType(field.type)};\n`).join('')}}

export const ${codecName(name)}: Codec<${name}> & { readonly layoutHash: string } = {
  size: ${size},
  layoutHash: '${layoutHash(struct)}',
  encode(value, view, offset) {
${fields.map(encodeLine).join('')}  },
  decode(view, offset) {
    return {
${own.map(decodeLine).join('')}    };
  },
};
`;
}

/** orchestrator/datapath/generated/layouts.ts. */
export function layoutCodecs(structs: Iterable<Struct>, banner: string): string {
  const u32 = `export const u32Codec: Codec<number> = {
  size: 4,
  encode(value, view, offset) {
    view.setUint32(offset, value, true);
  },
  decode(view, offset) {
    return view.getUint32(offset, true);
  },
};
`;
  return [`${banner}\nimport type { Codec } from '../layout.ts';\n\n${u32}`, ...[...structs].map(codec)].join('\n');
}
