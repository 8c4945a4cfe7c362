// An ordinary user, for tests that run as root: another user than root and than the owner of the checkout, with /dev/net/tun as udev leaves
// it on most hosts. The checkout is shown to him at another place, because its own may lie where only root may look.
import { spawnSync } from 'node:child_process';
import { dirname, join, relative } from 'node:path';
import { root } from './sources.ts';

export const isRoot = process.getuid?.() === 0;
const place = isRoot ? '/mnt' : root;

/** What a host refuses its users. */
export type Refused = 'TUN devices' | 'user namespaces';

/** /dev/net/tun as most hosts have it, or as those that keep it for root. */
const setUp = (mode: string) =>
  `mount -t tmpfs none /dev/net && mknod -m ${mode} /dev/net/tun c 10 200 && mount --bind "$0" ${place} && cd ${place} && exec "$@"`;

/** Below a user namespace in which there may be no other one, and users are those of the host. */
const shut = `
unshare --user sh -c 'until [ "$(cat /proc/sys/user/max_user_namespaces)" = 0 ]; do sleep 0.02; done; exec "$@"' sh "$@" &
until echo 0 0 65537 > /proc/$!/gid_map; do sleep 0.02; done 2>/dev/null
echo 0 0 65537 > /proc/$!/uid_map
nsenter --user --target $! sh -c 'echo 0 > /proc/sys/user/max_user_namespaces'
wait $!
`;

function become(refused: Refused | undefined): string[] {
  if (!isRoot) return [];
  const mode = refused === 'TUN devices' ? '600' : '666';
  const below = refused === 'user namespaces' ? ['sh', '-c', shut, 'sh'] : [];
  const user = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  return ['unshare', '--mount', 'sh', '-c', setUp(mode), root, ...below, ...user];
}

/** This process's Node, as this user finds it. */
const node = process.execPath.startsWith(`${root}/`) ? join(place, relative(root, process.execPath)) : process.execPath;

export interface UserOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Only root can refuse anybody anything. */
  readonly refused?: Refused;
}

/** Words that run a file of the checkout as this user, with nothing else in the environment; its arguments follow. */
export function ordinaryUser(file: string, { environment, refused }: UserOptions = {}): string[] {
  const whole = { PATH: `${dirname(node)}:/usr/local/bin:/usr/bin:/bin`, HOME: '/nonexistent', ...environment };
  return [...become(refused), 'env', '-i', ...Object.entries(whole).map(([name, value]) => `${name}=${value}`), node, join(place, file)];
}

/** Runs it to its end. */
export function runAsOrdinaryUser(file: string, args: readonly string[], options?: UserOptions) {
  const [program = '', ...words] = [...ordinaryUser(file, options), ...args];
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: root, encoding: 'utf8' });
  return { status, stdout, stderr };
}
