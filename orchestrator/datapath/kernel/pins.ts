// Pins: the node's folder on bpffs, where maps, programs and links live on when the process ends.
//
//   maps/<name>@<layout hash>         the map in use          maps/<name>@<layout hash>~old   its predecessor, while entries move
//   programs/<hook>                   the programs in use     links/<port>-<hook>             one per attached hook (tcx)
//                                                             links/socket_<call>             one per kind of call of a socket
//
// A map's pin says its layout's hash; its size is the map's own, and so are its fields' names and places (BTF), which is all that a
// conversion needs. Nothing else is kept beside the maps, so nothing can disagree with them.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, statfsSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { AgentError } from '../../errors.ts';
import type { Bpf } from './bpf.ts';
import { errno, errnoText } from './errno.ts';
import type { Libc } from './libc.ts';

const bpffsMagic = 0xcafe4a11;
/** The kernel's own place for one: until then nothing can be made there. */
const usualPlace = '/sys/fs/bpf';
const oldSuffix = '~old';
/** Of a bpffs that is mounted here: by it `removeAll` knows that it may take the mount away. */
const mountSource = 'axoneme';
/** Names that this room gives, in this version or another. */
const ours = {
  links: /^(\d+-[a-z_]+(@clsact)?|socket_[a-z]+[46])(~new)?$/,
  programs: /^([a-z_]+[46]?|@[0-9a-z]+)(~new)?$/,
  maps: /^[a-z_]+@[^~]*(~old|~new)?$/,
} as const;

/** What the kernel may put into every bpffs. */
const kernelsOwn = ['maps.debug', 'progs.debug'];

export interface Removed {
  readonly pins: number;
  /** Paths of pins that are not ours, which stay. */
  readonly foreign: readonly string[];
}

export function isBpffs(folder: string): boolean {
  return statfsSync(folder).type === bpffsMagic;
}

export interface MapPin {
  readonly path: string;
  readonly name: string;
  readonly layoutHash: string;
  /** Replaced already; its entries may still be on their way. */
  readonly old: boolean;
}

export class Pins {
  readonly folder: string;
  private readonly bpf: Bpf;
  private readonly libc: Libc;

  /** Creates the folder; mounts a bpffs on it when it is on none, and at the kernel's own place for one when it is below that. */
  constructor(folder: string, bpf: Bpf, libc: Libc) {
    this.folder = folder;
    this.bpf = bpf;
    this.libc = libc;
    this.makeFolder(folder);
    if (!isBpffs(folder)) this.mountBpffs(folder);
    for (const part of Object.keys(ours)) mkdirSync(`${folder}/${part}`, { recursive: true });
  }

  maps(): MapPin[] {
    return this.list('maps').flatMap((file) => {
      const [, name, layoutHash, suffix] = /^([^@]+)@([^~]*)(~old)?$/.exec(file) ?? [];
      if (name === undefined || layoutHash === undefined) return [];
      return [{ path: `${this.folder}/maps/${file}`, name, layoutHash, old: suffix !== undefined }];
    });
  }

  mapPath(name: string, layoutHash: string): string {
    return `${this.folder}/maps/${name}@${layoutHash}`;
  }

  /** Paths and names of the pinned links. */
  links(): { path: string; name: string }[] {
    return this.list('links').map((name) => ({ path: `${this.folder}/links/${name}`, name }));
  }

  linkPath(port: number, hook: string): string {
    return `${this.folder}/links/${port}-${hook}`;
  }

  /** Of the program of that name for sockets. */
  socketPath(program: string): string {
    return `${this.folder}/links/${program}`;
  }

  /** Paths and names of the pinned programs, and of the mark among them (`pinned-object.ts`). */
  programs(): { path: string; name: string }[] {
    return this.list('programs').map((name) => ({ path: `${this.folder}/programs/${name}`, name }));
  }

  programPath(hook: string): string {
    return `${this.folder}/programs/${hook}`;
  }

  /** Descriptor of a pinned object, the caller's to close; undefined when nothing is pinned there. */
  get(path: string): number | undefined {
    const descriptor = this.bpf.get(path);
    if (descriptor === -errno.noent) return undefined;
    if (descriptor < 0) throw new AgentError('BPF_CALL_FAILED', `pin ${path}: open: ${errnoText(descriptor)}`);
    return descriptor;
  }

  has(path: string): boolean {
    return existsSync(path);
  }

  /** Pins under the path; what was pinned there is replaced at once. */
  put(path: string, descriptor: number): void {
    const fresh = `${path}~new`;
    this.remove(fresh);
    const result = this.bpf.pin(fresh, descriptor);
    if (result < 0) throw new AgentError('BPF_CALL_FAILED', `pin ${path}: ${errnoText(result)}`);
    renameSync(fresh, path);
  }

  /** Sets a map's pin aside as the predecessor of the one that takes its place; a predecessor set aside before stays. */
  setAside(pin: MapPin): void {
    if (!pin.old) renameSync(pin.path, `${pin.path}${oldSuffix}`);
  }

  remove(path: string): void {
    try {
      unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Removes all that is ours, with the folders and a bpffs that was mounted for them: the end of this datapath on this node. */
  removeAll(): Removed {
    let pins = 0;
    const foreign: string[] = [];
    for (const [part, pattern] of Object.entries(ours)) {
      for (const file of this.list(part)) {
        const path = `${this.folder}/${part}/${file}`;
        if (!pattern.test(file)) foreign.push(path);
        else {
          this.remove(path);
          pins += 1;
        }
      }
      removeFolder(`${this.folder}/${part}`);
    }
    for (const folder of [this.folder, dirname(this.folder)]) {
      if (isMountedHere(folder) && readdirSync(folder).every((file) => kernelsOwn.includes(file))) this.libc.umount(folder);
      if (folder === this.folder) removeFolder(folder);
    }
    return { pins, foreign };
  }

  private list(part: string): string[] {
    return readdirSync(`${this.folder}/${part}`).sort();
  }

  /** One by one: below /proc and /sys, Node's own way to make all of them never comes back. */
  private makeFolder(path: string): void {
    const parent = dirname(path);
    if (existsSync(path)) return;
    this.makeFolder(parent);
    if (parent === usualPlace && !isBpffs(parent)) this.mountBpffs(parent);
    try {
      mkdirSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
      throw new AgentError('BPF_CALL_FAILED', `bpffs ${this.folder}: ${(error as Error).message}`, { cause: error });
    }
  }

  private mountBpffs(path: string): void {
    const result = this.libc.mount(mountSource, path, 'bpf', 0, 'mode=0700');
    if (result < 0) throw new AgentError('BPF_CALL_FAILED', `bpffs ${path}: mount: ${errnoText(result)}`);
  }
}

/** A mount point of others, and what others have put there, stay. */
function removeFolder(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!['EBUSY', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function isMountedHere(folder: string): boolean {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounts.some((line) => line.split(' ')[4] === folder && line.includes(` - bpf ${mountSource} `));
}
