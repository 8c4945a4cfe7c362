// The end of a sandbox: everything that its record names is taken away. The same way whether it runs, failed or was killed.

import { existsSync } from 'node:fs';
import { AgentError } from '../errors.ts';
import { removeCgroupTree } from './cgroup-tree.ts';
import { hostDevice } from './fabric/links.ts';
import { run } from './kubelet/run.ts';
import { awaitEnd, isAlive } from './process-id.ts';
import { folderOf, type Record, readRecord, release } from './record.ts';

/** False when there is none of that name. Throws SANDBOX_FAILED when something of it would not go; it may be tried again. */
export async function endSandbox(name: string): Promise<boolean> {
  const record = readRecord(name);
  if (record === undefined && !existsSync(folderOf(name))) return false;
  if (record !== undefined) await endAll(record);
  release(name);
  return true;
}

async function endAll(record: Record): Promise<void> {
  const { first, outer, cgroup, plan, name } = record;
  // The kernel ends all that is in its process namespace before it lets it go.
  for (const process of [first, outer]) {
    if (process === undefined || !isAlive(process)) continue;
    kill(process.pid);
    if (!(await awaitEnd(process, 10_000))) throw new AgentError('SANDBOX_FAILED', `sandbox: ${name}: process ${process.pid} does not end`);
  }
  if (cgroup !== undefined && !(await removeCgroupTree(cgroup))) {
    throw new AgentError('SANDBOX_FAILED', `sandbox: ${name}: ${cgroup}: processes in it do not end`);
  }
  // It goes with the namespace at its other end, but the kernel takes its time.
  await run('ip', ['link', 'delete', hostDevice(plan.fabric)], { timeoutMs: 10_000 });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
