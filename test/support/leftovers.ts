// Leftovers: what a host has of the things that a sandbox makes, so that before and after can be compared.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { home } from '../../orchestrator/sandbox/record.ts';

export interface Trace {
  readonly processes: readonly string[];
  /** Namespaces that some process is in, other than those of processes that were there before. */
  readonly namespaces: readonly string[];
  readonly links: readonly string[];
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly files: readonly string[];
}

/** Of the sandbox of this name alone: others may come and go meanwhile. */
export function traceOf(name: string, fabric?: number): Trace {
  const folder = join(home(), name);
  const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && belongsTo(entry, name, folder));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const unified = mounts.find((line) => / - cgroup2 /.test(line))?.split(' ')[4];
  return {
    processes,
    namespaces: [...new Set(processes.flatMap(namespacesOf))].sort(),
    links: Object.keys(networkInterfaces()).filter((link) => link === `axsandbox${fabric}`),
    mounts: mounts.filter((line) => line.includes(folder) || line.includes('axoneme-sandbox')),
    cgroups: unified === undefined ? [] : readdirSync(unified).filter((entry) => entry === `axoneme-sandbox-${name}`),
    files: entries(home()).filter((entry) => entry === name || linkOf(join(home(), entry)) === name),
  };
}

export const nothing: Trace = { processes: [], namespaces: [], links: [], mounts: [], cgroups: [], files: [] };

/** In its cgroups, or with its folder for an argument: the processes that it begins with. */
function belongsTo(pid: string, name: string, folder: string): boolean {
  try {
    if (readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`/axoneme-sandbox-${name}/`)) return true;
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(folder);
  } catch {
    return false;
  }
}

function namespacesOf(pid: string): string[] {
  const own = ['net', 'mnt', 'pid'].map((kind) => linkOf(`/proc/self/ns/${kind}`));
  return ['net', 'mnt', 'pid']
    .map((kind) => linkOf(`/proc/${pid}/ns/${kind}`))
    .filter((link) => link !== undefined && !own.includes(link)) as string[];
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
