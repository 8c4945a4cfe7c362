// The datapath of a node: opened as it is configured, or refused with the reason.

import type { Config } from '../config.ts';
import type { KernelDatapath } from '../datapath/kernel/kernel-datapath.ts';
import { AgentError, NotSupported } from '../errors.ts';

export type NodeDatapath = KernelDatapath;

/** Takes over what an earlier life left. Throws NOT_SUPPORTED where this host cannot do it, with what it refuses. */
export async function openNodeDatapath({ datapath, bpffs, mapEntries }: Config): Promise<NodeDatapath> {
  if (datapath === 'wasm') throw new NotSupported('--datapath wasm: packets of pods through WebAssembly');
  const { openKernelDatapath } = await import('../datapath/kernel/kernel-datapath.ts');
  try {
    return await openKernelDatapath({ bpffsFolder: bpffs, sizes: mapEntries, keepsPrograms: true });
  } catch (error) {
    if (!(error instanceof AgentError) || !['FFI_MISSING', 'BPF_CALL_FAILED', 'OBJECT_REFUSED'].includes(error.code)) throw error;
    // Only who fails pays for finding out why.
    const { probe, resolveMode } = await import('../datapath/probe.ts');
    const { mode, sentence } = resolveMode(await probe(), 'kernel');
    if (mode === 'kernel') throw error;
    throw new NotSupported(`${sentence}; packets of pods through WebAssembly`, undefined, { cause: error });
  }
}
