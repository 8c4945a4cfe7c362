// Network namespaces that are open descriptors of this process: gone when they are closed, or when the process ends.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { errnoText } from '../../orchestrator/datapath/kernel/errno.ts';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { enterOwnNamespaces } from './network.ts';

const newNetwork = 0x40000000;

/** Why network tests cannot run here, as a sentence; else false, and this process has left the host's namespaces. */
export async function networkSkip(): Promise<string | false> {
  try {
    await enterOwnNamespaces();
    return false;
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message}`;
  }
}

export interface Netns extends Disposable {
  /** For this process and its children. */
  readonly path: string;
  /** What a command prints that runs in it; throws with what it says when it fails. */
  run(command: string): string;
}

/** A new one. */
export async function makeNetns(): Promise<Netns> {
  const libc = await openLibc();
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const made = libc.syscall('unshare', newNetwork);
  if (made < 0) throw new Error(`netns: ${errnoText(made)}`);
  const descriptor = openSync('/proc/thread-self/ns/net', 'r');
  if (libc.syscall('setns', own, newNetwork) < 0) process.abort();
  closeSync(own);
  const path = `/proc/${process.pid}/fd/${descriptor}`;
  return {
    path,
    run: (command) => shell(command, ['nsenter', `--net=${path}`]),
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

/** What a command prints that runs in the namespace of this process. */
export function shell(command: string, before: readonly string[] = []): string {
  const [program = '', ...args] = [...before, 'sh', '-ec', command];
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${stderr || error?.message || status}`);
  return stdout;
}

/** What `ip -j` prints: of this process's namespace, or of another one. */
// biome-ignore lint/suspicious/noExplicitAny: rows of another program, looked at field by field
export function ip(args: string, netns?: Netns): any[] {
  const text = (netns?.run ?? shell)(`ip -j ${args}`);
  return text.trim() === '' ? [] : JSON.parse(text);
}

/** Everything that can be seen in the namespace of this process, without what comes and goes by itself. */
export function everything(): string {
  return shell(
    'ip -o -d link; ip -o addr; ip route show table all; ip -6 route show table all; ip neigh show nud permanent; ip rule; ip -6 rule; nft list ruleset',
  )
    .split('\n')
    .filter((line) => !/ tentative| fe80::[0-9a-f]*:|^(multicast|anycast|local|broadcast) /.test(line))
    .map((line) => line.replace(/ (valid_lft|preferred_lft|expires).*/, ''))
    .join('\n');
}
