// DNS flows: a record of the log in the field names of Hubble's JSON, so that tools that read those read ours. As there, an answer's source
// is the server.

import type { DnsRecord } from './log-record.ts';

export interface DnsFlow {
  /** RFC 3339. */
  readonly time: string;
  readonly verdict: 'FORWARDED' | 'DROPPED' | 'ERROR';
  readonly IP: { readonly source: string; readonly destination: string; readonly ipVersion: 'IPv4' | 'IPv6' };
  readonly l4: Readonly<Partial<Record<'TCP' | 'UDP', { readonly source_port: number; readonly destination_port: number }>>>;
  readonly source: DnsFlowEnd;
  readonly destination: DnsFlowEnd;
  readonly Type: 'L7';
  readonly node_name: string;
  readonly event_type: { readonly type: 129 };
  readonly traffic_direction: 'EGRESS';
  readonly is_reply: boolean;
  readonly l7: {
    readonly type: 'REQUEST' | 'RESPONSE';
    /** Of answers. */
    readonly latency_ns?: number;
    readonly dns: DnsLayer;
  };
  /** Ours: the rule that allowed the name, as `policy explain` names it. */
  readonly rule?: string;
  /** Ours: why it was not forwarded. */
  readonly reason?: string;
  /** The line for people, without time. */
  readonly Summary: string;
}

export interface DnsLayer {
  readonly query: string;
  readonly ips?: readonly string[];
  readonly ttl?: number;
  readonly cnames?: readonly string[];
  readonly observation_source: 'proxy';
  readonly rcode?: number;
  readonly qtypes: readonly string[];
  readonly rrtypes?: readonly string[];
}

export interface DnsFlowEnd {
  readonly ID?: number;
  readonly identity: number;
  readonly namespace?: string;
  readonly pod_name?: string;
  readonly labels?: readonly string[];
}

/** What is known of a pod of this node. */
export interface NamedPod {
  readonly namespace: string;
  readonly pod: string;
  readonly identity: number;
  readonly labels: readonly string[];
}

export interface FlowNaming {
  readonly node: string;
  readonly pod: (endpoint: number) => NamedPod | undefined;
  /** Labels and the like of whoever has an identity; nothing is known without it. */
  readonly server?: (identity: number, address: string) => Omit<DnsFlowEnd, 'identity' | 'ID'> | undefined;
}

const verdictWords = { forwarded: 'FORWARDED', dropped: 'DROPPED', error: 'ERROR' } as const;

const typeNames = new Map<number, string>(
  Object.entries({
    A: 1,
    NS: 2,
    CNAME: 5,
    SOA: 6,
    PTR: 12,
    HINFO: 13,
    MX: 15,
    TXT: 16,
    RP: 17,
    AFSDB: 18,
    SIG: 24,
    KEY: 25,
    AAAA: 28,
    LOC: 29,
    SRV: 33,
    NAPTR: 35,
    KX: 36,
    CERT: 37,
    DNAME: 39,
    OPT: 41,
    APL: 42,
    DS: 43,
    SSHFP: 44,
    RRSIG: 46,
    NSEC: 47,
    DNSKEY: 48,
    DHCID: 49,
    NSEC3: 50,
    TLSA: 52,
    CDS: 59,
    CDNSKEY: 60,
    SVCB: 64,
    HTTPS: 65,
    SPF: 99,
    IXFR: 251,
    AXFR: 252,
    ANY: 255,
    URI: 256,
    CAA: 257,
  }).map(([name, number]) => [number, name]),
);

const rcodeNames = ['No Error', 'Format Error', 'Server Failure', 'Non-Existent Domain', 'Not Implemented', 'Query Refused'];

/** Text of a record type: `AAAA`, or `TYPE1234`. */
export function typeText(type: number): string {
  return typeNames.get(type) ?? `TYPE${type}`;
}

export function dnsFlow(record: DnsRecord, naming: FlowNaming): DnsFlow {
  const isReply = record.kind === 'response';
  const pod = { ...podEnd(record, naming), address: record.pod, port: record.podPort };
  const server = { ...serverEnd(record, naming), address: record.server, port: record.serverPort };
  const [from, to] = isReply ? [server, pod] : [pod, server];
  const { address: source, port: source_port, ...sourceEnd } = from;
  const { address: destination, port: destination_port, ...destinationEnd } = to;
  return {
    time: new Date(record.time).toISOString(),
    verdict: verdictWords[record.verdict],
    IP: { source, destination, ipVersion: source.includes(':') ? 'IPv6' : 'IPv4' },
    l4: { [record.protocol === 6 ? 'TCP' : 'UDP']: { source_port, destination_port } },
    source: sourceEnd,
    destination: destinationEnd,
    Type: 'L7',
    node_name: naming.node,
    event_type: { type: 129 },
    traffic_direction: 'EGRESS',
    is_reply: isReply,
    l7: { type: isReply ? 'RESPONSE' : 'REQUEST', ...(isReply && { latency_ns: Math.round(record.latencyNs) }), dns: dnsLayer(record) },
    ...(record.rule !== '' && { rule: record.rule }),
    ...(record.reason !== '' && { reason: record.reason }),
    Summary: summary(record),
  };
}

function podEnd({ endpoint }: DnsRecord, naming: FlowNaming): DnsFlowEnd {
  const known = naming.pod(endpoint);
  if (known === undefined) return { ID: endpoint, identity: 0 };
  return { ID: endpoint, identity: known.identity, namespace: known.namespace, pod_name: known.pod, labels: known.labels };
}

function serverEnd({ serverIdentity, server }: DnsRecord, naming: FlowNaming): DnsFlowEnd {
  return { identity: serverIdentity, ...naming.server?.(serverIdentity, server) };
}

function dnsLayer(record: DnsRecord): DnsLayer {
  const { name: query, addresses, ttl, aliases, rcode, seenTypes } = record;
  const asked = { query, observation_source: 'proxy', qtypes: [typeText(record.type)] } as const;
  if (record.kind === 'request') return asked;
  return {
    ...asked,
    rcode,
    ...(addresses.length > 0 && { ips: addresses }),
    ...(addresses.length + aliases.length > 0 && { ttl }),
    ...(aliases.length > 0 && { cnames: aliases }),
    ...(seenTypes.length > 0 && { rrtypes: seenTypes.map(typeText) }),
  };
}

/** As Hubble says it, with the reason behind it. */
function summary({ kind, name, type, rcode, addresses, ttl, aliases, reason }: DnsRecord): string {
  const asked = `${name} ${typeText(type)}`;
  const why = reason === '' ? '' : `: ${reason}`;
  if (kind === 'request') return `DNS Query ${asked}${why}`;
  const parts = [
    ...(rcode === 0 ? [] : [`RCode: ${rcodeNames[rcode] ?? rcode}`]),
    ...(addresses.length > 0 ? [`"${addresses.join(',')}"`] : []),
    ...(addresses.length + aliases.length > 0 ? [`TTL: ${ttl}`] : []),
    ...(aliases.length > 0 ? [`CNAMEs: "${aliases.join(',')}"`] : []),
  ];
  return ['DNS Answer', ...parts, `(Proxy ${asked})`].join(' ') + why;
}
