// BTF for tests: the description of a map's key and value that a compiler would have left, for layouts that no source has any more.

import type { LayoutField } from '../../orchestrator/datapath/migrate.ts';

const [intKind, structKind] = [1, 4];

/** Raw BTF with two structs, type 5 for the key and type 6 for the value; types 1 to 4 are u8, u16, u32 and u64. */
export function layoutBtf(key: readonly LayoutField[], value: readonly LayoutField[]): Uint8Array {
  const names: string[] = [''];
  const types: number[] = [];
  const name = (text: string): number => {
    const at = names.join('\0').length + 1;
    names.push(text.replace(/[A-Z0-9]/g, (letter) => `_${letter.toLowerCase()}`));
    return at;
  };
  for (const size of [1, 2, 4, 8]) types.push(name(`u${size}`), intKind << 24, size, size * 8);
  for (const [title, fields] of [
    ['key', key],
    ['value', value],
  ] as const) {
    const end = Math.max(...fields.map(({ offset, size }) => offset + size));
    types.push(name(title), (structKind << 24) | fields.length, end);
    for (const field of fields) types.push(name(field.name), Math.log2(field.size) + 1, field.offset * 8);
  }
  const strings = new TextEncoder().encode(`${names.join('\0')}\0`);
  const words = [0x0001eb9f, 24, 0, types.length * 4, types.length * 4, strings.length, ...types];
  const data = new Uint8Array(words.length * 4 + strings.length);
  new Uint32Array(data.buffer, 0, words.length).set(words);
  data.set(strings, words.length * 4);
  return data;
}

export const keyType = 5;
export const valueType = 6;
