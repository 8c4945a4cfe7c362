// The metrics that the benchmark knows: stable dotted names, each with its unit and a sentence. `--list` prints them.

export interface MetricDefinition {
  readonly name: string;
  readonly unit:
    | 'ns'
    | 's'
    | 'ms'
    | 'MB'
    | 'entries'
    | 'flows/s'
    | 'identities/s'
    | 'B'
    | 'Gb/s'
    | 'requests/s'
    | 'packets/s'
    | 'queries/s'
    | '%';
  readonly sentence: string;
}

const one = (name: string, sentence: string): MetricDefinition => ({ name, unit: 'ns', sentence });
/** For one flow over and over, whose entries are in the nearest cache, and for 65,536 flows in turn. */
const both = (name: string, sentence: string): MetricDefinition[] => [
  one(name, `${sentence}; one flow`),
  one(`${name}_65536`, `${sentence}; 65,536 flows`),
];

/** Connections a second, beside those through the rules of a kube-proxy in both of its modes, and beside those that need no service. */
const crr = (count: number): MetricDefinition[] =>
  ['', '_iptables', '_iptables_middle', '_veth'].map((suffix) => ({
    name: `services.crr_${count}${suffix}`,
    unit: 'requests/s',
    sentence: `connections of a pod to a service's address, each with one request, client and server on one CPU; ${count.toLocaleString('en')} services of 5 backends`,
  }));

export const catalogue: readonly MetricDefinition[] = [
  one('wasm.crossing', "a call from the benchmark's loop into the module: taken off every other figure, twice off maglev_select"),
  ...both('wasm.policy_verdict', 'verdict of a policy set with 16,384 entries over a peer'),
  ...both('wasm.policy_16k', 'the same, a tenth of the entries are ranges and every match is found last'),
  ...both('wasm.maglev_select', 'slot and backend id of a client, 16,381 slots'),
  ...both('wasm.decision_established', 'a whole packet of an established flow between two pods of this node, both policies enforced'),
  one('wasm.decision_new_flow', 'a whole packet that opens a flow between them; 65,536 new flows a round, the map was empty'),
  ...both('wasm.service_10', 'a whole packet of an established flow to a service with 10 backends'),
  ...both('wasm.service_10000', 'a whole packet of an established flow to a service with 10,000 backends'),
  ...both('wasm.denied', 'a whole packet that policy denies; nobody reads the events'),
  ...both('kernel.established_allowed', 'a packet of an established flow between two pods of this node, both policies enforced'),
  one('kernel.new_flow', 'a packet that opens a flow between them; 65,536 new flows a round, the map was empty'),
  one('kernel.new_flow_evicting', 'the same into a map that is full: every flow evicts another'),
  ...both('kernel.service_10', 'a packet of an established flow to a service with 10 backends'),
  ...both('kernel.service_10000', 'a packet of an established flow to a service with 10,000 backends'),
  ...both('kernel.denied', 'a packet that policy denies; nobody reads the events'),
  one('kernel.denied_told', 'a packet that policy denies; every event is written and read'),
  ...both('kernel.policy_16k', 'a packet dropped by a set of 16,384 entries, a tenth of them ranges, whose match is found last'),
  { name: 'policy.resolve_full', unit: 'ms', sentence: 'every entry of 110 local endpoints, from 5,000 policies and 10,000 identities' },
  { name: 'policy.resolve_full_memory', unit: 'MB', sentence: 'what that takes at most, policies and identities included' },
  { name: 'policy.entries_per_endpoint', unit: 'entries', sentence: 'what comes of it for an endpoint, median' },
  { name: 'policy.identity_add', unit: 'ms', sentence: 'one identity more, or less: the entries that change' },
  { name: 'policy.identity_add_p99', unit: 'ms', sentence: 'the same; 99 of 100 take less' },
  { name: 'policy.change', unit: 'ms', sentence: 'one policy changed: the entries that change' },
  { name: 'policy.change_p99', unit: 'ms', sentence: 'the same; 99 of 100 take less' },
  {
    name: 'userspace.tcp_stream',
    unit: 'Gb/s',
    sentence: 'one stream between two pods of a node without eBPF, through the datapath process',
  },
  { name: 'userspace.tcp_stream_veth', unit: 'Gb/s', sentence: 'the same, beside veth' },
  { name: 'userspace.tcp_stream_slirp', unit: 'Gb/s', sentence: 'the same, beside slirp4netns to a server on its loopback' },
  {
    name: 'userspace.vxlan_stream',
    unit: 'Gb/s',
    sentence: 'one stream between pods of two such nodes, through both processes and their VXLAN, beside VXLAN devices of the kernel',
  },
  { name: 'userspace.tcp_rr', unit: 'requests/s', sentence: 'a byte there and back between them, one after the other' },
  { name: 'userspace.tcp_rr_veth', unit: 'requests/s', sentence: 'the same, beside veth' },
  {
    name: 'userspace.cpu_per_packet',
    unit: 'ns',
    sentence: 'processor time of the datapath process for a datagram of 64 bytes that arrives',
  },
  { name: 'userspace.idle_cpu', unit: '%', sentence: 'of a processor, when nobody speaks' },
  {
    name: 'testing.flows_per_second',
    unit: 'flows/s',
    sentence: 'questions that the library answers: 110 pods under policy, each pair in turn, half of them allowed',
  },
  {
    name: 'testing.start',
    unit: 'ms',
    sentence: "a whole process that imports the packaged library, reads a policy and gets a first verdict, node's own start included",
  },
  {
    name: 'state.row_overhead',
    unit: 'B',
    sentence:
      "what a pod's row, its derived row and its entry in the target cost beyond the same in plain maps; 100,000 pods, indexed by node",
  },
  {
    name: 'state.change_p99',
    unit: 'ms',
    sentence:
      '99 % of changes are in the target after: 100,000 pods joined with 1,000 nodes, 1,000 changes/s, of which 10 concern 100 pods each',
  },
  {
    name: 'kv.identity_rate',
    unit: 'identities/s',
    sentence: 'new numbers that 8 processes get from one etcd that waits for its disk; some labels are asked for by all of them at once',
  },
  {
    name: 'kube.sync_50k',
    unit: 's',
    sentence: 'a first sync: 50,000 pods of an API server on this machine, 500 a page, into a table with an index',
  },
  { name: 'kube.sync_rss', unit: 'MB', sentence: 'what the same process has at most above what it had when idle' },
  { name: 'node.tcp_stream', unit: 'Gb/s', sentence: 'one TCP stream from pod to pod on a node, policy on both sides' },
  { name: 'node.tcp_no_offload', unit: 'Gb/s', sentence: 'the same without segmentation and checksum offload: each packet is one' },
  { name: 'node.tcp_rr', unit: 'requests/s', sentence: 'a byte there and back, one after the other; both pods on one CPU' },
  { name: 'node.tcp_crr', unit: 'requests/s', sentence: 'the same with a connection for each, which the server closes; on one CPU' },
  { name: 'node.udp_pps', unit: 'packets/s', sentence: 'datagrams of 64 bytes that arrive' },
  {
    name: 'node.cni_add',
    unit: 'ms',
    sentence: 'the plugin, started for an ADD until it has ended with policy in force, beyond an empty process',
  },
  {
    name: 'node.endpoint_ready',
    unit: 'ms',
    sentence: 'policy in force after the start of an ADD, the process included; labels that nobody has had',
  },
  { name: 'node.agent_rss', unit: 'MB', sentence: 'memory of an agent with 110 pods on its node' },
  {
    name: 'node.policy_to_enforcement',
    unit: 'ms',
    sentence: '99 % of changes of a policy: from the request to the API until the first packet that is decided by it',
  },
  {
    name: 'services.initial_sync',
    unit: 'ms',
    sentence: '10,000 services with 10 backends each in the maps, from when all of them are known: time of the thread',
  },
  {
    name: 'services.slice_to_datapath',
    unit: 'ms',
    sentence: '99 % of changes of a slice are in the maps after, beside as many services: time of the thread',
  },
  { name: 'services.agent_rss', unit: 'MB', sentence: 'what the process of these services has then, the rows of the API server included' },
  { name: 'services.disruption_10', unit: '%', sentence: 'flows of others that move when one of 10 backends goes' },
  { name: 'services.disruption_100', unit: '%', sentence: 'the same of 100' },
  { name: 'services.disruption_1000', unit: '%', sentence: 'the same of 1,000' },
  ...[10, 1000, 10_000, 30_000].flatMap(crr),
  {
    name: 'dns.queries_per_second',
    unit: 'queries/s',
    sentence:
      'questions of 16 pods that the DNS proxy has answered, on one processor: policy, grants and a reader of its log, of which none is lost',
  },
  {
    name: 'dns.queries_per_second_forward',
    unit: 'queries/s',
    sentence: 'the same, beside a forwarder without a cache on the same processor',
  },
  { name: 'dns.queries_per_second_file', unit: 'queries/s', sentence: 'the same while its log goes to a file, too' },
  { name: 'dns.log_file_missing', unit: '%', sentence: 'records that the file lacks then, which is what gives way' },
  { name: 'dns.cpu_per_query', unit: 'ns', sentence: 'processor time of the proxy for each of them, system calls included' },
  { name: 'dns.added_latency_p50', unit: 'ms', sentence: 'what the proxy adds to the median of answers, at 5,000 questions a second' },
  { name: 'dns.added_latency_p99', unit: 'ms', sentence: 'the same; 99 of 100 answers' },
  {
    name: 'dns.added_latency_p50_forward',
    unit: 'ms',
    sentence: 'what the proxy adds to the median, beside what a server adds that only forwards',
  },
  { name: 'dns.added_latency_p99_forward', unit: 'ms', sentence: 'the same; 99 of 100 answers' },
  { name: 'dns.added_latency_p50_file', unit: 'ms', sentence: 'what it adds to the median while its log goes to a file, too' },
  { name: 'dns.added_latency_p99_file', unit: 'ms', sentence: 'the same; 99 of 100 answers' },
  {
    name: 'dns.proxy_rss',
    unit: 'MB',
    sentence: 'memory of the proxy after 110 pods have asked for 1,000 names with 10 addresses each',
  },
  { name: 'dns.proxy_rss_supervised', unit: 'MB', sentence: 'the same with what its supervisor has of its own' },
  {
    name: 'dns.grant_write_p99',
    unit: 'ms',
    sentence: '99 % of answers with 10 new addresses are in the map of grants after, beside what those pods have',
  },
  { name: 'sandbox.up', unit: 's', sentence: 'a cluster of 2 nodes and 10 pods, from nothing until all is Ready' },
];

/**
 * Metrics by name, by room (`wasm`, `kernel`) or, where no metric has that name, by what stands before an underscore (`services.crr`), in the
 * order of the catalogue; all of them when none is named.
 */
export function selectMetrics(names: readonly string[]): MetricDefinition[] {
  const unknown = names.find((name) => !catalogue.some((metric) => isMeant(name, metric.name)));
  if (unknown !== undefined) throw new RangeError(`bench: no metric of that name: "${unknown}"`);
  return catalogue.filter((metric) => names.length === 0 || names.some((name) => isMeant(name, metric.name)));
}

function isMeant(given: string, name: string): boolean {
  if (given === name || (!given.includes('.') && name.startsWith(`${given}.`))) return true;
  return name.startsWith(`${given}_`) && !catalogue.some((metric) => metric.name === given);
}
