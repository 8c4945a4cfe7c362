// Turning file: lines in files of a bounded size: FILE, FILE.1, FILE.2 and so on, the oldest one last. Every call is done when it returns, however
// long the disk takes.

import { closeSync, constants, existsSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

const newline = 10;
/** What has no reader, or one that does not read, says so. */
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
/** The file is what it was, and takes more when there is room. */
const passing = ['ENOSPC', 'EDQUOT', 'EAGAIN'];

export interface TurningOptions {
  /** Of the newest file. */
  readonly path: string;
  /** At which a file gives way to the next one. */
  readonly mostBytes: number;
  /** How many are kept, with the newest one. */
  readonly files: number;
}

export class TurningFile {
  private readonly options: TurningOptions;
  private descriptor: number | undefined;
  /** Of what can be turned: a pipe cannot. */
  private bytes = 0;
  private isRegular = true;

  constructor(options: TurningOptions) {
    this.options = options;
  }

  get isOpen(): boolean {
    return this.descriptor !== undefined;
  }

  /** Throws errors of the file system, as all below. */
  open(): void {
    if (this.descriptor !== undefined) return;
    const { path } = this.options;
    const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
    this.descriptor = descriptor;
    const found = fstatSync(descriptor);
    this.isRegular = found.isFile();
    this.bytes = this.isRegular ? found.size : 0;
    // A line that was cut off, with its writer, stands alone.
    if (this.bytes > 0 && lastByte(path, this.bytes) !== newline) this.write(Buffer.of(newline), 0);
  }

  /** Whether a line of so many bytes may go to this file, behind others that go there. The first one of a file always may. */
  hasRoom(bytes: number, before = 0): boolean {
    return !this.isRegular || this.bytes + before === 0 || this.bytes + before + bytes <= this.options.mostBytes;
  }

  /** Bytes from `at` on that the disk took: all of them, or fewer. After an error that is not about room the file is opened again. */
  write(bytes: Buffer, at: number): number {
    this.open();
    try {
      const written = writeSync(this.descriptor as number, bytes, at);
      this.bytes += written;
      return written;
    } catch (error) {
      if (!passing.includes((error as NodeJS.ErrnoException).code ?? '')) this.close();
      throw error;
    }
  }

  /** The file becomes the first of the old ones, and another one is there at once. Where that fails half-way, another call does the rest. */
  turn(): void {
    this.close();
    if (existsSync(this.options.path)) this.shift();
    this.open();
  }

  private shift(): void {
    const { path, files } = this.options;
    let free = 1;
    while (free < files - 1 && existsSync(`${path}.${free}`)) free += 1;
    for (let number = free; number > 1; number -= 1) renameSync(`${path}.${number - 1}`, `${path}.${number}`);
    if (files === 1) rmSync(path, { force: true });
    else renameSync(path, `${path}.1`);
  }

  close(): void {
    if (this.descriptor === undefined) return;
    const descriptor = this.descriptor;
    this.descriptor = undefined;
    this.bytes = 0;
    closeSync(descriptor);
  }
}

function lastByte(path: string, size: number): number {
  const descriptor = openSync(path, 'r');
  try {
    const byte = Buffer.alloc(1);
    readSync(descriptor, byte, 0, 1, size - 1);
    return byte[0] as number;
  } finally {
    closeSync(descriptor);
  }
}
