// npm packages: installed when node_modules is not what package-lock.json says.
import { existsSync, readFileSync } from 'node:fs';
import { fail, run, say } from './say.mjs';

export function installModulesIfStale() {
  const why = staleness();
  if (!why) return;
  say(`${why}: running npm ci`);
  // The npm that runs this script, if any: the one on the path may belong to another Node.
  const npm = process.env.npm_execpath;
  const install = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const ok = npm ? run(process.execPath, [npm, ...install]) : run('npm', install);
  if (!ok) fail('npm ci failed: nothing can run without its packages; its message stands above');
}

/** Why an install is needed, or undefined. npm keeps a copy of what it installed; optional packages may be absent from it. */
function staleness() {
  if (!existsSync('node_modules')) return 'node_modules is missing';
  const installedFile = 'node_modules/.package-lock.json';
  if (!existsSync(installedFile)) return 'node_modules was not finished';
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '' || (optional && !installed[path])) continue;
    if (installed[path]?.version !== version) return `${path} is not at ${version}`;
  }
  return undefined;
}
