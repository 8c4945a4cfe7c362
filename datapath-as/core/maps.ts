// Maps: every table that both machines keep, as data. The generator makes C definitions, AssemblyScript numbers and TypeScript
// specs of this list; nothing about a map is written twice. Plain TypeScript: the core itself never imports it.

export type MapKind = 'hash' | 'lru' | 'lpm' | 'array' | 'percpu-array' | 'ring';

export interface MapDefinition {
  readonly name: string;
  readonly kind: MapKind;
  /** Class in layout/ that is the key; arrays have a u32 index. */
  readonly key: string;
  readonly value: string;
  /** Entries: fixed, or scaled with the machine's memory between a floor and a ceiling (orchestrator/datapath/sizes.ts). */
  readonly entries: number | { readonly standard: number; readonly min: number; readonly max: number };
  /** Who writes it: the programs themselves, or the orchestrator only. */
  readonly writer: 'datapath' | 'orchestrator';
  /** An array whose entries are written many at a time, where they lie. */
  readonly isMapped?: true;
  readonly sentence: string;
}

export const maps: readonly MapDefinition[] = [
  {
    name: 'config',
    kind: 'array',
    key: 'u32',
    value: 'Config',
    entries: 1,
    writer: 'orchestrator',
    sentence: 'the run-time switches of this node',
  },
  {
    name: 'metrics',
    kind: 'percpu-array',
    key: 'u32',
    value: 'Metric',
    entries: 512,
    writer: 'datapath',
    sentence: 'packets and bytes per reason and direction',
  },
  { name: 'events', kind: 'ring', key: 'u32', value: 'Event', entries: 1 << 20, writer: 'datapath', sentence: 'bytes of the event ring' },
  {
    name: 'epochs',
    kind: 'array',
    key: 'u32',
    value: 'AddressSlot',
    entries: 65536,
    writer: 'orchestrator',
    sentence: 'epoch and hints of the addresses that hash to a slot',
  },
  {
    name: 'endpoints',
    kind: 'hash',
    key: 'Address',
    value: 'Endpoint',
    entries: 65536,
    writer: 'orchestrator',
    sentence: 'interfaces of this node by address',
  },
  {
    name: 'ipcache',
    kind: 'lpm',
    key: 'PrefixKey',
    value: 'Prefix',
    entries: 512000,
    writer: 'orchestrator',
    sentence: 'identity and node of every known prefix',
  },
  { name: 'nodes', kind: 'hash', key: 'u32', value: 'Node', entries: 16384, writer: 'orchestrator', sentence: 'nodes by number' },
  {
    name: 'policy',
    kind: 'lpm',
    key: 'PolicyKey',
    value: 'PolicyEntry',
    entries: 1048576,
    writer: 'orchestrator',
    sentence: 'entries of all policy sets',
  },
  {
    name: 'grants',
    kind: 'hash',
    key: 'GrantKey',
    value: 'Grant',
    // From 32 GiB on 110 pods may all have the 16,384 that the DNS proxy leaves each.
    entries: { standard: 4194304, min: 262144, max: 2097152 },
    writer: 'orchestrator',
    sentence: 'addresses that an endpoint got in DNS answers',
  },
  {
    name: 'frontends',
    kind: 'hash',
    key: 'FrontendKey',
    value: 'Frontend',
    entries: 131072,
    writer: 'orchestrator',
    sentence: 'service addresses',
  },
  {
    name: 'source_ranges',
    kind: 'lpm',
    key: 'SourceRangeKey',
    value: 'SourceRange',
    entries: 65536,
    writer: 'orchestrator',
    sentence: 'clients that a service takes',
  },
  {
    name: 'maglev',
    kind: 'array',
    key: 'u32',
    value: 'MaglevSlot',
    entries: { standard: 16777216, min: 4194304, max: 33554431 },
    writer: 'orchestrator',
    isMapped: true,
    sentence: 'backend ids of all services, one slice each',
  },
  {
    name: 'backends',
    kind: 'hash',
    key: 'u32',
    value: 'Backend',
    entries: 262144,
    writer: 'orchestrator',
    sentence: 'backends by stable id',
  },
  {
    name: 'affinity',
    kind: 'lru',
    key: 'AffinityKey',
    value: 'Affinity',
    entries: 65536,
    writer: 'datapath',
    sentence: 'the backend a client keeps',
  },
  {
    name: 'conntrack',
    kind: 'lru',
    key: 'FlowKey',
    value: 'Conntrack',
    entries: { standard: 786432, min: 131072, max: 16777216 },
    writer: 'datapath',
    sentence: 'flows',
  },
  {
    name: 'translations',
    kind: 'lru',
    key: 'Tuple',
    value: 'Translation',
    entries: { standard: 262144, min: 65536, max: 16777216 },
    writer: 'datapath',
    sentence: 'translated flows by what their client wrote on the packet',
  },
  {
    name: 'fragments',
    kind: 'lru',
    key: 'FragmentKey',
    value: 'FragmentPorts',
    entries: 8192,
    writer: 'datapath',
    sentence: 'ports of fragmented datagrams',
  },
  {
    name: 'socket_config',
    kind: 'array',
    key: 'u32',
    value: 'SocketConfig',
    entries: 1,
    writer: 'orchestrator',
    sentence: 'what sockets of this node are judged by',
  },
  {
    name: 'socket_flows',
    kind: 'lru',
    key: 'SocketKey',
    value: 'Translation',
    entries: 16384,
    writer: 'datapath',
    sentence: 'the backend that a socket without a peer keeps for a frontend',
  },
  {
    name: 'socket_reverse',
    kind: 'lru',
    key: 'SocketKey',
    value: 'SocketFrontend',
    entries: 65536,
    writer: 'datapath',
    sentence: 'the frontend that a socket was given a backend for',
  },
  {
    name: 'backend_hits',
    kind: 'hash',
    key: 'u32',
    value: 'BackendHits',
    entries: 262144,
    writer: 'datapath',
    sentence: 'connections that each backend was given so far, by its id',
  },
];
