// DNS process: start of the DNS proxy by an agent that needs it and finds nobody, in a session of its own, so that it outlives who started it;
// and its end, on a node that does without it.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Mode } from '../datapath/capability.ts';
import { openCalls } from '../dns/process/calls.ts';
import { startApart } from '../processes/own-program.ts';
import { stopProcess } from '../processes/stop-process.ts';
import { dnsFolder } from './run-folders.ts';

export type DnsProcessConfig = Pick<
  Config,
  'nodeName' | 'runDir' | 'stateDir' | 'bpffs' | 'clusterDomain' | 'dnsRefusePrivate' | 'dnsLogFile' | 'dnsLogFileSize' | 'dnsLogFiles'
>;

/** Returns at once. Where another one has been started meanwhile, this one ends. */
export function startDnsProcess(config: DnsProcessConfig, mode: Mode, port: number): void {
  const { nodeName, runDir, stateDir, bpffs, clusterDomain, dnsRefusePrivate, dnsLogFile, dnsLogFileSize, dnsLogFiles } = config;
  const log =
    dnsLogFile === undefined ? [] : [`--log-file=${dnsLogFile}`, `--log-file-size=${dnsLogFileSize}`, `--log-files=${dnsLogFiles}`];
  const args = [
    `--node-name=${nodeName}`,
    `--run-dir=${runDir}`,
    `--state-dir=${stateDir}`,
    `--datapath=${mode}`,
    ...(mode === 'kernel' ? [`--bpffs=${bpffs}`] : []),
    `--port=${port}`,
    `--cluster-domain=${clusterDomain}`,
    ...(dnsRefusePrivate ? ['--refuse-private'] : []),
    ...log,
  ];
  startApart(['dns-proxy', ...args]);
}

/** Ends it, whoever started it. False when there was none. One that does not end within ten seconds is left. */
export function stopDnsProcess(runDir: string): Promise<boolean> {
  return stopProcess(join(runDir, dnsFolder), openCalls);
}

/** The process and what it keeps. What was removed, one text each. */
export async function removeDnsProcess(runDir: string): Promise<string[]> {
  const folder = join(runDir, dnsFolder);
  if (!existsSync(folder)) return [];
  const hasRun = await stopDnsProcess(runDir);
  rmSync(folder, { recursive: true, force: true });
  return [...(hasRun ? ['the DNS proxy'] : []), folder];
}
