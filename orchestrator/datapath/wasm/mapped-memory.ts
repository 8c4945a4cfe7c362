// Shared memory: a WebAssembly memory whose bytes are those of a file, so that several processes are one datapath and the file
// outlives each of them. The engine sees nothing of it: the file is mapped over the address range that it has reserved.

import { closeSync, constants, ftruncateSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AgentError } from '../../errors.ts';
import type { Calls } from './calls.ts';

export const pageBytes = 65536;

/** PROT_READ | PROT_WRITE; MAP_SHARED | MAP_FIXED. */
const [protection, flags] = [3, 1 | 0x10];

const [mebibyte, blockBytes] = [1 << 20, 512];

/**
 * A new file of zeroes, which must not be there; what nobody writes of it takes no room. All of it might be written: throws MEMORY_UNUSABLE
 * where there is not so much room, for whoever writes to a page that cannot be had is killed.
 */
export function makeMemoryFile(path: string, pages: number): void {
  const [needed, free] = [pages * pageBytes, freeBytes(path)];
  if (free < needed) {
    const [wanted, there] = [Math.ceil(needed / mebibyte), Math.floor(free / mebibyte)];
    const hint = 'give that file system more room (mount -o remount,size=), or maps fewer entries (--map-entries)';
    throw new AgentError(
      'MEMORY_UNUSABLE',
      `shared memory: ${path}: it may come to need ${wanted} MiB, and ${there} MiB are free: ${hint}`,
    );
  }
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  ftruncateSync(descriptor, pages * pageBytes);
  closeSync(descriptor);
}

/** Why the file may come to want more room than others have left it, in a sentence. */
export function memoryProblem(path: string): string | undefined {
  const { size, blocks } = statSync(path);
  const [missing, free] = [size - blocks * blockBytes, freeBytes(path)];
  if (free >= missing) return undefined;
  const [wanted, there] = [Math.ceil(missing / mebibyte), Math.floor(free / mebibyte)];
  return `memory: ${path} may come to need ${wanted} MiB more, and others have left ${there} MiB there: without them this process would be killed`;
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}

/**
 * Memory of that many pages, which are the file's. The file must never get shorter while anybody has it: whoever touched what is
 * gone would be killed. Throws MEMORY_UNUSABLE when it cannot be mapped.
 */
export function mapMemoryFile(calls: Calls, path: string, pages: number): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const descriptor = openMemoryFile(path);
  try {
    const address = calls.address(new Uint8Array(memory.buffer));
    if (calls.mmap(address, pages * pageBytes, protection, flags, descriptor, 0) !== address) {
      throw new AgentError('MEMORY_UNUSABLE', `shared memory: ${path}: cannot be mapped: errno ${calls.errno()}`);
    }
    return memory;
  } finally {
    closeSync(descriptor);
  }
}

function openMemoryFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR);
  } catch (cause) {
    throw new AgentError('MEMORY_UNUSABLE', `shared memory: ${(cause as Error).message}`, { cause });
  }
}
