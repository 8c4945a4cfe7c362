// Hubble's lines: what `hubble observe -o json` (and jsonpb) prints and its exporter writes. A line is a response around a flow, or
// in old releases the flow itself; fields are written as in the protocol's description, or in camel case by other printers.

import type { LineRead, RecordedFlow, RecordedPeer } from './recorded.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Hubble's word for a protocol → ours. */
const protocols = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp', ICMPv4: 'icmp', ICMPv6: 'icmpv6' } as const;

/** Messages of ICMP that answer another one: policy does not decide them. */
const icmpAnswers: Readonly<Record<string, readonly number[]>> = { icmp: [0, 3, 11, 12, 14], icmpv6: [1, 2, 3, 4, 129] };

export function readHubble(line: Fields): LineRead {
  const flow = isFields(line.flow) ? line.flow : line;
  const address = field(flow, 'IP', 'ip');
  if (!isFields(address) || !(isFields(flow.source) || isFields(flow.destination))) {
    if (events.some((name) => name in line)) return 'event';
    throw new TypeError('neither a flow of ours ("from", "to", "protocol", "port") nor one of Hubble\'s');
  }
  // Before a service's address has become a backend's there is no packet yet.
  if (field(flow, 'Type', 'type') === 'SOCK') return 'event';
  const layer4 = readLayer4(flow.l4);
  if (layer4 === undefined) return 'protocol';
  if (isReply(flow, layer4)) return 'reply';
  const [from, to] = [
    readEnd(flow.source, address.source, field(flow, 'source_names', 'sourceNames')),
    readEnd(flow.destination, address.destination, field(flow, 'destination_names', 'destinationNames')),
  ];
  return { from, to, protocol: layer4.protocol, port: layer4.port, count: 1 };
}

const events = ['node_status', 'nodeStatus', 'lost_events', 'lostEvents', 'agent_event', 'agentEvent', 'debug_event', 'debugEvent', 'time'];

interface Layer4 extends Pick<RecordedFlow, 'protocol' | 'port'> {
  readonly flags: Fields;
}

function readLayer4(value: unknown): Layer4 | undefined {
  if (!isFields(value)) return undefined;
  for (const [name, protocol] of Object.entries(protocols)) {
    const found = value[name];
    if (!isFields(found)) continue;
    // Zero is not printed: no port, no type.
    const port = Number((name.startsWith('ICMP') ? found.type : field(found, 'destination_port', 'destinationPort')) ?? 0);
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new TypeError(`l4.${name}: not a port: ${JSON.stringify(port)}`);
    return { protocol, port, flags: isFields(found.flags) ? found.flags : {} };
  }
  return undefined;
}

/** Drops do not say whether they are replies; the packet's own flags may. */
function isReply(flow: Fields, { protocol, port, flags }: Layer4): boolean {
  const said = field(flow, 'is_reply', 'isReply') ?? flow.reply;
  if (isFields(flow.l7) && flow.l7.type === 'RESPONSE') return true;
  return said === true || (flags.SYN === true && flags.ACK === true) || icmpAnswers[protocol]?.includes(port) === true;
}

function readEnd(endpoint: unknown, address: unknown, said: unknown): RecordedPeer {
  const known = isFields(endpoint) ? endpoint : {};
  const labels = texts(known.labels);
  // An identity that names led to says which ones; patterns are no names.
  const names = [...new Set([...texts(said), ...labels.flatMap((label) => /^fqdn:([^*]+?)\.?$/.exec(label)?.[1] ?? [])])];
  const reserved = labels.flatMap((label) => /^reserved:([a-z0-9-]+)=?$/.exec(label)?.[1] ?? []);
  const pod = field(known, 'pod_name', 'podName');
  const namespace = typeof known.namespace === 'string' ? known.namespace : '';
  const [workload] = Array.isArray(known.workloads) ? known.workloads.filter(isFields) : [];
  return {
    ...(namespace !== '' && (typeof pod === 'string' && pod !== '' ? { pod: `${namespace}/${pod}` } : podOfIdentity(known, namespace))),
    ...(typeof address === 'string' && address !== '' && { address }),
    ...(names.length > 0 && { names }),
    // Addresses outside are known by the address; what Hubble calls world says no more.
    ...(reserved.some((name) => !name.startsWith('world')) && { reserved: reserved.filter((name) => !name.startsWith('world')) }),
    ...(labels.some((label) => label.startsWith('k8s:')) && { labels }),
    ...(typeof workload?.name === 'string' && namespace !== '' && { workload: `${namespace}/${workload.name}` }),
  };
}

/** A pod of another node, or one that has gone: only what it was is known. */
function podOfIdentity({ identity }: Fields, namespace: string): Pick<RecordedPeer, 'pod'> {
  return Number(identity) > 255 ? { pod: `${namespace}/identity-${Number(identity)}` } : {};
}

function field(value: Fields, ...names: readonly string[]): unknown {
  const name = names.find((candidate) => value[candidate] !== undefined && value[candidate] !== null);
  return name === undefined ? undefined : value[name];
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string') : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
