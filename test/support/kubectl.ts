// The kubectls of this machine: the one on the path, and Debian's, unpacked beside it where apt can be asked.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './sources.ts';

export interface Kubectl {
  readonly release: string;
  readonly program: string;
}

const home = mkdtempSync(join(tmpdir(), 'axoneme-kubectl-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));
const folder = join(root, 'build', 'kubectl');

/** Every one that runs, each release once. */
export function kubectls(): Kubectl[] {
  const found = new Map<string, Kubectl>();
  for (const program of ['kubectl', debian()]) {
    if (program === undefined) continue;
    const { status, stdout } = spawnSync(program, ['version', '--client'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: home },
    });
    const release = /v\d+\.\d+\.\d+/.exec(stdout ?? '')?.[0];
    if (status === 0 && release !== undefined && !found.has(release)) found.set(release, { release, program });
  }
  return [...found.values()];
}

/** Unpacked rather than installed: a machine's own kubectl stays what it is. */
function debian(): string | undefined {
  const program = join(folder, 'usr', 'bin', 'kubectl');
  if (existsSync(program)) return program;
  if (process.env.AXONEME_APT === 'no' || spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  mkdirSync(folder, { recursive: true });
  if (spawnSync('apt-get', ['download', '-qq', 'kubernetes-client'], { cwd: folder, timeout: 120_000 }).status !== 0) return undefined;
  const [file] = readdirSync(folder).filter((name) => name.startsWith('kubernetes-client_'));
  if (file === undefined || spawnSync('dpkg-deb', ['-x', file, '.'], { cwd: folder }).status !== 0) return undefined;
  return existsSync(program) ? program : undefined;
}

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** For a kubectl that keeps nothing of the user's and knows none of the user's clusters. */
export const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, HOME: home, KUBECONFIG: join(home, 'none') });
