// Pod namespaces: network, mounts, host name, IPC and processes of a pod, held by its first process, which does nothing but bury the
// dead. A pod of the host's network shares the node's.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Cgroup } from './cgroup.ts';

export interface NamespacesOptions {
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly cgroup: Cgroup;
  /** What stands where in the pod: a file or folder of the host, and the path that is to show it. */
  readonly mounts: readonly { readonly from: string; readonly to: string }[];
}

export interface Namespaces {
  /** Of the pod's first process, as this process numbers it. */
  readonly pid: number;
  /** Path of its network namespace. */
  readonly network: string;
  /** How a program enters all of them: a program and its first arguments. */
  enter(user?: UserWords): readonly string[];
  /** When the first process is gone, and with it everything in the pod. */
  readonly ended: Promise<void>;
  end(): void;
}

/** Whom a program runs as. */
export interface UserWords {
  readonly uid?: number;
  readonly gid?: number;
}

/** Zombies are left to the first process of a pod; `wait` takes all of them. */
const idle = 'trap exit TERM; while :; do sleep 86400 & wait $!; done';

export async function openNamespaces({ hostname, hostNetwork, cgroup, mounts }: NamespacesOptions): Promise<Namespaces> {
  const kinds = ['--mount', '--uts', '--ipc', '--pid', ...(hostNetwork ? [] : ['--net'])];
  const binds = mounts.map(({ from, to }) => `mount --rbind ${quote(from)} ${quote(to)}`);
  const loopback = hostNetwork ? [] : ['ip link set lo up'];
  const script = ['set -e', `hostname ${quote(hostname)}`, ...loopback, ...binds, 'echo ready', idle].join('\n');
  const words = ['unshare', ...kinds, '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script];
  const child = spawn('sh', ['-c', `${cgroup.enter}; exec "$@"`, 'sh', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await ready(child);
  const pid = firstChild(child.pid!);
  return {
    pid,
    network: `/proc/${pid}/ns/net`,
    enter: (user) => ['nsenter', '-t', `${pid}`, '-m', '-u', '-i', '-n', '-p', ...userWords(user), '--'],
    ended,
    end: () => void child.kill('SIGKILL'),
  };
}

async function ready(child: ChildProcess): Promise<void> {
  let complaint = '';
  child.stderr!.on('data', (text) => {
    complaint += text;
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`pod namespaces: ended with ${code}: ${complaint.trim().split('\n').pop()}`)));
  });
  // Nobody is left to hear of an end that comes later.
  failed.catch(() => {});
  const said = createInterface(child.stdout!)[Symbol.asyncIterator]().next();
  const { value } = await Promise.race([said, failed]);
  if (value !== 'ready') throw new Error(`pod namespaces: ${complaint.trim() || 'no word from the first process'}`);
}

/** Of a process that has one: `unshare` stays outside, and what it started is inside. */
export function firstChild(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(child);
}

function userWords({ uid, gid }: UserWords = {}): string[] {
  return [...(gid === undefined ? [] : ['-G', `${gid}`]), ...(uid === undefined ? [] : ['-S', `${uid}`])];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
