// Wires: a client in a namespace of its own, which is also the wire between two nodes, and what sockets say there.

import { execFileSync, spawn } from 'node:child_process';
import { families, hostAddress } from '../support/world.ts';
import { underlay, underlayPort } from './tunnel-node.ts';

const ip = (line: string): void => {
  execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
};

/** The client is a bridge with its addresses on it, to which both nodes are plugged: this process's own, and that of process `other`. */
export function layWires(other: number): void {
  ip('netns add client');
  ip('-n client link set lo up');
  ip('-n client link add wire type bridge');
  const plug = (node: string, place: string) => {
    ip(`link add ${underlay} index ${underlayPort} mtu 1600 type veth peer name ${node} mtu 1600 netns client`);
    ip(`-n client link set ${node} master wire up`);
    if (place !== '') ip(`link set ${underlay} netns ${place}`);
  };
  plug('node2', String(other));
  plug('node1', '');
  ip('-n client link set wire mtu 1500 up');
  ip(`-n client addr add ${hostAddress('world', 'ipv4')}/32 dev wire`);
  ip(`-n client addr add ${hostAddress('world', 'ipv6')}/128 dev wire nodad`);
  for (const node of ['node1', 'node2'] as const) {
    ip(`-n client route add ${hostAddress(node, 'ipv4')} dev wire src ${hostAddress('world', 'ipv4')}`);
    ip(`-n client route add ${hostAddress(node, 'ipv6')} dev wire src ${hostAddress('world', 'ipv6')}`);
  }
  for (const family of families) ip(`-n client route add ${hostAddress('vip', family)} via ${hostAddress('node1', family)} dev wire`);
}

/** All that a script of Node's says at the client until it ends. */
export async function speak(script: string): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', 'client', process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const text of child.stdout) said += text;
  return said.trim();
}
