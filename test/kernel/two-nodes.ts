// Two nodes and a client: the node that the client knows is this process, the node of the pods another, with a wire between all three.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { REASON_SOURCE_RANGE } from '../../orchestrator/datapath/generated/enums.ts';
import { conntrackSpec, metricsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import type { KernelDatapath } from '../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { type Family, hostAddress } from '../support/world.ts';
import { ask, connect, transferred } from './sockets.ts';
import { allowWay, openNode, serveOnNode, startPod, type Way, wireNode } from './tunnel-node.ts';
import { layWires, speak } from './wires.ts';

/** Packets dropped for a reason, as the network sends them. */
async function droppedFor(datapath: KernelDatapath, reason: number): Promise<bigint> {
  return (await datapath.map(metricsSpec).get(reason * 2))?.packets ?? 0n;
}

async function flows(datapath: KernelDatapath): Promise<number> {
  let count = 0;
  for await (const _ of datapath.map(conntrackSpec).entries()) count += 1;
  return count;
}

/** Of the node that the client knows. Everything goes with the test. */
export async function openTwoNodes(t: Test, way: Way): Promise<KernelDatapath> {
  const datapath = await openNode();
  t.teardown(() => datapath.close());
  const other = spawn(process.execPath, [fileURLToPath(new URL('tunnel-node.ts', import.meta.url)), way], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => other.stdin.end());
  const said = createInterface(other.stdout)[Symbol.asyncIterator]();
  t.equal((await said.next()).value, 'here');
  layWires(other.pid as number);
  await wireNode(datapath, 'node1', way);
  await allowWay('node1', way);
  const onNode = await serveOnNode();
  t.teardown(() => onNode.kill());
  const pod = await startPod(datapath, 'server');
  t.teardown(() => pod[Symbol.dispose]());
  other.stdin.write('wired\n');
  t.equal((await said.next()).value, 'ready');
  return datapath;
}

/** A node port whose backend is on the other node: a pod, and the node itself. */
export async function nodePorts(t: Test, family: Family): Promise<void> {
  const [node, router] = [hostAddress('node1', family), hostAddress('host', family)];
  t.equal(await speak(connect(node, 30080)), `${router} ${transferred}`, `${family}: masqueraded, all bytes both ways`);
  t.equal(await speak(ask(family, node, 30053)), `${router} hello`, `${family}: a masqueraded datagram and its answer`);
  t.equal(await speak(ask(family, node, 30054)), 'ECONNREFUSED', `${family}: an ICMP error finds the masqueraded client`);
  t.equal(await speak(connect(node, 30091)), `${router} ${transferred}`, `${family}: masqueraded to the other node itself`);
}

/** The backend is the node that the client knows. */
export async function ownBackends(t: Test, family: Family): Promise<void> {
  const [node, vip, client] = [hostAddress('node1', family), hostAddress('vip', family), hostAddress('world', family)];
  t.equal(await speak(connect(node, 30090)), `${client} ${transferred}`, `${family}: the node itself answers for its port`);
  t.equal(await speak(connect(vip, 9091)), `${client} ${transferred}`, `${family}: the node itself answers for another address`);
  t.equal(await speak(ask(family, vip, 5391)), `${client} hello`, `${family}: ... a datagram`);
  t.equal(await speak(ask(family, vip, 5392)), 'ECONNREFUSED', `${family}: ... and nobody's datagram`);
}

/** What the client sends to the first node goes through the tunnel as it is. */
export async function directReturn(t: Test, datapath: KernelDatapath, family: Family): Promise<void> {
  const [vip, client] = [hostAddress('vip', family), hostAddress('world', family)];
  const before = await flows(datapath);
  t.equal(await speak(connect(vip, 80)), `${client} ${transferred}`, `${family}: sent on as it is, all bytes both ways`);
  t.equal(await speak(ask(family, vip, 53)), `${client} hello`, `${family}: a datagram that was sent on`);
  t.equal(await flows(datapath), before, `${family}: of what was sent on the first node keeps no flow`);

  const dropped = await droppedFor(datapath, REASON_SOURCE_RANGE);
  t.equal(await speak(connect(vip, 81)), 'silence', `${family}: a client of no range of the service`);
  t.ok((await droppedFor(datapath, REASON_SOURCE_RANGE)) > dropped, `${family}: ... was dropped as such`);
}

/** Each node's table names a pod of the other one. */
export async function disagreement(t: Test, family: Family): Promise<void> {
  const [vip, router] = [hostAddress('vip', family), hostAddress('remote2', family)];
  t.equal(await speak(connect(vip, 82)), `${router} ${transferred}`, `${family}: the second node's choice is reached through both`);
  t.equal(await speak(ask(family, vip, 54)), `${router} hello`, `${family}: ... a datagram too`);
}
