// Play: one scenario on a stage: its policies come into force, every connection is tried, verdicts and rules are compared with the
// scenario, with the reference and with what the agents tell of it, and at its end nothing of it is left.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Flow, FlowLine } from '../../orchestrator/flows/flow.ts';
import { readManifests } from '../../orchestrator/manifests/read.ts';
import { type Expected, openReference } from './reference.ts';
import type { Scenario } from './scenario.ts';
import type { Attempt, Family, Got, Row, Stage } from './stage.ts';

/** A denied connection is waited for so long, an allowed one longer. */
const [deniedMs, allowedMs] = [400, 3_000];

interface Line extends Attempt {
  readonly verdict: 'allow' | 'deny' | 'any';
  readonly text: string;
}

/** Complaints, as sentences; none when all is as it should be. Policies that are there already are not applied again. */
export async function play(stage: Stage, scenario: Scenario, { isApplied = false } = {}): Promise<string[]> {
  if (scenario.policies !== '' && !isApplied) await stage.cluster.apply(scenario.policies);
  const complaints = await inForce(stage, scenario);
  // The datapath's clock ticks sixty times a second, and events carry the tick before them.
  const begun = Date.now() - 50;
  const reference = await openReference(scenario.policies, (name) => stage.nodeOf(name));
  try {
    const lines = scenario.expect.flatMap((text) => readLine(text, scenario.family));
    complaints.push(...(await Promise.all(lines.map((line) => judge(stage, line, reference.judge(line))))).flat());
    // Events are read a moment later.
    let untold = await told(stage, lines, reference.judge, begun);
    for (let left = 20; left > 0 && untold.length > 0; left -= 1) {
      await sleep(50);
      untold = await told(stage, lines, reference.judge, begun);
    }
    complaints.push(...untold);
  } finally {
    await reference.close();
  }
  return complaints;
}

/** Takes the policies away; a complaint when anything of them stays. */
export async function clear(stage: Stage, scenario: Scenario): Promise<string[]> {
  if (scenario.policies !== '') await stage.cluster.delete(scenario.policies);
  const left = await stage.until(async (tables) => {
    const policies = await tables('policies');
    return policies.length === 0 ? undefined : `policies are left: ${policies.map(({ policy }) => policy).join(' ')}`;
  });
  return left === undefined ? [] : [left];
}

async function inForce(stage: Stage, { policies }: Scenario): Promise<string[]> {
  const wanted = readManifests(policies, { file: 'scenario' })
    .map(({ object }) => object as { kind: string; metadata: { name: string } })
    .filter(({ kind }) => kind !== 'CiliumCIDRGroup')
    .map(({ metadata }) => metadata.name)
    .sort();
  const late = await stage.until(async (tables, node) => {
    const names = (await tables('policies')).map(({ policy }) => policy.split('/').at(-1)).sort();
    if (names.join() !== wanted.join()) return `node ${node}: policies are ${names.join(' ') || 'none'}, not ${wanted.join(' ')}`;
    const unready = (await tables('endpoints')).filter(({ state }) => state !== 'ready');
    return unready.length === 0
      ? undefined
      : `node ${node}: ${unready.map(({ pod, state, why }) => `${pod} is ${state}: ${why}`).join(', ')}`;
  });
  return late === undefined ? [] : [late];
}

function readLine(text: string, only: Scenario['family']): Line[] {
  const [from, to, traffic, verdict] = text.split(' ');
  const [protocol, port = '0'] = traffic.split('/');
  const families: Family[] = only === 'ipv4' ? [4] : only === 'ipv6' ? [6] : [4, 6];
  return families.map((family) => ({
    text: `${text} over IPv${family}`,
    from,
    to,
    protocol: protocol as Attempt['protocol'],
    port: Number(port),
    family,
    verdict: verdict as Line['verdict'],
  }));
}

async function judge(stage: Stage, line: Line, expected: Expected): Promise<string[]> {
  if (line.verdict === 'any') return [];
  const complaints = expected.verdict === line.verdict ? [] : [`${line.text}: the reference says ${expected.verdict}`];
  const got: Got = await stage.attempt(line, line.verdict === 'deny' ? deniedMs : allowedMs);
  const passed = got !== 'nothing';
  if (passed !== (line.verdict === 'allow')) complaints.push(`${line.text}: got ${got}`);
  return complaints;
}

/** Every denied connection was told by the node that denied it, with the rule that the reference names, if one does. */
async function told(stage: Stage, lines: readonly Line[], expected: (line: Line) => Expected, begun: number): Promise<string[]> {
  const flows = new Map<string, readonly Flow[]>();
  for (const [node, agent] of stage.agents) {
    const found: Flow[] = [];
    for await (const line of agent.lines('/v1/flows', { last: 5_000 })) {
      // What is dropped again and again is told once, with when that was last so.
      const { flow, repeated } = line as Extract<FlowLine, { flow: Flow }>;
      if (flow && Date.parse(repeated?.until ?? flow.time) >= begun) found.push(flow);
    }
    flows.set(node, found);
  }
  return lines.filter(({ verdict }) => verdict === 'deny').flatMap((line) => tellsOf(stage, line, expected(line), flows));
}

function tellsOf(stage: Stage, line: Line, { egress, ingress }: Expected, flows: ReadonlyMap<string, readonly Flow[]>): string[] {
  const target = line.to === 'service' ? undefined : stage.addressOf(line.to, line.family);
  // A host speaks to pods from an address of theirs.
  const isSource = (source: string) => line.from.startsWith('host-') || source === stage.addressOf(line.from, line.family);
  const found = [...flows.values()].flat().filter(({ verdict, IP, l4 }) => {
    const port = l4 && 'TCP' in l4 ? l4.TCP.destination_port : l4 && 'UDP' in l4 ? l4.UDP.destination_port : 0;
    return verdict === 'DROPPED' && isSource(IP.source) && (target === undefined || (IP.destination === target && port === line.port));
  });
  const last = found.at(-1);
  if (last === undefined) return [`${line.text}: no agent told of it`];
  const rules = [...(last.egress_denied_by ?? []), ...(last.ingress_denied_by ?? [])].map(({ rule }) => rule);
  const meant = [egress, ingress].filter((rule) => rule !== undefined);
  return rules.every((rule) => meant.includes(rule))
    ? []
    : [`${line.text}: told by the rule ${rules.join(', ')}, not by ${meant.join(', ') || 'none'}`];
}

export type { Row };
