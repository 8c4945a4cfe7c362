// Errors: every code the orchestrator may end an operation with. README.md beside this file lists the same codes for readers;
// test/architecture.test.ts keeps registry, list and uses equal.

type Registration = readonly [sentence: string, retryable: boolean];

/** Code → what it tells the reader, and whether the same operation may succeed when it is tried again later. */
export const codes = {
  ADDRESSES_EXHAUSTED: ["every address of the node's pod prefixes is in use", true],
  API_REFUSED: ['the agent does not answer the request as it was asked', false],
  API_SOCKET_INVALID: ["the agent's socket cannot be made where it should be", false],
  API_SOCKET_TAKEN: ["another process listens on the agent's socket", false],
  API_UNREACHABLE: ['the agent cannot be reached on its socket', true],
  ARTIFACT_MISSING: ['a compiled datapath is missing from the checkout or package', false],
  ATTACH_FAILED: ['a hook could not be put on an interface or a cgroup', true],
  BPF_CALL_FAILED: ['the kernel refused a bpf(2) operation', true],
  COMMAND_UNKNOWN: ['the command line names a command that does not exist', false],
  DATAPATH_CLOSED: ['the datapath was used after it had been closed', false],
  DATAPATH_REFUSED: ['the datapath process does not do what it was asked, or not understand it', false],
  DATAPATH_UNREACHABLE: ['the datapath process cannot be reached, or ended before it answered', true],
  DEVICE_UNUSABLE: ['a TUN device is not there, is of another kind, or is open elsewhere', false],
  DNS_PROXY_REFUSED: ['the DNS proxy does not do what it was asked, or not understand it', false],
  DNS_PROXY_UNREACHABLE: ['the DNS proxy cannot be reached, or ended before it answered', true],
  DNS_RULES_INVALID: ['the file with the rules for DNS cannot be read, or is not understood', false],
  DNS_SOCKET_UNUSABLE: ['a socket of the DNS proxy cannot be opened, or its port is taken', true],
  ENDPOINTS_EXHAUSTED: ['every endpoint number is in use or not free again yet', true],
  ENGINES_DIFFER: ['two engines of a simulated cluster judged a flow differently', false],
  FFI_MISSING: ['the optional package koffi, which kernel mode needs, is not installed', false],
  IDENTITIES_EXHAUSTED: ["every identity number of the cluster's range is taken or not free again yet", true],
  INPUT_UNREADABLE: ['a file that the command line names cannot be read', false],
  KUBE_ANSWER_INVALID: ['the Kubernetes API answered what cannot be read', true],
  KUBE_CONFIG_INVALID: ['the kubeconfig or the service account cannot be used', false],
  KUBE_REFUSED: ['the Kubernetes API does not let us in, or not do this', false],
  KUBE_REJECTED: ['the Kubernetes API does not accept the request', false],
  KUBE_TIMEOUT: ['the Kubernetes API did not answer in time', true],
  KUBE_UNAVAILABLE: ['the Kubernetes API cannot be reached or cannot answer now', true],
  KV_CLOSED: ['the key-value store was used after it had been closed', false],
  KV_COMPACTED: ['the key-value store no longer has the changes, or the state, that were asked for', false],
  KV_FULL: ['the key-value store takes no more data until it is given room', true],
  KV_REFUSED: ['the key-value store refused the user, the certificate or the request', false],
  KV_TIMEOUT: ['the key-value store did not answer in time; a write may have happened', true],
  KV_UNAVAILABLE: ['the key-value store cannot be reached or has no leader; a write may have happened', true],
  LINK_TAKEN: ['a network device that is not ours has the name of one that we need', false],
  LOCK_UNUSABLE: ['a file that one process at a time locks cannot be locked at all', false],
  MANIFEST_REFUSED: ['a manifest was not accepted, and the caller wants none that is not', false],
  MAP_BUSY: ['a map of the datapath in userspace is locked by a process that does not go on', true],
  MAP_FOREIGN: ["something that is not ours is pinned in the place of one of the datapath's maps", false],
  MAP_FULL: ['a map of the datapath has no room for another entry', true],
  MAP_KEY_INVALID: ['a key lies outside an array of the datapath', false],
  MAP_UNKNOWN: ['this datapath has no map of that name and kind', false],
  MEMORY_UNUSABLE: ["the datapath's memory cannot be made or mapped", false],
  NETLINK_FAILED: ['the kernel refused a netlink request', true],
  NETNS_UNKNOWN: ['a path is no network namespace, or none that can be entered', false],
  NOT_SUPPORTED: ['the running kernel or host lacks a feature', false],
  OBJECT_REFUSED: ['the kernel or its loader refused the datapath object', false],
  OVERLAY_UNUSABLE: ['the UDP port of the overlay is taken, or no socket can be opened', false],
  SANDBOX_FAILED: ['a part of a sandbox could not be started, or did not do what was asked', true],
  SANDBOX_UNKNOWN: ['there is no sandbox, or nothing in it, of that name', false],
  SIZE_INVALID: ['a map size is not a whole number that the datapath can keep', false],
  STATE_UNREADABLE: ["the folder with the agent's state cannot be read", false],
  STATE_UNWRITABLE: ["a file of the agent's state cannot be written", true],
  TOPOLOGY_INVALID: ['the topology of a sandbox is not understood, or does not fit', false],
  UNDERLAY_UNKNOWN: ['no network device carries the traffic between nodes', true],
  USAGE_INVALID: ['the command line is not understood', false],
  WORLD_INVALID: ['a simulated cluster was told, or asked about, what cannot be', false],
} as const satisfies Record<string, Registration>;

export type ErrorCode = keyof typeof codes;

export interface AgentErrorOptions {
  cause?: unknown;
  /** Overrides the registry for one occurrence: EBUSY may pass, EPERM will not. */
  retryable?: boolean;
}

/** `message` reads "subject: where: what, with the value": lower case, no full stop. */
export class AgentError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: AgentErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? codes[code][1];
  }
}

/** A host that is too old or too narrow for `feature`: shown to users as an answer, and a reason for tests to skip. */
export class NotSupported extends AgentError {
  readonly feature: string;
  /** First kernel release that has the feature, like "6.6"; absent when the kernel's age is not the reason. */
  readonly minimumKernel: string | undefined;

  constructor(feature: string, minimumKernel?: string, options: AgentErrorOptions = {}) {
    super(
      'NOT_SUPPORTED',
      minimumKernel ? `${feature}: not supported: needs linux ${minimumKernel}` : `${feature}: not supported`,
      options,
    );
    this.feature = feature;
    this.minimumKernel = minimumKernel;
  }
}
