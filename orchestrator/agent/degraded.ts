// Degraded: what an agent does whose datapath does not open while pods are here. Their packets go on as they were left; nothing changes,
// which status, health and the CNI plugin are told, until the datapath opens after all.

import { setTimeout as wait } from 'node:timers/promises';
import { openApi } from '../api/server.ts';
import type { AgentView } from '../api/view.ts';
import { cniCode } from '../cni/request.ts';
import type { Config } from '../config.ts';
import type { Mode } from '../datapath/capability.ts';
import { currentTick } from '../datapath/clock.ts';
import { FlowLog } from '../flows/flow-log.ts';
import { noNames } from '../flows/names.ts';
import type { RoomLog } from '../log.ts';
import { TableRegistry } from '../state/table-registry.ts';
import { version } from '../version.ts';

const againMs = 5_000;

export interface PatientOptions<Opened> {
  readonly config: Pick<Config, 'nodeName' | 'clusterName' | 'runDir' | 'texts'>;
  /** In which the pods are. */
  readonly mode: Mode;
  readonly open: () => Promise<Opened>;
  readonly log: RoomLog;
  readonly signal: AbortSignal;
}

/** Opens again and again, and answers meanwhile. Undefined when the signal comes first. */
export async function openPatiently<Opened>(options: PatientOptions<Opened>, first: Error): Promise<Opened | undefined> {
  const { config, log, open, signal } = options;
  let failure = first;
  log.error('the datapath does not open: pods that are here go on as they were left, and it is tried again', { error: failure });
  const view = degradedView(options, () => failure);
  await using _api = await openApi({ folder: config.runDir, view, log });
  while (!signal.aborted) {
    await wait(againMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return undefined;
    try {
      return await open();
    } catch (error) {
      failure = error as Error;
    }
  }
  return undefined;
}

function degradedView({ config, mode }: Pick<PatientOptions<unknown>, 'config' | 'mode'>, failure: () => Error): AgentView {
  const startedAt = new Date();
  const { nodeName: node, clusterName: cluster } = config;
  const hint = 'pods stay in the mode they were made in: give back to this host what it refuses, or drain the node and: axoneme cleanup';
  return {
    about: () => ({ version: version(), node, cluster, mode, pid: process.pid, startedAt }),
    tables: new TableRegistry(),
    checks: () => [
      { section: 'datapath', name: 'packets are handled', state: 'failed', message: `degraded: ${mode} mode: ${failure().message}`, hint },
    ],
    flows: new FlowLog({ node, names: noNames, tick: currentTick }),
    datapath: undefined,
    metrics: () => '',
    config: () => config.texts,
    async cni() {
      const msg = 'the datapath of this node does not open';
      return { code: cniCode.tryAgain, body: { cniVersion: '1.0.0', code: cniCode.tryAgain, msg, details: failure().message } };
    },
  };
}
