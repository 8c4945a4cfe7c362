// Questions: what may be asked of policies, and of which state of the cluster.

import type { Identity, NamedPort } from '../../identity.ts';
import type { Labels } from '../../labels.ts';
import type { Direction, Policy } from '../rule.ts';

/** An endpoint, as policies see it. */
export interface Subject {
  readonly labels: Labels;
  readonly namedPorts: readonly NamedPort[];
}

/** default: where a policy speaks. always: every endpoint, with or without policies. never: nowhere. */
export type Enforcement = 'default' | 'always' | 'never';

/** The state in which questions are answered. It is never changed: answers are remembered by it, so another state is another object. */
export interface View {
  /** Bound: peers without references. One that is a reference still stands for nobody. */
  readonly policies: readonly Policy[];
  /** Every pod of the cluster, for the numbers behind egress port names. */
  readonly pods: readonly Subject[];
  readonly enforcement: Enforcement;
}

/** One side of a flow: may the subject receive from, or send to, this peer? */
export interface Question {
  readonly direction: Direction;
  readonly subject: Subject;
  /** Whom the peer's address stands for: the identity of the ipcache first, then the names granted to the subject and not expired. */
  readonly peers: readonly Identity[];
  /** IP protocol number. */
  readonly protocol: number;
  /** Destination port; ICMP and ICMPv6: the message's type. */
  readonly port: number;
  /** The peer's address, if it is known: explanations speak of it, verdicts do not. */
  readonly address?: string;
  /** Names that were granted to the subject and have expired: for explanations only. */
  readonly expired?: readonly Identity[];
}
