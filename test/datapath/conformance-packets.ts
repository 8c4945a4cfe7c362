// What every datapath does alike with packets: the least that shows that maps, programs, counters and events belong together.

import type { Test } from 'tap';
import type { Datapath, DatapathEvent, PacketRunner } from '../../orchestrator/datapath/datapath.ts';
import {
  ENDPOINT_AUDIT,
  ENDPOINT_EGRESS_ENFORCED,
  EVENT_AUDIT,
  EVENT_DROP,
  Hook,
  NextHop,
  Reason,
} from '../../orchestrator/datapath/generated/enums.ts';
import {
  configSpec,
  conntrackSpec,
  endpointsSpec,
  epochsSpec,
  ipcacheSpec,
  metricsSpec,
  policySpec,
} from '../../orchestrator/datapath/generated/maps.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import { addressWords, prefixWords, swapPort } from '../../orchestrator/net/words.ts';
import { addressSlot } from '../support/address-slot.ts';

/** The port by which the pod's packets enter. */
export const podPort = 31;
const port = podPort;
const pod = '10.0.0.10';
const udp = (destination: string, destinationPort: number): Uint8Array =>
  buildPacket({ source: pod, destination, transport: { protocol: 'udp', sourcePort: 4000, destinationPort, payload: 'hello' } });

/** One pod that may send UDP to port 53 of 198.51.100.0/24 and nothing else. */
async function configure(datapath: Datapath): Promise<void> {
  const noRouter = { router4: 0n, router6Hi: 0n, router6Lo: 0n, masqPortMin: 0, masqPortMax: 0, tunnelPort: 0 };
  const none = { hairpin4: 0n, hairpin6Hi: 0n, hairpin6Lo: 0n, hostMac: 0n, ...noRouter };
  await datapath.map(configSpec).update([[0, { flags: 0, node: 1, cluster: 0, overlayPort: 0, ...none }]]);
  await datapath.map(ipcacheSpec).update([
    [prefixWords('198.51.100.0/24'), { identity: 77, node: 0, flags: 0 }],
    [prefixWords('198.51.100.8/32'), { identity: 78, node: 0, flags: 0 }],
  ]);
  await datapath.map(policySpec).update([
    [
      { prefixLength: 96, set: 1, identity: 77, direction: 1, protocol: 17, port: swapPort(53) },
      { rule: 9, proxyPort: 0, matchLength: 25, precedence: 1 },
    ],
  ]);
  const endpoint = { port, id: 5, identity: 1000, policySet: 1, flags: 1, mac: 0n, gatewayMac: 0n };
  await datapath.map(endpointsSpec).update([[addressWords(pod), endpoint]]);
  await datapath.map(epochsSpec).update([[addressSlot(pod), { epoch: 1, hints: 2 }]]);
}

export async function packetsConform(t: Test, datapath: Datapath & PacketRunner): Promise<void> {
  await configure(datapath);
  await t.test('decisions', (t) => decisionsConform(t, datapath));
  await t.test('events', (t) => eventsConform(t, datapath));
  await t.test('lost events', (t) => lossConforms(t, datapath));
}

async function decisionsConform(t: Test, datapath: Datapath & PacketRunner): Promise<void> {
  const metrics = datapath.map(metricsSpec);
  const counted = async (reason: number): Promise<bigint> => (await metrics.get(reason * 2 + 1))?.packets ?? 0n;

  await t.test('a packet that policy allows goes to the stack as it is, and its flow is remembered', async (t) => {
    const packet = udp('198.51.100.7', 53);
    for (const packets of [1n, 2n]) {
      const result = await datapath.run(Hook.fromPod, packet, { port });
      t.match(result, { nextHop: NextHop.stack, reason: 0, record: { sourceIdentity: 1000, destinationIdentity: 77 } });
      t.same(result.packet, packet);
      t.equal(await counted(0), packets);
    }
    const flows = [];
    for await (const [, flow] of datapath.map(conntrackSpec).entries()) flows.push(flow);
    t.match(flows, [{ originPackets: 2n, originIdentity: 1000, responderIdentity: 77, egressRule: 9 }]);
    t.ok(((flows[0]?.expires ?? 0) - datapath.now()) | 0, 'expiries are in ticks of the datapath');
  });

  await t.test('the longest prefix has the identity, and what no rule allows is dropped and counted', async (t) => {
    const before = await counted(Reason.policyDenied);
    const result = await datapath.run(Hook.fromPod, udp('198.51.100.8', 53), { port });
    t.match(result, { nextHop: NextHop.drop, reason: Reason.policyDenied, record: { destinationIdentity: 78 } });
    t.match(await datapath.run(Hook.fromPod, udp('198.51.100.9', 54), { port }), { reason: Reason.policyDenied });
    t.equal(await counted(Reason.policyDenied), before + 2n);
  });

  await t.test('an identity in the tunnel header is the sender’s', async (t) => {
    const packet = buildPacket({ source: '10.1.0.1', destination: pod, transport: { protocol: 'udp', sourcePort: 1, destinationPort: 2 } });
    const result = await datapath.run(Hook.fromOverlay, packet, { port, tunnelIdentity: 0x123456 });
    t.match(result.record, { sourceIdentity: 0x123456, destinationIdentity: 1000 });
  });

  await t.test('bytes that are no packet are dropped with a reason', async (t) => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(19).fill(0x45), new Uint8Array(40).fill(0x45)]) {
      const { nextHop, reason } = await datapath.run(Hook.fromPod, bytes, { port });
      t.equal(nextHop, NextHop.drop);
      t.not(reason, 0);
    }
  });
}

/** The first event of a packet to that port. */
async function readUntil(told: AsyncIterator<DatapathEvent>, destinationPort: number): Promise<DatapathEvent> {
  for (;;) {
    const event = (await told.next()).value as DatapathEvent;
    if (event.type === 'event' && event.destinationPort === destinationPort) return event;
  }
}

async function eventsConform(t: Test, datapath: Datapath & PacketRunner): Promise<void> {
  await t.test('a drop is told to whoever listens, with who and why', async (t) => {
    const told = datapath.events()[Symbol.asyncIterator]();
    const expected = readUntil(told, swapPort(9999));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await datapath.run(Hook.fromPod, udp('198.51.100.200', 9999), { port });
    const parties = { port, endpoint: 5, sourceIdentity: 1000, destinationIdentity: 77, hook: Hook.fromPod };
    t.match(await expected, { kind: EVENT_DROP, reason: Reason.policyDenied, ...parties, ...{ protocol: 17, family: 4, length: 33 } });
  });

  await t.test('an audited packet passes, and is told with the reason for which it would have been dropped', async (t) => {
    const endpoint = { port, id: 5, identity: 1000, policySet: 1, flags: 1, mac: 0n, gatewayMac: 0n };
    const write = (flags: number) => datapath.map(endpointsSpec).update([[addressWords(pod), { ...endpoint, flags }]]);
    await write(ENDPOINT_EGRESS_ENFORCED | ENDPOINT_AUDIT);
    const expected = readUntil(datapath.events()[Symbol.asyncIterator](), swapPort(9998));
    await new Promise((resolve) => setTimeout(resolve, 20));
    t.match(await datapath.run(Hook.fromPod, udp('198.51.100.200', 9998), { port }), { nextHop: NextHop.stack, reason: 0 });
    t.match(await expected, { kind: EVENT_AUDIT, reason: Reason.policyDenied });
    await write(ENDPOINT_EGRESS_ENFORCED);
  });
}

async function lossConforms(t: Test, datapath: Datapath & PacketRunner): Promise<void> {
  await t.test('events that found the ring full are counted, and the others arrive in order', async (t) => {
    const sent = 2000;
    for (let number = 0; number < sent; number++) await datapath.run(Hook.fromPod, udp('198.51.100.200', 10000 + number), { port });
    const ports: number[] = [];
    let lost = 0;
    for await (const event of datapath.events()) {
      if (event.type === 'lost') lost += event.count;
      else ports.push(swapPort(event.destinationPort));
      if (ports.length + lost === sent) break;
    }
    t.ok(lost > 0 && ports.length > 0, `${ports.length} told, ${lost} lost`);
    t.same(
      ports,
      ports.map((_, index) => 10000 + index),
    );
  });
}
