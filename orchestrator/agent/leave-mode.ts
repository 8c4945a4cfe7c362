// Leaving a mode: what agents have made for it on the host is taken away, in whatever state it is. No pod is here then, or none that shall
// keep its network.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Mode } from '../datapath/capability.ts';
import type { Host } from '../host/host.ts';
import { stopProcess } from '../processes/stop-process.ts';
import { removeDnsProcess } from './dns-process.ts';
import { datapathFolder, devicesFolder } from './run-folders.ts';

export type Places = Pick<Config, 'runDir' | 'bpffs'>;

export interface Left {
  /** What was removed, one text each. */
  readonly told: readonly string[];
  /** Paths among the pins that are not ours, and stay. */
  readonly foreign: readonly string[];
  /** Kernel settings, which stay. */
  readonly settings: readonly string[];
}

/** Links, routes and rules go with either mode. Takes longer where a process has to end. */
export async function leaveModes(modes: readonly Mode[], places: Places): Promise<Left> {
  const isUser = modes.includes('wasm');
  // What it has told pods is in the maps that go.
  const dns = await removeDnsProcess(places.runDir);
  const process = isUser ? await removeProcess(places) : [];
  using host = await openAnyHost(isUser, places);
  const cleaned = host.cleanup();
  if (isUser) rmSync(join(places.runDir, devicesFolder), { recursive: true, force: true });
  const { told, foreign } = modes.includes('kernel') ? await removePins(places) : { told: [], foreign: [] };
  return { told: [...dns, ...process, ...cleaned, ...told], foreign, settings: host.settings() };
}

/** Devices of userspace mode are told by files alone. */
async function openAnyHost(isUser: boolean, { runDir }: Places): Promise<Host> {
  const folder = join(runDir, devicesFolder);
  if (!isUser || !existsSync(runDir)) return (await import('../host/host.ts')).openHost();
  return (await import('../host/user-host.ts')).openUserHost({ folder });
}

async function removePins({ bpffs }: Places): Promise<Pick<Left, 'told' | 'foreign'>> {
  const { removeKernelDatapath } = await import('../datapath/kernel/remove.ts');
  const { pins, foreign } = await removeKernelDatapath(bpffs);
  return { told: pins > 0 ? [`${pins} maps, programs and hooks below ${bpffs}`] : [], foreign };
}

async function removeProcess({ runDir }: Places): Promise<string[]> {
  const folder = join(runDir, datapathFolder);
  if (!existsSync(folder)) return [];
  const hasRun = await stopProcess(folder, async () => (await import('../datapath/wasm/calls.ts')).openCalls());
  rmSync(folder, { recursive: true, force: true });
  return [...(hasRun ? ['the datapath process'] : []), folder];
}
