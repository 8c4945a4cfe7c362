// The few things that this room does with files. A file is there whole or not at all, and what is done stays done when this process ends.
// Should the machine end, so do all pods and their devices, and files of interfaces without a device are dropped: the disk is told to
// keep what was done, but nobody waits for it.

import { closeSync, existsSync, fsync, mkdirSync, openSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Disk {
  /** Names in a folder, which is made when it is not there. */
  list(folder: string): Promise<string[]>;
  read(path: string): Promise<string>;
  /** Replaces a file, or fails and leaves it as it was. */
  write(path: string, text: string): Promise<void>;
  /** Absent is fine. */
  remove(path: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
}

/** Of files that are being written: whoever finds one may delete it. */
export const unfinishedSuffix = '.tmp';

/** Files are small and in memory at first: to have another thread write them takes longer than to write them. */
export const realDisk: Disk = {
  async list(folder) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return readdirSync(folder);
  },
  read: (path) => readFile(path, 'utf8'),
  async write(path, text) {
    const unfinished = path + unfinishedSuffix;
    try {
      writeFileSync(unfinished, text, { mode: 0o600 });
      renameSync(unfinished, path);
    } catch (error) {
      try {
        unlinkIfThere(unfinished);
      } catch {
        // What stood in the way of writing it is told.
      }
      throw error;
    }
    keep(path);
    keep(dirname(path));
  },
  async remove(path) {
    unlinkIfThere(path);
    keep(dirname(path));
  },
  async move(from, to) {
    renameSync(from, to);
    keep(dirname(to));
  },
};

/** A disk that takes no changes refuses the removal of what is not there, too. */
function unlinkIfThere(path: string): void {
  if (existsSync(path)) unlinkSync(path);
}

/** Paths that the disk is being told to keep; true: they changed again meanwhile. */
const keeping = new Map<string, boolean>();

/** One call at a time for a path, and one more for all that came meanwhile. What is gone or refused by then is not told. */
function keep(path: string): void {
  if (keeping.has(path)) {
    keeping.set(path, true);
    return;
  }
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return;
  }
  keeping.set(path, false);
  fsync(file, () => {
    closeSync(file);
    const isChanged = keeping.get(path) === true;
    keeping.delete(path);
    if (isChanged) keep(path);
  });
}
