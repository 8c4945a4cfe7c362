// Summaries: a flow in a line for people, without time and verdict: who to whom, where it was decided, why.

import { EVENT_OVERFLOW, IDENTITY_HOST, REASON_GRANT_EXPIRED, REASON_POLICY_DENIED } from '../datapath/generated/enums.ts';
import { maps } from '../datapath/generated/maps.ts';
import type { Flow, FlowEnd, FlowRule, Layer4 } from './flow.ts';
import type { PacketEvent } from './named-event.ts';
import { reasonSentence, reasonWords } from './reasons.ts';
import { refusedDirection } from './refusal.ts';

type Unsaid = Omit<Flow, 'Summary'>;

/** `shop/web:40000 → shop/db:5432 tcp ingress: policy denied: no ingress rule of shop/db allows it from shop/web`. */
export function summaryOf(flow: Unsaid, event: PacketEvent): string {
  const { protocol, source, destination } = layer4Words(flow.l4, event.protocol);
  const from = event.namespace === 0n ? `${endWords(flow.source, flow.IP.source)}${source}` : socketWords(flow.source);
  const service = flow.destination_service && ` (service ${flow.destination_service.namespace}/${flow.destination_service.name})`;
  const names = flow.destination_names && ` (${flow.destination_names.join(', ')})`;
  const to = `${endWords(flow.destination, flow.IP.destination)}${destination}${names ?? ''}${service ?? ''}`;
  return `${from} → ${to} ${protocol} ${flow.traffic_direction.toLowerCase()}: ${why(flow, event)}`;
}

const plainNames = new Set(['host', 'remote-node', 'kube-apiserver', 'health', 'init', 'unmanaged', 'ingress']);

/** A pod by name, this node and others by what they are, anything else by its address. */
export function endWords({ namespace, pod_name: pod, labels }: FlowEnd, address: string): string {
  if (pod !== undefined) return `${namespace}/${pod}`;
  const text = address.includes(':') ? `[${address}]` : address;
  const names = (labels ?? []).flatMap((label) => /^reserved:([a-z-]+)/.exec(label)?.[1] ?? []).filter((name) => plainNames.has(name));
  return names.length === 0 ? text : `${names.join(',')} ${text}`;
}

/** A socket whose call was refused has no address and no port yet. */
function socketWords({ namespace, pod_name: pod, identity }: FlowEnd): string {
  if (pod !== undefined) return `${namespace}/${pod}`;
  return identity === IDENTITY_HOST ? 'a process of the node' : 'a socket of an unknown namespace';
}

function layer4Words(l4: Layer4 | undefined, protocol: number): { protocol: string; source: string; destination: string } {
  const [name, fields] = Object.entries(l4 ?? {})[0] ?? [];
  if (name === undefined) return { protocol: `protocol ${protocol}`, source: '', destination: '' };
  if ('type' in fields) return { protocol: `${name === 'ICMPv4' ? 'icmp' : 'icmpv6'} type ${fields.type}`, source: '', destination: '' };
  return { protocol: name.toLowerCase(), source: `:${fields.source_port}`, destination: `:${fields.destination_port}` };
}

function why(flow: Unsaid, event: PacketEvent): string {
  if (event.kind === EVENT_OVERFLOW) return `map full: ${maps[event.backend]?.name ?? `map ${event.backend}`} has no room for the flow`;
  if (flow.verdict === 'FORWARDED') return `allowed${by(allowing(flow), ': ') ?? ': no policy is enforced on it'}`;
  if (flow.verdict === 'REDIRECTED') return `to the proxy on port ${flow.proxy_port}${by(allowing(flow), ': ') ?? ''}`;
  const reason = event.reason === 0 ? 'policy denied' : reasonWords(event.reason);
  const words = flow.verdict === 'AUDIT' ? `would be dropped: ${reason}` : reason;
  const refused = refusedDirection(event);
  if (event.reason === REASON_GRANT_EXPIRED && flow.destination_names !== undefined) {
    const [who, what] = [endWords(flow.source, flow.IP.source), flow.destination_names.join(' and ')];
    return `${words}: ${who} was told this address for ${what}, which is no longer valid: it must ask again`;
  }
  if (refused === undefined) return `${words}: ${reasonSentence(event.reason)}`;
  const denying = [...(flow.egress_denied_by ?? []), ...(flow.ingress_denied_by ?? [])];
  if (denying.length > 0 && event.reason !== REASON_POLICY_DENIED) return `${words}${by(denying, ' by ')}`;
  return `${words}: ${missing(flow, refused)}${by(allowing(flow), '; the other side allowed it by ') ?? ''}`;
}

/** Which side had no rule, and for whom. */
function missing(flow: Unsaid, refused: 'ingress' | 'egress'): string {
  const [from, to] = [endWords(flow.source, flow.IP.source), targetWords(flow)];
  const [subject, { identity }] = refused === 'ingress' ? [to, flow.destination] : [from, flow.source];
  if (identity === 0) return `${subject} is closed until its identity and its policy are known`;
  return refused === 'ingress'
    ? `no ingress rule of ${to} allows it from ${from}${identityWords(flow.source)}`
    : `no egress rule of ${from} allows it to ${to}${identityWords(flow.destination)}`;
}

/** Asked through its service, a pod has the service's address here, and its own identity. */
function targetWords({ destination, destination_service: service, IP }: Unsaid): string {
  if (service === undefined || destination.pod_name !== undefined) return endWords(destination, IP.destination);
  return `a pod of service ${service.namespace}/${service.name}`;
}

function identityWords({ identity }: FlowEnd): string {
  return identity === 0 ? '' : ` (identity ${identity})`;
}

function allowing(flow: Unsaid): FlowRule[] {
  return [...(flow.egress_allowed_by ?? []), ...(flow.ingress_allowed_by ?? [])];
}

function by(rules: readonly FlowRule[], before: string): string | undefined {
  return rules.length === 0 ? undefined : `${before}${rules.map(({ rule }) => rule).join(' and ')}`;
}
