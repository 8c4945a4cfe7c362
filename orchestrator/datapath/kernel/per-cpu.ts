// Per-CPU values: one part per possible CPU, each rounded up to 8 bytes. Written to the first CPU's part, read as the sum of all.

import { readFileSync } from 'node:fs';
import type { Codec } from '../layout.ts';
import { sumFields } from '../sum-fields.ts';

/** CPUs that the kernel keeps parts for: possible ones, not only those online. */
export function possibleCpus(): number {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split(',');
  return Math.max(...ranges.map((range) => Number(range.split('-').at(-1)))) + 1;
}

export function partSize(valueSize: number): number {
  return Math.ceil(valueSize / 8) * 8;
}

/** Writes the value as the first CPU's part and zeros as all others'. */
export function splitPerCpu<V>(codec: Codec<V>, value: V, view: DataView, offset: number, size: number): void {
  new Uint8Array(view.buffer, view.byteOffset + offset, size).fill(0);
  codec.encode(value, view, offset);
}

/** Sum of all parts, field by field; a field that is no number is the first CPU's. */
export function joinPerCpu<V>(codec: Codec<V>, view: DataView, offset: number, size: number): V {
  let sum = codec.decode(view, offset);
  for (let at = partSize(codec.size); at < size; at += partSize(codec.size)) sum = sumFields(sum, codec.decode(view, offset + at));
  return sum;
}
