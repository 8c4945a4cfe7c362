// Explanations: what becomes of a connection by what is in force now. The verdict is that of the datapath's own entries; the rules' evaluation
// says why, and is compared with them.

import type { Datapath } from '../datapath/datapath.ts';
import {
  ENDPOINT_AUDIT,
  ENDPOINT_EGRESS_ENFORCED,
  ENDPOINT_INGRESS_ENFORCED,
  PRECEDENCE_DENY,
  PRECEDENCE_REDIRECT,
} from '../datapath/generated/enums.ts';
import { endpointsSpec, policySpec } from '../datapath/generated/maps.ts';
import { betterRow, lookupPolicy } from '../datapath/reconcile/policy-lookup.ts';
import { evaluate } from '../model/policy/evaluate/evaluate.ts';
import { explain } from '../model/policy/evaluate/explain.ts';
import type { Enforcement as Mode } from '../model/policy/evaluate/question.ts';
import type { Direction } from '../model/policy/rule.ts';
import { protocolNumbers } from '../net/transport.ts';
import { addressWords } from '../net/words.ts';
import { type Granted, grantedTo } from './dns/granted.ts';
import { type End, findEnd, type Surroundings } from './ends.ts';

export interface ConnectionQuestion {
  /** `namespace/pod`, an address, or `host` and the like. */
  readonly from: string;
  readonly to: string;
  readonly protocol: keyof typeof protocolNumbers;
  /** A number, of ICMP the type; or what the pod at `to` calls it. */
  readonly port: string;
}

/** audit: it passes, and is told as what would be dropped. */
export type LiveVerdict = 'allow' | 'deny' | 'redirect' | 'audit';

export interface LiveSide {
  readonly direction: Direction;
  readonly pod: string;
  readonly verdict: LiveVerdict;
  /** Those that select the pod: `cnp/shop/web`. */
  readonly policies: readonly string[];
  /** Of the datapath's entry that decided; empty when none did. */
  readonly rule: string;
  /** Sentences: why, what is nearest, and what does not agree. */
  readonly explanation: readonly string[];
}

export interface LiveExplanation {
  readonly from: LiveEnd;
  readonly to: LiveEnd;
  readonly protocol: string;
  readonly port: number;
  /** As far as this node decides. */
  readonly verdict: LiveVerdict;
  readonly sides: readonly LiveSide[];
  /** What other nodes decide. */
  readonly elsewhere: readonly { readonly direction: Direction; readonly pod: string; readonly node: string }[];
}

export interface LiveEnd {
  readonly name: string;
  readonly identity: number;
  readonly labels: readonly string[];
  readonly node: string;
}

/** Why there is no answer, and what may be asked instead. */
export interface Unexplained {
  readonly why: string;
  readonly hint?: string;
}

export interface ExplanationSources extends Surroundings {
  readonly datapath: Pick<Datapath, 'map'>;
  readonly mode: Mode;
}

interface Connection {
  readonly from: End;
  readonly to: End;
  readonly protocol: number;
  readonly port: number;
}

const noGrants: Granted = { live: [], expired: [] };

export async function explainConnection(asked: ConnectionQuestion, sources: ExplanationSources): Promise<LiveExplanation | Unexplained> {
  const [from, to] = [whom('from', asked.from, sources), whom('to', asked.to, sources)];
  if ('why' in from) return from;
  if ('why' in to) return to;
  const protocol = protocolNumbers[asked.protocol];
  const port = portOf(asked.port, protocol, to, sources);
  if (port === undefined) return { why: `port: ${to.name} names no ${asked.protocol} port so, as far as this node knows: "${asked.port}"` };
  const connection = { from, to, protocol, port };
  const ends = [
    { direction: 'egress', end: from },
    { direction: 'ingress', end: to },
  ] as const;
  if (!ends.some(({ end }) => end.local)) return notHere(ends.map(({ end }) => end));
  const here = ends.filter(({ end }) => end.local).map(({ direction }) => sideOf(direction, connection, sources));
  const sides = await Promise.all(here);
  const elsewhere = ends
    .filter(({ end }) => end.node !== '' && isPod(end))
    .map(({ direction, end }) => ({ direction, pod: end.name, node: end.node }));
  return { from: shown(from), to: shown(to), protocol: asked.protocol, port, verdict: worst(sides), sides, elsewhere };
}

function whom(where: 'from' | 'to', text: string, sources: ExplanationSources): End | Unexplained {
  try {
    const hint = 'pods of the host network are their node: ask about host or remote-node, or about an address';
    return findEnd(text, sources) ?? { why: `${where}: no pod of that name is known here: "${text}"`, hint };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { why: `${where}: not namespace/pod, an address, or a word like host: "${text}"` };
  }
}

function notHere(ends: readonly End[]): Unexplained {
  const pods = ends.filter((end) => isPod(end) && end.node !== '');
  if (pods.length === 0) return { why: 'neither end is a pod, so that no policy is over it' };
  const where = pods.map(({ name, node }) => `${name} is on ${node}`).join(', ');
  return { why: 'neither end is a pod of this node', hint: `ask the agent that decides: ${where}` };
}

function isPod({ local, name }: End): boolean {
  return local !== undefined || name.includes('/');
}

function shown({ name, number, identity, node }: End): LiveEnd {
  return {
    name,
    identity: number,
    labels: [...(identity?.labels ?? [])].map(({ source, key, value }) => `${source}:${key}=${value}`),
    node,
  };
}

function portOf(text: string, protocol: number, { local, number }: End, { desired }: ExplanationSources): number | undefined {
  if (/^\d{1,5}$/.test(text)) return Number(text) <= 65_535 ? Number(text) : undefined;
  const ports = local?.ports ?? desired.peers.namedPorts(number);
  return ports.find((port) => port.name === text.toLowerCase() && port.protocol === protocol)?.port;
}

function worst(sides: readonly LiveSide[]): LiveVerdict {
  return (['deny', 'redirect', 'audit'] as const).find((verdict) => sides.some((side) => side.verdict === verdict)) ?? 'allow';
}

async function sideOf(direction: Direction, connection: Connection, sources: ExplanationSources): Promise<LiveSide> {
  const { from, to } = connection;
  const [self, peer] = direction === 'egress' ? [from, to] : [to, from];
  const local = self.local as NonNullable<End['local']>;
  const granted = await grantsOf(direction, self, peer, sources);
  const inForce = await datapathVerdict(direction, self, { peer, granted }, connection, sources);
  const policies = local.labels === undefined ? [] : sources.desired.policies.selecting(local.labels).sort();
  const common = { direction, pod: self.name, policies, verdict: inForce.verdict, rule: inForce.rule };
  if (local.labels === undefined) return { ...common, explanation: [`who it is is not known: ${local.why}`, ...inForce.sentences] };
  if (peer.identity === undefined) {
    return { ...common, explanation: [`nobody has told who has identity ${peer.number} of ${peer.name}`, ...inForce.sentences] };
  }
  const { desired, mode } = sources;
  const view = {
    policies: [...desired.policies.byName.values()].map(({ bound }) => bound),
    pods: desired.peers.withPorts(),
    enforcement: mode,
  };
  const { protocol, port } = connection;
  const subject = { labels: local.labels, namedPorts: local.ports };
  const address = peer.address === undefined ? {} : { address: peer.address };
  const named = (numbers: readonly number[]) => numbers.flatMap((number) => desired.peers.get(number) ?? []);
  const peers = [peer.identity, ...named(granted.live)];
  const decision = evaluate(view, { direction, subject, peers, protocol, port, ...address, expired: named(granted.expired) });
  const reasons = explain(decision, { from: from.name, to: to.name, protocol, port });
  const agrees = decision.verdict === inForce.asked;
  const doubt = agrees ? [] : [`the datapath has another verdict by now: ${inForce.asked}; is the endpoint ready (axoneme endpoint get)?`];
  return { ...common, explanation: [...reasons, ...inForce.sentences, ...doubt] };
}

/** Names count where they lead out of this node's pods. */
async function grantsOf(direction: Direction, self: End, peer: End, { datapath }: ExplanationSources): Promise<Granted> {
  if (direction === 'ingress' || peer.local !== undefined || peer.address === undefined || self.address === undefined) return noGrants;
  const entry = await datapath.map(endpointsSpec).get(addressWords(self.address));
  return entry === undefined ? noGrants : grantedTo(datapath, entry.id, peer.address);
}

interface InForce {
  readonly verdict: LiveVerdict;
  /** Policy's, whatever audit and proxies make of it. */
  readonly asked: 'allow' | 'deny' | 'redirect';
  readonly rule: string;
  readonly sentences: readonly string[];
}

/** As the core decides a new connection, out of the entries that it has. */
async function datapathVerdict(
  direction: Direction,
  self: End,
  { peer, granted }: { readonly peer: End; readonly granted: Granted },
  { protocol, port }: Connection,
  { datapath, desired }: ExplanationSources,
): Promise<InForce> {
  const entry = self.address === undefined ? undefined : await datapath.map(endpointsSpec).get(addressWords(self.address));
  if (entry === undefined) return { verdict: 'deny', asked: 'deny', rule: '', sentences: ['the datapath has no endpoint of that address'] };
  const isEnforced = (entry.flags & (direction === 'egress' ? ENDPOINT_EGRESS_ENFORCED : ENDPOINT_INGRESS_ENFORCED)) !== 0;
  if (!isEnforced) return { verdict: 'allow', asked: 'allow', rule: '', sentences: [] };
  const question = { set: entry.policySet, direction, identity: peer.number, protocol, port };
  let found = await lookupPolicy(datapath.map(policySpec), question);
  for (const identity of found?.precedence === PRECEDENCE_DENY ? [] : granted.live) {
    found = betterRow(found, await lookupPolicy(datapath.map(policySpec), { ...question, identity }));
  }
  const rule = found === undefined ? '' : (desired.resolver.ruleText(found.rule) ?? `rule ${found.rule}`);
  const isAudited = (entry.flags & ENDPOINT_AUDIT) !== 0;
  const dropped = isAudited ? 'audit' : 'deny';
  const audited = isAudited ? ['it is audited: it passes, and is told as what would be dropped'] : [];
  if (found === undefined || found.precedence === PRECEDENCE_DENY) return { verdict: dropped, asked: 'deny', rule, sentences: audited };
  if (found.precedence < PRECEDENCE_REDIRECT) return { verdict: 'allow', asked: 'allow', rule, sentences: [] };
  if (found.proxyPort !== 0) return { verdict: 'redirect', asked: 'redirect', rule, sentences: [] };
  return {
    verdict: dropped,
    asked: 'redirect',
    rule,
    sentences: ['no proxy of this node serves it: what the rule allows is dropped', ...audited],
  };
}
