// Whether the conntrack entry of a flow is what a case expects of it.

import { ticks } from '../../../orchestrator/datapath/clock.ts';
import * as enums from '../../../orchestrator/datapath/generated/enums.ts';
import type { Conntrack } from '../../../orchestrator/datapath/generated/layouts.ts';
import { conntrackSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import type { Packet } from '../../../orchestrator/net/packet.ts';
import { swapPort } from '../../../orchestrator/net/words.ts';
import type { ExpectedFlow, PacketStep } from './case.ts';
import { flowKeyOf } from './flow-key.ts';
import type { Stage } from './stage.ts';

/** An expiry may lag behind by its granularity, and the real clock moves on while a case plays. */
const slack = ticks(2);
const flagNames = Object.entries(enums).flatMap(([name, bit]) =>
  name.startsWith('CONNTRACK_') && name !== 'CONNTRACK_ORIGIN_HIGH' && typeof bit === 'number'
    ? [[name.slice('CONNTRACK_'.length).toLowerCase().replaceAll('_', ' '), bit] as const]
    : [],
);

export async function checkFlow(stage: Stage, step: PacketStep, packet: Packet): Promise<string[]> {
  const expected = step.flow as ExpectedFlow;
  const key = flowKeyOf(expected.of ? expected.of(stage.family) : packet);
  const entry = await stage.machine.datapath.map(conntrackSpec).get(key);
  if (expected.absent) return entry === undefined ? [] : ['there is an entry of the flow'];
  return entry === undefined ? ['there is no entry of the flow'] : compare(entry, expected, stage.now);
}

function compare(entry: Conntrack, expected: ExpectedFlow, now: number): string[] {
  const faults: string[] = [];
  const flags = flagNames.filter(([, bit]) => entry.flags & bit).map(([name]) => name);
  const wanted = expected.flags && [...expected.flags].sort().join(', ');
  if (wanted !== undefined && flags.sort().join(', ') !== wanted) faults.push(`flow is "${flags.join(', ')}", not "${wanted}"`);
  if (expected.expiresIn !== undefined && Math.abs(entry.expires - now - ticks(expected.expiresIn)) > slack) {
    faults.push(`flow has ${(((entry.expires - now) * 2 ** 24) / 1e9).toFixed(1)} s left, not ${expected.expiresIn}`);
  }
  const packets = [Number(entry.originPackets), Number(entry.responderPackets)].join(' and ');
  if (expected.packets !== undefined && packets !== expected.packets.join(' and '))
    faults.push(`flow counts ${packets} packets, not ${expected.packets.join(' and ')}`);
  if (expected.backend !== undefined && entry.backend !== expected.backend)
    faults.push(`flow goes to backend ${entry.backend}, not ${expected.backend}`);
  if (expected.proxyPort !== undefined && swapPort(entry.proxyPort) !== expected.proxyPort)
    faults.push(`flow goes to proxy ${swapPort(entry.proxyPort)}`);
  return faults;
}
