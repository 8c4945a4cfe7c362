// Two pods without a node around them, three ways to reach each other: TUN devices with the datapath process between them, TUN devices with
// a copier in C, and a pair of veth. In namespaces of this process's own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressSlot } from '../../../orchestrator/datapath/address-slot.ts';
import { configSpec, endpointsSpec, epochsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { openTun } from '../../../orchestrator/datapath/wasm/process/tun.ts';
import { openSharedDatapath, type SharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { makeNetns, type Netns, shell } from '../../support/netns.ts';
import { cpus } from '../cpus.ts';
import { buildProgram } from '../native.ts';

/** Addresses of client and server by way. */
const ways = {
  datapath: { device: 'eth0', addresses: ['10.9.0.16', '10.9.0.17'] },
  copier: { device: 'copy0', addresses: ['198.19.0.1', '198.19.0.2'] },
  veth: { device: 'bare0', addresses: ['198.18.0.1', '198.18.0.2'] },
  /** From the client's namespace to whom slirp4netns reaches on its own loopback. */
  slirp: { device: 'tap0', addresses: ['10.0.2.100', '10.0.2.2'] },
} as const;
export type Way = keyof typeof ways;
const mtu = 1500;
const ticksPerSecond = 100;
const sliceMs = 200;

export interface World {
  /** What came through by each way in a second, in turns. */
  run(kind: 'stream' | 'rr' | 'udp', slices: number, among: readonly Way[], on: 'one' | 'two'): Promise<number[]>;
  /** Starts the user-mode network beside the other ways; a sentence where it is not to be had. */
  openSlirp(): Promise<string | undefined>;
  /** Seconds of a processor that the datapath process, or the copier, has had. */
  seconds(way: 'datapath' | 'copier'): number;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const calls = await openCalls();
  const children: ChildProcess[] = [];
  const pods = [await makeNetns(), await makeNetns()] as const;
  const folder = mkdtempSync('/dev/shm/axoneme-bench-');
  const traffic = buildProgram('traffic', ['-pthread']);
  const [clientCpu, serverCpu] = cpus();
  for (const { path } of pods) closeSync(openTun(calls, { name: ways.datapath.device, netns: path, make: true }));
  const copier = start(
    buildProgram('tun_copier'),
    pods.flatMap(({ path }) => [path, ways.copier.device]),
  );
  children.push(copier);
  await once(copier.stdout ?? copier, 'data');
  pods[0].run(`ip link add ${ways.veth.device} type veth peer name ${ways.veth.device} netns ${pods[1].path}`);
  for (const [index, pod] of pods.entries()) addAddresses(pod, index);
  const main = fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url));
  const process_ = start(process.execPath, [main, 'datapath-child', '--run-dir', folder]);
  children.push(process_);
  const datapath = await openSharedDatapath({ folder: join(folder, 'datapath'), waitMs: 60_000 });
  await settle(datapath, pods);
  children.push(start('nsenter', [`--net=${pods[1].path}`, traffic, 'serve', String(serverCpu)]));
  return {
    async run(kind, slices, among, on) {
      const cpu = on === 'one' ? serverCpu : clientCpu;
      const words = [traffic, kind, `${cpu}`, `${sliceMs}`, `${slices}`, ...among.map((way) => ways[way].addresses[1])];
      const child = start('nsenter', [`--net=${pods[0].path}`, ...words]);
      let said = '';
      child.stdout?.on('data', (text) => (said += text));
      await once(child, 'close');
      const rates = said.trim().split(' ').map(Number);
      if (rates.length !== among.length || !rates.every((rate) => rate > 0))
        throw new Error(`bench: ${kind}: nothing came through: ${said}`);
      return rates;
    },
    async openSlirp() {
      if (spawnSync('slirp4netns', ['--version']).status !== 0) return 'slirp4netns is not here (package slirp4netns)';
      shell('ip link set lo up');
      children.push(start(traffic, ['serve', String(serverCpu)]));
      const sleeper = start('nsenter', [`--net=${pods[0].path}`, 'sleep', 'infinity']);
      const slirp = spawn('slirp4netns', ['--configure', '--mtu=65520', '--ready-fd=3', `${sleeper.pid}`, ways.slirp.device], {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      });
      children.push(sleeper, slirp);
      await Promise.race([once(slirp.stdio[3] as NodeJS.ReadableStream, 'data'), once(slirp, 'exit')]);
      return slirp.exitCode === null ? undefined : `slirp4netns ended with ${slirp.exitCode}`;
    },
    seconds: (way) => secondsOf((way === 'datapath' ? process_ : copier).pid as number),
    async close() {
      await datapath.close();
      for (const child of children.reverse()) {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
      for (const pod of pods) pod[Symbol.dispose]();
    },
  };
}

function start(program: string, args: readonly string[]): ChildProcess {
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

function addAddresses(pod: Netns, index: number): void {
  pod.run('ip link set lo up');
  for (const [way, { device, addresses }] of Object.entries(ways).filter(([way]) => way !== 'slirp')) {
    pod.run(`ip link set ${device} mtu ${mtu} up; ip addr add ${addresses[index]}/${way === 'datapath' ? 32 : 24} dev ${device}`);
  }
  pod.run(`ip route add 10.9.0.0/24 dev ${ways.datapath.device}`);
}

async function settle(datapath: SharedDatapath, pods: readonly Netns[]): Promise<void> {
  const nothing = configSpec.value.decode(new DataView(new ArrayBuffer(configSpec.value.size)), 0);
  await datapath.map(configSpec).update([[0, { ...nothing, node: 1 }]]);
  for (const [index, { path }] of pods.entries()) {
    const words = addressWords(ways.datapath.addresses[index] as string);
    const port = 16 + index;
    await datapath.map(epochsSpec).update([[addressSlot(words.hi, words.lo), { epoch: 1, hints: 2 }]]);
    const endpoint = { port, id: port, identity: 1000 + port, policySet: 0, flags: 0, mac: 0n, gatewayMac: 0n };
    await datapath.map(endpointsSpec).update([[words, endpoint]]);
    await datapath.attach({ number: port, kind: 'pod', device: ways.datapath.device, netns: path });
  }
}

function secondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Why there can be no such world here, as a sentence; undefined when there can. */
export function worldSkip(): string | undefined {
  return spawnSync('ip', ['-V']).status === 0 ? undefined : 'ip is not here (package iproute2)';
}
