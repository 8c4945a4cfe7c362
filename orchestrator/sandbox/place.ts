// Places of a sandbox that programs run in: nodes, pods, the world, the fabric; and how to enter them from outside. Programs that are
// sent in are in the sandbox's process namespace and cgroups, so that they end with it.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import { nodeCgroup, supervisorCgroup } from './cgroup-tree.ts';
import { commandFolder, nodeFolders } from './folders.ts';
import type { Record } from './record.ts';

export interface Entry {
  /** Program and first arguments; the wanted program follows. */
  readonly words: readonly string[];
  /** Where it belongs. */
  readonly cgroup: string | undefined;
  /** More commands than the host's; they are seen in nodes. */
  readonly commands: string;
}

const kinds = { node: ['net', 'mnt'], pod: ['net', 'mnt', 'uts', 'ipc', 'pid'] } as const;

/** `pid` holds the namespaces of a node, the fabric or the world, by its number in the sandbox. */
export function nodeEntry(record: Record, path: string, pid: number): Entry {
  const first = firstOf(record);
  const ownPids = `--pid=/proc/${first}/ns/pid`;
  const { cgroup } = record;
  const isNode = path.includes('/');
  const below = cgroup && (isNode ? join(nodeCgroup(cgroup, path), 'agent') : supervisorCgroup(cgroup));
  return { words: entering([...paths(first, pid, kinds.node), ownPids]), cgroup: below, commands: commandFolder(record.folder) };
}

/** `nodes` are `cluster/node`; the kubelets say who runs the pod. Throws SANDBOX_UNKNOWN when none does. */
export function podEntry(record: Record, nodes: readonly string[], namespace: string, name: string): Entry {
  const first = firstOf(record);
  const notes = nodes.flatMap((node) => noteOf(join(nodeFolders(record.folder, node).kubelet, `${namespace}_${name}.json`)));
  // One that was moved may still be on its way out where it was.
  const [note] = notes.sort((a, b) => b.writtenAt - a.writtenAt);
  if (note === undefined) throw new AgentError('SANDBOX_UNKNOWN', `sandbox: pod ${namespace}/${name}: runs on none of ${nodes.join(', ')}`);
  const { pid, cgroup, uidOfUser, gidOfUser } = note;
  const user = [...(gidOfUser === undefined ? [] : ['-G', `${gidOfUser}`]), ...(uidOfUser === undefined ? [] : ['-S', `${uidOfUser}`])];
  return {
    words: entering([...paths(first, pid, kinds.pod), ...user]),
    cgroup: record.cgroup && cgroup,
    commands: commandFolder(record.folder),
  };
}

interface Note {
  readonly pid: number;
  readonly cgroup: string;
  readonly uidOfUser?: number;
  readonly gidOfUser?: number;
  readonly writtenAt: number;
}

function noteOf(file: string): Note[] {
  try {
    const note = JSON.parse(readFileSync(file, 'utf8'));
    return typeof note.pid === 'number' ? [{ ...note, writtenAt: statSync(file).mtimeMs }] : [];
  } catch {
    // It has none yet, or none any more.
    return [];
  }
}

function firstOf({ first, name }: Record): number {
  if (first === undefined) throw new AgentError('SANDBOX_FAILED', `sandbox: ${name}: does not run`);
  return first.pid;
}

/** Numbers inside are not those outside: the first process shows the way through its own /proc. */
function paths(first: number, pid: number, names: readonly string[]): string[] {
  const flags: { [name: string]: string } = { net: 'net', mnt: 'mount', uts: 'uts', ipc: 'ipc', pid: 'pid' };
  const inside = `/proc/${first}/root`;
  return names.map((name) => `--${flags[name]}=${inside}/proc/${pid}/ns/${name}`);
}

/** What is sent in ends when the one that sent it is killed. */
function entering(flags: readonly string[]): string[] {
  return ['nsenter', ...flags, '--', 'setpriv', '--pdeathsig', 'KILL', '--'];
}
