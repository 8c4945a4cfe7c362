// A client, the node that it knows, and the node of the backend, each in namespaces of its own, with the programs attached on both nodes
// and a tunnel between them: sockets show that what the nodes do to packets is what the other ends take.

import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { REASON_SOURCE_RANGE } from '../../orchestrator/datapath/generated/enums.ts';
import { conntrackSpec, metricsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import type { KernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { kernelSkip } from '../support/kernel.ts';
import { podsSkip } from '../support/pods.ts';
import { families, hostAddress } from '../support/world.ts';
import { ask, connect, transferred } from './sockets.ts';
import { entryState, openNode, underlay, underlayPort, wireNode } from './tunnel-node.ts';

t.setTimeout(120_000);
const skip = (await kernelSkip()) || podsSkip();

const ip = (line: string): void => {
  execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'inherit'] });
};

/** The client is also the wire: a bridge with its addresses on it, to which both nodes are plugged. */
function layWires(other: number): void {
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

async function speak(script: string): Promise<string> {
  const child = spawn('ip', ['netns', 'exec', 'client', process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const text of child.stdout) said += text;
  return said.trim();
}

/** Packets dropped for a reason, as the network sends them. */
async function droppedFor(datapath: KernelDatapath, reason: number): Promise<bigint> {
  return (await datapath.map(metricsSpec).get(reason * 2))?.packets ?? 0n;
}

async function flows(datapath: KernelDatapath): Promise<number> {
  let count = 0;
  for await (const _ of datapath.map(conntrackSpec).entries()) count += 1;
  return count;
}

t.test('a client, a node and the node of the backend', { skip }, async (t) => {
  const datapath = await openNode();
  t.teardown(() => datapath.close());
  const other = spawn(process.execPath, [fileURLToPath(new URL('tunnel-node.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => other.stdin.end());
  const said = createInterface(other.stdout)[Symbol.asyncIterator]();
  t.equal((await said.next()).value, 'here');
  layWires(other.pid as number);
  await wireNode(datapath, 'node1', entryState);
  other.stdin.write('wired\n');
  t.equal((await said.next()).value, 'ready');

  for (const family of families) {
    const [node, vip] = [hostAddress('node1', family), hostAddress('vip', family)];
    const [client, router] = [hostAddress('world', family), hostAddress('host', family)];

    t.equal(await speak(connect(node, 30080)), `${router} ${transferred}`, `${family}: masqueraded, all bytes both ways`);
    t.equal(await speak(ask(family, node, 30053)), `${router} hello`, `${family}: a masqueraded datagram and its answer`);
    t.equal(await speak(ask(family, node, 30054)), 'ECONNREFUSED', `${family}: an ICMP error finds the masqueraded client`);

    const before = await flows(datapath);
    t.equal(await speak(connect(vip, 80)), `${client} ${transferred}`, `${family}: sent on as it is, all bytes both ways`);
    t.equal(await speak(ask(family, vip, 53)), `${client} hello`, `${family}: a datagram that was sent on`);
    t.equal(await flows(datapath), before, `${family}: of what was sent on the first node keeps no flow`);

    const dropped = await droppedFor(datapath, REASON_SOURCE_RANGE);
    t.equal(await speak(connect(vip, 81)), 'silence', `${family}: a client of no range of the service`);
    t.ok((await droppedFor(datapath, REASON_SOURCE_RANGE)) > dropped, `${family}: ... was dropped as such`);
  }
});
