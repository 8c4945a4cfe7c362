// The package as a user has it: packed from this checkout, installed into a folder of its own.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './sources.ts';
import { type Ended, runAsUser } from './user-process.ts';

export interface Installation {
  readonly folder: string;
  readonly node: (...args: string[]) => Ended;
  /** A line as a user types it, with the folder's own commands on the path. */
  readonly shell: (line: string) => Ended;
  readonly remove: () => void;
}

function run(program: string, args: string[], cwd: string, first: string[] = []): Ended {
  // No Node of a checkout is on a user's path.
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return runAsUser(program, args, cwd, { PATH: [...first, ...path].join(':'), npm_config_audit: 'false', npm_config_fund: 'false' });
}

/** Packs and installs; koffi comes from npm's cache or registry, and stays away where neither has it. Throws when that fails. */
export function installPackage(): Installation {
  const base = mkdtempSync(join(tmpdir(), 'axoneme-package-'));
  const folder = join(base, 'user');
  mkdirSync(folder);
  const packed = run('npm', ['pack', '--silent', '--pack-destination', base], root);
  const tarball = packed.stdout.trim().split('\n').at(-1) ?? '';
  if (packed.status !== 0 || !tarball.endsWith('.tgz')) throw new Error(`npm pack: ${packed.stderr}`);
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  const install = (...more: string[]) =>
    run('npm', ['install', '--prefer-offline', '--fetch-retries=1', ...more, join(base, tarball)], folder);
  const installed = install().status === 0 ? undefined : install('--omit=optional', '--offline');
  if (installed && installed.status !== 0) throw new Error(`npm install: ${installed.stderr}`);
  return {
    folder,
    node: (...args) => run(process.execPath, args, folder),
    shell: (line) => run('sh', ['-c', line], folder, [join(folder, 'node_modules/.bin'), dirname(process.execPath)]),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}
