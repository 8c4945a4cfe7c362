// The two machines of the tour, for as long as it takes: maps of a size that is enough for it, pins in a folder of their own.

import { fileURLToPath } from 'node:url';
import { artifact } from '../datapath/artifacts.ts';
import type { Datapath, PacketRunner } from '../datapath/datapath.ts';
import { maps } from '../datapath/generated/maps.ts';
import { openKernelDatapath } from '../datapath/kernel/kernel-datapath.ts';
import { probe } from '../datapath/probe.ts';
import { openWasmDatapath } from '../datapath/wasm/wasm-datapath.ts';

export type Machine = Datapath & PacketRunner;

/** The machine with what ends it and all that it left on the host; or why there is none here. */
export type Opened = { readonly machine: Machine; readonly end: () => Promise<void> } | { readonly refusal: string };

const smallMap = 1024;
/** Where the kernel's maps and programs are pinned; removed with the machine. */
const folder = `/sys/fs/bpf/axoneme-tour-${process.pid}`;

/** Entries that suffice here, by map; maps that others index by hash or number keep theirs. */
function smallSizes(): Record<string, number> {
  const scaled = maps.filter(
    ({ kind, entries }) => kind !== 'ring' && !kind.endsWith('array') && (typeof entries !== 'number' || entries > smallMap),
  );
  return Object.fromEntries(scaled.map(({ name }) => [name, smallMap]));
}

export async function openKernelMachine(): Promise<Opened> {
  const { choice } = await probe();
  if (choice.mode !== 'kernel') return { refusal: choice.sentence };
  try {
    const datapath = await openKernelDatapath({
      bpffsFolder: folder,
      object: fileURLToPath(artifact('datapath.bpf.o')),
      sizes: smallSizes(),
    });
    return { machine: datapath, end: () => datapath.remove() };
  } catch (error) {
    return { refusal: (error as Error).message };
  }
}

export async function openWasmMachine(): Promise<Opened> {
  try {
    const datapath = await openWasmDatapath({ sizes: smallSizes() });
    return { machine: datapath, end: () => datapath.close() };
  } catch (error) {
    return { refusal: (error as Error).message };
  }
}
