// Mode parts: what an agent has besides in the mode in which its packets are handled: sockets balanced in kernel mode; in userspace mode
// services led through the host's stack, and an eye on the process that packets run in.

import type { Config } from '../config.ts';
import type { InterfaceTable } from '../endpoints/interfaces.ts';
import type { Services } from '../enforcement/services.ts';
import { AgentError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../state/clock.ts';
import type { OpenedNode } from './open-datapath.ts';
import { processProblems } from './process-health.ts';
import { ServiceHost } from './service-host.ts';
import { balanceSockets, type SocketBalancing } from './socket-balancing.ts';
import { dropStalePorts } from './stale-ports.ts';

export interface ModeParts {
  readonly sockets: SocketBalancing;
  /** In userspace mode. */
  readonly serving: readonly ServiceHost[];
  /** Undefined where packets run in no process. */
  readonly processProblems: (() => Promise<readonly string[]>) | undefined;
  readonly loops: readonly { run(options: { readonly signal: AbortSignal }): Promise<void> }[];
}

export interface ModeOptions {
  readonly config: Config;
  /** Complete: everything on disk is restored. */
  readonly interfaces: InterfaceTable;
  readonly services: Services;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openModeParts(opened: OpenedNode, { config, interfaces, services, clock, log }: ModeOptions): Promise<ModeParts> {
  if (opened.mode === 'kernel') {
    const sockets = await balanceSockets(config, opened.datapath, log.room('datapath'));
    return { sockets, serving: [], processProblems: undefined, loops: [] };
  }
  const { datapath, host } = opened;
  await dropStalePorts(datapath, interfaces);
  const { table: frontends } = services.view.frontends;
  const serving = [new ServiceHost({ host, frontends, isInForce: () => services.isInForce, clock, log: log.room('host') })];
  return {
    sockets: { state: 'refused', message: 'userspace mode' },
    serving,
    processProblems: () => processProblems(datapath),
    loops: [...serving, { run: ({ signal }) => untilReplaced(datapath.whenReplaced, signal) }],
  };
}

/** A datapath process that has lost its memory knows nothing of what was written: who is started next begins anew. */
async function untilReplaced(whenReplaced: Promise<void>, signal: AbortSignal): Promise<void> {
  const ended = new Promise<'ended'>((resolve) => {
    signal.addEventListener('abort', () => resolve('ended'), { once: true });
    if (signal.aborted) resolve('ended');
  });
  const outcome = await Promise.race([ended, whenReplaced.then(() => 'replaced' as const)]);
  if (outcome === 'replaced') throw new AgentError('DATAPATH_UNREACHABLE', 'datapath process: its memory was made anew');
}
