// Pods for tests: network namespaces behind veth pairs, as the CNI plugin makes them, with Node in them to speak. They belong to the
// namespaces of this process, so nothing remains of them however the test ends.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { type HostName, hostAddress } from './world.ts';

export interface PodSpec {
  readonly name: HostName;
  /** Index of the interface on the host's side. */
  readonly port: number;
  readonly mac: string;
  /** Of the host's side: what the pod takes for its gateway. */
  readonly gatewayMac: string;
}

const gateways = { ipv4: '169.254.1.1', ipv6: 'fe80::1' } as const;

/** Why there can be no pods here, as a sentence; false when there can. */
export function podsSkip(): string | false {
  return spawnSync('ip', ['-V']).status === 0 ? false : 'the test lays its wires with ip, which is not here (package iproute2)';
}

function ip(line: string): void {
  execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** To be called in namespaces of this process's own, before the first pod. */
export async function openPods(): Promise<void> {
  // Names of network namespaces are files; here they are this process's own.
  mkdirSync('/run/netns', { recursive: true });
  (await openLibc()).mount('tmpfs', '/run/netns', 'tmpfs', 0, null);
  ip('link set lo up');
}

export class Pod {
  private readonly name: string;
  private readonly children: { kill(): void }[] = [];

  constructor({ name, port, mac, gatewayMac }: PodSpec) {
    this.name = name;
    ip(`netns add ${name}`);
    ip(`link add ${name} index ${port} address ${gatewayMac} type veth peer name eth0 address ${mac} netns ${name}`);
    ip(`link set ${name} up`);
    this.ip('link set lo up');
    this.ip('link set eth0 up');
    this.ip(`addr add ${hostAddress(name, 'ipv4')}/32 dev eth0`);
    this.ip(`addr add ${hostAddress(name, 'ipv6')}/128 dev eth0 nodad`);
    for (const gateway of Object.values(gateways)) this.ip(`neigh add ${gateway} lladdr ${gatewayMac} dev eth0 nud permanent`);
    this.ip(`route add default via ${gateways.ipv4} dev eth0 onlink`);
    this.ip(`-6 route add default via ${gateways.ipv6} dev eth0`);
  }

  /** Runs a script of Node's, or the words of a command, in the pod until it has said a line, and goes on running it. */
  async start(script: string | readonly string[]): Promise<string> {
    const child = this.spawn(script);
    for await (const line of createInterface(child.stdout)) return line;
    throw new Error(`pod ${this.name}: the script ended without a word`);
  }

  /** All that it says until it ends. */
  async run(script: string | readonly string[]): Promise<string> {
    let said = '';
    for await (const text of this.spawn(script).stdout) said += text;
    return said.trim();
  }

  [Symbol.dispose](): void {
    for (const child of this.children) child.kill();
    ip(`link del ${this.name}`);
    ip(`netns del ${this.name}`);
  }

  private ip(line: string): void {
    ip(`-n ${this.name} ${line}`);
  }

  private spawn(script: string | readonly string[]) {
    const words = typeof script === 'string' ? [process.execPath, '-e', script] : script;
    const child = spawn('ip', ['netns', 'exec', this.name, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.children.push(child);
    return child;
  }
}
