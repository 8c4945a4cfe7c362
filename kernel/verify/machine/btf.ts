// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// BTF reader: the types that the object itself carries say which parameters are references, how large their targets are, how wide
// the numbers are, and which key and value every map has.

import type { Elf } from './elf.ts';

interface BtfType {
  readonly name: string;
  readonly kind: number;
  /** Size of sized types, else the type referred to. */
  readonly data: number;
  readonly members: readonly { readonly name: string; readonly type: number; readonly offset: number }[];
  /** Of arrays: elements. */
  readonly count: number;
  /** Of integers: a truth value, of which only the lowest bit means anything. */
  readonly boolean: boolean;
}

const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  function: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  enum64: 19,
} as const;

export type Parameter =
  | { readonly kind: 'number'; readonly name: string; readonly width: number }
  | { readonly kind: 'reference'; readonly name: string; readonly struct: string; readonly size: number };

export interface Prototype {
  readonly parameters: readonly Parameter[];
  /** Undefined for void. */
  readonly result: Parameter | undefined;
}

export interface MapShape {
  readonly keySize: number;
  readonly valueSize: number;
  /** Structs of key and value; a number has none. */
  readonly keyStruct: string;
  readonly valueStruct: string;
}

export interface StructMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export interface Btf {
  prototype(name: string): Prototype | undefined;
  map(name: string): MapShape | undefined;
  struct(name: string): { readonly size: number; readonly members: readonly StructMember[] } | undefined;
}

/** Bytes that follow the common header of a type, by kind. */
function tail(kind: number, length: number): number {
  if (kind === KIND.int || kind === KIND.variable) return 4;
  if (kind === KIND.array) return 12;
  if (kind === KIND.struct || kind === KIND.union || kind === KIND.section || kind === KIND.enum64) return 12 * length;
  if (kind === KIND.enum || kind === KIND.prototype) return 8 * length;
  return kind === 17 ? 4 : 0;
}

function readTypes(bytes: Buffer): BtfType[] {
  const header = bytes.readUInt32LE(4);
  const types = header + bytes.readUInt32LE(8);
  const end = types + bytes.readUInt32LE(12);
  const strings = header + bytes.readUInt32LE(16);
  const text = (at: number): string => bytes.toString('latin1', strings + at, bytes.indexOf(0, strings + at));
  const list: BtfType[] = [{ name: 'void', kind: 0, data: 0, members: [], count: 0, boolean: false }];
  for (let at = types; at < end; ) {
    const info = bytes.readUInt32LE(at + 4);
    const kind = (info >> 24) & 31;
    const length = info & 0xffff;
    const body = at + 12;
    const members: { name: string; type: number; offset: number }[] = [];
    if (kind === KIND.struct || kind === KIND.union) {
      for (let i = 0; i < length; i++) {
        const m = body + 12 * i;
        members.push({
          name: text(bytes.readUInt32LE(m)),
          type: bytes.readUInt32LE(m + 4),
          offset: (bytes.readUInt32LE(m + 8) & 0xffffff) / 8,
        });
      }
    } else if (kind === KIND.prototype) {
      for (let i = 0; i < length; i++) {
        members.push({ name: text(bytes.readUInt32LE(body + 8 * i)), type: bytes.readUInt32LE(body + 8 * i + 4), offset: 0 });
      }
    }
    const count = kind === KIND.array ? bytes.readUInt32LE(body + 8) : 0;
    const element = kind === KIND.array ? bytes.readUInt32LE(body) : bytes.readUInt32LE(at + 8);
    list.push({
      name: text(bytes.readUInt32LE(at)),
      kind,
      data: element,
      members,
      count,
      boolean: kind === KIND.int && (bytes[body + 3]! & 4) !== 0,
    });
    at = body + tail(kind, length);
  }
  return list;
}

export function readBtf(elf: Elf): Btf {
  const section = elf.section('.BTF');
  if (!section) throw new Error('verify: btf: the object carries no type information; compile with -g');
  const types = readTypes(section.bytes);
  const plain = (id: number): BtfType => {
    const type = types[id]!;
    const transparent: readonly number[] = [KIND.typedef, KIND.volatile, KIND.const, KIND.restrict];
    return transparent.includes(type.kind) ? plain(type.data) : type;
  };
  const size = (id: number): number => {
    const type = plain(id);
    if (type.kind === KIND.pointer) return 8;
    return type.kind === KIND.array ? type.count * size(type.data) : type.data;
  };
  const parameter = (name: string, id: number): Parameter => {
    const type = plain(id);
    if (type.kind !== KIND.pointer) return { kind: 'number', name, width: type.boolean ? 1 : 8 * size(id) };
    return { kind: 'reference', name, struct: plain(type.data).name, size: size(type.data) };
  };
  const structName = (id: number): string => (plain(id).kind === KIND.struct ? plain(id).name : '');
  const find = (name: string, kind: number): BtfType | undefined =>
    types.find((type) => name !== '' && type.kind === kind && type.name === name);
  return {
    prototype(name) {
      const type = find(name, KIND.function);
      if (!type) return undefined;
      const prototype = types[type.data]!;
      const parameters = prototype.members.map((member) => parameter(member.name, member.type));
      return { parameters, result: prototype.data === 0 ? undefined : parameter('result', prototype.data) };
    },
    map(name) {
      const variable = find(name, KIND.variable);
      if (!variable) return undefined;
      const { members } = plain(variable.data);
      const pointee = (field: string): number | undefined => {
        const member = members.find((each) => each.name === field);
        return member && plain(member.type).data;
      };
      const key = pointee('key');
      const value = pointee('value');
      if (key === undefined || value === undefined) return undefined;
      return { keySize: size(key), valueSize: size(value), keyStruct: structName(key), valueStruct: structName(value) };
    },
    struct(name) {
      const type = find(name, KIND.struct);
      return (
        type && {
          size: type.data,
          members: type.members.map(({ name: field, type: id, offset }) => ({ name: field, offset, size: size(id) })),
        }
      );
    },
  };
}
