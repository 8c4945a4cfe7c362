// The datapath of a node and the host that goes with it: as it is configured, or as this host allows, and refused with the reason.

import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Mode } from '../datapath/capability.ts';
import type { Datapath } from '../datapath/datapath.ts';
import type { KernelDatapath } from '../datapath/kernel/kernel-datapath.ts';
import type { UserPort } from '../datapath/wasm/port.ts';
import type { SharedDatapath } from '../datapath/wasm/shared-datapath.ts';
import { AgentError, NotSupported } from '../errors.ts';
import { type Host, openHost } from '../host/host.ts';
import { openUserHost, type UserHost } from '../host/user-host.ts';
import type { RoomLog } from '../log.ts';
import { openPatiently } from './degraded.ts';
import { leaveModes } from './leave-mode.ts';
import { decideMode, hasPods, type ModeDecision, readMode, writeMode } from './mode.ts';
import { datapathFolder, devicesFolder } from './run-folders.ts';

/** What the agent needs of either. */
export interface NodeDatapath extends Datapath {
  attach(port: UserPort): Promise<AsyncDisposable>;
}

export type OpenedNode =
  | { readonly mode: 'kernel'; readonly datapath: KernelDatapath; readonly host: Host }
  | { readonly mode: 'wasm'; readonly datapath: SharedDatapath; readonly host: UserHost };

/** A process that is being started answers within a second; on a busy machine later. */
const startedWithinMs = 30_000;
const fallingBack = ['FFI_MISSING', 'BPF_CALL_FAILED', 'OBJECT_REFUSED'];

/**
 * Takes over what an earlier life left. Where this host refuses that and pods are here it is tried until it works, and undefined is the answer when the
 * signal comes first; else it throws, NOT_SUPPORTED where this host cannot do what is asked for, with what it refuses.
 */
export async function openNode(config: Config, log: RoomLog, signal: AbortSignal): Promise<OpenedNode | undefined> {
  const { stateDir } = config;
  const recorded = readMode(stateDir);
  const decision = decideMode({ wish: config.datapath, recorded, hasPods: hasPods(stateDir) });
  if (decision.warning !== undefined) log.warn('the mode stays as it is', { error: decision.warning });
  const open = () => (decision.mode === 'wasm' ? openUser(config, log) : openKernel(config, decision, log));
  let leaves = await leaveOld(config, log, recorded?.leaves);
  const opened = await open().catch((error: Error) => {
    if (decision.mode === 'auto' || !decision.isKept || !isOfHost(error)) throw error;
    return openPatiently({ config, mode: decision.mode, open, log, signal }, error);
  });
  if (opened !== undefined && opened.mode !== recorded?.mode) {
    // The other mode's pieces stand in the way of this one's: its device and its process have the same port of UDP.
    leaves = await leaveOld(config, log, recorded?.mode);
    const why = decision.mode === 'auto' ? 'what this host allows' : 'asked for';
    writeMode(stateDir, { mode: opened.mode, why, ...(leaves !== undefined && { leaves }) });
  } else if (recorded !== undefined && recorded.leaves !== leaves) {
    const { leaves: _, ...rest } = recorded;
    writeMode(stateDir, rest);
  }
  return opened;
}

/** What could not be left is answered: the next life tries again. */
async function leaveOld(config: Config, log: RoomLog, mode: Mode | undefined): Promise<Mode | undefined> {
  if (mode === undefined) return undefined;
  try {
    await leaveModes([mode], config);
    log.info(mode === 'kernel' ? 'what was made in kernel mode is taken away' : 'what was made in userspace mode is taken away');
    return undefined;
  } catch (error) {
    log.warn('what was made in the other mode could not be taken away', { error });
    return mode;
  }
}

/** Something that this host refuses, and may give back; anything else is told and ends the agent. */
function isOfHost(error: Error): boolean {
  return error instanceof AgentError && (fallingBack.includes(error.code) || error.code === 'DATAPATH_UNREACHABLE');
}

async function openKernel(config: Config, { mode: wanted, isKept }: ModeDecision, log: RoomLog): Promise<OpenedNode> {
  const { bpffs, mapEntries } = config;
  const { openKernelDatapath } = await import('../datapath/kernel/kernel-datapath.ts');
  try {
    const [datapath, host] = await Promise.all([
      openKernelDatapath({ bpffsFolder: bpffs, sizes: mapEntries, keepsPrograms: true }),
      openHost(),
    ]);
    return { mode: 'kernel', datapath, host };
  } catch (error) {
    if (!(error instanceof AgentError) || !fallingBack.includes(error.code)) throw error;
    // Only who fails pays for finding out why.
    const { probe, resolveMode } = await import('../datapath/probe.ts');
    const { mode, sentence, servesPods } = resolveMode(await probe(), 'kernel');
    if (mode === 'kernel' || isKept) throw error;
    if (wanted === 'kernel' || !servesPods) throw new NotSupported(sentence, undefined, { cause: error });
    log.warn('this host does not take the kernel datapath: packets of pods run in a process', { error: sentence });
    return openUser(config, log);
  }
}

async function openUser({ runDir, mapEntries }: Config, log: RoomLog): Promise<OpenedNode> {
  const [{ openSharedDatapath }, { startDatapathProcess }] = await Promise.all([
    import('../datapath/wasm/shared-datapath.ts'),
    import('../datapath/wasm/start-process.ts'),
  ]);
  const folder = join(runDir, datapathFolder);
  const open = async (): Promise<SharedDatapath> => {
    try {
      return await openSharedDatapath({ folder });
    } catch (error) {
      if (!(error instanceof AgentError) || error.code !== 'DATAPATH_UNREACHABLE') throw error;
      log.info('nobody runs the packets of this node: the datapath process is started');
      startDatapathProcess({ runDir, mapEntries });
      return openSharedDatapath({ folder, waitMs: startedWithinMs });
    }
  };
  const [datapath, host] = await Promise.all([open(), openUserHost({ folder: join(runDir, devicesFolder) })]);
  return { mode: 'wasm', datapath, host };
}
