// State of a case in readable form, and the map entries that it becomes.

import { ticks } from '../../../orchestrator/datapath/clock.ts';
import type { AddressSlot } from '../../../orchestrator/datapath/generated/layouts.ts';
import { parseMac } from '../../../orchestrator/net/packet.ts';
import { protocolNumbers } from '../../../orchestrator/net/transport.ts';
import { addressWords, prefixWords, swapPort } from '../../../orchestrator/net/words.ts';
import { addressSlot } from '../../support/address-slot.ts';
import { type Family, type HostName, hostAddress, prefixes } from '../../support/world.ts';
import type { PortName } from './case.ts';
import { policyEntries } from './rules.ts';

export interface State {
  readonly config?: ConfigState;
  readonly endpoints?: Partial<Record<HostName, EndpointState>>;
  /** Rules (see rules.ts) by policy set. */
  readonly policies?: Readonly<Record<number, readonly string[]>>;
  /** By name of a prefix or a host of the world; node 0 by default. */
  readonly ipcache?: Readonly<Record<string, { readonly identity: number; readonly node?: number }>>;
  readonly nodes?: Readonly<Record<number, { readonly at: HostName; readonly mode?: 'overlay' | 'native' }>>;
  readonly services?: readonly ServiceState[];
  /** Backends by themselves, to take them away. */
  readonly backends?: readonly BackendState[];
  readonly grants?: readonly GrantState[];
  readonly affinity?: readonly { client: HostName; service: number; backend: number; seconds: number }[];
  /** Hosts whose epochs move, after everything else was written. */
  readonly epochs?: readonly HostName[];
}

export interface ConfigState {
  readonly allowEvents?: boolean;
  /** Source ports for clients from the network. */
  readonly masqPorts?: readonly [first: number, last: number];
  /** The node's own address among its pods; the host's by default. */
  readonly router?: HostName;
  /** It has none. */
  readonly noRouter?: boolean;
  /** The node has no hairpin address. */
  readonly noHairpin?: boolean;
  /** The node has not been configured yet. */
  readonly absent?: boolean;
}

export interface EndpointState {
  readonly identity: number;
  readonly policySet?: number;
  readonly enforced?: 'egress' | 'ingress' | 'both';
  readonly audit?: boolean;
  /** Its set is said to have no entry that speaks of every peer. */
  readonly peersOnly?: boolean;
  /** The host itself. */
  readonly host?: boolean;
  /** Behind another port than that of its name. */
  readonly port?: PortName;
}

export interface ServiceState {
  readonly number: number;
  /** `name:port`; without a port: the address is closed but for other frontends. */
  readonly frontend: string;
  readonly protocol?: 'tcp' | 'udp' | 'sctp';
  /** Where clients are: pods (internal), the network (external), or both by default. */
  readonly scope?: 'internal' | 'external';
  readonly backends: readonly BackendState[];
  /** Backend ids by slot; one slot for each backend by default. */
  readonly slots?: readonly number[];
  readonly affinitySeconds?: number;
  /** Names of prefixes or hosts whose clients it takes; everybody by default. */
  readonly sourceRanges?: readonly string[];
  /** Direct server return. */
  readonly dsr?: boolean;
}

export interface BackendState {
  readonly id: number;
  /** `name:port`. */
  readonly at: string;
  readonly state?: 'active' | 'terminating' | 'quarantined';
  readonly generation?: number;
  /** Only in the slots: the backend itself is gone. */
  readonly gone?: boolean;
}

export interface GrantState {
  readonly endpoint: HostName;
  readonly to: HostName;
  /** [identity, seconds until it ends], at most four. */
  readonly identities: readonly (readonly [number, number])[];
}

/** One entry: name of the map, key, value. */
export type Entry = readonly [map: string, key: unknown, value: unknown];

/** What entries are written for. */
export interface Place {
  readonly family: Family;
  /** Tick. */
  readonly now: number;
  readonly ports: Readonly<Record<PortName, number>>;
}

export const endpointIds: Readonly<Partial<Record<HostName, number>>> = { client: 11, server: 12, other: 13, host: 1 };
const scopes = { external: 0, internal: 1 } as const;
const backendStates = { active: 0, terminating: 1, quarantined: 2 } as const;
const slotsPerService = 64;

/** Entries in the order in which they may be written: what others refer to comes first. */
export function stateEntries(state: State, place: Place): Entry[] {
  return [
    ...configEntries(state.config ?? {}, place),
    ...nodeEntries(state, place),
    ...Object.entries(state.policies ?? {}).flatMap(([set, rules]) =>
      rules.flatMap((rule) => policyEntries(Number(set), rule).map(([key, value]) => ['policy', key, value] as const)),
    ),
    ...Object.entries(state.ipcache ?? {}).map(([name, prefix]) => prefixEntry(name, prefix, place.family)),
    ...Object.entries(state.endpoints ?? {}).map(([name, endpoint]) => endpointEntry(name as HostName, endpoint, place)),
    ...(state.backends ?? []).map((backend) => backendEntry(backend, protocolNumbers.tcp, place.family)),
    ...(state.services ?? []).flatMap((service) => serviceEntries(service, place.family)),
    ...(state.grants ?? []).map((grant) => grantEntry(grant, place)),
    ...(state.affinity ?? []).map((kept) => affinityEntry(kept, place)),
  ];
}

/** Hints of the addresses that the state speaks of, by slot; epochs are the runner's. */
export function stateHints(state: State, family: Family): Map<number, AddressSlot['hints']> {
  const hints = new Map<number, number>();
  const add = (name: string, hint: number): void => {
    const slot = addressSlot(hostAddress(name, family));
    hints.set(slot, (hints.get(slot) ?? 0) | hint);
  };
  for (const service of state.services ?? []) add(service.frontend.split(':')[0] ?? '', 1);
  for (const name of Object.keys(state.endpoints ?? {})) add(name, 2);
  return hints;
}

/** The MAC address of a host's interface, or of its gateway. */
export function macOf(name: HostName, side: 'pod' | 'gateway'): bigint {
  const number = (endpointIds[name] ?? 0).toString(16).padStart(2, '0');
  const bytes = new Uint8Array(8);
  bytes.set(parseMac(`02:00:00:00:0${side === 'pod' ? 1 : 2}:${number}`));
  return new DataView(bytes.buffer).getBigUint64(0, true);
}

function configEntries(config: ConfigState, place: Place): Entry[] {
  if (config.absent) return [];
  const hairpin4 = config.noHairpin ? { hi: 0n, lo: 0n } : addressWords(hostAddress('hairpin', 'ipv4'));
  const hairpin6 = config.noHairpin ? { hi: 0n, lo: 0n } : addressWords(hostAddress('hairpin', 'ipv6'));
  const router4 = config.noRouter ? { hi: 0n, lo: 0n } : addressWords(hostAddress(config.router ?? 'host', 'ipv4'));
  const router6 = config.noRouter ? { hi: 0n, lo: 0n } : addressWords(hostAddress(config.router ?? 'host', 'ipv6'));
  const flags = config.allowEvents ? 2 : 0;
  const value = {
    flags,
    node: 1,
    cluster: 0,
    overlayPort: place.ports.overlay,
    hairpin4: hairpin4.lo,
    hairpin6Hi: hairpin6.hi,
    hairpin6Lo: hairpin6.lo,
    hostMac: macOf('host', 'pod'),
    router4: router4.lo,
    router6Hi: router6.hi,
    router6Lo: router6.lo,
    masqPortMin: config.masqPorts?.[0] ?? 61000,
    masqPortMax: config.masqPorts?.[1] ?? 65535,
    tunnelPort: swapPort(8472),
  };
  return [['config', 0, value]];
}

function nodeEntries(state: State, place: Place): Entry[] {
  return Object.entries(state.nodes ?? {}).map(([number, { at, mode }]) => {
    const { hi, lo } = addressWords(hostAddress(at, place.family));
    return [
      'nodes',
      Number(number),
      { addressHi: hi, addressLo: lo, mode: mode === 'native' ? 0 : 1, keyState: 0, mtu: 1450, cluster: 0, flags: 0 },
    ];
  });
}

function prefixEntry(name: string, prefix: { identity: number; node?: number }, family: Family): Entry {
  const text = name in prefixes ? prefixes[name as keyof typeof prefixes][family] : hostAddress(name, family);
  return ['ipcache', prefixWords(text), { identity: prefix.identity, node: prefix.node ?? 0, flags: 0 }];
}

function rangeEntry(service: number, name: string, family: Family): Entry {
  const text = name in prefixes ? prefixes[name as keyof typeof prefixes][family] : hostAddress(name, family);
  const { prefixLength, hi, lo } = prefixWords(text);
  return ['source_ranges', { prefixLength, service, hi, lo }, { flags: 0 }];
}

function endpointEntry(name: HostName, endpoint: EndpointState, place: Place): Entry {
  const { enforced } = endpoint;
  const flags =
    (enforced === 'egress' || enforced === 'both' ? 1 : 0) |
    (enforced === 'ingress' || enforced === 'both' ? 2 : 0) |
    (endpoint.host ? 4 : 0) |
    (endpoint.audit ? 8 : 0) |
    (endpoint.peersOnly ? 48 : 0);
  const value = {
    port: place.ports[endpoint.port ?? (name as PortName)] ?? 0,
    id: endpointIds[name] ?? 0,
    identity: endpoint.identity,
    policySet: endpoint.policySet ?? 0,
    flags,
    mac: macOf(name, 'pod'),
    gatewayMac: macOf(name, 'gateway'),
  };
  return ['endpoints', addressWords(hostAddress(name, place.family)), value];
}

function serviceEntries(service: ServiceState, family: Family): Entry[] {
  const [name = '', port] = service.frontend.split(':');
  const slots = service.slots ?? service.backends.map(({ id }) => id);
  const offset = service.number * slotsPerService;
  const isClosed = port === undefined;
  const protocol = isClosed ? 0 : protocolNumbers[service.protocol ?? 'tcp'];
  const value = {
    service: service.number,
    offset,
    size: slots.length,
    flags: (service.affinitySeconds ? 1 : 0) | (isClosed ? 2 : 0) | (service.sourceRanges ? 4 : 0) | (service.dsr ? 8 : 0),
    affinityTicks: ticks(service.affinitySeconds ?? 0),
  };
  const keys = (service.scope ? [scopes[service.scope]] : [scopes.internal, scopes.external]).map((scope) => ({
    ...addressWords(hostAddress(name, family)),
    port: swapPort(Number(port ?? 0)),
    protocol,
    scope,
  }));
  return [
    ...service.backends.filter(({ gone }) => !gone).map((backend) => backendEntry(backend, protocol, family)),
    ...slots.map((backend, index): Entry => ['maglev', offset + index, { backend }]),
    ...(service.sourceRanges ?? []).map((range) => rangeEntry(service.number, range, family)),
    ...keys.map((key): Entry => ['frontends', key, value]),
  ];
}

function backendEntry(backend: BackendState, protocol: number, family: Family): Entry {
  const [name = '', port = '0'] = backend.at.split(':');
  const value = {
    ...addressWords(hostAddress(name, family)),
    port: swapPort(Number(port)),
    protocol,
    state: backendStates[backend.state ?? 'active'],
    generation: backend.generation ?? 1,
    cluster: 0,
    zone: 0,
    flags: 0,
  };
  return ['backends', backend.id, value];
}

function grantEntry(grant: GrantState, place: Place): Entry {
  const key = { ...addressWords(hostAddress(grant.to, place.family)), endpoint: endpointIds[grant.endpoint] ?? 0 };
  const value: Record<string, number> = {};
  for (let index = 0; index < 4; index += 1) {
    const [identity, seconds] = grant.identities[index] ?? [0, 0];
    value[`identity${index}`] = identity;
    value[`expires${index}`] = identity === 0 ? 0 : (place.now + ticks(seconds)) >>> 0;
  }
  return ['grants', key, value];
}

function affinityEntry(kept: { client: HostName; service: number; backend: number; seconds: number }, place: Place): Entry {
  const { hi, lo } = addressWords(hostAddress(kept.client, place.family));
  return [
    'affinity',
    { clientHi: hi, clientLo: lo, service: kept.service },
    { backend: kept.backend, expires: (place.now + ticks(kept.seconds)) >>> 0 },
  ];
}
