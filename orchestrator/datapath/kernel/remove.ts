// Remove: the end of a node's datapath, in whatever state it is. Nothing is opened for it: what another version has pinned, and what no
// program could be loaded over, goes as well.

import { existsSync } from 'node:fs';
import { detachAll } from './attach.ts';
import { Bpf } from './bpf.ts';
import { openLibc } from './libc.ts';
import { isBpffs, Pins, type Removed } from './pins.ts';
import { detachSockets } from './sockets.ts';

/** Takes off all hooks and removes all that is pinned below the folder: packets go by untouched, flows are forgotten. Rejects with FFI_MISSING. */
export async function removeKernelDatapath(folder: string): Promise<Removed> {
  if (!existsSync(folder) || !isBpffs(folder)) return { pins: 0, foreign: [] };
  const libc = await openLibc();
  const bpf = new Bpf(libc);
  const pins = new Pins(folder, bpf, libc);
  detachAll({ bpf, libc, pins });
  detachSockets({ bpf, libc, pins });
  return pins.removeAll();
}
