// Records: what is known of every sandbox of this host, in files that outlive it, so that whoever takes it down needs nobody's help.

import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import type { ProcessId } from './process-id.ts';
import type { Plan } from './topology/plan.ts';

export interface Record {
  readonly name: string;
  readonly folder: string;
  readonly plan: Plan;
  /** Folder of the cgroup that all of it is below; none where none may be made. */
  readonly cgroup: string | undefined;
  /** The process that everything ends with, and the one beside it that waits for it. Absent until they run. */
  readonly first?: ProcessId;
  readonly outer?: ProcessId;
  readonly startedAt: string;
}

/** Where all sandboxes of this user are: below the first folder that may be written to. */
export function home(): string {
  if (process.env.AXONEME_SANDBOX_HOME !== undefined) return process.env.AXONEME_SANDBOX_HOME;
  // Who is root in a user namespace only may have neither of the first two.
  const bases = [process.getuid?.() === 0 ? '/run' : undefined, process.env.XDG_RUNTIME_DIR];
  const base = bases.find((path) => path !== undefined && isWritable(path));
  if (base !== undefined) return join(base, 'axoneme-sandbox');
  if (!isWritable(tmpdir())) throw new AgentError('SANDBOX_FAILED', `sandbox: no folder for its state: ${tmpdir()} can not be written to`);
  // Everybody's: it has a name for each user, the same one inside of a user namespace and outside.
  return join(tmpdir(), `axoneme-sandbox-${userOutside()}`);
}

/** This user's number, outside of a user namespace where this process is in one. */
function userOutside(): number {
  const own = process.getuid?.() ?? 0;
  const lines = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
  const ranges = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const [inside, outside] = ranges.find(([first, , count]) => own >= first && own < first + count) ?? [own, own];
  return outside + own - inside;
}

/** Somebody else could have made it first, where everybody may make folders. */
function makeHome(): void {
  mkdirSync(home(), { recursive: true });
  const { uid } = statSync(home());
  if (uid === process.getuid?.()) return;
  throw new AgentError('SANDBOX_FAILED', `sandbox: ${home()}: belongs to user ${uid}: AXONEME_SANDBOX_HOME names another folder`);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Names are parts of paths: what is none, such as "..", is refused with USAGE_INVALID. */
export function folderOf(name: string): string {
  if (!/^[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?$/.test(name)) {
    throw new AgentError('USAGE_INVALID', `sandbox: not a name: ${JSON.stringify(name)}: small letters, digits and - are`);
  }
  return join(home(), name);
}

export const recordFile = (folder: string): string => join(folder, 'record.json');
export const socketFile = (folder: string): string => join(folder, 'supervisor.sock');

export function readRecord(name: string): Record | undefined {
  const file = recordFile(folderOf(name));
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whole or not at all. */
export function writeRecord(record: Record): void {
  const file = recordFile(record.folder);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 1)}\n`);
  renameSync(`${file}.new`, file);
}

/** Names of all that are there, running or not. */
export function recordedNames(): string[] {
  try {
    return readdirSync(home(), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}

/** Makes the folder; throws SANDBOX_FAILED when there is one of that name. */
export function claimName(name: string): string {
  const folder = folderOf(name);
  makeHome();
  try {
    mkdirSync(folder, { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new AgentError('SANDBOX_FAILED', `sandbox: ${name}: is there already: "axoneme sandbox down ${name}" takes it away`);
  }
  return folder;
}

const claimFile = (fabric: number) => join(home(), `fabric-${fabric}`);

/** A number for a fabric that no other sandbox has and no address of this host lies in. */
export function claimFabric(name: string): number {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  for (let fabric = 1; fabric < 256; fabric += 1) {
    if (own.some(({ address }) => address.startsWith(`172.31.${fabric}.`) || address.startsWith(`fd31:${fabric}:`))) continue;
    try {
      // Whoever makes it first has it; what it points to is only for readers.
      symlinkSync(name, claimFile(fabric));
      return fabric;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new AgentError('SANDBOX_FAILED', 'sandbox: no network 172.31.1.0/24 to 172.31.255.0/24 is free');
}

/** Gives the name and number back; the last one out takes the folder of all away. */
export function release(name: string): void {
  rmSync(folderOf(name), { recursive: true, force: true });
  try {
    for (const entry of readdirSync(home())) {
      if (entry.startsWith('fabric-') && readlinkSync(join(home(), entry)) === name) rmSync(join(home(), entry), { force: true });
    }
    rmdirSync(home());
  } catch {
    // Others are still there.
  }
}
