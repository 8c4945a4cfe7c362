// The few things that this room does with files. A file is there whole or not at all, and what is done stays done when power fails.

import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
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

export const realDisk: Disk = {
  async list(folder) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return readdir(folder);
  },
  read: (path) => readFile(path, 'utf8'),
  async write(path, text) {
    const unfinished = path + unfinishedSuffix;
    try {
      const file = await open(unfinished, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw error;
    }
    await syncFolder(path);
  },
  async remove(path) {
    await rm(path, { force: true });
    await syncFolder(path);
  },
  async move(from, to) {
    await rename(from, to);
    await syncFolder(to);
  },
};

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
