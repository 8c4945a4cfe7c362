// Generated from datapath-as/core by kernel/codegen (npm run generate); do not edit.

import type { MapSpec } from '../layout.ts';
import type { Address, AddressSlot, Affinity, AffinityKey, Backend, BackendHits, Config, Conntrack, Endpoint, Event, FlowKey, FragmentKey, FragmentPorts, Frontend, FrontendKey, Grant, GrantKey, MaglevSlot, Metric, Node, PolicyEntry, PolicyKey, Prefix, PrefixKey, SocketConfig, SocketFrontend, SocketKey, SourceRange, SourceRangeKey, Translation, Tuple } from './layouts.ts';
import { addressCodec, addressSlotCodec, affinityCodec, affinityKeyCodec, backendCodec, backendHitsCodec, configCodec, conntrackCodec, endpointCodec, eventCodec, flowKeyCodec, fragmentKeyCodec, fragmentPortsCodec, frontendCodec, frontendKeyCodec, grantCodec, grantKeyCodec, maglevSlotCodec, metricCodec, nodeCodec, policyEntryCodec, policyKeyCodec, prefixCodec, prefixKeyCodec, socketConfigCodec, socketFrontendCodec, socketKeyCodec, sourceRangeCodec, sourceRangeKeyCodec, translationCodec, tupleCodec, u32Codec } from './layouts.ts';

/** The run-time switches of this node. */
export const configSpec: MapSpec<number, Config> = {
  number: 0,
  name: 'config',
  kind: 'array',
  key: u32Codec,
  value: configCodec,
  entries: 1,
  writer: 'orchestrator',
  sentence: 'the run-time switches of this node',
  layoutHash: '719a4a2beccbd629',
};

/** Packets and bytes per reason and direction. */
export const metricsSpec: MapSpec<number, Metric> = {
  number: 1,
  name: 'metrics',
  kind: 'percpu-array',
  key: u32Codec,
  value: metricCodec,
  entries: 512,
  writer: 'datapath',
  sentence: 'packets and bytes per reason and direction',
  layoutHash: 'df3550c7cf410af8',
};

/** Bytes of the event ring. */
export const eventsSpec: MapSpec<number, Event> = {
  number: 2,
  name: 'events',
  kind: 'ring',
  key: u32Codec,
  value: eventCodec,
  entries: 1048576,
  writer: 'datapath',
  sentence: 'bytes of the event ring',
  layoutHash: '64ef370320213e31',
};

/** Epoch and hints of the addresses that hash to a slot. */
export const epochsSpec: MapSpec<number, AddressSlot> = {
  number: 3,
  name: 'epochs',
  kind: 'array',
  key: u32Codec,
  value: addressSlotCodec,
  entries: 65536,
  writer: 'orchestrator',
  sentence: 'epoch and hints of the addresses that hash to a slot',
  layoutHash: 'a5db7ffa985108fc',
};

/** Interfaces of this node by address. */
export const endpointsSpec: MapSpec<Address, Endpoint> = {
  number: 4,
  name: 'endpoints',
  kind: 'hash',
  key: addressCodec,
  value: endpointCodec,
  entries: 65536,
  writer: 'orchestrator',
  sentence: 'interfaces of this node by address',
  layoutHash: '26e1748d5f59959b',
};

/** Identity and node of every known prefix. */
export const ipcacheSpec: MapSpec<PrefixKey, Prefix> = {
  number: 5,
  name: 'ipcache',
  kind: 'lpm',
  key: prefixKeyCodec,
  value: prefixCodec,
  entries: 512000,
  writer: 'orchestrator',
  sentence: 'identity and node of every known prefix',
  layoutHash: '051a4b1a58dd05ca',
};

/** Nodes by number. */
export const nodesSpec: MapSpec<number, Node> = {
  number: 6,
  name: 'nodes',
  kind: 'hash',
  key: u32Codec,
  value: nodeCodec,
  entries: 16384,
  writer: 'orchestrator',
  sentence: 'nodes by number',
  layoutHash: 'b480303bce282066',
};

/** Entries of all policy sets. */
export const policySpec: MapSpec<PolicyKey, PolicyEntry> = {
  number: 7,
  name: 'policy',
  kind: 'lpm',
  key: policyKeyCodec,
  value: policyEntryCodec,
  entries: 1048576,
  writer: 'orchestrator',
  sentence: 'entries of all policy sets',
  layoutHash: '6e5946558efcaa6f',
};

/** Addresses that an endpoint got in DNS answers. */
export const grantsSpec: MapSpec<GrantKey, Grant> = {
  number: 8,
  name: 'grants',
  kind: 'hash',
  key: grantKeyCodec,
  value: grantCodec,
  entries: { standard: 4194304, min: 262144, max: 2097152 },
  writer: 'orchestrator',
  sentence: 'addresses that an endpoint got in DNS answers',
  layoutHash: '5fe75a1291105c9b',
};

/** Service addresses. */
export const frontendsSpec: MapSpec<FrontendKey, Frontend> = {
  number: 9,
  name: 'frontends',
  kind: 'hash',
  key: frontendKeyCodec,
  value: frontendCodec,
  entries: 131072,
  writer: 'orchestrator',
  sentence: 'service addresses',
  layoutHash: '3829a347467ca57a',
};

/** Clients that a service takes. */
export const sourceRangesSpec: MapSpec<SourceRangeKey, SourceRange> = {
  number: 10,
  name: 'source_ranges',
  kind: 'lpm',
  key: sourceRangeKeyCodec,
  value: sourceRangeCodec,
  entries: 65536,
  writer: 'orchestrator',
  sentence: 'clients that a service takes',
  layoutHash: 'd1ce0d0169f889ee',
};

/** Backend ids of all services, one slice each. */
export const maglevSpec: MapSpec<number, MaglevSlot> = {
  number: 11,
  name: 'maglev',
  kind: 'array',
  key: u32Codec,
  value: maglevSlotCodec,
  entries: { standard: 16777216, min: 4194304, max: 33554431 },
  writer: 'orchestrator',
  sentence: 'backend ids of all services, one slice each',
  layoutHash: '5d3ca40538ab1a01',
};

/** Backends by stable id. */
export const backendsSpec: MapSpec<number, Backend> = {
  number: 12,
  name: 'backends',
  kind: 'hash',
  key: u32Codec,
  value: backendCodec,
  entries: 262144,
  writer: 'orchestrator',
  sentence: 'backends by stable id',
  layoutHash: 'd1d8e6f5c58cdd87',
};

/** The backend a client keeps. */
export const affinitySpec: MapSpec<AffinityKey, Affinity> = {
  number: 13,
  name: 'affinity',
  kind: 'lru',
  key: affinityKeyCodec,
  value: affinityCodec,
  entries: 65536,
  writer: 'datapath',
  sentence: 'the backend a client keeps',
  layoutHash: '35c7f5586aed6bac',
};

/** Flows. */
export const conntrackSpec: MapSpec<FlowKey, Conntrack> = {
  number: 14,
  name: 'conntrack',
  kind: 'lru',
  key: flowKeyCodec,
  value: conntrackCodec,
  entries: { standard: 786432, min: 131072, max: 16777216 },
  writer: 'datapath',
  sentence: 'flows',
  layoutHash: '8b47dbe92c767d51',
};

/** Translated flows by what their client wrote on the packet. */
export const translationsSpec: MapSpec<Tuple, Translation> = {
  number: 15,
  name: 'translations',
  kind: 'lru',
  key: tupleCodec,
  value: translationCodec,
  entries: { standard: 262144, min: 65536, max: 16777216 },
  writer: 'datapath',
  sentence: 'translated flows by what their client wrote on the packet',
  layoutHash: '1ca8871086aa55b1',
};

/** Ports of fragmented datagrams. */
export const fragmentsSpec: MapSpec<FragmentKey, FragmentPorts> = {
  number: 16,
  name: 'fragments',
  kind: 'lru',
  key: fragmentKeyCodec,
  value: fragmentPortsCodec,
  entries: 8192,
  writer: 'datapath',
  sentence: 'ports of fragmented datagrams',
  layoutHash: 'fe650602bbeeaeba',
};

/** What sockets of this node are judged by. */
export const socketConfigSpec: MapSpec<number, SocketConfig> = {
  number: 17,
  name: 'socket_config',
  kind: 'array',
  key: u32Codec,
  value: socketConfigCodec,
  entries: 1,
  writer: 'orchestrator',
  sentence: 'what sockets of this node are judged by',
  layoutHash: 'ece83e40ab4c591f',
};

/** The backend that a socket without a peer keeps for a frontend. */
export const socketFlowsSpec: MapSpec<SocketKey, Translation> = {
  number: 18,
  name: 'socket_flows',
  kind: 'lru',
  key: socketKeyCodec,
  value: translationCodec,
  entries: 16384,
  writer: 'datapath',
  sentence: 'the backend that a socket without a peer keeps for a frontend',
  layoutHash: '7eb12a9d7511a09f',
};

/** The frontend that a socket was given a backend for. */
export const socketReverseSpec: MapSpec<SocketKey, SocketFrontend> = {
  number: 19,
  name: 'socket_reverse',
  kind: 'lru',
  key: socketKeyCodec,
  value: socketFrontendCodec,
  entries: 65536,
  writer: 'datapath',
  sentence: 'the frontend that a socket was given a backend for',
  layoutHash: 'b15895a01e51d760',
};

/** Connections that each backend was given so far, by its id. */
export const backendHitsSpec: MapSpec<number, BackendHits> = {
  number: 20,
  name: 'backend_hits',
  kind: 'hash',
  key: u32Codec,
  value: backendHitsCodec,
  entries: 262144,
  writer: 'datapath',
  sentence: 'connections that each backend was given so far, by its id',
  layoutHash: 'c7a5d80203753ae1',
};

/** All maps, by number. */
export const maps: readonly MapSpec[] = [
  configSpec,
  metricsSpec,
  eventsSpec,
  epochsSpec,
  endpointsSpec,
  ipcacheSpec,
  nodesSpec,
  policySpec,
  grantsSpec,
  frontendsSpec,
  sourceRangesSpec,
  maglevSpec,
  backendsSpec,
  affinitySpec,
  conntrackSpec,
  translationsSpec,
  fragmentsSpec,
  socketConfigSpec,
  socketFlowsSpec,
  socketReverseSpec,
  backendHitsSpec,
] as readonly unknown[] as readonly MapSpec[];
