// Runner: plays a case on a machine, says what did not come as expected, and keeps what happened so that two machines can be compared.

import type { RunResult } from '../../../orchestrator/datapath/datapath.ts';
import * as enums from '../../../orchestrator/datapath/generated/enums.ts';
import type { Conntrack, Record as DecisionRecord } from '../../../orchestrator/datapath/generated/layouts.ts';
import { backendHitsSpec, conntrackSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { buildPacket } from '../../../orchestrator/net/packet.ts';
import { describePacket, readPacket } from '../../../orchestrator/net/packet-reader.ts';
import { swapPort, wordText } from '../../../orchestrator/net/words.ts';
import { type Family, families, type HostName, nameOfAddress } from '../../support/world.ts';
import type { Hook, PacketCase, PacketStep, PortName } from './case.ts';
import { checkFlow } from './flow-check.ts';
import { type Machine, Stage } from './stage.ts';
import { macOf } from './state.ts';

/** What became of a case on one machine. */
export interface Played {
  /** Sentences, empty when all came as expected. */
  readonly faults: readonly string[];
  /** What happened step by step and what was left in the maps, without anything that differs between machines by nature. */
  readonly trace: readonly string[];
  /** For people. */
  readonly steps: readonly { readonly packet: string; readonly verdict: string }[];
}

export const hookNumbers: Readonly<Record<Hook, number>> = {
  from_pod: enums.HOOK_FROM_POD,
  to_pod: enums.HOOK_TO_POD,
  from_overlay: enums.HOOK_FROM_OVERLAY,
  from_network: enums.HOOK_FROM_NETWORK,
  to_network: enums.HOOK_TO_NETWORK,
  to_host: enums.HOOK_TO_HOST,
};

const eventNames = namesOf('EVENT_');
const reasonNames = namesOf('REASON_');
const devices: Readonly<Partial<Record<Hook, PortName>>> = {
  from_overlay: 'overlay',
  from_network: 'network',
  to_network: 'network',
  to_host: 'host',
};

/** Every case in every family that it is about, each once. */
export function familiesOf(packetCase: PacketCase): readonly Family[] {
  return packetCase.families ?? families;
}

export async function playCase(machine: Machine, packetCase: PacketCase, family: Family): Promise<Played> {
  const stage = new Stage(machine, family);
  const faults: string[] = [];
  const trace: string[] = [];
  const steps: Played['steps'][number][] = [];
  try {
    await stage.write({ config: {}, ...packetCase.state });
    await stage.counted();
    for (const [index, step] of packetCase.steps.entries()) {
      if ('seconds' in step) await stage.pass(step.seconds);
      else if ('forget' in step) await stage.forget(step.forget);
      else if ('change' in step) {
        await stage.remove(step.remove ?? {});
        await stage.write({ config: packetCase.state.config ?? {}, ...step.change });
      } else if ('hits' in step) faults.push(...(await checkHits(stage, step.hits)));
      else {
        const played = await playPacket(stage, step);
        faults.push(...played.faults.map((fault) => `packet ${index + 1} (${played.what}): ${fault}`));
        trace.push(played.trace);
        steps.push({ packet: played.what, verdict: played.verdict });
      }
    }
    trace.push(...(await leftovers(stage)));
  } finally {
    await stage.clear();
  }
  return { faults, trace, steps };
}

async function playPacket(stage: Stage, step: PacketStep): Promise<{ faults: string[]; trace: string; what: string; verdict: string }> {
  const { machine, family } = stage;
  const packet = step.packet(family);
  const bytes = buildPacket(packet);
  const hook = step.hook ?? 'from_pod';
  const port = step.port ?? devices[hook] ?? (nameOfAddress(hook === 'to_pod' ? packet.destination : packet.source) as PortName);
  if (!machine.takesTime) stage.now = machine.datapath.now();
  const result = await machine.datapath.run(hookNumbers[hook], bytes, {
    port: machine.ports[port],
    ...(machine.takesTime && { now: stage.now }),
    ...(step.tunnelIdentity !== undefined && { tunnelIdentity: step.tunnelIdentity }),
    ...(step.segment !== undefined && { segment: step.segment }),
  });
  const counted = named(await stage.counted());
  const faults = [
    ...checkVerdict(machine, step, result),
    ...checkOutput(step, result, bytes, family),
    ...checkCounters(step, hook, result, counted, bytes),
    ...checkRecord(step, result.record),
    ...(step.flow ? await checkFlow(stage, step, packet) : []),
  ];
  const left = result.nextHop === enums.NEXT_HOP_DROP ? '' : Buffer.from(result.packet).toString('hex');
  const trace = [verdictText(machine, result), left, JSON.stringify(counted), comparable(result.record, machine)].join(' | ');
  return { faults, trace, what: describePacket(bytes), verdict: verdictText(machine, result) };
}

/** `local server`, `drop policy denied`, …: the words of a case. */
export function verdictText(machine: Machine, result: RunResult): string {
  const { record } = result;
  switch (result.nextHop) {
    case enums.NEXT_HOP_DROP:
      return `drop ${reasonNames.get(result.reason) ?? result.reason}`;
    case enums.NEXT_HOP_LOCAL:
      return `local ${portName(machine, record?.outPort ?? 0)}`;
    case enums.NEXT_HOP_OVERLAY:
      return `overlay ${nameOfAddress(wordText({ hi: record?.tunnelHi ?? 0n, lo: record?.tunnelLo ?? 0n }))}`;
    case enums.NEXT_HOP_PROXY:
      return `proxy ${swapPort(record?.proxyPort ?? 0)}`;
    default:
      return 'stack';
  }
}

function checkVerdict(machine: Machine, step: PacketStep, result: RunResult): string[] {
  const faults: string[] = [];
  const verdict = verdictText(machine, result);
  if (verdict !== step.verdict) faults.push(`expected "${step.verdict}", got "${verdict}"`);
  if (result.nextHop === enums.NEXT_HOP_LOCAL && result.record) {
    const name = portName(machine, result.record.outPort) as HostName;
    if (result.record.destinationMac !== macOf(name, 'pod')) faults.push(`destination MAC is not that of ${name}`);
    if (result.record.sourceMac !== macOf(name, 'gateway')) faults.push(`source MAC is not that of the gateway of ${name}`);
  }
  return faults;
}

function checkOutput(step: PacketStep, result: RunResult, input: Uint8Array, family: Family): string[] {
  if (result.nextHop === enums.NEXT_HOP_DROP) return [];
  const expected = step.output ? buildPacket(step.output(family)) : input;
  if (Buffer.compare(expected, result.packet) === 0) return [];
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return [`expected ${describePacket(expected)}, got ${describePacket(result.packet)}\n  ${hex(expected)}\n  ${hex(result.packet)}`];
}

function checkCounters(step: PacketStep, hook: Hook, result: RunResult, counted: Record<string, string>, bytes: Uint8Array): string[] {
  const direction = step.direction ?? (hook === 'from_pod' ? 'egress' : 'ingress');
  const name = `${reasonNames.get(result.reason) ?? result.reason} ${direction}`;
  const length = readPacket(bytes)?.length;
  const expected = length === undefined || step.verdict.includes('invalid') ? undefined : { [name]: `1 packet, ${length} bytes` };
  if (expected === undefined)
    return Object.keys(counted).join() === name ? [] : [`counted ${JSON.stringify(counted)}, not one packet under "${name}"`];
  return JSON.stringify(counted) === JSON.stringify(expected)
    ? []
    : [`counted ${JSON.stringify(counted)}, not ${JSON.stringify(expected)}`];
}

function checkRecord(step: PacketStep, record: DecisionRecord | undefined): string[] {
  if (record === undefined) return step.record || step.event ? ['nothing was decided'] : [];
  const seen: Record<string, unknown> = { ...record, audited: record.audited === 0 ? undefined : reasonNames.get(record.audited) };
  const faults = Object.entries(step.record ?? {})
    .filter(([field, value]) => seen[field] !== value)
    .map(([field, value]) => `${field} is ${String(seen[field])}, not ${String(value)}`);
  const event = eventNames.get(record.event);
  if (step.event !== undefined && event !== step.event) faults.push(`event is "${event}", not "${step.event}"`);
  return faults;
}

async function checkHits(stage: Stage, wanted: Readonly<Record<number, number>>): Promise<string[]> {
  const counted: Record<string, number> = {};
  for await (const [id, { connections }] of stage.machine.datapath.map(backendHitsSpec).entries()) counted[id] = Number(connections);
  return text(counted) === text(wanted) ? [] : [`backends were given ${text(counted)}, not ${text(wanted)}`];
}

function named(grown: Awaited<ReturnType<Stage['counted']>>): Record<string, string> {
  const counted: Record<string, string> = {};
  for (const [index, { packets, bytes }] of grown) {
    const name = `${reasonNames.get(index >> 1) ?? index >> 1} ${index & 1 ? 'egress' : 'ingress'}`;
    counted[name] = `${packets} packet${packets === 1n ? '' : 's'}, ${bytes} bytes`;
  }
  return counted;
}

/** A record without times and without fields that its own effects and next hop leave without meaning; names for ports. */
function comparable(record: DecisionRecord | undefined, machine: Machine): string {
  if (record === undefined) return 'no decision';
  const { touchExpires, touchRenewed, outPort, destinationMac, sourceMac, tunnelHi, tunnelLo, ...always } = record;
  const { newSourceHi, newSourceLo, newSourcePort, newDestinationHi, newDestinationLo, newDestinationPort, ...rest } = always;
  return text({
    ...rest,
    ...(record.nextHop === enums.NEXT_HOP_LOCAL && { outPort: portName(machine, outPort), destinationMac, sourceMac }),
    ...(record.nextHop === enums.NEXT_HOP_OVERLAY && { tunnelHi, tunnelLo }),
    ...(record.rewrite & enums.REWRITE_SOURCE && { newSourceHi, newSourceLo, newSourcePort }),
    ...(record.rewrite & enums.REWRITE_DESTINATION && { newDestinationHi, newDestinationLo, newDestinationPort }),
    touchesExpiry: touchExpires !== 0,
    renews: touchRenewed !== 0,
  });
}

/** Entries that the datapath made, without times, in an order of their own. */
async function leftovers(stage: Stage): Promise<string[]> {
  const lines: string[] = [];
  for (const name of ['conntrack', 'translations', 'affinity', 'fragments', 'backend_hits']) {
    for await (const [key, value] of stage.map(name).entries()) {
      const { expires: _expires, renewed: _renewed, ...rest } = value as Record<string, unknown>;
      const named = name === conntrackSpec.name ? withPortNames(rest as unknown as Conntrack, stage.machine) : rest;
      lines.push(`${name}: ${text(key)} = ${text(named)}`);
    }
  }
  return lines.sort();
}

function withPortNames(entry: Conntrack, machine: Machine): object {
  return { ...entry, originPort: portName(machine, entry.originPort), responderPort: portName(machine, entry.responderPort) };
}

function portName(machine: Machine, port: number): string {
  return Object.entries(machine.ports).find(([, number]) => number === port)?.[0] ?? String(port);
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? `0x${field.toString(16)}` : field));
}

/** Names of one family of constants by number, in the words of cases. */
function namesOf(prefix: string): Map<number, string> {
  const words = (name: string): string => name.slice(prefix.length).toLowerCase().replaceAll('_', ' ');
  return new Map(
    Object.entries(enums).flatMap(([name, value]) => (name.startsWith(prefix) && typeof value === 'number' ? [[value, words(name)]] : [])),
  );
}
