// The kernel's own longest-prefix map, through bpf(2), as far as the tests compare with it.

import { openLibc } from '../../../orchestrator/datapath/kernel/libc.ts';

const command = { create: 0, lookup: 1, update: 2, delete: 3, next: 4 } as const;
const typeLpmTrie = 11;
const noPreallocation = 1;

export interface Trie extends Disposable {
  update(key: Uint8Array, value: Uint8Array, flags: number): number;
  delete(key: Uint8Array): number;
  lookup(key: Uint8Array): Uint8Array | undefined;
  keys(): Uint8Array[];
}

/** A trie in the kernel, or the reason for which there is none. */
export async function openTrie(keySize: number, valueSize: number, entries: number): Promise<Trie | string> {
  const libc = await openLibc().catch((error: Error) => error.message);
  if (typeof libc === 'string') return libc;
  const attributes = new DataView(new ArrayBuffer(72));
  const buffers = { key: new Uint8Array(keySize), value: new Uint8Array(valueSize), next: new Uint8Array(keySize) };
  for (const [index, word] of [typeLpmTrie, keySize, valueSize, entries, noPreallocation].entries())
    attributes.setUint32(index * 4, word, true);
  const descriptor = libc.bpf(command.create, libc.address(attributes), 72);
  if (descriptor < 0) return `bpf(2) refuses a longest-prefix map with errno ${-descriptor}`;

  const call = (which: number, key: Uint8Array | undefined, second: Uint8Array | undefined, flags = 0): number => {
    if (key) buffers.key.set(key);
    attributes.setBigUint64(0, BigInt(descriptor), true);
    attributes.setBigUint64(8, key ? BigInt(libc.address(buffers.key)) : 0n, true);
    attributes.setBigUint64(16, second ? BigInt(libc.address(second)) : 0n, true);
    attributes.setBigUint64(24, BigInt(flags), true);
    return libc.bpf(which, libc.address(attributes), 32);
  };
  const trie: Trie = {
    update(key, value, flags) {
      buffers.value.set(value);
      return call(command.update, key, buffers.value, flags);
    },
    delete: (key) => call(command.delete, key, undefined),
    lookup: (key) => (call(command.lookup, key, buffers.value) === 0 ? buffers.value.slice() : undefined),
    keys() {
      const found: Uint8Array[] = [];
      let last: Uint8Array | undefined;
      while (call(command.next, last, buffers.next) === 0) {
        last = buffers.next.slice();
        found.push(last);
      }
      return found;
    },
    [Symbol.dispose]: () => void libc.close(descriptor),
  };
  const key = new Uint8Array(keySize);
  trie.update(key, buffers.value, 0);
  const second = trie.update(key, buffers.value, 1);
  trie.delete(key);
  if (second !== 0) return trie;
  trie[Symbol.dispose]();
  return 'this kernel is older than 6.13: its longest-prefix maps ignore flags';
}
