// A node with pods that ask, dnsmasq, and the DNS proxy between them, in a process of its own: with it everything ends. Arguments: pods, names,
// addresses of each name, the program that makes load, and `file` if the log goes to one. Says `ready`; for every line that it reads, it prints what came of it as JSON.
//
//   flood SLICE_MS SLICES: as many questions as are answered, in turns: through the proxy to a server that costs little, to dnsmasq directly, and
//     through a dnsmasq that only forwards, in the proxy's place, to the first one
//   alone SLICE_MS SLICES: the first of these, without a pause
//   pace RATE SLICE_MS SLICES: so many, through the proxy to dnsmasq, directly, and through the dnsmasq that only forwards, in turns
//   fill: every pod asks every name once, then what the proxy's processes have in memory
//   write COUNT: answers whose addresses are granted, as the proxy does it, to one more pod

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rulesText } from '../../../orchestrator/dns/rules.ts';
import { cpus } from '../cpus.ts';
import { timeWrites } from './grant-writes.ts';
import { dnsRules, firstPod, forwarder, openNode, servers, teams } from './node.ts';
import { DnsProxy } from './proxy.ts';

const [pods = 1, names = 1, addresses = 1] = process.argv.slice(2, 5).map(Number);
const [load = '', sink] = process.argv.slice(5);
const proxyPort = 5353;
const window = 128;
const fillWindow = 64;
const first = -15;
/** All but the proxy share the one, the proxy has the other to itself. */
const [proxyCpu, restCpu] = cpus();

/** Bytes of the proxy's process, and its supervisor's own. */
export interface Memory {
  readonly before: { readonly bytes: number; readonly supervisor: number };
  readonly after: { readonly bytes: number; readonly supervisor: number };
}

/** What came of the load by one way. */
export interface Load {
  readonly rate: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface Loads {
  readonly proxied: Load;
  /** Unless it is alone. */
  readonly direct?: Load;
  /** Unless it is alone. */
  readonly forwarded?: Load;
  /** Microseconds of a processor that the proxy had for each answer. */
  readonly cost: number;
  /** Part of the log's records that its file has missed. */
  readonly missing: number;
}

type Counts = Record<'answers' | 'logFileLost' | 'logRecords', number>;

spawnSync('taskset', ['-cap', `${restCpu}`, `${process.pid}`]);
goFirst();
// Whoever started it ends it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
process.stdout.on('error', () => {});
const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
await using closing = new AsyncDisposableStack();
const measure = await openWorld();
console.log('ready');
for (let line = await lines.next(); !line.done; line = await lines.next())
  console.log(JSON.stringify(await measure(line.value.split(' '))));

/** Before all others of the machine, with what is started from here: where that is not allowed it waits as others do. */
function goFirst(): void {
  try {
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), first);
    writeFileSync('/proc/self/autogroup', `${first}`);
  } catch {}
}

async function openWorld() {
  const node = await openNode(pods, proxyPort);
  closing.defer(() => node.close());
  const folder = mkdtempSync('/dev/shm/axoneme-bench-');
  closing.defer(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'dns'));
  writeFileSync(join(folder, 'dns', 'rules.json'), rulesText(dnsRules(pods)));
  writeFileSync(join(folder, 'hosts'), hosts());
  const { path } = node.server;
  const others = [serveNames(path, join(folder, 'hosts')), servePlain(path), forward()];
  for (const server of await Promise.all(others)) closing.defer(() => void server.kill('SIGKILL'));
  const proxy = await DnsProxy.start(folder, node.bpffs, proxyPort, proxyCpu, sink === 'file' ? ['--log-file', join(folder, 'log')] : []);
  closing.defer(() => proxy.close());
  const { pid } = await proxy.status();
  const ask = (words: readonly string[], to: readonly string[]) => run(node.client.path, words, to);
  return async (words: readonly string[]): Promise<unknown> => {
    const [kind = '', ...rest] = words;
    if (kind === 'write') return timeWrites(node.bpffs, Number(rest[0]));
    const before = proxy.used(pid);
    const { answers, logFileLost, logRecords } = (await proxy.status()).counters as Counts;
    if (kind === 'fill') {
      await ask(['fill', `${fillWindow}`, '0', '1'], [servers.plain]);
      await settle(proxy);
      return { before, after: proxy.used(pid) } satisfies Memory;
    }
    const [flood, paced] = [
      ['flood', `${window}`, ...rest],
      [servers.proxied, servers.direct, forwarder],
    ];
    const to = kind === 'pace' ? paced : kind === 'alone' ? [servers.plain] : [servers.plain, servers.direct, forwarder];
    const [proxied, direct, forwarded] = await ask(kind === 'pace' ? words : flood, to);
    await settle(proxy);
    const counts = (await proxy.status()).counters as Counts;
    const cost = ((proxy.used(pid).seconds - before.seconds) * 1e6) / (counts.answers - answers);
    const missing = (counts.logFileLost - logFileLost) / (counts.logRecords - logRecords);
    return { proxied, direct, forwarded, cost, missing };
  };
}

function hosts(): string {
  const lines: string[] = [];
  for (let name = 0; name < names; name += 1) {
    const first = 0xc6130000 + name * 16;
    for (let index = 0; index < addresses; index += 1) {
      const quad = [24, 16, 8, 0].map((shift) => ((first + index) >>> shift) & 255).join('.');
      lines.push(`${quad} host-${name}.team-${name % teams}.bench.test`);
    }
  }
  return `${lines.join('\n')}\n`;
}

async function servePlain(netns: string): Promise<ChildProcess> {
  const words = [load, `${restCpu}`, 'serve', servers.plain, `${names}`, `${addresses}`];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'nsenter', `--net=${netns}`, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

/** On the node, with the proxy's CPU: it keeps nothing of what it hears. */
function forward(): Promise<ChildProcess> {
  const words = [
    '--no-resolv',
    `--server=${servers.plain}`,
    '--cache-size=0',
    `--dns-forward-max=${window * 8}`,
    `--listen-address=${forwarder}`,
  ];
  return startDnsmasq(['taskset', '-c', `${proxyCpu}`], words, /using nameserver/);
}

function serveNames(netns: string, file: string): Promise<ChildProcess> {
  const words = ['--no-resolv', `--addn-hosts=${file}`, '--local-ttl=60', `--listen-address=${servers.proxied},${servers.direct}`];
  return startDnsmasq(['nsenter', `--net=${netns}`], words, /read .*hosts - \d+ (names|addresses)/);
}

async function startDnsmasq(before: readonly string[], words: readonly string[], ready: RegExp): Promise<ChildProcess> {
  const all = ['--keep-in-foreground', '--conf-file=/dev/null', '--no-hosts', '--bind-interfaces', '--except-interface=lo', '--user=root'];
  const own = ['--pdeathsig', 'KILL', ...before, 'dnsmasq', ...all, '--pid-file=', '--log-facility=-', ...words];
  const child = spawn('setpriv', own, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  while (!ready.test(said)) {
    if (child.exitCode !== null) throw new Error(`bench: dnsmasq: ${said}`);
    await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
  }
  return child;
}

/** Every question was answered, and rightly. */
async function run(netns: string, words: readonly string[], to: readonly string[]): Promise<Load[]> {
  const all = [load, `${restCpu}`, ...words, firstPod, `${pods}`, `${names}`, `${addresses}`, ...to];
  const child = spawn('nsenter', [`--net=${netns}`, ...all], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  await once(child, 'close');
  const rows = said
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  for (const [index, [, , , asked = 0, lost = 0, refused = 0, wrong = 0]] of rows.entries()) {
    if (rows.length === to.length && asked > 0 && lost + refused + wrong === 0) continue;
    throw new Error(`bench: ${words[0]}: of ${asked} questions to ${to[index]}: ${lost} lost, ${refused} refused, ${wrong} wrong: ${said}`);
  }
  return rows.map(([rate = 0, p50 = 0, p99 = 0]) => ({ rate, p50, p99 }));
}

/** Every record of the log has come to its reader. */
async function settle(proxy: DnsProxy): Promise<void> {
  const { counters } = await proxy.status();
  await proxy.log.until(counters.logRecords as number);
  if (proxy.log.lost > 0) throw new Error(`bench: ${proxy.log.lost} records of the log were lost`);
  if ((counters.logRecords as number) < (counters.queries as number) * 2) throw new Error('bench: questions without a record');
}
