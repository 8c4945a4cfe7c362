// World: a host and two pods without a node around them: TUN devices, addresses and routes as a node would make them, and the datapath as a
// process of its own between them. All in namespaces of this test's own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import { addressSlot } from '../../../orchestrator/datapath/address-slot.ts';
import { configSpec, endpointsSpec, epochsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { openTun } from '../../../orchestrator/datapath/wasm/process/tun.ts';
import { openSharedDatapath, type SharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { makeNetns, type Netns, shell } from '../../support/netns.ts';
import { smallSizes } from '../../support/small-sizes.ts';
import type { Asked } from './talker.ts';

export interface UserPod {
  readonly netns: Netns;
  readonly port: number;
  readonly addresses: readonly [ipv4: string, ipv6: string];
}

/** A process in a pod, or on the host, that has said "ready". */
export interface Talker {
  /** The longest silence since this was asked last, in milliseconds. */
  gapMs(): Promise<number>;
  /** Ends it; what it tells then. */
  end(): Promise<Asked>;
}

export const hostAddresses = ['10.9.0.1', 'fd09::1'] as const;
const hostFlag = 4;
const endpointHint = 2;
const sizes = { ...smallSizes, endpoints: 1024, conntrack: 65536 };

export class UserWorld {
  readonly folder = mkdtempSync('/dev/shm/axoneme-test-');
  readonly pods: UserPod[] = [];
  private readonly t: Test;
  private readonly children: ChildProcess[] = [];

  constructor(t: Test) {
    this.t = t;
    t.teardown(async () => {
      await this.stop();
      for (const child of this.children) child.kill('SIGKILL');
      await Promise.all(this.children.map((child) => child.exitCode === null && child.signalCode === null && once(child, 'exit')));
      for (const { netns } of this.pods) netns[Symbol.dispose]();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  /** Devices of the host and of that many pods, with numbers from 16 on. */
  async makePods(count: number): Promise<void> {
    await this.makeTun('axoneme_host');
    shell(`ip link set lo up; ip link set axoneme_host up
      ip addr replace ${hostAddresses[0]}/32 dev lo; ip addr replace ${hostAddresses[1]}/128 dev lo nodad
      ip route replace 10.9.0.0/24 dev axoneme_host src ${hostAddresses[0]}; ip -6 route replace fd09::/64 dev axoneme_host src ${hostAddresses[1]}`);
    for (let port = 16; port < 16 + count; port += 1) {
      const netns = await makeNetns();
      const pod: UserPod = { netns, port, addresses: [`10.9.0.${port}`, `fd09::${port}`] };
      await this.remakeDevice(pod);
      this.pods.push(pod);
    }
  }

  /** Of a pod that has none, or none any more. */
  async remakeDevice({ netns, addresses }: UserPod): Promise<void> {
    await this.makeTun('eth0', netns.path);
    netns.run(`ip link set lo up; ip link set eth0 up; ip addr add ${addresses[0]}/32 dev eth0
      ip addr add ${addresses[1]}/128 dev eth0 nodad; ip route add default dev eth0; ip -6 route add default dev eth0`);
  }

  /** The command as a node starts it, or the one that packets run in by itself. It is stopped at the end of the test. */
  start(args: readonly string[] = [], { command = 'datapath', node = [] as readonly string[] } = {}): ChildProcess {
    const entries = Object.entries(sizes).map(([name, count]) => `${name}=${count}`);
    const words = ['orchestrator/main.ts', command, '--run-dir', this.folder, '--map-entries', entries.join(',')];
    const child = spawn(process.execPath, [...node, ...words, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.t.comment(text.trim()));
    this.children.push(child);
    return child;
  }

  /** Ends the supervisor, whoever has started it, and its children. */
  async stop(): Promise<void> {
    const pids = () => processesOf(this.folder);
    const supervisor = pids().find((pid) => !commandOf(pid).includes('--supervised'));
    if (supervisor !== undefined) process.kill(supervisor, 'SIGTERM');
    while (pids().length > 0) await sleep(20);
  }

  async open(): Promise<SharedDatapath> {
    const datapath = await openSharedDatapath({ folder: this.datapathFolder, waitMs: 60_000 });
    this.t.teardown(() => datapath.close());
    return datapath;
  }

  get datapathFolder(): string {
    return join(this.folder, 'datapath');
  }

  /** The process that packets run in now. */
  get pid(): number {
    return Number(readFileSync(join(this.datapathFolder, 'lock'), 'utf8'));
  }

  /** Who is where, and the ports of all of them. */
  async settle(datapath: SharedDatapath): Promise<void> {
    const nothing = configSpec.value.decode(new DataView(new ArrayBuffer(configSpec.value.size)), 0);
    await datapath.map(configSpec).update([[0, { ...nothing, node: 1 }]]);
    for (const address of hostAddresses) await this.addEndpoint(datapath, address, 0, hostFlag);
    for (const { addresses, port } of this.pods) for (const address of addresses) await this.addEndpoint(datapath, address, port, 0);
    await datapath.attach({ number: 1, kind: 'host', device: 'axoneme_host' });
    for (const { netns, port } of this.pods) await datapath.attach({ number: port, kind: 'pod', device: 'eth0', netns: netns.path });
  }

  /** Something that answers TCP and UDP there; on the host without a namespace. */
  async serve(port: number, netns?: Netns): Promise<void> {
    await this.talk(netns, ['serve', String(port)]);
  }

  async ask(netns: Netns | undefined, port: number, count: number, addresses: readonly string[]): Promise<Talker> {
    const child = await this.talk(netns, ['ask', String(port), String(count), ...addresses]);
    return {
      async gapMs() {
        child.stdin?.write('\n');
        return Number(await firstLine(child));
      },
      async end() {
        child.stdin?.end();
        return JSON.parse(await firstLine(child));
      },
    };
  }

  /** A script of this folder, there; it has said "ready". */
  async run(script: string, args: readonly string[], netns?: Netns): Promise<{ line(): Promise<string>; end(): Promise<string> }> {
    const child = await this.talk(netns, args, script);
    const line = () => firstLine(child);
    return {
      line,
      end: () => {
        child.stdin?.end();
        return line();
      },
    };
  }

  private async addEndpoint(datapath: SharedDatapath, address: string, port: number, flags: number): Promise<void> {
    const words = addressWords(address);
    await datapath.map(epochsSpec).update([[addressSlot(words.hi, words.lo), { epoch: 1, hints: endpointHint }]]);
    const identity = port === 0 ? 1 : 1000 + port;
    const endpoint = { port, id: port, identity, policySet: 0, flags, mac: 0n, gatewayMac: 0n };
    await datapath.map(endpointsSpec).update([[words, endpoint]]);
  }

  private async makeTun(name: string, netns?: string): Promise<void> {
    closeSync(openTun(await openCalls(), { name, netns, make: true }));
  }

  private async talk(netns: Netns | undefined, args: readonly string[], script = 'talker.ts'): Promise<ChildProcess> {
    const command = [process.execPath, join(import.meta.dirname, script), ...args];
    const [program = '', ...rest] = netns === undefined ? command : ['nsenter', `--net=${netns.path}`, ...command];
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.push(child);
    const line = await firstLine(child);
    if (line !== 'ready') throw new Error(`${script} ${args.join(' ')}: ${line}`);
    return child;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout?.setEncoding('utf8').iterator({ destroyOnReturn: false }) ?? []) {
    text += chunk;
    if (text.includes('\n')) return text.trim();
  }
  return `it ended after "${text}"`;
}

/** Supervisor and children of that folder. */
export function processesOf(folder: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => /orchestrator\/main\.ts\0datapath/.test(commandOf(pid)) && commandOf(pid).includes(folder));
}

/** Its words, a zero byte after each; empty for a process that has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
