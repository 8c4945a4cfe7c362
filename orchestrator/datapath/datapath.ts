// The datapath as the orchestrator sees it, whichever machine runs it: kernel/ drives eBPF programs, wasm/ drives the same core as
// WebAssembly; test/datapath/conformance.ts holds both to this contract. A new feature adds a map spec, never a method.

import type { Event, Record } from './generated/layouts.ts';
import type { MapSpec } from './layout.ts';

export interface Datapath {
  readonly mode: 'kernel' | 'wasm';
  /** The map of that spec; the same object at every call. Throws for a ring (see `events`) and for a map that this datapath lacks. */
  map<K, V>(spec: MapSpec<K, V>): DatapathMap<K, V>;
  /**
   * Puts the hooks of its kind on a port; repeating it renews them. What is attached stays when the datapath is closed, in kernel
   * mode also when the process ends: only disposing of the result detaches.
   */
  attach(port: Port): Promise<AsyncDisposable>;
  /** What the datapath tells, in order, until `close`; first what is in the ring by now. Two readers would share the events. */
  events(): AsyncIterable<DatapathEvent>;
  /** The datapath's time: what expiries in maps are compared with (ticks, u32, see clock.ts). */
  now(): number;
  /** Lets go of everything held here; maps, programs and hooks that outlive the process go on. May be repeated. */
  close(): Promise<void>;
}

/**
 * One map. Values are complete: an update replaces all of the old one. In an array, an entry whose bytes are all zero counts as
 * absent. A per-CPU value reads as the sum over all CPUs, field by field.
 */
export interface DatapathMap<K, V> {
  /** The number of entries that fit. */
  readonly capacity: number;
  /** Inserts or replaces, in the order given; may be repeated. A full map throws MAP_FULL; earlier entries are then written. */
  update(entries: Iterable<readonly [K, V]>): Promise<void>;
  /** An absent key is not an error. */
  delete(keys: Iterable<K>): Promise<void>;
  /** The value under exactly this key (no longest match); undefined when absent. Does not count as use for LRU where that can be avoided. */
  get(key: K): Promise<V | undefined>;
  /** Every entry that is present from the call to the end, exactly once; ones that come or go meanwhile may be missing. */
  entries(): AsyncIterable<[K, V]>;
  /** Entries present, at some moment of the call. Costs a scan in the kernel: for the pressure metric, not for decisions. */
  count(): Promise<number>;
}

/** An interface on which packets enter or leave. */
export interface Port {
  /** Kernel: ifindex in the namespace of the caller. WASM: any number that no other port has; 0 is not a port. */
  readonly number: number;
  /** pod: from_pod, to_pod. overlay: from_overlay. network: from_network. exit: to_network, of the same device. host: to_host. proxy: none; WASM: to_pod. */
  readonly kind: 'pod' | 'overlay' | 'network' | 'exit' | 'host' | 'proxy';
}

/** What the ring carried; or that it was full and that many events were lost in between. */
export type DatapathEvent = ({ readonly type: 'event' } & Event) | { readonly type: 'lost'; readonly count: number };

/** An ability beside the contract: one packet through the hooks' real code, on demand. */
export interface PacketRunner {
  /** `packet` is an IP packet, or what shall be taken for one, from its header on; it is not changed itself. */
  run(hook: number, packet: Uint8Array, options?: RunOptions): Promise<RunResult>;
}

/** An ability beside the contract: calls of sockets to frontends become calls to backends, before there is a packet. */
export interface SocketBalancer {
  /** Why this host refuses it; undefined where it can be tried. */
  readonly socketRefusal: string | undefined;
  /**
   * For every process in a cgroup and below, as long as nobody takes it off: it outlives this process. Repeating it renews it; another cgroup
   * takes the place of the one before. Throws ATTACH_FAILED; packets are then translated one by one.
   */
  attachSockets(cgroup: string): Promise<void>;
  /** False when there was nothing to take off. */
  detachSockets(): Promise<boolean>;
}

export interface RunOptions {
  /** Port by which the packet enters (or leaves, at to_pod, to_network and to_host). 1 by default, which in the kernel is `lo`. */
  readonly port?: number;
  /** Tick; in the kernel the clock is the real one and a tick that differs from it by more than a second is refused. */
  readonly now?: number;
  /** Random number for choices; in the kernel its own, and this is refused. */
  readonly random?: number;
  /** Identity that the tunnel's header carried, for from_overlay. */
  readonly tunnelIdentity?: number;
  /**
   * Bytes of payload in each segment of a packet that is still to be cut (GSO): TCP, or UDP whose length field is a segment's, without
   * extension headers. 0 by default: it is one packet.
   */
  readonly segment?: number;
}

export interface RunResult {
  /** NEXT_HOP_*. */
  readonly nextHop: number;
  /** REASON_*. */
  readonly reason: number;
  /** The IP packet as it leaves; as it stood when it was dropped. */
  readonly packet: Uint8Array;
  /** All that was decided; undefined when the packet was let through untouched without a decision. */
  readonly record: Record | undefined;
}
