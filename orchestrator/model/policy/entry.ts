// Entries: the rows of the policy map before they are bytes. What resolution writes and the datapath's writer encodes.

import type { Direction } from './rule.ts';

/**
 * One entry of a policy set. In a set, for one identity and direction, the longest match of protocol and port is the only one that the
 * datapath sees, so no entry is written that a broader one of higher precedence covers.
 */
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
  /** 0-16 leading bits of the port that count. */
  readonly portBits: number;
  /** PRECEDENCE_* of the core; a redirect's in between carries its priority. */
  readonly precedence: number;
  /** Which proxy a redirect goes to; the writer knows its port, 0 if there is none. */
  readonly proxy: 'http' | 'dns' | 'tls' | 'listener' | undefined;
  /** Number of the rule in the registry of rules; never 0. */
  readonly rule: number;
}

/** What an endpoint's row of the datapath takes from policy. */
export interface EndpointPolicy {
  readonly set: number;
  /** Directions in which the set is asked at all. */
  readonly enforced: { readonly ingress: boolean; readonly egress: boolean };
}
