// Named events: an event of the datapath becomes a flow, with the names that its numbers have at that moment.

import type { DatapathEvent } from '../datapath/datapath.ts';
import {
  DIRECTION_INGRESS,
  EVENT_ALLOW,
  EVENT_AUDIT,
  EVENT_DROP,
  EVENT_OVERFLOW,
  FAMILY_IPV6,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
} from '../datapath/generated/enums.ts';
import { swapPort, wordText } from '../net/words.ts';
import type { Flow, FlowEnd, FlowRule, Layer4, Verdict } from './flow.ts';
import { hubbleReason } from './hubble-reasons.ts';
import type { FlowNames } from './names.ts';
import { refusedDirection } from './refusal.ts';
import { readRule } from './rule-text.ts';
import { summaryOf } from './summary.ts';

export type PacketEvent = Extract<DatapathEvent, { type: 'event' }>;

/** Numbers of Hubble's event types: a drop, a verdict of policy. */
const [dropType, verdictType] = [1, 5];

const verdicts: Readonly<Record<number, Verdict>> = {
  [EVENT_DROP]: 'DROPPED',
  [EVENT_ALLOW]: 'FORWARDED',
  [EVENT_AUDIT]: 'AUDIT',
  [EVENT_OVERFLOW]: 'ERROR',
};

export interface NamingContext {
  readonly names: FlowNames;
  readonly node: string;
  /** RFC 3339, of the event. */
  readonly time: string;
}

export function nameEvent(event: PacketEvent, { names, node, time }: NamingContext): Flow {
  const isIngress = event.direction === DIRECTION_INGRESS;
  const [sourceAddress, destinationAddress] = [
    wordText({ hi: event.sourceHi, lo: event.sourceLo }),
    wordText({ hi: event.destinationHi, lo: event.destinationLo }),
  ];
  const verdict = event.kind === EVENT_ALLOW && event.proxyPort !== 0 ? 'REDIRECTED' : (verdicts[event.kind] ?? 'ERROR');
  const told = isIngress || event.endpoint === 0 ? undefined : names.told?.(event.endpoint, destinationAddress);
  const service = event.service === 0 ? undefined : names.service(event.service);
  const unsaid: Omit<Flow, 'Summary'> = {
    time,
    verdict,
    ...(event.reason !== 0 && { drop_reason: event.reason, drop_reason_desc: hubbleReason(event.reason) }),
    IP: { source: sourceAddress, destination: destinationAddress, ipVersion: event.family === FAMILY_IPV6 ? 'IPv6' : 'IPv4' },
    ...layer4Of(event),
    source:
      event.namespace === 0n ? endOf(sourceAddress, event.sourceIdentity, isIngress ? 0 : event.endpoint, names) : ownerOf(event, names),
    destination: endOf(destinationAddress, event.destinationIdentity, isIngress ? event.endpoint : 0, names),
    Type: 'L3_L4',
    node_name: node,
    event_type: verdict === 'DROPPED' ? { type: dropType, sub_type: event.reason } : { type: verdictType },
    ...(told !== undefined && told.length > 0 && { destination_names: told }),
    ...(service && { destination_service: { namespace: service.namespace, name: service.name } }),
    traffic_direction: isIngress ? 'INGRESS' : 'EGRESS',
    ...(event.proxyPort !== 0 && { proxy_port: swapPort(event.proxyPort) }),
    ...rulesOf(event, names),
  };
  return { ...unsaid, Summary: summaryOf(unsaid, event) };
}

/** Of a socket, which has no address yet. */
function ownerOf({ namespace, sourceIdentity, endpoint }: PacketEvent, names: FlowNames): FlowEnd {
  const { address = '', identity = sourceIdentity } = names.namespace(namespace) ?? {};
  return endOf(address, identity, endpoint, names);
}

/** What is known by the address may be known better by the endpoint that spoke. */
function endOf(address: string, identity: number, endpoint: number, names: FlowNames): FlowEnd {
  const found = names.address(address);
  const id = endpoint === 0 ? found?.endpoint : endpoint;
  const pod = found?.pod === undefined && endpoint !== 0 ? names.endpoint(endpoint) : found;
  const number = identity === 0 ? (found?.identity ?? 0) : identity;
  const labels = number === 0 ? undefined : names.identity(number);
  return {
    ...(id !== undefined && { ID: id }),
    identity: number,
    ...(pod?.namespace !== undefined && { namespace: pod.namespace }),
    ...(pod?.pod !== undefined && { pod_name: pod.pod }),
    ...(labels && { labels }),
  };
}

function layer4Of(event: PacketEvent): { l4: Layer4 } | undefined {
  const ports = { source_port: swapPort(event.sourcePort), destination_port: swapPort(event.destinationPort) };
  switch (event.protocol) {
    case PROTOCOL_TCP:
      return { l4: { TCP: { ...ports, ...(event.tcpFlags !== 0 && { flags: flagSets[event.tcpFlags] }) } } };
    case PROTOCOL_UDP:
      return { l4: { UDP: ports } };
    case PROTOCOL_SCTP:
      return { l4: { SCTP: ports } };
    case PROTOCOL_ICMP:
      return { l4: { ICMPv4: { type: event.icmpType } } };
    case PROTOCOL_ICMPV6:
      return { l4: { ICMPv6: { type: event.icmpType } } };
    default:
      return undefined;
  }
}

const flagBits = { FIN: TCP_FIN, SYN: TCP_SYN, RST: TCP_RST, ACK: TCP_ACK } as const;
/** Bits → flags, each made once. */
const flagSets = Array.from({ length: 256 }, (_, bits): Readonly<Record<string, true>> => {
  return Object.fromEntries(Object.entries(flagBits).flatMap(([name, bit]) => ((bits & bit) === 0 ? [] : [[name, true as const]])));
});

/** A rule that a side named allowed it there, unless that is the side that refused. */
function rulesOf(event: PacketEvent, names: FlowNames): Partial<Flow> {
  const refused = refusedDirection(event);
  const side = (number: number, direction: 'egress' | 'ingress'): Partial<Flow> => {
    if (number === 0) return {};
    const rules: FlowRule[] = [readRule(names.rule(number) ?? `rule ${number}`)];
    return { [`${direction}_${refused === direction ? 'denied' : 'allowed'}_by`]: rules };
  };
  return { ...side(event.egressRule, 'egress'), ...side(event.ingressRule, 'ingress') };
}
