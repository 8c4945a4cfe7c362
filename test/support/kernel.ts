// The kernel datapath for tests: in namespaces of the process's own, with a bpffs of its own, all of which end with the process.

import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { maps } from '../../orchestrator/datapath/generated/maps.ts';
import { errnoText } from '../../orchestrator/datapath/kernel/errno.ts';
import { type KernelDatapath, type KernelOptions, openKernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import type { MapSpec } from '../../orchestrator/datapath/layout.ts';
import { probe } from '../../orchestrator/datapath/probe.ts';
import { enterOwnNamespaces } from './network.ts';
import { smallSizes } from './small-sizes.ts';

export const kernelObject = fileURLToPath(new URL('../../build/datapath.bpf.o', import.meta.url));

/** Why kernel tests cannot run here, as a sentence; false when they can. */
export async function kernelSkip(): Promise<string | false> {
  const { choice } = await probe();
  if (choice.mode !== 'kernel') return choice.sentence;
  return existsSync(kernelObject) ? false : 'the kernel object has not been built: npm run build';
}

/** Where the process's own bpffs is mounted; the host's, if there is one, stays as it is below. */
const mountPoint = '/sys/fs/bpf';

let entered: Promise<void> | undefined;
let folders = 0;

/** A bpffs folder for one datapath after another; `remove` removes what is pinned there. Enters namespaces of the process's own. */
export async function bpffsFolder(): Promise<{ path: string; remove(): void }> {
  entered ??= enterOwnBpffs();
  await entered;
  const path = `${mountPoint}/test${folders++}`;
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

async function enterOwnBpffs(): Promise<void> {
  await enterOwnNamespaces();
  const libc = await openLibc();
  const result = libc.mount('bpf', mountPoint, 'bpf', 0, null);
  if (result < 0) throw new Error(`bpffs: ${errnoText(result)}`);
}

/** Kernel datapaths that were given back, by their options. */
const spare = new Map<string, KernelDatapath[]>();

/** A small kernel datapath, whose maps are empty; closing it removes everything it pinned. */
export async function openTestKernel(options: Partial<KernelOptions> = {}): Promise<KernelDatapath> {
  return spare.get(JSON.stringify(options))?.pop() ?? openNewKernel(options);
}

/**
 * The same, but what closes it empties its maps and keeps it for whoever asks for such a one next: the kernel takes two seconds of processor
 * to verify the programs, more than most tests. For tests that leave it attached to nothing and do not listen to its events.
 */
export async function borrowTestKernel(options: Partial<KernelOptions> = {}): Promise<KernelDatapath> {
  const datapath = await openTestKernel(options);
  const { close } = datapath;
  datapath.close = async () => {
    datapath.close = close;
    await empty(datapath);
    const key = JSON.stringify(options);
    spare.set(key, [...(spare.get(key) ?? []), datapath]);
  };
  return datapath;
}

async function empty(datapath: KernelDatapath): Promise<void> {
  for (const spec of maps.filter(({ kind }) => kind !== 'ring')) {
    const map = datapath.map<unknown, unknown>(spec as MapSpec<unknown, unknown>);
    const entries = await Array.fromAsync(map.entries());
    if (entries.length > 0) await map.delete(entries.map(([key]) => key));
  }
}

async function openNewKernel(options: Partial<KernelOptions>): Promise<KernelDatapath> {
  const folder = await bpffsFolder();
  try {
    const datapath = await openKernelDatapath({ bpffsFolder: folder.path, object: kernelObject, sizes: smallSizes, ...options });
    const close = datapath.close.bind(datapath);
    datapath.close = async () => {
      await close();
      folder.remove();
    };
    return datapath;
  } catch (error) {
    folder.remove();
    throw error;
  }
}
