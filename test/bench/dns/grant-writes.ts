// Grant writes: what an answer waits for: its addresses written to the map of grants by the way of the proxy's process. In turns with it a program in
// C writes as many entries to the same map by the same call: what is left is the kernel's, and the machine's.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { dnsSurroundings } from '../../../orchestrator/agent/dns-maps.ts';
import { currentTick } from '../../../orchestrator/datapath/clock.ts';
import { Book } from '../../../orchestrator/dns/book/book.ts';
import type { GrantStore } from '../../../orchestrator/dns/engine/node-maps.ts';
import { readOptions } from '../../../orchestrator/dns/process/options.ts';
import { buildProgram } from '../native.ts';
import { quantile } from '../rounds.ts';

/** Of pods that nobody else has. */
const endpoints = { ours: 60_000, native: 60_001 } as const;
const [perAnswer, answersOfPod] = [10, 1000];
const freedMs = 50;

/** Microseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

export interface WriteTimes {
  readonly ours: Quantiles;
  readonly native: Quantiles;
}

export async function timeWrites(bpffs: string, count: number): Promise<WriteTimes> {
  const options = readOptions(['--datapath', 'kernel', '--bpffs', bpffs]);
  await using maps = await dnsSurroundings().openMaps(options);
  using native = new Native(bpffs);
  const book = new Book();
  const [own, others]: [number[], number[]] = [[], []];
  for (let left = count; left > 0; left -= answersOfPod) {
    const answers = Math.min(left, answersOfPod);
    own.push(...grantAnswers(book, maps.grants, answers));
    // The kernel frees what was removed a little later: that is no part of what comes next.
    await wait(freedMs);
    others.push(...(await native.write(answers)));
    await wait(freedMs);
  }
  return { ours: quantiles(own), native: quantiles(others) };
}

/** Microseconds of each: the book, and the map's call. */
function grantAnswers(book: Book, grants: GrantStore, answers: number): number[] {
  const words = new Int32Array(perAnswer * 4);
  const told = { count: perAnswer, words, ttls: new Array<number>(perAnswer).fill(60), depths: new Uint8Array(perAnswer) };
  const given = [{ identity: 0x1000010, minTtl: 0, grace: 0, depth: 0 }];
  const times: number[] = [];
  for (let answer = 0; answer < answers; answer += 1) {
    // An address that comes again is not written again: these are new, and as many as a pod may have.
    for (let index = 0; index < perAnswer; index += 1) words.set([0, 0, -65536, answer * perAnswer + index + 1], index * 4);
    const before = performance.now();
    const refusal = book.grant(endpoints.ours, told, given, currentTick() | 0);
    const written = refusal === undefined ? grants.apply(book.changes) : 0;
    times.push((performance.now() - before) * 1000);
    if (written !== perAnswer) throw new Error(`bench: ${written} of ${perAnswer} grants were written: ${refusal}`);
  }
  for (const _ of book.remove(endpoints.ours)) grants.apply(book.changes);
  return times;
}

class Native implements Disposable {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(bpffs: string) {
    const pin = readdirSync(`${bpffs}/maps`).find((name) => /^grants@[^~]*$/.test(name));
    const words = [`${bpffs}/maps/${pin}`, `${endpoints.native}`, `${perAnswer}`];
    this.#child = spawn(buildProgram('grant_writes'), words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Microseconds of each. */
  async write(answers: number): Promise<number[]> {
    this.#child.stdin.write(`${answers}\n`);
    const { value, done } = await this.#lines.next();
    const times = done ? [] : value.trim().split(' ').map(Number);
    if (times.length !== answers) throw new Error(`bench: grant_writes has written ${times.length} answers of ${answers}`);
    return times.map((nanoseconds) => nanoseconds / 1000);
  }

  [Symbol.dispose](): void {
    this.#child.stdin.end();
  }
}

function quantiles(times: readonly number[]): Quantiles {
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
