// Misses: what one rule wants and one packet has not, as plain data.

import type { Requirement } from '../../selector.ts';
import type { Direction, NameSelector, Rule, Traffic } from '../rule.ts';

/** What of the traffic is not as the rule wants. `wants` is every traffic of the rule. */
export type TrafficMiss =
  /** The protocol is right, the port (ICMP: the type) is another. */
  | { readonly part: 'port'; readonly wants: readonly Traffic[] }
  | { readonly part: 'protocol'; readonly wants: readonly Traffic[] }
  /** The packet is ICMP, which no rule about ports allows. */
  | { readonly part: 'icmp'; readonly wants: readonly Traffic[] }
  /** The name means no number, or several: then the rule allows nothing. */
  | { readonly part: 'port-name'; readonly name: string; readonly numbers: readonly number[]; readonly wants: readonly Traffic[] };

/** What of the peer is not as the rule wants. */
export type PeerMiss =
  | { readonly part: 'labels'; readonly requirements: readonly RequirementMiss[] }
  /** The selector means pods, and the peer is none. `requirements` is what else the selector wants of a pod. */
  | { readonly part: 'no-pod'; readonly requirements: readonly Requirement[] }
  /** The address lies outside. */
  | { readonly part: 'prefix'; readonly prefix: string }
  | { readonly part: 'except'; readonly prefix: string; readonly except: string }
  /** The address lies within, but is a pod's, a node's or the like: prefixes do not mean those. */
  | { readonly part: 'prefix-of-endpoint'; readonly prefix: string }
  /** not-outside: names mean addresses outside, and the peer's is a pod's, a node's or the like. */
  | { readonly part: 'name'; readonly name: NameSelector; readonly state: 'expired' | 'unresolved' | 'not-outside' }
  /** A service or group that stands for nobody. */
  | { readonly part: 'reference' };

/** A requirement of a selector, and what the peer has under that key (nothing: it has no such label). */
export interface RequirementMiss extends Requirement {
  readonly has: readonly string[];
}

export interface NearMiss {
  readonly rule: Rule;
  readonly traffic?: TrafficMiss;
  readonly peer?: PeerMiss;
  /** The rule would allow it, if it spoke of this endpoint: what its section's subject wants. */
  readonly subject?: readonly RequirementMiss[];
  /** The rule allows it, but in the other direction. */
  readonly direction?: Direction;
  /** The rule has no peers or no traffic at all. */
  readonly empty?: true;
}
