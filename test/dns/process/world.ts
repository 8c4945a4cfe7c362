// World: pods with namespaces of their own around a host that leads their questions to the DNS proxy, which runs as a node starts it. The maps
// are those of a real datapath; servers are sockets of the test, or real programs, at addresses of the host.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { grantsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { openKernelDatapath } from '../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import type { Call } from '../../../orchestrator/dns/control-line.ts';
import { type DnsRules, type DnsSet, writeRules } from '../../../orchestrator/dns/rules.ts';
import { wordText } from '../../../orchestrator/net/words.ts';
import { longestAnswer, readLines } from '../../../orchestrator/processes/lines.ts';
import { bpffsFolder } from '../../support/kernel.ts';
import { makeNetns, type Netns, shell } from '../../support/netns.ts';
import { smallSizes } from '../../support/small-sizes.ts';
import type { Heard, Order } from './talker.ts';

export const port = 15353;
const talker = fileURLToPath(new URL('talker.ts', import.meta.url));
const main = fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url));

export interface Pod {
  readonly number: number;
  readonly addresses: readonly [ipv4: string, ipv6: string];
  readonly netns: Netns;
  readonly talk: Talk;
}

/** A pod's sockets. */
export class Talk {
  readonly heard: Heard[] = [];
  private readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.heard.push(JSON.parse(line) as Heard));
  }

  order(order: Order): void {
    this.child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** The first of what was heard that fits, as soon as there is one. */
  async until<H extends Heard>(fits: (heard: Heard) => heard is H): Promise<H>;
  async until(fits: (heard: Heard) => boolean): Promise<Heard>;
  async until(fits: (heard: Heard) => boolean): Promise<Heard> {
    return waitFor(() => this.heard.find(fits));
  }
}

export async function waitFor<Value>(look: () => Value | undefined | false | Promise<Value | undefined | false>): Promise<Value> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error('it has not come to be within 20 s');
    await sleep(5);
  }
}

export class World {
  readonly folder = mkdtempSync('/dev/shm/axoneme-test-');
  readonly pods: Pod[] = [];
  readonly datapath: Awaited<ReturnType<typeof openKernelDatapath>>;
  private readonly t: Test;
  private readonly bpffs: string;
  private readonly children: ChildProcess[] = [];
  private generation = 0;

  private constructor(t: Test, bpffs: string, datapath: World['datapath']) {
    this.t = t;
    this.bpffs = bpffs;
    this.datapath = datapath;
  }

  /** In namespaces of this process's own. */
  static async open(t: Test, count: number, sizes: Readonly<Record<string, number>> = {}): Promise<World> {
    const folder = await bpffsFolder();
    const datapath = await openKernelDatapath({ bpffsFolder: folder.path, sizes: { ...smallSizes, grants: 65536, ...sizes } });
    const world = new World(t, folder.path, datapath);
    t.teardown(async () => {
      await world.stop();
      await datapath.close();
      folder.remove();
      rmSync(world.folder, { recursive: true, force: true });
    });
    mkdirSync(join(world.folder, 'dns'), { recursive: true });
    world.leadToProxy();
    for (let number = 1; number <= count; number += 1) await world.addPod(number);
    return world;
  }

  /** An address of the host, for a server. */
  addAddress(address: string): void {
    shell(address.includes(':') ? `ip addr replace ${address}/128 dev lo nodad` : `ip addr replace ${address}/32 dev lo`);
  }

  /** The command as a node starts it; resolves when it serves. */
  async start(args: readonly string[] = []): Promise<void> {
    const own = [
      '--run-dir',
      this.folder,
      '--state-dir',
      this.folder,
      '--datapath',
      'kernel',
      '--bpffs',
      this.bpffs,
      '--port',
      String(port),
    ];
    this.spawn([main, 'dns-proxy', ...own, '--node-name', 'n1', ...args]);
    await waitFor(() => this.call({ call: 'hello' }).catch(() => undefined));
  }

  /** A program in the namespace of the host, ended with the test. */
  spawn(words: readonly string[], file = process.execPath): ChildProcess {
    const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.t.comment(text.trim()));
    this.children.push(child);
    return child;
  }

  /** All pods have the same set. Resolves when the proxy, if there is one, has it in force. */
  async allow(set: Partial<DnsSet>, more: Partial<DnsRules> = {}): Promise<void> {
    this.generation += 1;
    const whole: DnsSet = { set: 1, allowed: [], granted: [], ...set };
    const endpoints = this.pods.map(({ number, addresses }) => ({
      id: number,
      namespace: 'shop',
      pod: `pod-${number}`,
      identity: 1000 + number,
      labels: ['k8s:app=web'],
      addresses,
      set: 1,
    }));
    const path = join(this.folder, 'dns', 'rules.json');
    await writeRules(path, { format: 1, generation: this.generation, reject: 'refused', endpoints, sets: [whole], ...more });
    if (existsSync(join(this.folder, 'dns', 'control.sock'))) await this.call({ call: 'rules', generation: this.generation });
  }

  /** What control.sock answers; rejects with what it refuses. */
  async call<Result = unknown>(call: Call): Promise<Result> {
    // Between two processes nobody answers, for a moment.
    return waitFor(() => this.callOnce<Result>(call).then((result) => ({ result }), notYet)).then(({ result }) => result);
  }

  private async callOnce<Result>(call: Call): Promise<Result> {
    const socket = connect(join(this.folder, 'dns', 'control.sock'));
    try {
      const answer = await new Promise<{ result?: Result; error?: { message: string } }>((resolve, reject) => {
        socket.on('error', reject).on('close', () => reject(new Error('it hung up')));
        readLines(socket, longestAnswer, (line) => resolve(JSON.parse(line)));
        socket.write(`${JSON.stringify({ id: 1, ...call })}\n`);
      });
      if (answer.error !== undefined) throw new Error(answer.error.message);
      return answer.result as Result;
    } finally {
      socket.destroy();
    }
  }

  /** A connection to control.sock that lines are taken from. */
  follow(call: Call, take: (line: { record?: unknown; result?: unknown }) => void): Socket {
    const socket = connect(join(this.folder, 'dns', 'control.sock'));
    socket.on('error', () => undefined);
    readLines(socket, longestAnswer, (line) => take(JSON.parse(line)));
    socket.write(`${JSON.stringify({ id: 1, ...call })}\n`);
    return socket;
  }

  /** The access log as bytes, as it comes. */
  frames(): { records(): Buffer; end(): void } {
    const socket = connect(join(this.folder, 'dns', 'control.sock'));
    let bytes = Buffer.alloc(0);
    socket.on('error', () => undefined).on('data', (data: Buffer) => (bytes = Buffer.concat([bytes, data])));
    socket.write(`${JSON.stringify({ id: 1, call: 'log', binary: true })}\n`);
    return {
      records() {
        const records: Buffer[] = [];
        const line = bytes.indexOf('\n') + 1;
        for (let at = line === 0 ? bytes.length : line; at + 8 <= bytes.length; at += 8 + bytes.readUInt32LE(at)) {
          records.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32LE(at)));
        }
        return Buffer.concat(records);
      },
      end: () => socket.destroy(),
    };
  }

  /** Grants of the map: `pod address identity…`. */
  async grants(): Promise<string[]> {
    const rows: string[] = [];
    for await (const [key, value] of this.datapath.map(grantsSpec).entries()) {
      const identities = [value.identity0, value.identity1, value.identity2, value.identity3].filter((identity) => identity !== 0);
      rows.push(`${key.endpoint} ${wordText(key)} ${identities.join(' ')}`);
    }
    return rows.sort();
  }

  supervisorPid(): number {
    return Number(readFileSync(join(this.folder, 'dns', 'supervisor.lock'), 'utf8'));
  }

  private async stop(): Promise<void> {
    const lock = join(this.folder, 'dns', 'supervisor.lock');
    const pid = existsSync(lock) ? this.supervisorPid() : 0;
    if (pid > 0 && isAlive(pid)) process.kill(pid, 'SIGTERM');
    for (const { netns } of this.pods) netns[Symbol.dispose]();
    for (const child of this.children) if (child.pid !== pid) child.kill('SIGKILL');
    await Promise.all(this.children.map((child) => child.exitCode === null && child.signalCode === null && once(child, 'exit')));
    if (pid > 0) await waitFor(() => !isAlive(pid));
  }

  private leadToProxy(): void {
    shell(`ip link set lo up
      nft 'table inet lead { chain pre { type filter hook prerouting priority mangle;
        iifname "pod*" meta l4proto { tcp, udp } th dport 53 meta mark set 0x200 tproxy to :${port} accept;
        iifname "pod*" th dport 53 drop;
        }; }'
      ip rule add fwmark 0x200/0xf00 lookup 100; ip route add local default dev lo table 100
      ip -6 rule add fwmark 0x200/0xf00 lookup 100; ip -6 route add local default dev lo table 100
      echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`);
  }

  private async addPod(number: number): Promise<void> {
    const netns = await makeNetns();
    const addresses = [`10.7.0.${number}`, `fd07::${number}`] as const;
    shell(`ip link add pod${number} type veth peer name eth0 netns ${netns.path}
      ip link set pod${number} up; ip addr add 10.6.0.1/32 dev pod${number}; ip addr add fd06::1/128 dev pod${number} nodad
      ip route add ${addresses[0]} dev pod${number}; ip -6 route add ${addresses[1]} dev pod${number}`);
    netns.run(`ip link set lo up; ip link set eth0 up; ip addr add ${addresses[0]}/32 dev eth0; ip addr add ${addresses[1]}/128 dev eth0 nodad
      ip route add 10.6.0.1 dev eth0; ip route add default via 10.6.0.1; ip -6 route add fd06::1 dev eth0; ip -6 route add default via fd06::1`);
    const child = spawn('nsenter', [`--net=${netns.path}`, process.execPath, talker], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.push(child);
    const talk = new Talk(child);
    await talk.until(({ heard }) => heard === 'ready');
    this.pods.push({ number, addresses, netns, talk });
  }
}

function notYet(error: NodeJS.ErrnoException): undefined {
  if (!['ECONNREFUSED', 'ENOENT'].includes(error.code ?? '') && error.message !== 'it hung up') throw error;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
