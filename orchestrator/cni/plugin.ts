// Plugin: the program axoneme-cni. Reads the call, asks the agent once, prints the answer, ends.

import { readSync, writeSync } from 'node:fs';
import { mostInput, readCall, readCommand, readConfig } from './call.ts';
import { ask, Unreachable } from './exchange.ts';
import { queueDeletion } from './queue.ts';
import { Refusal } from './refusal.ts';
import { type CniRequest, type CniResult, cniCode } from './request.ts';
import { resultFor, versions } from './version.ts';

/** Longer than the agent takes for anything, and shorter than the runtime waits for the plugin. */
const timeoutMs = 90_000;
const pauseMs = 5;
const [input, output] = [0, 1];

/** The version of the answer, once it is known. */
let version: string = versions[versions.length - 1] ?? '';

async function answer(): Promise<object | undefined> {
  const command = readCommand(process.env);
  const text = readInput();
  if (command === 'VERSION') {
    // Runtimes before 0.4.0 send nothing along.
    const { cniVersion } = text.trim() === '' ? { cniVersion: version } : readConfig(text);
    return { cniVersion: typeof cniVersion === 'string' ? cniVersion : version, supportedVersions: versions };
  }
  const config = readConfig(text);
  const call = readCall(command, process.env, config);
  version = call.version;
  return perform(call.request, call.version);
}

async function perform(request: CniRequest, spoken: (typeof versions)[number]): Promise<object | undefined> {
  const { command, config } = request;
  try {
    const { code, body } = await ask(config.socket ?? '', request, timeoutMs);
    if (code !== 0) throw refusalOf(code, body);
    return command === 'ADD' ? resultFor(spoken, body as CniResult) : undefined;
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    if (command === 'STATUS') throw new Refusal(cniCode.notAvailable, error.message, error.details);
    if (command !== 'DEL' || typeof config.deleteQueue !== 'string') throw error;
    queueDeletion(config.deleteQueue, request);
    return undefined;
  }
}

function refusalOf(code: number, body: unknown): Refusal {
  const { msg, details } = (body ?? {}) as { msg?: unknown; details?: unknown };
  return new Refusal(code, typeof msg === 'string' ? msg : 'agent: it did not say why', typeof details === 'string' ? details : '');
}

/** Up to a little more than is allowed, so that what is too long is seen to be. */
function readInput(): string {
  const chunks: Buffer[] = [];
  for (let length = 0; length <= mostInput; ) {
    const chunk = Buffer.allocUnsafe(1 << 16);
    const count = readSome(chunk);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  return Buffer.concat(chunks).toString();
}

/** Of a pipe that does not block its reader, too. */
function readSome(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(input, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw new Refusal(cniCode.io, `standard input: cannot be read: ${code}`);
      pause();
    }
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}

function print(value: object): void {
  let rest = Buffer.from(`${JSON.stringify(value)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(output, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(1);
      pause();
    }
  }
}

answer().then(
  (result) => {
    if (result !== undefined) print(result);
    process.exit(0);
  },
  (error: Error) => {
    const { code, details } = error instanceof Refusal ? error : { code: 999, details: error.stack };
    print({ cniVersion: version, code, msg: error.message, ...(details && { details }) });
    process.exit(1);
  },
);
