// The folder with a file for every interface, and a copy of each.

import { join } from 'node:path';
import { AgentError } from '../errors.ts';
import { type Disk, unfinishedSuffix } from './disk.ts';
import { copyName, deviceIn, fileEndpoint, fileName, fileText, readFileText, type StoredInterface } from './interface-file.ts';

/** A file that is of no use. */
export interface BrokenFile {
  readonly endpoint: number;
  readonly reason: string;
  /** The device that it speaks of, where that can be told. */
  readonly device: string | undefined;
}

const brokenSuffix = '.broken';
const readAttempts = 3;
/** As much as a file may have: a disk may have room for a name and none for what is in it. */
const probeText = ' '.repeat(4096);

export class Store {
  readonly #folder: string;
  readonly #disk: Disk;
  /** Why the last write failed. */
  #failure: string | undefined;

  constructor(folder: string, disk: Disk) {
    this.#folder = folder;
    this.#disk = disk;
  }

  /**
   * By endpoint. What cannot be read from its file is read from its copy, and told as `mended`; what neither tells is `broken`, and left to
   * `setAside`. Throws STATE_UNREADABLE when the folder itself cannot be read.
   */
  async load(): Promise<{ rows: StoredInterface[]; mended: BrokenFile[]; broken: BrokenFile[] }> {
    const names = await this.#disk.list(this.#folder).catch((error: Error) => {
      throw new AgentError('STATE_UNREADABLE', `state: ${this.#folder}: ${error.message}`, { cause: error });
    });
    const rows: StoredInterface[] = [];
    const broken: BrokenFile[] = [];
    const mended: BrokenFile[] = [];
    for (const name of names) if (name.endsWith(unfinishedSuffix)) await this.#disk.remove(this.#path(name)).catch(() => {});
    const endpoints = new Set(names.map(fileEndpoint).filter((endpoint) => endpoint !== undefined));
    for (const endpoint of [...endpoints].sort((a, b) => a - b)) {
      const read = await this.#read(endpoint, fileName(endpoint));
      const copy = 'reason' in read ? await this.#read(endpoint, copyName(endpoint)) : read;
      if (!('reason' in copy)) rows.push(copy);
      if ('reason' in read) ('reason' in copy ? broken : mended).push({ ...read, device: read.device ?? copy.device });
    }
    return { rows, mended, broken };
  }

  /** Moves a file out of the way, for whoever wants to know what happened. Its copy goes. */
  async setAside(endpoint: number): Promise<void> {
    const aside = this.#path(fileName(endpoint) + brokenSuffix);
    const isMoved = await this.#disk.move(this.#path(fileName(endpoint)), aside).then(
      () => true,
      () => false,
    );
    if (isMoved) await this.#disk.remove(this.#path(copyName(endpoint)));
    else await this.#disk.move(this.#path(copyName(endpoint)), aside);
  }

  /** Throws STATE_UNWRITABLE; the file may then be there or not. */
  async write(row: StoredInterface): Promise<void> {
    for (const name of [copyName(row.endpoint), fileName(row.endpoint)]) await this.#write(name, fileText(row));
  }

  async remove(endpoint: number): Promise<void> {
    for (const name of [fileName(endpoint), copyName(endpoint)]) {
      try {
        await this.#disk.remove(this.#path(name));
      } catch (error) {
        throw this.#unwritable(name, error as Error);
      }
    }
  }

  /** Why files cannot be written now; tried only if the last one could not be. */
  async failure(): Promise<string | undefined> {
    if (this.#failure === undefined) return undefined;
    const probe = `probe${unfinishedSuffix}`;
    try {
      await this.#write(probe, probeText);
      await this.#disk.remove(this.#path(probe));
    } catch {
      // It is kept in #failure.
    }
    return this.#failure;
  }

  pathOf(endpoint: number): string {
    return this.#path(fileName(endpoint));
  }

  async #read(endpoint: number, name: string): Promise<StoredInterface | BrokenFile> {
    let text = '';
    try {
      text = await this.#readPatiently(name);
      return readFileText(text, endpoint);
    } catch (error) {
      return { endpoint, reason: (error as Error).message, device: deviceIn(text) };
    }
  }

  /** What cannot be read costs a pod its network: not for one bad moment of the disk. */
  async #readPatiently(name: string): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#disk.read(this.#path(name));
      } catch (error) {
        if (attempt === readAttempts) throw error;
      }
    }
  }

  async #write(name: string, text: string): Promise<void> {
    try {
      await this.#disk.write(this.#path(name), text);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = (error as Error).message;
      throw this.#unwritable(name, error as Error);
    }
  }

  #unwritable(name: string, error: Error): AgentError {
    return new AgentError('STATE_UNWRITABLE', `state: ${this.#path(name)}: ${error.message}`, { cause: error });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
