// Two nodes without an agent, a cable between them, and two ways from one to the other: the datapath processes of both with a pod each, and
// VXLAN devices of the kernel. In namespaces of this process's own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressSlot } from '../../../orchestrator/datapath/address-slot.ts';
import { NODE_MODE_OVERLAY } from '../../../orchestrator/datapath/generated/enums.ts';
import { configSpec, endpointsSpec, epochsSpec, ipcacheSpec, nodesSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { overlayPort } from '../../../orchestrator/datapath/wasm/port.ts';
import { openTun } from '../../../orchestrator/datapath/wasm/process/tun.ts';
import { openSharedDatapath, type SharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';
import { addressWords, prefixWords } from '../../../orchestrator/net/words.ts';
import { makeNetns, type Netns } from '../../support/netns.ts';
import { cpus } from '../cpus.ts';
import { buildProgram } from '../native.ts';

const underlay = ['172.30.0.1', '172.30.0.2'] as const;
/** Of the kernel's devices, and of the pods. */
const overlay = ['198.19.1.1', '198.19.1.2'] as const;
const pods = ['10.9.0.16', '10.9.1.17'] as const;
const podPort = 16;
/** What VXLAN leaves of 1500. */
const mtu = 1450;
const sliceMs = 200;
const [ourPort, kernelPort] = [8472, 4789];

export interface Nodes {
  /** Bytes of a stream that came through in a second. */
  stream(way: 'datapath' | 'kernel', slices: number): Promise<number>;
  close(): Promise<void>;
}

interface End {
  readonly node: Netns;
  readonly pod: Netns;
}

export async function openNodes(): Promise<Nodes> {
  const ends: [End, End] = [
    { node: await makeNetns(), pod: await makeNetns() },
    { node: await makeNetns(), pod: await makeNetns() },
  ];
  const children: ChildProcess[] = [];
  const folders: string[] = [];
  const datapaths: SharedDatapath[] = [];
  const traffic = buildProgram('traffic', ['-pthread']);
  const [clientCpu, serverCpu] = cpus();
  connect(ends);
  for (const [index, end] of ends.entries()) {
    await addPod(end, index);
    const folder = mkdtempSync('/dev/shm/axoneme-bench-');
    folders.push(folder);
    const main = fileURLToPath(new URL('../../../orchestrator/main.ts', import.meta.url));
    children.push(enter(end.node, [process.execPath, main, 'datapath-child', '--run-dir', folder]));
    const datapath = await openSharedDatapath({ folder: join(folder, 'datapath'), waitMs: 60_000 });
    datapaths.push(datapath);
    await settle(datapath, index, end);
  }
  for (const place of [ends[1].pod, ends[1].node]) children.push(enter(place, [traffic, 'serve', `${serverCpu}`]));
  return {
    async stream(way, slices) {
      const [place, address] = way === 'datapath' ? [ends[0].pod, pods[1]] : [ends[0].node, overlay[1]];
      const child = enter(place, [traffic, 'stream', `${clientCpu}`, `${sliceMs}`, `${slices}`, address]);
      let said = '';
      child.stdout?.on('data', (text) => (said += text));
      await once(child, 'close');
      const rate = Number(said);
      if (!(rate > 0)) throw new Error(`bench: vxlan: ${way}: nothing came through: ${said}`);
      return rate;
    },
    async close() {
      for (const datapath of datapaths) await datapath.close();
      for (const child of children.reverse()) {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      for (const { node, pod } of ends) for (const netns of [node, pod]) netns[Symbol.dispose]();
    },
  };
}

/** `nsenter` becomes the program: who ends it ends that. */
function enter({ path }: Netns, words: readonly string[]): ChildProcess {
  return spawn('nsenter', [`--net=${path}`, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function connect([{ node: one }, { node: two }]: readonly [End, End]): void {
  one.run(`ip link add under0 type veth peer name under0 netns ${two.path}`);
  for (const [index, node] of [one, two].entries()) {
    node.run(`ip link set lo up; ip addr add ${underlay[index]}/24 dev under0; ip link set under0 up
      ip link add over0 type vxlan id 7 dstport ${kernelPort} local ${underlay[index]} remote ${underlay[1 - index]} dev under0
      ip addr add ${overlay[index]}/24 dev over0; ip link set over0 mtu ${mtu} up`);
  }
}

async function addPod({ pod }: End, index: number): Promise<void> {
  closeSync(openTun(await openCalls(), { name: 'eth0', netns: pod.path, make: true }));
  pod.run(`ip link set lo up; ip link set eth0 mtu ${mtu} up; ip addr add ${pods[index]}/32 dev eth0; ip route add default dev eth0`);
}

/** What an agent would write: who is here, who is there, and the way. */
async function settle(datapath: SharedDatapath, index: number, { pod }: End): Promise<void> {
  const other = 1 - index;
  const nothing = configSpec.value.decode(new DataView(new ArrayBuffer(configSpec.value.size)), 0);
  await datapath.map(configSpec).update([[0, { ...nothing, node: index + 1, tunnelPort: 0 }]]);
  const words = addressWords(pods[index] as string);
  await datapath.map(epochsSpec).update([[addressSlot(words.hi, words.lo), { epoch: 1, hints: 2 }]]);
  const endpoint = { port: podPort, id: podPort, identity: 1000 + index, policySet: 0, flags: 0, mac: 0n, gatewayMac: 0n };
  await datapath.map(endpointsSpec).update([[words, endpoint]]);
  const peer = addressWords(underlay[other] as string);
  const way = { addressHi: peer.hi, addressLo: peer.lo, mode: NODE_MODE_OVERLAY, keyState: 0, mtu, cluster: 0, flags: 0 };
  await datapath.map(nodesSpec).update([[other + 1, way]]);
  await datapath.map(ipcacheSpec).update([[prefixWords(`${pods[other]}/32`), { identity: 1000 + other, node: other + 1, flags: 0 }]]);
  await datapath.attach({ number: overlayPort, kind: 'overlay', mtu, tunnelPort: ourPort });
  await datapath.attach({ number: podPort, kind: 'pod', device: 'eth0', netns: pod.path });
}
