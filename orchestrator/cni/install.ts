// Install: the plugin's program and its configuration, where the container runtime looks for them. Files are whole or not there.

import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AgentError } from '../errors.ts';
import { versions } from './version.ts';

export const pluginName = 'axoneme-cni';
/** Before those of other networks: runtimes take the first. */
export const conflistName = '05-axoneme.conflist';

export interface ConflistOptions {
  /** Where the runtime looks for configurations. */
  readonly folder: string;
  /** The agent's, for writes. */
  readonly socket: string;
  /** Where the plugin leaves deletions while the agent is away. */
  readonly deleteQueue: string;
  readonly name?: string;
  readonly cniVersion?: string;
  /** More fields of the plugin's configuration, for people to read. */
  readonly mtu?: number;
}

/** Path of the configuration; one that is there already as wanted is not written. Throws the error of the file system. */
export function writeConflist({ folder, socket, deleteQueue, name = 'axoneme', cniVersion = '1.0.0', mtu }: ConflistOptions): string {
  const plugin = { type: pluginName, socket, deleteQueue, ...(mtu !== undefined && { mtu }) };
  const path = join(folder, conflistName);
  // Runtimes that know the list take the latest that they speak, and with it STATUS and GC; those before it read the one version.
  replaceFile(path, `${JSON.stringify({ cniVersion, cniVersions: versions, name, plugins: [plugin] }, undefined, 2)}\n`, 0o644);
  return path;
}

/** Paths of what there was. */
export function removeConflist(folder: string): string[] {
  return removeFiles(folder, [conflistName]);
}

export interface PluginOptions {
  /** Where the runtime looks for plugins. */
  readonly binFolder: string;
  /** Node as the runtime finds it. */
  readonly node?: string;
}

/** Path of the program. Its code lies beside it, so that it needs neither a checkout nor a package. Throws ARTIFACT_MISSING. */
export function installPlugin({ binFolder, node = process.execPath }: PluginOptions): string {
  const code = join(binFolder, `${pluginName}.cjs`);
  replaceFile(code, readFileSync(bundle(), 'utf8'), 0o644);
  const path = join(binFolder, pluginName);
  replaceFile(path, `#!/bin/sh\nexec ${shellWord(node)} "\${0%/*}/${basename(code)}"\n`, 0o755);
  return path;
}

/** Paths of what there was. */
export function removePlugin(binFolder: string): string[] {
  return removeFiles(binFolder, [pluginName, `${pluginName}.cjs`]);
}

const places = ['./', '../../build/'];

function bundle(): URL {
  const found = places.map((place) => new URL(`${place}cni.cjs`, import.meta.url)).find((url) => existsSync(url));
  if (found === undefined) throw new AgentError('ARTIFACT_MISSING', 'cni.cjs: not built here: "npm run build" makes it');
  return found;
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Whoever looks sees the old file or the new one. Its name while it is written is none that runtimes take. */
function replaceFile(path: string, text: string, mode: number): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text && (statSync(path).mode & 0o777) === mode) return;
  const unfinished = join(dirname(path), unfinishedName(basename(path), `${process.pid}`));
  mkdirSync(dirname(path), { recursive: true });
  try {
    const file = openSync(unfinished, 'w', mode);
    try {
      writeSync(file, text);
      // Whatever the mask of this process is.
      fchmodSync(file, mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function unfinishedName(name: string, pid: string): string {
  return `.${name}.${pid}.tmp`;
}

/** With what a process that was killed left half written. */
function removeFiles(folder: string, names: readonly string[]): string[] {
  if (!existsSync(folder)) return [];
  const isOurs = (file: string) => {
    const pid = /\.(\d+)\.tmp$/.exec(file)?.[1] ?? '';
    return names.some((name) => file === name || file === unfinishedName(name, pid));
  };
  const paths = readdirSync(folder)
    .filter(isOurs)
    .sort()
    .map((file) => join(folder, file));
  for (const path of paths) rmSync(path);
  return paths;
}
