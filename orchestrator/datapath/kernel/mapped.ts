// Mapped: values of an array written where they lie, by way of a piece of memory that is there for as long as that takes. A process that kept
// the whole array mapped would be shown all of it as memory of its own.

import { type Libc, mapShared, protectReadWrite } from './libc.ts';

/** The kernel lays values of arrays out so. */
const unit = 8;

export interface MappableArray {
  readonly libc: Libc;
  readonly descriptor: number;
}

/** Values from index `from` on, which the array must have. 0, or -errno and nothing is written. */
export function writeMapped({ libc, descriptor }: MappableArray, from: number, words: Uint32Array, valueSize: number): number {
  if (words.length === 0) return 0;
  const stride = Math.ceil(valueSize / unit) * unit;
  const source = stride === valueSize ? words : spread(words, valueSize, stride);
  const first = from * stride;
  const start = first - (first % libc.pageSize);
  const length = Math.ceil((first + source.byteLength - start) / libc.pageSize) * libc.pageSize;
  const address = libc.mmap(length, protectReadWrite, mapShared, descriptor, start);
  if (address < 0) return address;
  libc.copy(address + first - start, libc.address(source), source.byteLength);
  libc.munmap(address, length);
  return 0;
}

/** Of calls that are over before the next begins. */
let scratch = new Uint32Array(0);

/** Values that lie side by side, `stride` bytes apart. */
function spread(words: Uint32Array, valueSize: number, stride: number): Uint32Array {
  const [each, apart] = [valueSize / 4, stride / 4];
  const count = words.length / each;
  if (scratch.length < count * apart) scratch = new Uint32Array(count * apart);
  const placed = scratch.subarray(0, count * apart).fill(0);
  for (let index = 0; index < count; index += 1) {
    for (let word = 0; word < each; word += 1) placed[index * apart + word] = words[index * each + word] as number;
  }
  return placed;
}
