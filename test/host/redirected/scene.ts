// Scene: a node with two pods and nothing around it, in namespaces of this process's own, with either datapath, and the node's network as the
// product makes it. One pod's policy sends what it asks at port 53 to the proxy, and lets nobody in.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { Port } from '../../../orchestrator/datapath/datapath.ts';
import { translationsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import type { Host } from '../../../orchestrator/host/host.ts';
import { openHost } from '../../../orchestrator/host/host.ts';
import { hostDevice, proxyDevice } from '../../../orchestrator/host/ours.ts';
import type { NodePlan } from '../../../orchestrator/host/plan.ts';
import { openUserHost } from '../../../orchestrator/host/user-host.ts';
import { caseSizes, type Machine, Stage } from '../../datapath/packets/stage.ts';
import { macOf, type State } from '../../datapath/packets/state.ts';
import { UserWorld } from '../../datapath/process/world.ts';
import { macText } from '../../kernel/sockets.ts';
import { openTestKernel } from '../../support/kernel.ts';
import { makeNetns, type Netns, shell } from '../../support/netns.ts';
import { type Family, hostAddress } from '../../support/world.ts';
import type { Request } from './speaker.ts';

export const proxyPort = 5311;
export type Say = (request: Request) => Promise<unknown>;

const policy = [
  `#1 egress redirect any udp 53 proxy ${proxyPort}`,
  `#2 egress redirect any tcp 53 proxy ${proxyPort}`,
  '#3 egress allow 200 udp 5353',
];

export const state: State = {
  config: {},
  endpoints: {
    client: { identity: 100, policySet: 1, enforced: 'both' },
    server: { identity: 200 },
    other: { identity: 300 },
    host: { identity: 1, host: true },
    node1: { identity: 1, host: true },
  },
  policies: { 1: policy },
  ipcache: { remotePods: { identity: 400, node: 2 } },
  nodes: { 2: { at: 'node2' } },
  services: [
    { number: 1, frontend: 'vip:53', protocol: 'udp', backends: [{ id: 1, at: 'other:53' }] },
    { number: 2, frontend: 'vip:54', protocol: 'tcp', backends: [{ id: 2, at: 'other:53' }] },
    { number: 3, frontend: 'vip2:53', protocol: 'udp', backends: [{ id: 3, at: 'remote2:53' }] },
  ],
};

export class Scene {
  readonly host: Host;
  readonly machine: Machine;
  readonly plan: NodePlan;
  readonly client: Netns;
  readonly server: Netns;
  private readonly children: ChildProcess[] = [];

  constructor(host: Host, machine: Machine, plan: NodePlan, pods: readonly [client: Netns, server: Netns]) {
    this.host = host;
    this.machine = machine;
    this.plan = plan;
    [this.client, this.server] = pods;
  }

  stage(family: Family): Stage {
    return new Stage(this.machine, family);
  }

  /** Flows of services that were translated packet by packet. */
  async translations(): Promise<number> {
    return (await Array.fromAsync(this.machine.datapath.map(translationsSpec).entries())).length;
  }

  /** A process of its own; on the node without a namespace. */
  speaker(netns?: Netns, cgroup?: string): Say {
    const child = this.spawn('speaker.ts', [], netns, cgroup);
    const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
    return async (request) => {
      child.stdin?.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`the speaker ended at ${JSON.stringify(request)}`);
      return JSON.parse(value);
    };
  }

  /** Listens when this resolves; ends it, and resolves when it has ended. */
  async startProxy(): Promise<() => Promise<void>> {
    const child = this.spawn('../../support/transparent-proxy.ts', [String(proxyPort)]);
    for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) if (line === 'ready') break;
    return async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
  }

  async end(): Promise<void> {
    const running = this.children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ended);
  }

  private spawn(script: string, args: readonly string[], netns?: Netns, cgroup?: string): ChildProcess {
    const enter = netns === undefined ? [] : ['nsenter', `--net=${netns.path}`];
    const join = cgroup === undefined ? '' : `echo $$ > ${cgroup}/cgroup.procs; `;
    const words = ['-c', `${join}exec "$@"`, 'sh', ...enter, process.execPath, fileURLToPath(new URL(script, import.meta.url)), ...args];
    const child = spawn('sh', words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.push(child);
    return child;
  }
}

const names = ['client', 'server'] as const;
const mtu = 1450;
const router = [hostAddress('host', 'ipv4'), hostAddress('host', 'ipv6')];
const plan: NodePlan = { router, own: { prefixes: ['10.0.0.0/24', 'fd00::/64'], mtu }, pods: [], peers: [] };

/** In namespaces of this process's own. */
export async function openScene(t: Test, mode: 'kernel' | 'wasm'): Promise<Scene> {
  const world = mode === 'wasm' ? new UserWorld(t) : undefined;
  world?.start();
  const datapath = world === undefined ? await openTestKernel({ sizes: { ...caseSizes, events: 65536 } }) : await world.open();
  const host = world === undefined ? await openHost() : await openUserHost({ folder: `${world.folder}/tuns` });
  shell(`ip link set lo up; ip addr add ${hostAddress('node1', 'ipv4')}/32 dev lo; ip addr add ${hostAddress('node1', 'ipv6')}/128 dev lo nodad
    for all in all default; do echo 0 > /proc/sys/net/ipv4/conf/$all/rp_filter; done
    # As some VPNs want it: a packet's mark counts when its source is looked for.
    echo 1 > /proc/sys/net/ipv4/conf/all/src_valid_mark`);
  const pods: Netns[] = [];
  // A host behind a TUN device is behind no port.
  const ports: Record<string, number> = { other: 113, overlay: 120, network: 130, host: mode === 'wasm' ? 0 : 140 };
  const planned = [];
  const specs = new Map<number, Netns>();
  for (const [index, name] of names.entries()) {
    const netns = await makeNetns();
    const mac = (side: 'pod' | 'gateway') => macText(macOf(name, side));
    const addresses = [hostAddress(name, 'ipv4'), hostAddress(name, 'ipv6')];
    const device = `axn000000000${index}`;
    const spec = { device, netns: netns.path, ifname: 'eth0', mac: mac('pod'), gatewayMac: mac('gateway'), addresses, mtu };
    ports[name] = host.addPodDevice(spec);
    netns.run('ip link set lo up');
    specs.set(ports[name], netns);
    planned.push({ device, mac: spec.mac, addresses });
    pods.push(netns);
  }
  const machine = { datapath, ports, takesTime: false } as unknown as Machine;
  const scene = new Scene(host, machine, { ...plan, pods: planned }, pods as [Netns, Netns]);
  t.teardown(async () => {
    await scene.end();
    host.cleanup();
    host[Symbol.dispose]();
    await datapath.close();
    for (const pod of pods) pod[Symbol.dispose]();
  });
  t.same([...host.apply(scene.plan), ...host.redirect(proxyPort)], []);
  const attach = (port: object) => datapath.attach(port as Port);
  for (const [number, { path }] of specs) await attach({ number, kind: 'pod', device: 'eth0', netns: path, mtu });
  if (mode === 'wasm') {
    await attach({ number: host.portOf(hostDevice) as number, kind: 'host', device: hostDevice, mtu });
    await attach({ number: host.portOf(proxyDevice) as number, kind: 'proxy', device: proxyDevice, mtu });
  }
  return scene;
}

/** A cgroup for clients; gone with the test. */
export function makeCgroup(t: Test, mount: string): string {
  const folder = `${mount}/axoneme-redirect-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  t.teardown(async () => {
    for (let attempt = 0; attempt < 2000 && readFileSync(`${folder}/cgroup.procs`, 'utf8') !== ''; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    rmdirSync(folder);
  });
  return folder;
}
