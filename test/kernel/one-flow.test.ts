// One flow on several CPUs at once: what they write about it is all there afterwards.

import { Worker } from 'node:worker_threads';
import t from 'tap';
import { conntrackSpec, endpointsSpec } from '../../orchestrator/datapath/generated/maps.ts';
import { framed } from '../../orchestrator/datapath/kernel/frame.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import { addressWords } from '../../orchestrator/net/words.ts';
import { kernelSkip, openTestKernel } from '../support/kernel.ts';
import type { Sending } from './sender.ts';

const [client, server] = ['10.0.0.1', '10.0.0.2'];
/** Test runs enter by the loopback interface, so both pods are behind it. */
const pod = { port: 1, id: 1, identity: 100, policySet: 1, flags: 0, mac: 0n, gatewayMac: 0n };
const repeat = 300_000;
const redirected = 7;

const datagram = (source: string, destination: string, ports: readonly [number, number]): Uint8Array =>
  framed(buildPacket({ source, destination, transport: { protocol: 'udp', sourcePort: ports[0], destinationPort: ports[1] } }));

function send(sending: Sending): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./sender.ts', import.meta.url), { workerData: sending });
    worker.once('message', resolve).once('error', reject);
  });
}

t.test('two CPUs in one flow', { skip: await kernelSkip() }, async (t) => {
  const datapath = await openTestKernel();
  t.teardown(() => datapath.close());
  await datapath.map(endpointsSpec).update([
    [addressWords(client), pod],
    [addressWords(server), { ...pod, id: 2, identity: 200 }],
  ]);
  const program = datapath.program('from_pod');
  const request = datagram(client, server, [4000, 53]);
  const answer = datagram(server, client, [53, 4000]);

  t.test('packets of both directions sent at once are all counted', async (t) => {
    const frames = [request, request, answer];
    t.same(await Promise.all(frames.map((frame) => send({ program, frame, repeat }))), [redirected, redirected, redirected]);
    const flows = [];
    for await (const [, flow] of datapath.map(conntrackSpec).entries()) flows.push(flow);
    t.equal(flows.length, 1, 'whoever came first opened the only flow');
    const [flow] = flows;
    const counted = [Number(flow?.originPackets ?? 0n), Number(flow?.responderPackets ?? 0n)].sort((a, b) => a - b);
    t.same(counted, [repeat, 2 * repeat]);
    t.equal((flow?.originBytes ?? 0n) + (flow?.responderBytes ?? 0n), BigInt(3 * repeat * (request.length - 14)));
  });
});
