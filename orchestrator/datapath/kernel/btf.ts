// Btf: the names and places of a map's fields, as the kernel keeps them with the map. A pinned map thus explains itself to a later
// release that knows another layout.

import type { Layout, LayoutField } from '../migrate.ts';
import type { Bpf, MapInfo } from './bpf.ts';
import type { Libc } from './libc.ts';

const kind = {
  int: 1,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  typedef: 8,
  volatile: 9,
  const: 10,
  prototype: 13,
  variable: 14,
  section: 15,
  tag: 17,
  typeTag: 18,
  enum64: 19,
};

/** Bytes that follow a type's three words: a fixed part, and a part per member. */
const tails: Record<number, readonly [fixed: number, each: number]> = {
  [kind.int]: [4, 0],
  [kind.array]: [12, 0],
  [kind.struct]: [0, 12],
  [kind.union]: [0, 12],
  [kind.enum]: [0, 8],
  [kind.prototype]: [0, 8],
  [kind.variable]: [4, 0],
  [kind.section]: [0, 12],
  [kind.tag]: [4, 0],
  [kind.enum64]: [0, 12],
};

/** Layouts of a map's key and value; undefined when the map was created without BTF. */
export function mapLayouts(bpf: Bpf, libc: Libc, info: MapInfo): { key: Layout; value: Layout } | undefined {
  if (info.btf === 0 || info.keyType === 0) return undefined;
  const descriptor = bpf.btfById(info.btf);
  if (descriptor < 0) return undefined;
  try {
    const data = readBtf(bpf, libc, descriptor);
    return data && { key: layoutOf(data, info.keyType), value: layoutOf(data, info.valueType) };
  } finally {
    libc.close(descriptor);
  }
}

function readBtf(bpf: Bpf, libc: Libc, descriptor: number): Uint8Array | undefined {
  const info = new Uint8Array(32);
  const view = new DataView(info.buffer);
  if (bpf.info(descriptor, info) < 0) return undefined;
  const data = new Uint8Array(view.getUint32(8, true));
  info.fill(0);
  view.setBigUint64(0, BigInt(libc.address(data)), true);
  view.setUint32(8, data.length, true);
  return bpf.info(descriptor, info) < 0 ? undefined : data;
}

/** The fields of one type of raw BTF. A bit field, an array or a struct within is left out: no layout of ours has one. */
export function layoutOf(data: Uint8Array, type: number): Layout {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const header = word(4);
  const offsets = typeOffsets(view, header + word(8), word(12));
  const strings = header + word(16);
  const nameAt = (offset: number): string => {
    const start = strings + offset;
    return new TextDecoder().decode(data.subarray(start, data.indexOf(0, start)));
  };
  const resolve = (id: number): number => {
    const at = offsets[id] ?? 0;
    const wraps = [kind.typedef, kind.volatile, kind.const, kind.typeTag].includes(kindAt(view, at));
    return wraps ? resolve(word(at + 8)) : at;
  };
  const at = resolve(type);
  const size = word(at + 8);
  if (kindAt(view, at) !== kind.struct) return { size, fields: [{ name: '', offset: 0, size }] };
  const fields: LayoutField[] = [];
  for (let member = 0; member < (word(at + 4) & 0xffff); member++) {
    const [name, memberType, place] = [word(at + 12 + member * 12), word(at + 16 + member * 12), word(at + 20 + member * 12)];
    const target = resolve(memberType);
    if (kindAt(view, target) === kind.int)
      fields.push({ name: camelCase(nameAt(name)), offset: (place & 0xffffff) / 8, size: word(target + 8) });
  }
  return { size, fields };
}

/** Where each type starts; type 0 is void. */
function typeOffsets(view: DataView, start: number, length: number): number[] {
  const offsets = [0];
  for (let at = start; at < start + length; ) {
    offsets.push(at);
    const [fixed, each] = tails[kindAt(view, at)] ?? [0, 0];
    at += 12 + fixed + each * (view.getUint32(at + 4, true) & 0xffff);
  }
  return offsets;
}

function kindAt(view: DataView, at: number): number {
  return (view.getUint32(at + 4, true) >>> 24) & 0x1f;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
