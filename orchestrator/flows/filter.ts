// Filters of flows: what a reader wants to see. Everything that is given must hold; of several values of one kind, any.

import type { Flow, FlowLine, Verdict } from './flow.ts';
import { endWords } from './summary.ts';

export const flowTypes = ['drop', 'allow', 'audit', 'overflow'] as const;

export type FlowType = (typeof flowTypes)[number];

export interface FlowFilter {
  readonly types?: readonly FlowType[];
  /** `namespace/pod`, `namespace/` for all of one, or an address; at either end, or at the named one. */
  readonly pods?: readonly string[];
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  /** Destination's port, or type of ICMP. */
  readonly ports?: readonly number[];
  /** `tcp`, `udp`, `sctp`, `icmp`, `icmpv6`. */
  readonly protocols?: readonly string[];
  /** Identity at either end. */
  readonly identities?: readonly number[];
  /** A part of what a rule that decided is called. */
  readonly rule?: string;
  /** Milliseconds since 1970: not before. */
  readonly since?: number;
}

const typeOf: Readonly<Record<Verdict, FlowType>> = {
  DROPPED: 'drop',
  FORWARDED: 'allow',
  REDIRECTED: 'allow',
  AUDIT: 'audit',
  ERROR: 'overflow',
};

export function flowType({ verdict }: Pick<Flow, 'verdict'>): FlowType {
  return typeOf[verdict];
}

/** That flows were lost is told to everybody: any of them might have been asked for. */
export function makeFilter(filter: FlowFilter): (line: FlowLine) => boolean {
  const since = filter.since ?? Number.NEGATIVE_INFINITY;
  return (line) => Date.parse(lastTime(line)) >= since && (!('flow' in line) || wants(filter, line.flow));
}

function lastTime(line: FlowLine): string {
  return 'flow' in line && line.repeated !== undefined ? line.repeated.until : line.time;
}

function wants({ types, pods, from, to, ports, protocols, identities, rule }: FlowFilter, flow: Flow): boolean {
  const [isFrom, isTo] = [(name: string) => isEnd(flow, 'source', name), (name: string) => isEnd(flow, 'destination', name)];
  const { protocol, port } = traffic(flow);
  return (
    any(types, (type) => type === flowType(flow)) &&
    any(pods, (name) => isFrom(name) || isTo(name)) &&
    any(from, isFrom) &&
    any(to, isTo) &&
    any(ports, (wanted) => wanted === port) &&
    any(protocols, (wanted) => wanted === protocol) &&
    any(identities, (number) => number === flow.source.identity || number === flow.destination.identity) &&
    (rule === undefined || rulesOf(flow).some((text) => text.includes(rule)))
  );
}

function any<T>(values: readonly T[] | undefined, holds: (value: T) => boolean): boolean {
  return values === undefined || values.length === 0 || values.some(holds);
}

function isEnd(flow: Flow, end: 'source' | 'destination', name: string): boolean {
  const { namespace, pod_name: pod } = flow[end];
  if (name === flow.IP[end]) return true;
  if (name.endsWith('/')) return namespace === name.slice(0, -1);
  return pod !== undefined ? `${namespace}/${pod}` === name : endWords(flow[end], flow.IP[end]).split(' ')[0] === name;
}

export function traffic({ l4 }: Flow): { protocol: string | undefined; port: number | undefined } {
  const [name, fields] = Object.entries(l4 ?? {})[0] ?? [];
  if (name === undefined) return { protocol: undefined, port: undefined };
  const protocol = name === 'ICMPv4' ? 'icmp' : name.toLowerCase();
  return { protocol, port: 'type' in fields ? fields.type : fields.destination_port };
}

function rulesOf(flow: Flow): string[] {
  return [flow.egress_allowed_by, flow.ingress_allowed_by, flow.egress_denied_by, flow.ingress_denied_by].flatMap((rules) =>
    (rules ?? []).map(({ rule }) => rule),
  );
}
