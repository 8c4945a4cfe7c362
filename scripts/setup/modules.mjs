// npm packages: installed when node_modules is not what package-lock.json says.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { run, say } from './say.mjs';

/** Whether they are there now. */
export async function installModulesIfStale() {
  const why = staleness();
  if (!why) return true;
  say(`${why}: running npm ci`);
  return npm('ci', '--no-audit', '--no-fund', '--loglevel=error');
}

/** Hundreds of packages for one test: they lie in build/, no other command waits for them, and without them that test is skipped. */
export async function installRunnersIfStale() {
  const [from, to] = ['test/testing/runners', 'build/runners'];
  const wanted = JSON.parse(readFileSync(`${from}/package.json`, 'utf8')).dependencies;
  const other = Object.entries(wanted).find(([name, version]) => versionOf(`${to}/node_modules/${name}`) !== version);
  if (!other) return;
  say(`${other[0]} is not at ${other[1]} in ${to}: running npm install`);
  mkdirSync(to, { recursive: true });
  copyFileSync(`${from}/package.json`, `${to}/package.json`);
  const quiet = ['--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  if (!(await npm('install', '--prefix', to, ...quiet))) say('npm install failed: the library is not tried under vitest, mocha and jest');
}

function versionOf(folder) {
  return existsSync(`${folder}/package.json`) ? JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version : undefined;
}

function npm(...args) {
  // The npm that runs this script, if any: the one on the path may belong to another Node.
  const path = process.env.npm_execpath;
  return path ? run(process.execPath, [path, ...args]) : run('npm', args);
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
