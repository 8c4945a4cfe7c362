// The plugin's bundle for tests: the set-up builds it, and who runs one test file alone gets it as new as its sources.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export function buildPlugin(): void {
  const [bundle, sources] = [join(root, 'build/cni.cjs'), join(root, 'orchestrator/cni')];
  const newest = Math.max(...readdirSync(sources).map((name) => statSync(join(sources, name)).mtimeMs));
  if (existsSync(bundle) && statSync(bundle).mtimeMs >= newest) return;
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-cni.ts'], { encoding: 'utf8', cwd: root });
  if (status !== 0) throw new Error(`build-cni: ${stderr}`);
}
