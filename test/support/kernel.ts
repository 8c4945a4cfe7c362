// The kernel datapath for tests: in namespaces of the process's own, with a bpffs of its own, all of which end with the process.

import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errnoText } from '../../orchestrator/datapath/kernel/errno.ts';
import { type KernelDatapath, type KernelOptions, openKernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
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

/** A small kernel datapath; closing it removes everything it pinned. */
export async function openTestKernel(options: Partial<KernelOptions> = {}): Promise<KernelDatapath> {
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
