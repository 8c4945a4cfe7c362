// Rows: what is to be true of policy on this node, in words that need no knowledge of policies. Resolution's rows and changes
// (model/policy) have the same shape.

export type Direction = 'ingress' | 'egress';
export type ProxyKind = 'http' | 'dns' | 'tls' | 'listener';

/** One entry of a policy set before it is bytes. */
export interface PolicyRow {
  readonly set: number;
  readonly direction: Direction;
  /** 0: every peer. */
  readonly identity: number;
  /** 0 with portBits 0 and `anyProtocol`. */
  readonly protocol: number;
  readonly anyProtocol: boolean;
  /** Host order; bits behind `portBits` are zero. ICMP: the type. */
  readonly port: number;
  readonly portBits: number;
  readonly precedence: number;
  readonly proxy: ProxyKind | undefined;
  readonly rule: number;
}

export interface EndpointPolicy {
  readonly set: number;
  readonly enforced: Readonly<Record<Direction, boolean>>;
}

/** A difference of policy. In a set, no row may be put that a broader one of its cell with higher precedence covers. */
export interface PolicyChange {
  readonly put: readonly PolicyRow[];
  readonly removed: readonly PolicyRow[];
  readonly removedSets: readonly number[];
  readonly endpoints: ReadonlyMap<number, EndpointPolicy>;
  readonly removedEndpoints: readonly number[];
  /** Sets whose answer may differ from one they gave before. */
  readonly changedSets: readonly number[];
}

/** An interface of this node, without what policy says of it. */
export interface EndpointRow {
  readonly id: number;
  readonly addresses: readonly string[];
  readonly identity: number;
  /** Datapath port. */
  readonly port: number;
  /** ENDPOINT_HOST, ENDPOINT_AUDIT. */
  readonly flags?: number;
  readonly mac: bigint;
  readonly gatewayMac: bigint;
}

export interface PrefixRow {
  /** `10.0.0.0/8`; bits behind the length are zero. */
  readonly prefix: string;
  readonly identity: number;
  /** 0: no node, the host's routes decide. */
  readonly node: number;
  readonly flags?: number;
}

/** Differences that belong together; each part may be absent. */
export interface Change {
  readonly policy?: PolicyChange;
  readonly prefixes?: { readonly put?: readonly PrefixRow[]; readonly removed?: readonly string[] };
  readonly endpoints?: { readonly put?: readonly EndpointRow[]; readonly removed?: readonly number[] };
}

/** The policy map has no room for all that is wanted. It is a matter of health: something does not work until there is room. */
export interface PolicyMapProblem {
  /**
   * partial: what is denied, redirected or no longer allowed is in force, and some of what is newly allowed is not. stale: not even that
   * fits; the endpoints are judged as before. closed: the same, but there is no before; nothing passes.
   */
  readonly kind: 'partial' | 'stale' | 'closed';
  readonly set: number;
  /** Ids. */
  readonly endpoints: readonly number[];
  /** Entries that are wanted and not there. */
  readonly missing: number;
  readonly capacity: number;
}
