// Packet cases as data: a sentence, the state of the node, and packets with what shall become of them.

import type { CasePacket } from '../../support/packet.ts';
import type { Family } from '../../support/world.ts';
import type { State } from './state.ts';

export interface PacketCase {
  /** What is shown, as a sentence. */
  readonly name: string;
  /** Both unless the case is about one. */
  readonly families?: readonly Family[];
  /** Why the kernel cannot be given these packets. */
  readonly notInKernel?: string;
  readonly state: State;
  readonly steps: readonly Step[];
}

export type Step = PacketStep | ChangeStep | TimeStep | ForgetStep | HitsStep;

/** One packet enters the datapath. */
export interface PacketStep {
  /** from_pod by default. */
  readonly hook?: Hook;
  /** Name of the port; by default the sender's endpoint (from_pod), the receiver's (to_pod) or the hook's own device. */
  readonly port?: PortName;
  readonly packet: CasePacket;
  /** Identity in the tunnel header, at from_overlay. */
  readonly tunnelIdentity?: number;
  /** Bytes of payload in each segment of a packet that is still to be cut. */
  readonly segment?: number;
  /**
   * Where the packet goes: `local server`, `stack`, `overlay node2`, `proxy 15001`, or `drop` and the reason's name without
   * REASON_ in lower case: `drop policy denied`.
   */
  readonly verdict: string;
  /** The packet that leaves, where it is not the one that came. */
  readonly output?: CasePacket;
  /** Direction under which it is counted; by default that of the hook. */
  readonly direction?: 'ingress' | 'egress';
  readonly event?: 'none' | 'drop' | 'allow' | 'audit';
  /** Fields of the record; only those given are compared. */
  readonly record?: ExpectedRecord;
  /** The flow's entry after the packet, named by the packet that its originator sends (after translation). */
  readonly flow?: ExpectedFlow;
}

export interface ExpectedRecord {
  readonly sourceIdentity?: number;
  readonly destinationIdentity?: number;
  readonly egressRule?: number;
  readonly ingressRule?: number;
  readonly endpoint?: number;
  readonly service?: number;
  readonly backend?: number;
  readonly reply?: 0 | 1;
  /** Name of the reason for which it would have been dropped. */
  readonly audited?: string;
}

export interface ExpectedFlow {
  /** As the originator sends it; by default the step's own packet. */
  readonly of?: CasePacket;
  readonly absent?: true;
  /** Names of CONNTRACK_* flags without the prefix and ORIGIN_HIGH, in lower case: 'replied', 'origin non syn', … */
  readonly flags?: readonly string[];
  /** Seconds that the entry has left. */
  readonly expiresIn?: number;
  /** Packets of originator and responder. */
  readonly packets?: readonly [number, number];
  readonly backend?: number;
  readonly proxyPort?: number;
}

/** The orchestrator writes: more state, or entries taken away, and epochs of names moved after it. */
export interface ChangeStep {
  readonly change: State;
  readonly remove?: State;
}

/** Time passes: everything that expires is so much nearer to its end. */
export interface TimeStep {
  readonly seconds: number;
}

/** Entries that the datapath wrote are lost, as when they are evicted. */
export interface ForgetStep {
  readonly forget: readonly ('conntrack' | 'translations' | 'affinity' | 'fragments')[];
}

/** Connections that backends were given so far, by their numbers; those that are not named were given none. */
export interface HitsStep {
  readonly hits: Readonly<Record<number, number>>;
}

export type Hook = 'from_pod' | 'to_pod' | 'from_overlay' | 'from_network' | 'to_network' | 'to_host';

/** Ports of the world; the runner gives them numbers that exist. */
export type PortName = 'client' | 'server' | 'other' | 'overlay' | 'network' | 'host';
