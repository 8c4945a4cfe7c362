// A namespace of a node, of the fabric or of the world: network and mounts, held by a process that sleeps. It has no name on the host
// and ends with that process, which ends with the sandbox's first.

import { type ChildProcess, spawn } from 'node:child_process';
import { AgentError } from '../../errors.ts';

export interface Namespace {
  readonly name: string;
  /** Of the process that holds it. */
  readonly pid: number;
  /** How a program enters it: a program and its first arguments. */
  readonly enter: readonly string[];
}

/** `setUp` are lines of a shell, run inside before anybody else is. */
export async function openNamespace(name: string, setUp: readonly string[] = []): Promise<Namespace> {
  const script = ['set -e', 'ip link set lo up', ...setUp, 'echo ready', 'exec sleep infinity'].join('\n');
  const words = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', script];
  const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  await ready(child, name);
  const pid = child.pid!;
  return { name, pid, enter: ['nsenter', `--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`, '--'] };
}

function ready(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr!.on('data', (text) => {
      complaint += text;
    });
    child.stdout!.once('data', () => resolve());
    child.once('error', reject);
    child.once('close', () => reject(new AgentError('SANDBOX_FAILED', `namespace ${name}: ${complaint.trim() || 'its process ended'}`)));
  });
}
