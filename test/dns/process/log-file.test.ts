// The file of the access log: lines as they were told, in files of a bounded size, by a process that may fall, on a disk that may not work.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { dnsFlow, type FlowNaming, type NamedPod } from '../../../orchestrator/dns/log/dns-flow.ts';
import { LogEntry } from '../../../orchestrator/dns/log/log-entry.ts';
import { readRecords } from '../../../orchestrator/dns/log/log-record.ts';
import { LogRing } from '../../../orchestrator/dns/log/log-ring.ts';
import { LogFile, type LogFileOptions } from '../../../orchestrator/dns/process/log-file.ts';
import { writerOf } from './flooding.ts';
import { isAlive, waitFor } from './world.ts';

t.setTimeout(120_000);
const main = fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url));
const program = [process.execPath, main];

/** A ring whose records are numbered, and who its endpoints are. */
class Told {
  readonly pods = new Map<number, NamedPod>();
  readonly ring: LogRing;
  readonly naming: FlowNaming = { node: 'n1', pod: (endpoint) => this.pods.get(endpoint) };
  private readonly entry = new LogEntry();

  constructor(bytes = 1 << 20) {
    this.ring = new LogRing(bytes);
    for (let endpoint = 1; endpoint <= 3; endpoint += 1) this.name(endpoint, `pod-${endpoint}`);
  }

  name(endpoint: number, pod: string): void {
    this.pods.set(endpoint, { namespace: 'shop', pod, identity: 1000 + endpoint, labels: [`k8s:app=ä-${pod}`] });
  }

  /** From number `first` on. */
  tell(count: number, first = this.ring.written): void {
    for (let number = first; number < first + count; number += 1) {
      Object.assign(this.entry, { name: `q${number}.example.com.`, endpoint: 1 + (number % 4), time: 1_700_000_000_000 + number });
      this.ring.write(this.entry);
    }
  }
}

const open = (told: Told, path: string, more: Partial<LogFileOptions> = {}): LogFile =>
  new LogFile({
    path,
    mostBytes: 1 << 30,
    files: 3,
    reader: told.ring.reader('newest'),
    naming: told.naming,
    after: Promise.resolve(),
    program,
    ...more,
  });

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
const numberOf = (line: string): number => Number(/"query":"q(\d+)/.exec(line)?.[1]);
const isRising = (numbers: readonly number[]): boolean => numbers.every((number, at) => at === 0 || number > (numbers[at - 1] as number));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** Milliseconds between two turns of this thread, while each does so much. */
async function longestPause(step: () => void, turns: number): Promise<number> {
  let [longest, last] = [0, performance.now()];
  for (let turn = 0; turn < turns; turn += 1) {
    step();
    await new Promise((resolve) => setImmediate(resolve));
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }
  return longest;
}

function pipeIn(folder: string): string {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  return join(folder, 'pipe');
}

t.test('every record is a line, in its order, as it is told to others, for whoever writes little by little or much at once', async (t) => {
  const told = new Told();
  const path = join(t.testdir(), 'log');
  const all = told.ring.reader('newest');
  await using file = open(told, path);
  for (let round = 0; round < 40; round += 1) {
    told.tell(100);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  // As much as the ring holds.
  await waitFor(() => linesOf(path).length === 4000);
  told.tell(4000);
  const expected: string[] = [];
  for (let bytes = all.read(); bytes.length > 0; bytes = all.read()) {
    for (const record of readRecords(bytes)) expected.push(JSON.stringify(dnsFlow(record, told.naming)));
  }
  await waitFor(() => linesOf(path).length === 8000);
  t.equal(expected.length, 8000);
  t.ok(linesOf(path).join('\n') === expected.join('\n'), 'the same lines');
  t.match(JSON.parse(expected[4] as string), { node_name: 'n1', source: { pod_name: 'pod-1', labels: ['k8s:app=ä-pod-1'] } });
  t.same([file.lost, file.failure], [0, undefined]);
  t.equal(statSync(path).mode & 0o777, 0o600);
});

t.test('who a pod is changes with what the agent tells', async (t) => {
  const told = new Told();
  const path = join(t.testdir(), 'log');
  await using _ = open(told, path);
  told.tell(1);
  await waitFor(() => linesOf(path).length === 1);
  told.name(1, 'another');
  told.tell(1, 4);
  await waitFor(() => linesOf(path).length === 2);
  told.pods.delete(1);
  told.tell(1, 8);
  const lines = await waitFor(() => linesOf(path).length === 3 && linesOf(path));
  t.same(
    lines.map((line) => JSON.parse(line).source.pod_name),
    ['pod-1', 'another', undefined],
  );
});

t.test('a file gives way before it is too long, so many are kept, and a line that was cut off stands alone', async (t) => {
  const told = new Told();
  const path = join(t.testdir(), 'log');
  writeFileSync(path, '{"cut":"of');
  {
    await using _ = open(told, path, { mostBytes: 20_000, files: 3 });
    told.tell(10);
    await waitFor(() => linesOf(path).length === 11);
    t.equal(linesOf(path)[0], '{"cut":"of');
    told.tell(1000);
  }
  const kept = [`${path}.2`, `${path}.1`, path].flatMap((one) => {
    t.ok(statSync(one).size <= 20_000 && statSync(one).size > 500, `${statSync(one).size} bytes`);
    return linesOf(one).map(numberOf);
  });
  t.same(kept, upTo(1010).slice(-kept.length));
  t.notOk(existsSync(`${path}.3`));
});

t.test('nothing is written while another process does so, and everything that is left at the end', async (t) => {
  const told = new Told();
  const path = join(t.testdir(), 'log');
  const { promise, resolve } = Promise.withResolvers<void>();
  const file = open(told, path, { after: promise });
  told.tell(1000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.notOk(existsSync(path));
  resolve();
  told.tell(1000);
  await file[Symbol.asyncDispose]();
  t.same(linesOf(path).map(numberOf), upTo(2000));
});

t.test('a folder that is not there is told of, and what was told meanwhile is written when it is', async (t) => {
  const told = new Told();
  const folder = join(t.testdir(), 'absent');
  await using file = open(told, join(folder, 'log'));
  told.tell(1000);
  t.match(await waitFor(() => file.failure), /^log file: ENOENT: .*absent\/log/);
  mkdirSync(folder);
  await waitFor(() => linesOf(join(folder, 'log')).length === 1000);
  await waitFor(() => file.failure === undefined);
  t.equal(file.lost, 0);
});

const mountSkip = process.getuid?.() !== 0 && 'only root mounts a disk';

t.test('a full disk costs what the ring cannot hold meanwhile, each of it counted, and no line is torn', { skip: mountSkip }, async (t) => {
  const folder = mkdtempSync('/dev/shm/axoneme-test-');
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  t.teardown(() => {
    spawnSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });
  const told = new Told(1 << 16);
  const path = join(folder, 'log');
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(32 << 10));
  await using file = open(told, path);
  told.tell(200);
  t.match(await waitFor(() => file.failure), /^log file: ENOSPC/);
  told.tell(2000);
  await waitFor(() => file.lost > 1000);
  const { lost } = file;
  spawnSync('mount', ['-o', 'remount,size=16m', folder]);
  const lines = await waitFor(() => linesOf(path).length === told.ring.written - lost && linesOf(path));
  t.equal(file.lost, lost);
  t.ok(isRising(lines.map(numberOf)) && lines.every((line) => JSON.parse(line).node_name === 'n1'));
  await waitFor(() => file.failure === undefined);
});

t.test('a pipe that nobody reads holds up nobody: it is told of, and the end is not waited for', async (t) => {
  const told = new Told(1 << 16);
  const pipe = pipeIn(t.testdir());
  const file = open(told, pipe);
  t.match(await waitFor(() => file.failure), /^log file: ENXIO/);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(reader));
  await waitFor(() => file.failure === undefined);
  // It reads nothing.
  const longest = await longestPause(() => told.tell(20), 200_000 / 20);
  t.ok(longest < 2000, `the thread was held up for ${longest.toFixed(1)} ms at most`);
  t.match(await waitFor(() => file.failure), /^log file: nothing could be written for \d+ s$/);
  t.ok(file.lost > 190_000 && file.lost < 200_000, `${file.lost} are lost`);
  const writer = await writerOf(process.pid);
  const began = performance.now();
  await file[Symbol.asyncDispose]();
  t.ok(performance.now() - began < 9000);
  await waitFor(() => !isAlive(writer));
});

t.test('the process that writes is killed, again and again: another one goes on, and what was lost with it is counted', async (t) => {
  const told = new Told();
  const path = join(t.testdir(), 'log');
  const file = open(told, path);
  for (let round = 0; round < 3; round += 1) {
    const writer = await writerOf(process.pid);
    const before = linesOf(path).length;
    told.tell(2000);
    await waitFor(() => linesOf(path).length > before);
    told.tell(2000);
    process.kill(writer, 'SIGKILL');
    t.match(await waitFor(() => file.failure), /^log file: the process that writes it has ended: SIGKILL/);
    await waitFor(() => file.failure === undefined);
  }
  await file[Symbol.asyncDispose]();
  // One may be cut off wherever a process has ended.
  const isWhole = (line: string): boolean => line.startsWith('{"time"') && line.endsWith('"}');
  const numbers = linesOf(path).filter(isWhole).map(numberOf);
  t.ok(linesOf(path).length - numbers.length <= 3);
  t.ok(isRising(numbers));
  t.ok(numbers.length + file.lost >= 12_000, `${numbers.length} are there, ${file.lost} are lost`);
  t.ok(file.lost < 7000);
  t.equal(numbers.at(-1), 11_999);
});

t.test('a program that does not come to write is tried again at greater and greater intervals', async (t) => {
  const told = new Told();
  const path = join(t.testdir(), 'log');
  const tries = join(t.testdir({ 'try.mjs': `import { appendFileSync } from 'node:fs'; appendFileSync(process.argv[2], '.');` }), 'tries');
  await using file = open(told, path, { program: [process.execPath, join(tries, '..', 'try.mjs'), tries] });
  told.tell(100);
  t.match(await waitFor(() => file.failure), /^log file: the process that writes it has ended: status \d/);
  await waitFor(() => existsSync(tries) && statSync(tries).size >= 3);
  t.same([file.lost, existsSync(path)], [0, false], 'all of them wait');
});

for (const how of ['reads nothing', 'is not there']) {
  t.test(`the process that writes ends with its proxy, also when a reader ${how}`, async (t) => {
    const pipe = pipeIn(t.testdir());
    const reader = how === 'reads nothing' ? openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK) : undefined;
    if (reader !== undefined) t.teardown(() => closeSync(reader));
    const proxy = teller(t, pipe);
    const writer = await writerOf(proxy.pid as number);
    await once(proxy.stdout as NodeJS.ReadableStream, 'data');
    proxy.kill('SIGKILL');
    await waitFor(() => !isAlive(writer));
    t.pass('it has ended');
  });
}

t.test('it has its turn after its proxy', async (t) => {
  const told = new Told();
  const path = join(t.testdir(), 'log');
  await using _ = open(told, path);
  const writer = await writerOf(process.pid);
  told.tell(1);
  await waitFor(() => linesOf(path).length === 1);
  const niceOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]);
  t.equal(niceOf(writer), Math.min(niceOf(process.pid) + 15, 19));
});

/** A process of its own with a log that is told as much as goes in; it says when. */
function teller(t: Test, path: string): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('log-teller.ts', import.meta.url)), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}
