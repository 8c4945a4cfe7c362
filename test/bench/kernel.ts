// The kernel benchmarks: the shipped object, entered through a program that writes each repetition's headers (kernel/flows.bpf.c).

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { metricsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { Bpf } from '../../orchestrator/datapath/kernel/bpf.ts';
import { type LoadedObject, loadObject } from '../../orchestrator/datapath/kernel/elf.ts';
import { framed } from '../../orchestrator/datapath/kernel/frame.ts';
import type { KernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { type Libc, openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { runFrame } from '../../orchestrator/datapath/kernel/test-run.ts';
import { parseAddress } from '../../orchestrator/net/address.ts';
import { swapPort } from '../../orchestrator/net/words.ts';
import { kernelSkip, openTestKernel } from '../support/kernel.ts';
import { addInterface } from '../support/network.ts';
import { workFolder } from './native.ts';
import { benchSizes, clientPort, serverPort, type Traffic, writeNode } from './traffic.ts';

const source = fileURLToPath(new URL('kernel/flows.bpf.c', import.meta.url));
/** What the programs return for each next hop: TC_ACT_SHOT, TC_ACT_OK, TC_ACT_REDIRECT. */
const actions: Readonly<Record<number, number>> = { 0: 2, 1: 0, 2: 7 };

export class KernelBench {
  readonly datapath: KernelDatapath;
  private readonly libc: Libc;
  private readonly bpf: Bpf;
  private readonly entry: LoadedObject;

  private constructor(datapath: KernelDatapath, libc: Libc, entry: LoadedObject) {
    this.datapath = datapath;
    this.libc = libc;
    this.bpf = new Bpf(libc);
    this.entry = entry;
  }

  /** A sentence instead, where it is not possible. */
  static async open(): Promise<KernelBench | string> {
    const reason = await kernelSkip();
    if (reason !== false) return reason;
    const object = buildEntry();
    if (!existsSync(object)) return 'clang did not build the benchmark’s entry program';
    const datapath = await openTestKernel({ sizes: benchSizes });
    await addInterface(clientPort, 'client');
    await addInterface(serverPort, 'server');
    await writeNode(datapath);
    return new KernelBench(datapath, await openLibc(), await loadObject(object, () => undefined));
  }

  /** Nanoseconds a packet of `count` packets of `flows` flows, from flow `first` on, through from_pod; entry program included. */
  async decide(traffic: Traffic, count: number, flows: number, first = 0): Promise<number> {
    const before = await this.counted(traffic.reason);
    const { action, nanoseconds } = this.run(this.datapath.program('from_pod'), traffic, count, flows, first);
    const counted = (await this.counted(traffic.reason)) - before;
    if (action !== actions[traffic.nextHop]) throw new Error(`bench: packets to ${traffic.destination} returned ${action}`);
    if (counted !== BigInt(count))
      throw new Error(`bench: of ${count} packets to ${traffic.destination} only ${counted} were decided as expected`);
    return nanoseconds;
  }

  /** The same packets through the entry program and an empty one. */
  decideNothing(traffic: Traffic, count: number, flows: number): number {
    return this.run(this.entry.programs.get('nothing') ?? -1, traffic, count, flows, 0).nanoseconds;
  }

  async close(): Promise<void> {
    this.entry[Symbol.dispose]();
    await this.datapath.close();
  }

  private run(program: number, traffic: Traffic, count: number, flows: number, first: number): { action: number; nanoseconds: number } {
    this.write('jumps', Uint32Array.of(program));
    this.write('plans', planBytes(traffic, flows, first));
    return runFrame(
      this.bpf,
      this.libc,
      this.entry.programs.get('flows') ?? -1,
      framed(traffic.packet),
      { ifindex: clientPort, ingressIfindex: clientPort },
      count,
    );
  }

  private write(map: string, value: ArrayBufferView): void {
    const key = new Uint32Array(1);
    const result = this.bpf.update(this.entry.maps.get(map) ?? -1, this.libc.address(key), this.libc.address(value));
    if (result < 0) throw new Error(`bench: map ${map}: update: ${result}`);
  }

  /** Packets that were counted under a reason, in both directions. */
  private async counted(reason: number): Promise<bigint> {
    const metrics = this.datapath.map(metricsSpec);
    const both = await Promise.all([metrics.get(reason * 2), metrics.get(reason * 2 + 1)]);
    return both.reduce((sum, metric) => sum + (metric?.packets ?? 0n), 0n);
  }
}

/** struct plan of flows.bpf.c. */
function planBytes(traffic: Traffic, flows: number, first: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, first, true);
  view.setUint32(4, flows, true);
  bytes.set(traffic.packet.subarray(12, 16), 8);
  bytes.set(parseAddress(traffic.destination), 12);
  view.setUint16(16, swapPort(traffic.destinationPort), true);
  view.setUint16(18, traffic.many ? 1 : 0, true);
  return bytes;
}

function buildEntry(): string {
  mkdirSync(workFolder, { recursive: true });
  const object = `${workFolder}/flows.bpf.o`;
  const includes = ['-idirafter', `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`];
  const options = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-c', ...includes, source, '-o', object];
  for (const clang of process.env.CLANG ? [process.env.CLANG] : ['clang-19', 'clang']) {
    if (spawnSync(clang, options, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0) return object;
  }
  return '';
}
