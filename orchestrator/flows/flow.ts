// Flows: one event of the datapath with names, in the field names of Hubble's JSON, so that tools that read those read ours.

export type Verdict = 'FORWARDED' | 'DROPPED' | 'AUDIT' | 'REDIRECTED' | 'ERROR';
export type TrafficDirection = 'INGRESS' | 'EGRESS';

/** What is not known is left out. */
export interface Flow {
  /** RFC 3339. */
  readonly time: string;
  readonly verdict: Verdict;
  /** REASON_*; of drops, and of audited ones what would have been. */
  readonly drop_reason?: number;
  /** Hubble's word for it where it has one. */
  readonly drop_reason_desc?: string;
  readonly IP: { readonly source: string; readonly destination: string; readonly ipVersion: 'IPv4' | 'IPv6' };
  readonly l4?: Layer4;
  readonly source: FlowEnd;
  readonly destination: FlowEnd;
  readonly Type: 'L3_L4';
  readonly node_name: string;
  readonly event_type: { readonly type: number; readonly sub_type?: number };
  /** DNS names for which the source was told the destination's address. */
  readonly destination_names?: readonly string[];
  readonly destination_service?: { readonly namespace: string; readonly name: string };
  readonly traffic_direction: TrafficDirection;
  readonly proxy_port?: number;
  /** Rules that decided, at both ends as far as they were asked. */
  readonly egress_allowed_by?: readonly FlowRule[];
  readonly ingress_allowed_by?: readonly FlowRule[];
  readonly egress_denied_by?: readonly FlowRule[];
  readonly ingress_denied_by?: readonly FlowRule[];
  /** The line for people, without time. */
  readonly Summary: string;
}

export interface FlowEnd {
  /** Number of the endpoint; only of this node's. */
  readonly ID?: number;
  readonly identity: number;
  readonly cluster_name?: string;
  readonly namespace?: string;
  readonly pod_name?: string;
  readonly labels?: readonly string[];
}

export interface FlowRule {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Ours: the rule itself, as `policy explain` names it. */
  readonly rule: string;
}

export type Layer4 =
  | { readonly TCP: Ports & { readonly flags?: Readonly<Record<string, true>> } }
  | { readonly UDP: Ports }
  | { readonly SCTP: Ports }
  | { readonly ICMPv4: { readonly type: number; readonly code?: number } }
  | { readonly ICMPv6: { readonly type: number; readonly code?: number } };

export interface Ports {
  readonly source_port: number;
  readonly destination_port: number;
}

/** A line of a stream: a flow, or that so many went by unseen. */
export type FlowLine =
  | { readonly flow: Flow; readonly node_name: string; readonly time: string; readonly repeated?: Repeated }
  | { readonly lost_events: LostEvents; readonly node_name: string; readonly time: string };

/** Of a kept drop, ours: so many more of its kind came, the last one then. */
export interface Repeated {
  readonly count: number;
  /** RFC 3339. */
  readonly until: string;
}

export interface LostEvents {
  /** Where: the datapath's ring was full, or this reader was too slow. */
  readonly source: 'PERF_EVENT_RING_BUFFER' | 'OBSERVER_EVENTS_QUEUE';
  readonly num_events_lost: number;
}
