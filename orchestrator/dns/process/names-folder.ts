// Names folder: what each pod was told, a file for each, so that the next process knows it. It is written now and then, and when a process ends: what
// is missing after a fall is only what `cache` lists, for the grants are in the datapath's map.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { log } from '../../log.ts';
import type { Book } from '../book/book.ts';

export class NamesFolder {
  private readonly folder: string;
  private readonly book: Book;
  private readonly isKnown: (endpoint: number) => boolean;
  private hasFailed = false;
  private queue: number[] = [];
  /** Endpoints of which there is a file. */
  private readonly saved = new Set<number>();

  constructor(folder: string, book: Book, isKnown: (endpoint: number) => boolean) {
    this.folder = folder;
    this.book = book;
    this.isKnown = isKnown;
  }

  /** Enters what is there; the rules then say which of these pods are known. */
  restore(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(this.folder)) {
      const path = join(this.folder, file);
      if (/^\d+$/.test(file)) {
        this.saved.add(Number(file));
        this.book.restoreNames(Number(file), readFileSync(path));
      } else rmSync(path, { force: true });
    }
  }

  /** Writes that of one pod, another one each time. */
  saveNext(): void {
    if (this.queue.length === 0) this.queue = [...new Set([...this.book.endpoints, ...this.saved])];
    const endpoint = this.queue.pop();
    if (endpoint !== undefined) this.save(endpoint);
  }

  saveAll(): void {
    for (const endpoint of this.book.endpoints) this.save(endpoint);
  }

  private save(endpoint: number): void {
    const path = join(this.folder, String(endpoint));
    try {
      if (this.isKnown(endpoint)) {
        writeFileSync(`${path}.new`, this.book.namesBytes(endpoint), { mode: 0o600 });
        renameSync(`${path}.new`, path);
        this.saved.add(endpoint);
      } else {
        rmSync(path, { force: true });
        this.saved.delete(endpoint);
      }
      this.hasFailed = false;
    } catch (error) {
      if (!this.hasFailed) log.room('dns').warn('names cannot be written', { endpoint, error });
      this.hasFailed = true;
    }
  }
}
