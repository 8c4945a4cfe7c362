// Sandboxes without root: this program starts itself again in namespaces of this user, where it is root, and later commands go into those
// of a sandbox that runs. Numbers of processes and files are the same there; networks and rights are not.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { AgentError } from '../errors.ts';
import { isAlive } from './process-id.ts';
import { home, readRecord } from './record.ts';
import { hasRelay, relayLine, relaySentence, startRelay } from './relay.ts';

export const isOrdinaryUser = (): boolean => process.getuid?.() !== 0;

/** Root of a user namespace: the rest of this host is not in reach. */
function isRootless(): boolean {
  const [, , count] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/).map(Number);
  return count === 1;
}

/** How kubectl is called, by whom shares no network with clusters and by others. */
export function kubectl(file: string): string {
  return isRootless() ? `sandbox exec fabric -- kubectl --kubeconfig $PWD/${file}` : `kubectl --kubeconfig ${file}`;
}

export function rootlessSentence(): string {
  return `Without root everything runs in namespaces of your own: packets go through WebAssembly, and ${relaySentence()}.`;
}

const own = ['unshare', '--user', '--map-root-user', '--net', '--mount'];

/** What a sandbox does there, one after the other. The last line that is told names what was refused. */
const trial = `
echo 'networks in user namespaces'
ip link set lo up
echo 'mounts in user namespaces'
mount -t tmpfs none /run
echo 'TUN devices'
ip tuntap add dev axoneme mode tun
`;

/** What is refused here, and who could allow it; undefined when nothing is. It is found out by trying. */
export function rootlessProblem(): string | undefined {
  const [program, ...words] = [...own, '--pid', '--fork', '--mount-proc', 'sh', '-ec', trial];
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', env: environment() });
  if (status === 0) return undefined;
  const refused = stdout.trim().split('\n').pop() || 'user namespaces';
  const why = stderr.trim().split('\n')[0] || 'no reason was told';
  return `${refused}: refused here (${why}): ${refused === 'TUN devices' ? tunRemedy : namespaceRemedy()}`;
}

const tunRemedy = '"modprobe tun && chmod 666 /dev/net/tun" as root allows them';

/** Settings by which hosts keep users from namespaces, and what allows them. */
const settings = [
  { path: 'kernel/unprivileged_userns_clone', refusing: '0', allowing: '1' },
  { path: 'user/max_user_namespaces', refusing: '0', allowing: '15000' },
  { path: 'user/max_net_namespaces', refusing: '0', allowing: '15000' },
  { path: 'kernel/apparmor_restrict_unprivileged_userns', refusing: '1', allowing: '0' },
] as const;

function namespaceRemedy(): string {
  const found = settings.find(({ path, refusing }) => setting(path) === refusing);
  if (found === undefined) return 'in a container its security profile decides; root needs none of it';
  return `"sysctl -w ${found.path.replace('/', '.')}=${found.allowing}" as root allows them`;
}

function setting(path: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Starts this command again in new namespaces; resolves with its status. Throws SANDBOX_FAILED with what this host refuses. */
export async function startInOwnNamespaces(): Promise<number> {
  const problem = rootlessProblem();
  if (problem !== undefined) throw new AgentError('SANDBOX_FAILED', `sandbox: without root: ${problem}`);
  return startAgain([...own, ...tied, 'sh', '-c', begin, 'sh'], relayInto);
}

/**
 * Says that the namespaces are there and waits for a word. What it said it on stays open as 9, and is the sandbox's first process's too: that is
 * how a relay knows when it is of no use any more.
 */
const begin = `ip link set lo up; echo made >&3; read go <&3; exec 9>&3 3>&-; export ${relayLine}=9; exec "$@"`;

async function relayInto(child: ChildProcess): Promise<void> {
  const line = child.stdio[3] as Socket;
  line.on('error', () => {});
  const made = await Promise.race([once(line, 'data'), once(child, 'close').then(() => undefined)]);
  if (made !== undefined && child.pid !== undefined && hasRelay()) await startRelay(child.pid, line);
  // Not its end: the relay has it too.
  line.write('go\n', () => line.destroy());
}

/**
 * Starts this command again beside a sandbox that a user has, and resolves with its status; with undefined when this process is beside it
 * already, or when there is none that runs.
 */
export async function startBeside(name: string): Promise<number | undefined> {
  const { outer } = readRecord(name) ?? {};
  if (outer === undefined || !isAlive(outer) || namespaceOf('self') === namespaceOf(outer.pid)) return undefined;
  return startAgain(['nsenter', '--user', '--preserve-credentials', '--net', '--target', `${outer.pid}`, '--', ...tied]);
}

/** What is started ends when the one that started it is killed. Not before user namespaces: a change of rights forgets it. */
const tied = ['setpriv', '--pdeathsig', 'KILL', '--'];

function namespaceOf(process: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${process}/ns/user`);
  } catch {
    // Nobody may know who has no right to enter.
    return undefined;
  }
}

function startAgain([program, ...words]: readonly string[], prepare?: (child: ChildProcess) => Promise<void>): Promise<number> {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const stdio = ['inherit', 'inherit', 'inherit', ...(prepare === undefined ? [] : ['pipe' as const])] as const;
  const child = spawn(program, [...words, ...again], { stdio: [...stdio], env: environment() });
  void prepare?.(child);
  // The terminal tells both of an interrupt; who is told by somebody else passes it on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal!] ?? 0)));
  });
}

/** Folders of root's programs are not on every user's path; and records are where this user looks for them. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, AXONEME_SANDBOX_HOME: home() };
}
