// Machine: a datapath that judges packets at once. wasm-machine.ts and kernel-machine.ts are the two there are.

import type { ImmediateMap } from '../datapath/immediate.ts';
import type { MapSpec } from '../datapath/layout.ts';
import type { Message } from './message.ts';

/** What was decided about the last packet. */
export interface Decision {
  /** NEXT_HOP_* */
  readonly nextHop: number;
  /** REASON_* */
  readonly reason: number;
  /** DIRECTION_* of the side that spoke last. */
  readonly direction: number;
  /** Host order; 0 for none. */
  readonly proxyPort: number;
  readonly egressRule: number;
  readonly ingressRule: number;
}

export interface Machine extends AsyncDisposable {
  readonly name: 'wasm' | 'kernel';
  map<K, V>(spec: MapSpec<K, V>): ImmediateMap<K, V>;
  /** Judges a message as the first packet of a flow, and forgets that flow. */
  ask(hook: number, message: Message): Decision;
  /** Judges a packet; its flow is remembered. */
  send(hook: number, message: Message): Decision;
  /** Tick at which something that ends so many ticks from now, on the virtual clock, is to expire; negative: it has. */
  expiry(ticks: number): number;
  /** Moves the virtual clock. Expiries that the caller wrote are the caller's to write again. */
  advance(ticks: number): void;
  /** Forgets all flows that were sent to. */
  forgetFlows(): void;
}
