// Rules: what a policy means, whatever kind of manifest said it. Everything after parsing speaks of these.

import type { Prefix } from '../../net/prefix.ts';
import type { Selector } from '../selector.ts';

export type PolicyKind = 'CiliumNetworkPolicy' | 'CiliumClusterwideNetworkPolicy' | 'NetworkPolicy';

export interface PolicyRef {
  readonly kind: PolicyKind;
  /** Undefined for clusterwide policies. */
  readonly namespace: string | undefined;
  readonly name: string;
}

export type Direction = 'ingress' | 'egress';
/** What policy says of a flow. redirect: allowed, but through a proxy that looks further. */
export type PolicyVerdict = 'allow' | 'deny' | 'redirect';

/** A whole policy: one section per `spec` or element of `specs`. */
export interface Policy {
  readonly ref: PolicyRef;
  readonly sections: readonly Section[];
}

export interface Section {
  /** `spec` or `specs[2]`. */
  readonly path: string;
  /** The endpoints it speaks of; undefined: none (it speaks of nodes). */
  readonly subject: Selector | undefined;
  /** Directions it enforces, and whether what no rule allows is then denied (else allowed). Absent: it does not speak of that one. */
  readonly enforces: { readonly ingress?: { readonly defaultDeny: boolean }; readonly egress?: { readonly defaultDeny: boolean } };
  readonly rules: readonly Rule[];
}

/** Peers × traffic, allowed or denied. Either list empty: it speaks of nothing (but its section still enforces). */
export interface Rule {
  readonly policy: PolicyRef;
  /** Where in the manifest: `spec.egress[1]`, `specs[0].ingressDeny[2]`. With the policy it names the rule. */
  readonly path: string;
  readonly direction: Direction;
  readonly action: 'allow' | 'deny';
  readonly peers: readonly Peer[];
  readonly traffic: readonly Traffic[];
}

/**
 * The other side. `service` and `group` are references: `bindPeers` replaces them by what they stand for at the moment. A prefix
 * selects identities that have one within it, and within none of the excepted.
 */
export type Peer =
  | { readonly kind: 'any' }
  | { readonly kind: 'labels'; readonly selector: Selector }
  | { readonly kind: 'prefix'; readonly prefix: Prefix; readonly except: readonly Prefix[] }
  | { readonly kind: 'name'; readonly name: NameSelector }
  | { readonly kind: 'service'; readonly service: ServiceReference }
  | { readonly kind: 'group'; readonly group: GroupReference; readonly except: readonly Prefix[] };

/** Peers without references. */
export type BoundPeer = Exclude<Peer, { readonly kind: 'service' | 'group' }>;

/** matchName or matchPattern; lower case, as written otherwise. `text` is canonical: `name:example.com`, `pattern:*.example.com`. */
export interface NameSelector {
  readonly kind: 'name' | 'pattern';
  readonly value: string;
  readonly text: string;
}

/** A service by name, or all whose labels are selected; namespace undefined: any. */
export interface ServiceReference {
  readonly namespace: string | undefined;
  readonly name?: string;
  readonly selector?: Selector;
}

/** CIDR groups by name, or all whose labels are selected. */
export interface GroupReference {
  readonly name?: string;
  readonly selector?: Selector;
}

/** What passes: a protocol and its ports. */
export interface Traffic {
  /** IP protocol number; undefined: every protocol (then `ports` is every port). ICMP and ICMPv6: the port is the message's type. */
  readonly protocol: number | undefined;
  readonly ports: PortRange | PortName;
  /** It passes through a proxy. */
  readonly layer7?: Layer7;
}

/** Inclusive; 0-65535 is every port. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** A port by name. Ingress: the subject's own. Egress: what the peers' pods call so; see `portsOfName`. Lower case. */
export interface PortName {
  readonly name: string;
}

export interface Layer7 {
  readonly kind: 'http' | 'dns' | 'tls' | 'listener';
  /** The manifest's field that asks for it: `spec.egress[0].toPorts[0].rules.http`. */
  readonly field: string;
  /** 1-100 of a listener; lower wins. */
  readonly priority?: number;
  /** Of `dns`: names that may be asked for. */
  readonly names?: readonly NameSelector[];
  /** The rules as the user wrote them, for a proxy. */
  readonly rules?: unknown;
}

export function refText({ kind, namespace, name }: PolicyRef): string {
  const short = { CiliumNetworkPolicy: 'cnp', CiliumClusterwideNetworkPolicy: 'ccnp', NetworkPolicy: 'netpol' }[kind];
  return namespace === undefined ? `${short}/${name}` : `${short}/${namespace}/${name}`;
}

/** One text per rule, canonical: the rule's name in entries, logs and explanations. */
export function ruleText({ policy, path }: Pick<Rule, 'policy' | 'path'>): string {
  return `${refText(policy)} ${path}`;
}
