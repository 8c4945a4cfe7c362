// axoneme tour: the scripted packets through both machines, and what each decided, side by side. Ends with 1 if they ever differ.

import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../datapath/datapath.ts';
import { probe } from '../datapath/probe.ts';
import { describePacket } from '../net/packet-reader.ts';
import { describeCause, describeDecision, type Names } from './decision.ts';
import { type Machine, type Opened, openKernelMachine, openWasmMachine } from './machines.ts';
import { openPaint, type Paint, pad } from './paint.ts';
import { describeProbe } from './probe.ts';
import { chapters, type Step } from './tour-script.ts';
import { addresses, identities, rules, writes } from './tour-world.ts';

export interface Output {
  readonly write: (text: string) => void;
  readonly colour: boolean;
}

const columns = { sentence: 60, decision: 34 };

const names: Names = {
  address: (text) => Object.entries(addresses).find(([, address]) => address === text)?.[0] ?? text,
  identity: (number) => identities[number] ?? `identity ${number}`,
  rule: (id) => rules[id]?.sentence ?? 'unknown',
};

/** Status of the process: 0, or 1 when the machines disagree or there is none. */
export async function tour({ write, colour }: Output, openKernel = openKernelMachine): Promise<number> {
  const paint = openPaint(colour);
  write(`${paint.strong('This node')}\n${describeProbe(await probe(), paint)}\n`);
  const opened: Record<string, Opened> = { kernel: await openKernel(), wasm: await openWasmMachine() };
  const machines = new Map<string, Machine>();
  try {
    for (const [name, one] of Object.entries(opened)) {
      if ('machine' in one) machines.set(name, one.machine);
      else write(`${name}: not in this tour: ${one.refusal}\n`);
    }
    return machines.size === 0 ? 1 : await run(machines, write, paint);
  } finally {
    for (const one of Object.values(opened)) if ('end' in one) await one.end();
  }
}

async function run(machines: ReadonlyMap<string, Machine>, write: Output['write'], paint: Paint): Promise<number> {
  for (const machine of machines.values()) for (const entry of writes) await entry(machine);
  let [number, different] = [0, 0];
  for (const { title, steps } of chapters) {
    write(
      `\n${pad(paint.strong(title), 4 + columns.sentence)}${[...machines.keys()].map((name) => pad(name, columns.decision)).join('')}\n`,
    );
    for (const step of steps) {
      const results = await runStep(step, machines);
      const same = results.every((result) => isEqual(result, results[0] as RunResult));
      different += same ? 0 : 1;
      number += 1;
      write(describeStep(number, step, results, paint));
      if (!same) write(`${paint.bad('    the machines differ')}\n`);
    }
  }
  write(`\n${account(number, different, [...machines.keys()])}\n`);
  return different === 0 ? 0 : 1;
}

async function runStep({ hook, packet, tunnelIdentity, before, waitMs = 0 }: Step, machines: ReadonlyMap<string, Machine>) {
  if (waitMs > 0) await sleep(waitMs);
  for (const machine of machines.values()) await before?.(machine);
  const results: RunResult[] = [];
  for (const machine of machines.values())
    results.push(await machine.run(hook, packet, tunnelIdentity === undefined ? {} : { tunnelIdentity }));
  return results;
}

/** Same next hop, reason, bytes and rules: times and random numbers are each machine's own. */
function isEqual(one: RunResult, other: RunResult): boolean {
  const isRuledAlike = one.record?.egressRule === other.record?.egressRule && one.record?.ingressRule === other.record?.ingressRule;
  return one.nextHop === other.nextHop && one.reason === other.reason && isRuledAlike && Buffer.compare(one.packet, other.packet) === 0;
}

function describeStep(number: number, step: Step, results: readonly RunResult[], paint: Paint): string {
  const decisions = results.map((result) => {
    const words = describeDecision(result, names);
    return pad(words.startsWith('drop') ? paint.bad(words) : paint.good(words), columns.decision);
  });
  const first = results[0] as RunResult;
  const before = named(describePacket(step.packet));
  const after = named(describePacket(first.packet));
  const lines = [`${String(number).padStart(2)}  ${pad(step.sentence, columns.sentence)}${decisions.join('').trimEnd()}`];
  lines.push(paint.faint(`    ${before}${after === before ? '' : `  becomes  ${after}`}`));
  lines.push(paint.faint(`    because ${describeCause(first, names)}`));
  return `${lines.join('\n')}\n`;
}

/** Addresses of the tour by their names; the longer ones first, since some begin like others. */
function named(text: string): string {
  const known = Object.entries(addresses).sort(([, a], [, b]) => b.length - a.length);
  return known.reduce((line, [name, address]) => line.replaceAll(`[${address}]`, name).replaceAll(address, name), text);
}

function account(packets: number, different: number, machines: readonly string[]): string {
  if (machines.length < 2) return `${packets} packets through ${machines[0]} alone`;
  const verdict = different === 0 ? 'the same decision, bytes and rules every time' : `${different} of them decided differently`;
  return `${packets} packets through ${machines.join(' and ')}: ${verdict}`;
}
