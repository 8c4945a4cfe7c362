// Inputs: the files, folders and standard input that a command line names, read whole or line by line, packed or not.

import { createReadStream, globSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { AgentError } from '../../errors.ts';

/** Whole texts end here, so that a wrong file is an answer and not the end of memory. Streams have no end, only their lines do. */
const wholeLimit = 64 * 1024 * 1024;
const lineLimit = 64 * 1024 * 1024;

export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** Files of folders (all below, sorted) and the operands that are files; `-` stays. Throws for what is not there. */
export function expandOperands(operands: readonly string[], wanted: RegExp): string[] {
  const paths = operands.flatMap((operand) => {
    if (operand === '-' || !isFolder(operand)) return [operand];
    const found = globSync('**/*', { cwd: operand, withFileTypes: true })
      .filter((entry) => entry.isFile() && wanted.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    if (found.length === 0) throw new AgentError('INPUT_UNREADABLE', `${operand}: the folder has no file of this kind`);
    return found;
  });
  return [...new Set(paths)];
}

/** Not the suites beside them. */
export const manifestFile = /^(?!.*\.policytest\.).*\.(ya?ml|json)$/;

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): AgentError {
  const { code, message } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = { ENOENT: 'there is no such file', EACCES: 'it may not be read', EISDIR: 'it is a folder' };
  return new AgentError('INPUT_UNREADABLE', `${showName(path)}: ${words[code ?? ''] ?? message.toLowerCase()}`, { cause: error });
}

/** The name in messages. */
export function showName(path: string): string {
  return path === '-' ? 'stdin' : path;
}

/** The whole text, unpacked if it is gzip. */
export function readWhole(path: string): string {
  try {
    const bytes = path === '-' ? readStandardInput() : readSized(path);
    const whole = isGzip(bytes) ? gunzipSync(bytes, { maxOutputLength: wholeLimit }) : bytes;
    return whole.toString('utf8');
  } catch (error) {
    throw error instanceof AgentError ? error : unreadable(path, error);
  }
}

function readSized(path: string): Buffer {
  if (statSync(path).size > wholeLimit) throw tooLarge(path);
  return readFileSync(path);
}

function tooLarge(path: string): AgentError {
  return new AgentError('INPUT_UNREADABLE', `${showName(path)}: it is longer than ${wholeLimit / 1024 / 1024} MiB`);
}

function readStandardInput(): Buffer {
  const chunks: Buffer[] = [];
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(65_536);
    const count = readChunk(chunk);
    if (count === 0) break;
    length += count;
    if (length > wholeLimit) throw tooLarge('-');
    chunks.push(chunk.subarray(0, count));
  }
  return Buffer.concat(chunks);
}

/** A terminal or pipe that has nothing yet says EAGAIN; one that is closed may say EOF. */
function readChunk(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Lines as they come: files of any size take the memory of one line. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 0;
  let kept: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of openStream(path)) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const text = Buffer.concat([...kept, chunk.subarray(start, end)]).toString('utf8');
        number++;
        yield { number, text };
        kept = [];
        length = 0;
        start = end + 1;
      }
      length += chunk.length - start;
      if (length > lineLimit)
        throw new AgentError('INPUT_UNREADABLE', `${showName(path)}:${number + 1}: the line is longer than ${lineLimit / 1024 / 1024} MiB`);
      if (start < chunk.length) kept.push(chunk.subarray(start));
    }
  } catch (error) {
    throw error instanceof AgentError ? error : unreadable(path, error);
  }
  const text = Buffer.concat(kept).toString('utf8');
  if (text !== '') yield { number: number + 1, text };
}

/** The bytes of a file, unpacked if they are gzip, whatever the name says. */
async function* openStream(path: string): AsyncGenerator<Buffer> {
  const source = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
  const first = await firstChunk(source);
  if (first === undefined) return;
  source.unshift(first);
  if (!isGzip(first)) return yield* source as AsyncIterable<Buffer>;
  const unpacked = createGunzip();
  source.on('error', (error: Error) => unpacked.destroy(error));
  yield* source.pipe(unpacked) as AsyncIterable<Buffer>;
}

function firstChunk(source: Readable): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    source.once('error', reject);
    source.once('end', () => resolve(undefined));
    source.once('readable', () => resolve(source.read() ?? undefined));
  });
}

/** Whether a file of this name holds one JSON object a line. */
export function isLinesName(path: string): boolean {
  return /\.(jsonl|ndjson)(\.gz)?$/.test(basename(path));
}

/** A folder's suites are found by their names. */
export function isSuiteName(path: string): boolean {
  return /\.policytest\.(ya?ml|json)$/.test(path);
}
