// View: what this node enforces, as tables for those who show it (API, command line, metrics). Enforcement writes them and reads none.

import type { PolicyCondition } from '../model/policy/accept.ts';
import type { PolicyKind } from '../model/policy/rule.ts';
import { openTable, type Table } from '../state/table.ts';

/** restoring: of an earlier life, forwarding as it was then. closed: it has an identity and nothing passes, `why` says what is missing. */
export const endpointStates = [
  'restoring',
  'creating',
  'waiting-for-identity',
  'regenerating',
  'ready',
  'closed',
  'disconnecting',
] as const;

export type EndpointState = (typeof endpointStates)[number];

/** audit: what policy would drop passes and is told as such. open: no policy speaks of that direction. */
export type Standing = 'enforced' | 'audit' | 'open';

export interface EndpointView {
  /** Number of the endpoint on this node. */
  readonly endpoint: number;
  readonly namespace: string;
  readonly pod: string;
  /** 0 until it is known. */
  readonly identity: number;
  /** `source:key=value`, sorted. */
  readonly labels: readonly string[];
  readonly ingress: Standing;
  readonly egress: Standing;
  readonly state: EndpointState;
  readonly addresses: readonly string[];
  readonly device: string;
  /** Write of this process's life after which the endpoint is as the row says; 0 before the first. */
  readonly revision: number;
  /** Why it is not ready; empty when it is. */
  readonly why: string;
}

export interface IdentityView {
  readonly number: number;
  /** Of one that stands for names, their selectors: `pattern:*.example.com`. */
  readonly labels: readonly string[];
  /** reserved: the same everywhere. cluster: of the store. local: prefixes and names, of this node only. */
  readonly scope: 'reserved' | 'cluster' | 'local';
  /** Of a local one that stands for a prefix. */
  readonly prefix: string;
  /** Endpoints of this node that have it. */
  readonly endpoints: number;
}

export interface IpcacheView {
  readonly prefix: string;
  readonly identity: number;
  /** Name of the node that carries it; empty for here and for outside. */
  readonly node: string;
  /** Who said so: `pod shop/web`, `node b`, `policies`. */
  readonly from: string;
}

export interface PolicyView {
  /** As rules name it: `cnp/shop/web`. */
  readonly policy: string;
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  readonly rules: number;
  /** Endpoints of this node that it speaks of. */
  readonly selects: readonly number[];
  readonly isAudited: boolean;
  readonly conditions: readonly PolicyCondition[];
}

export interface NodeView {
  readonly node: string;
  /** This node's own number for it, as maps have it. */
  readonly number: number;
  /** Where its packets are sent; empty until it is known. */
  readonly address: string;
  /** Its further addresses of families that we have, internal ones first: native routes of the other family go by them. */
  readonly others: readonly string[];
  readonly way: 'local' | 'overlay' | 'native';
  /** Its own address in each of its pod prefixes. */
  readonly router: readonly string[];
  readonly prefixes: readonly string[];
  /** kernel, wasm; empty of one that does not tell. */
  readonly datapath: string;
}

/** Readers' side; the API shows them by name. */
export interface ViewTables {
  readonly endpoints: Table<EndpointView>;
  readonly identities: Table<IdentityView>;
  readonly ipcache: Table<IpcacheView>;
  readonly policies: Table<PolicyView>;
  readonly nodes: Table<NodeView>;
}

/** Empty, each with its writer. */
export function openView() {
  return {
    endpoints: openEndpoints(),
    identities: openIdentities(),
    ipcache: openIpcache(),
    policies: openPolicies(),
    nodes: openNodes(),
  };
}

export type View = ReturnType<typeof openView>;

const openEndpoints = () =>
  openTable<EndpointView>({
    name: 'endpoints',
    key: ({ endpoint }) => endpoint,
    columns: {
      endpoint: ({ endpoint }) => endpoint,
      pod: ({ namespace, pod }) => `${namespace}/${pod}`,
      identity: ({ identity }) => identity,
      ingress: ({ ingress }) => ingress,
      egress: ({ egress }) => egress,
      state: ({ state }) => state,
      addresses: ({ addresses }) => addresses,
      device: ({ device }) => device,
      labels: ({ labels }) => labels,
      revision: ({ revision }) => revision,
      why: ({ why }) => why,
    },
  });

const openIdentities = () =>
  openTable<IdentityView>({
    name: 'identities',
    key: ({ number }) => number,
    columns: {
      number: ({ number }) => number,
      scope: ({ scope }) => scope,
      labels: ({ labels }) => labels,
      prefix: ({ prefix }) => prefix,
      endpoints: ({ endpoints: count }) => count,
    },
  });

const openIpcache = () =>
  openTable<IpcacheView>({
    name: 'ipcache',
    key: ({ prefix }) => prefix,
    columns: {
      prefix: ({ prefix }) => prefix,
      identity: ({ identity }) => identity,
      node: ({ node }) => node,
      from: ({ from }) => from,
    },
  });

const openPolicies = () =>
  openTable<PolicyView>({
    name: 'policies',
    key: ({ policy }) => policy,
    columns: {
      policy: ({ policy }) => policy,
      kind: ({ kind }) => kind,
      rules: ({ rules }) => rules,
      selects: ({ selects }) => selects,
      audit: ({ isAudited }) => isAudited,
      conditions: ({ conditions }) => conditions.map(conditionText),
    },
  });

/** What holds needs no words. */
function conditionText({ type, status, reason, message }: PolicyCondition): string {
  return `${type}=${status} (${reason})${status === 'False' ? `: ${message}` : ''}`;
}

const openNodes = () =>
  openTable<NodeView>({
    name: 'nodes',
    key: ({ node }) => node,
    columns: {
      node: ({ node }) => node,
      number: ({ number }) => number,
      address: ({ address }) => address,
      others: ({ others }) => others,
      way: ({ way }) => way,
      router: ({ router }) => router,
      prefixes: ({ prefixes }) => prefixes,
      datapath: ({ datapath }) => datapath,
    },
  });
