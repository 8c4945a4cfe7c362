// axoneme sandbox logs: what a part or a pod has written.

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { clusterFolder, nodeFolders } from '../../sandbox/folders.ts';
import { readRecord } from '../../sandbox/record.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import { chosenName, type SandboxCommand, sandboxFlag } from './subcommand.ts';

const flags = { name: sandboxFlag, follow: { short: 'f', sentence: 'goes on with what is written from now on' } } as const;

export const logs: SandboxCommand = {
  sentence: 'Prints what a part of a sandbox or a container has written.',
  usage: 'sandbox logs [FLAGS] WHOSE',
  flags,
  notes: `
WHOSE is a node's part (east/a/agent, east/a/kubelet, east/a/datapath), a cluster's (east/api, east/etcd, east/operator), "world" or "supervisor", or a pod
(east/shop/web, or east/shop/web/CONTAINER). The cluster may be left out when there is but one.`,
  async run(args, { write }) {
    const { values, operands } = readFlags('sandbox logs', flags, args);
    if (operands.length !== 1) throw usageError('sandbox logs', 'whose? one part or pod');
    const file = logFile(chosenName(values.name), operands[0]);
    let offset = print(file, 0, write);
    while (values.follow) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      offset = print(file, offset, write);
    }
    return 0;
  },
};

/** Throws SANDBOX_UNKNOWN when nobody of that name writes a log. */
function logFile(sandbox: string, whose: string): string {
  const record = readRecord(sandbox);
  if (record === undefined) throw new AgentError('SANDBOX_UNKNOWN', `sandbox: no "${sandbox}"`);
  const { folder, plan } = record;
  const { clusters } = plan;
  const isWhole = !whose.includes('/') || clusters.length > 1 || whose.startsWith(`${clusters[0].name}/`);
  const [cluster, second, third, container] = (isWhole ? whose : `${clusters[0].name}/${whose}`).split('/');
  const candidates = [
    ...(second === undefined ? [join(folder, `${cluster}.log`)] : []),
    ...(second !== undefined && third === undefined ? [join(clusterFolder(folder, cluster), `${second}.log`)] : []),
    ...(third === undefined ? [] : [join(nodeFolders(folder, `${cluster}/${second}`).logs, `${third}.log`)]),
    ...(third === undefined
      ? []
      : ofPod(clusters.flatMap(({ nodes }) => nodes).map((node) => nodeFolders(folder, `${node.cluster}/${node.name}`).kubelet))),
  ];
  const found = candidates.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  if (found !== undefined) return found;
  throw new AgentError('SANDBOX_UNKNOWN', `sandbox ${sandbox}: nobody called "${whose}" writes a log`);

  function ofPod(kubelets: readonly string[]): string[] {
    const folders = kubelets.map((kubelet) => join(kubelet, 'logs', second, third));
    return folders.flatMap((pod) =>
      containersIn(pod)
        .filter((name) => container === undefined || name === `${container}.log`)
        .map((name) => join(pod, name)),
    );
  }
}

function containersIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.log'));
  } catch {
    return [];
  }
}

/** What is behind the offset; the new one. */
function print(file: string, offset: number, write: (text: string) => void): number {
  const descriptor = openSync(file, 'r');
  const buffer = Buffer.alloc(64 * 1024);
  // A file that became shorter was begun anew.
  let at = statSync(file).size < offset ? 0 : offset;
  for (;;) {
    const count = readSync(descriptor, buffer, 0, buffer.length, at);
    if (count === 0) break;
    write(buffer.toString('utf8', 0, count));
    at += count;
  }
  closeSync(descriptor);
  return at;
}
