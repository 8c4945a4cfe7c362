// The end of a sandbox: everything that its record names is taken away. The same way whether it runs, failed or was killed.

import { existsSync } from 'node:fs';
import { AgentError } from '../errors.ts';
import { cgroupTreeOf, removeCgroupTree } from './cgroup-tree.ts';
import { hostDevice } from './fabric/links.ts';
import { run } from './kubelet/run.ts';
import { awaitEnd, isAlive } from './process-id.ts';
import { folderOf, type Record, readRecord, release } from './record.ts';

/** On a busy host the kernel takes its time for a hundred processes and their namespaces. */
const patienceMs = 60_000;

/** False when there is none of that name. Throws SANDBOX_FAILED when something of it would not go; it may be tried again. */
export async function endSandbox(name: string): Promise<boolean> {
  const record = readRecord(name);
  if (record === undefined && !existsSync(folderOf(name))) return false;
  if (record !== undefined) await endProcesses(record);
  await endCgroups(name, record?.cgroup ?? cgroupTreeOf(name));
  // It goes with the namespace at its other end, but the kernel takes its time.
  if (record !== undefined) await run('ip', ['link', 'delete', hostDevice(record.plan.fabric)], { timeoutMs: patienceMs });
  release(name);
  return true;
}

async function endProcesses({ first, outer, name }: Record): Promise<void> {
  // The kernel ends all that is in its process namespace before it lets it go.
  for (const process of [first, outer]) {
    if (process === undefined || !isAlive(process)) continue;
    kill(process.pid);
    if (!(await awaitEnd(process, patienceMs)))
      throw new AgentError('SANDBOX_FAILED', `sandbox: ${name}: process ${process.pid} does not end`);
  }
}

async function endCgroups(name: string, tree: string | undefined): Promise<void> {
  if (tree === undefined || (await removeCgroupTree(tree, patienceMs))) return;
  throw new AgentError('SANDBOX_FAILED', `sandbox: ${name}: ${tree}: processes in it do not end`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
