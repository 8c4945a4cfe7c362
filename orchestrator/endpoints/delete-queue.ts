// The folder in which the plugin leaves the deletions that it could not deliver, a file each: the request as JSON.

import { join } from 'node:path';
import type { RoomLog } from '../log.ts';
import { type AttachmentName, readName } from './attachment.ts';
import { type Disk, unfinishedSuffix } from './disk.ts';

export interface DeleteQueueOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly log: RoomLog;
  readonly remove: (attachment: AttachmentName) => Promise<void>;
}

const brokenSuffix = '.broken';

export class DeleteQueue {
  readonly #options: DeleteQueueOptions;
  #failure: string | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: DeleteQueueOptions) {
    this.#options = options;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Does what is queued by now; a file goes after what it asks for is done, so a dying agent's successor does it again. What fails stays
   * queued. Never throws. One call after the other: else a late one would delete what was made after the deletion that it read.
   */
  drain(): Promise<void> {
    this.#running = this.#running.then(() => this.#drainAll());
    return this.#running;
  }

  async #drainAll(): Promise<void> {
    const { folder, disk, log } = this.#options;
    const before = this.#failure;
    this.#failure = undefined;
    try {
      const names = await disk.list(folder);
      for (const name of names.sort()) if (!name.endsWith(unfinishedSuffix) && !name.endsWith(brokenSuffix)) await this.#drainFile(name);
    } catch (error) {
      this.#failure = (error as Error).message;
      if (before === undefined) log.warn('queued deletions cannot be carried out', { error });
    }
  }

  async #drainFile(name: string): Promise<void> {
    const { folder, disk, log, remove } = this.#options;
    const path = join(folder, name);
    const text = await disk.read(path);
    let attachment: AttachmentName;
    try {
      attachment = readName(JSON.parse(text));
    } catch (error) {
      log.warn('a queued deletion is not readable and was moved aside', { error: `${path}: ${(error as Error).message}` });
      await disk.move(path, path + brokenSuffix);
      return;
    }
    await remove(attachment);
    await disk.remove(path);
  }
}
