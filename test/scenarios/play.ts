// Play: one scenario on a stage: its policies come into force, every connection is tried, verdicts and rules are compared with the
// scenario, with the reference and with what the agents tell of it, and at its end nothing of it is left.

import type { Flow, FlowLine, LostEvents } from '../../orchestrator/flows/flow.ts';
import { readManifests } from '../../orchestrator/manifests/read.ts';
import { type Expected, openReference } from './reference.ts';
import type { Scenario } from './scenario.ts';
import type { Attempt, Family, Got, Stage } from './stage.ts';

/**
 * An allowed connection is waited for so long, a denied one shorter: what passes after all on a slow machine is still found, for nobody
 * tells that it was dropped.
 */
const [allowedMs, deniedMs] = [10_000, 150];

interface Line extends Attempt {
  readonly verdict: 'allow' | 'deny' | 'any';
  readonly text: string;
  readonly expected: Expected;
}

/** What the reference says of a scenario, which is the same in every order. */
const known = new Map<Scenario, Promise<readonly Line[]>>();

/** Complaints, as sentences; none when all is as it should be. Policies that are there already are not applied again. */
export async function play(stage: Stage, scenario: Scenario, { isApplied = false } = {}): Promise<string[]> {
  if (scenario.policies !== '' && !isApplied) await stage.cluster.apply(scenario.policies);
  const [complaints, lines] = await Promise.all([inForce(stage, scenario), linesOf(stage, scenario)]);
  // The datapath's clock ticks sixty times a second, and events carry the tick before them.
  const begun = Date.now() - 50;
  const judged = await Promise.all(lines.map((line) => judge(stage, line)));
  const untold = await stage.until(async () => {
    const complaints = await told(stage, lines, begun);
    return complaints.length === 0 ? undefined : complaints.join('\n');
  });
  return [...complaints, ...judged.flat(), ...(untold?.split('\n') ?? [])];
}

/** Takes the policies away; a complaint when anything of them stays. */
export async function clear(stage: Stage, scenario: Scenario): Promise<string[]> {
  if (scenario.policies !== '') await stage.cluster.delete(scenario.policies);
  const left = await stage.untilEach(async (tables, node) => {
    const policies = await tables('policies');
    return policies.length === 0 ? undefined : `node ${node}: policies are left: ${policies.map(({ policy }) => policy).join(' ')}`;
  });
  return left === undefined ? [] : [left];
}

async function inForce(stage: Stage, { policies }: Scenario): Promise<string[]> {
  const wanted = readManifests(policies, { file: 'scenario' })
    .map(({ object }) => object as { kind: string; metadata: { name: string } })
    .filter(({ kind }) => kind !== 'CiliumCIDRGroup')
    .map(({ metadata }) => metadata.name)
    .sort();
  const late = await stage.untilEach(async (tables, node) => {
    const names = (await tables('policies')).map(({ policy }) => policy.split('/').at(-1)).sort();
    if (names.join() !== wanted.join()) return `node ${node}: policies are ${names.join(' ') || 'none'}, not ${wanted.join(' ')}`;
    const unready = (await tables('endpoints')).filter(({ state }) => state !== 'ready');
    return unready.length === 0
      ? undefined
      : `node ${node}: ${unready.map(({ pod, state, why }) => `${pod} is ${state}: ${why}`).join(', ')}`;
  });
  return late === undefined ? [] : [late];
}

function linesOf(stage: Stage, scenario: Scenario): Promise<readonly Line[]> {
  const found = known.get(scenario) ?? readLines(stage, scenario);
  known.set(scenario, found);
  return found;
}

async function readLines(stage: Stage, { policies, expect, family: only }: Scenario): Promise<readonly Line[]> {
  const reference = await openReference(policies, (name) => stage.nodeOf(name));
  const families: Family[] = only === 'ipv4' ? [4] : only === 'ipv6' ? [6] : [4, 6];
  const lines = expect.flatMap((text) => {
    const [from, to, traffic, verdict] = text.split(' ');
    const [protocol, port = '0'] = traffic.split('/');
    return families.map((family) => {
      const attempt = { from, to, protocol: protocol as Attempt['protocol'], port: Number(port), family };
      const line = { ...attempt, text: `${text} over IPv${family}`, verdict: verdict as Line['verdict'] };
      return { ...line, expected: reference.judge(attempt) };
    });
  });
  await reference.close();
  return lines;
}

async function judge(stage: Stage, line: Line): Promise<string[]> {
  const { verdict, expected, text } = line;
  if (verdict === 'any') return [];
  const complaints = expected.verdict === verdict ? [] : [`${text}: the reference says ${expected.verdict}`];
  const got: Got = await stage.attempt(line, verdict === 'deny' ? deniedMs : allowedMs);
  const passed = got !== 'nothing';
  if (passed !== (verdict === 'allow')) complaints.push(`${text}: got ${got}`);
  return complaints;
}

interface Told {
  readonly flow: Flow;
  /** The last of its kind. */
  readonly at: number;
}

/** Every denied connection was told by the node that denied it, with the rule that the reference names, if one does. */
async function told(stage: Stage, lines: readonly Line[], begun: number): Promise<string[]> {
  const drops: Told[] = [];
  const lost: LostEvents[] = [];
  await Promise.all(
    Array.from(stage.agents.values(), async (agent) => {
      for await (const found of agent.lines('/v1/flows', { since: begun, type: 'drop' })) {
        const line = found as FlowLine;
        if ('lost_events' in line) lost.push(line.lost_events);
        // What is dropped again and again is told once, with when that was last so.
        else drops.push({ flow: line.flow, at: Date.parse(line.repeated?.until ?? line.flow.time) });
      }
    }),
  );
  drops.sort((a, b) => a.at - b.at);
  const flows = drops.map(({ flow }) => flow);
  const complaints = lines.filter(({ verdict }) => verdict === 'deny').flatMap((line) => complaintOf(stage, line, flows));
  return complaints.length === 0 || lost.length === 0 ? complaints : [...complaints, `events were lost: ${JSON.stringify(lost)}`];
}

function complaintOf(stage: Stage, line: Line, flows: readonly Flow[]): string[] {
  const target = line.to === 'service' ? undefined : stage.addressOf(line.to, line.family);
  // A host speaks to pods from an address of theirs.
  const isSource = (source: string) => line.from.startsWith('host-') || source === stage.addressOf(line.from, line.family);
  const last = flows.findLast(({ verdict, IP, l4 }) => {
    const port = l4 && 'TCP' in l4 ? l4.TCP.destination_port : l4 && 'UDP' in l4 ? l4.UDP.destination_port : 0;
    return verdict === 'DROPPED' && isSource(IP.source) && (target === undefined || (IP.destination === target && port === line.port));
  });
  if (last === undefined) return [`${line.text}: no agent told of it`];
  const { egress, ingress } = line.expected;
  const rules = [...(last.egress_denied_by ?? []), ...(last.ingress_denied_by ?? [])].map(({ rule }) => rule);
  const meant = [egress, ingress].filter((rule) => rule !== undefined);
  return rules.every((rule) => meant.includes(rule))
    ? []
    : [`${line.text}: told by the rule ${rules.join(', ')}, not by ${meant.join(', ') || 'none'}`];
}
