// View: all that the API needs of an agent. The agent implements it; tests make one of real tables and a datapath.

import type { Datapath } from '../datapath/datapath.ts';
import type { FlowLog } from '../flows/flow-log.ts';
import type { TableRegistry } from '../state/table-registry.ts';
import type { Check } from './check.ts';

export interface AgentView {
  about(): About;
  /**
   * Every table of the agent, by name. Those that the API gives a path and the command line a noun: `endpoints`, `identities`,
   * `ipcache`, `policies`, `nodes` (enforcement/view.ts), `frontends` (model/service); one that is not registered is answered as empty.
   */
  readonly tables: TableRegistry;
  /** Asked at every status, so it looks at what is known and waits for nobody; one that throws is told as failed. */
  checks(): Check[] | Promise<Check[]>;
  /** Recent flows and what comes. */
  readonly flows: FlowLog;
  /** Its maps are shown, never written; undefined until there is one. */
  readonly datapath: Pick<Datapath, 'mode' | 'map' | 'now'> | undefined;
  /** All that the agent counts, in the text form of Prometheus. */
  metrics(): string | Promise<string>;
  /** The configuration in force, by flag; secrets are not in it. */
  config(): Readonly<Record<string, unknown>>;
  /** What becomes of a connection by what is in force; absent where nothing is enforced. */
  explain?(asked: AskedConnection): Promise<ExplainedConnection | { readonly why: string; readonly hint?: string }>;
  /** Ends connections of a service, or says which it would end; undefined when there is no such service. Absent where nothing is balanced. */
  reset?(asked: AskedReset): Promise<ResetReport | undefined>;
  /**
   * Puts the node into another mode: the agent ends after that, and begins anew. False when it is in that one. Throws a Problem that says what
   * stands in the way. Absent where there is nothing to be switched.
   */
  switchMode?(mode: About['mode']): Promise<boolean>;
  /** Names that pods ask for; absent where nobody looks at them. */
  readonly dns?: DnsView;
  /** A call of the CNI plugin (cni/request.ts); of the request no more is known than that it is an object with a command. */
  cni(request: unknown): Promise<{ readonly code: number; readonly body?: unknown }>;
}

export interface AskedConnection {
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6';
  /** A number, or a name; of ICMP the type. */
  readonly port: string;
}

export interface AskedReset {
  /** `namespace/name`. */
  readonly service: string;
  /** Those to one backend, or to every one; else to those that are the service's no more. */
  readonly backend?: { readonly address: string; readonly port: number; readonly protocol?: number };
  readonly isAll?: boolean;
  readonly isDryRun?: boolean;
}

export interface ResetReport {
  /** Of backends that had some: connections that were given it in a socket, and those whose packets are translated. */
  readonly backends: readonly { readonly backend: string; readonly sockets: number; readonly flows: number }[];
  readonly problems: readonly string[];
}

/** What the DNS proxy tells; each throws a Problem when it does not answer. */
export interface DnsView {
  /** Records of questions and answers, in Hubble's field names: the kept ones, and those to come when they are followed. */
  log(wish: DnsLogWish, signal: AbortSignal): AsyncIterable<unknown>;
  /** What pods were told. */
  cache(asked: DnsCacheQuestion): Promise<readonly object[]>;
  /** Takes it back; answers how many names of pods that were. */
  clean(asked: Pick<DnsCacheQuestion, 'endpoint' | 'name'>): Promise<number>;
  /** Selectors of policies in force here, with their identities and grants. */
  names(): Promise<readonly object[]>;
}

export interface DnsLogWish {
  readonly follow: boolean;
  /** `namespace/pod`, or `namespace/`. */
  readonly pod?: string;
  /** A name or a pattern. */
  readonly name?: string;
  readonly verdict?: 'FORWARDED' | 'DROPPED' | 'ERROR';
  readonly since?: Date;
  readonly limit?: number;
}

export interface DnsCacheQuestion {
  readonly endpoint?: number;
  /** A name or a pattern. */
  readonly name?: string;
  readonly address?: string;
  readonly limit?: number;
}

/** As far as this node decides; `sides` are its own. */
export interface ExplainedConnection {
  readonly from: ExplainedEnd;
  readonly to: ExplainedEnd;
  readonly protocol: string;
  readonly port: number;
  readonly verdict: 'allow' | 'deny' | 'redirect' | 'audit';
  readonly sides: readonly ExplainedSide[];
  readonly elsewhere: readonly { readonly direction: string; readonly pod: string; readonly node: string }[];
}

export interface ExplainedEnd {
  readonly name: string;
  readonly identity: number;
  readonly labels: readonly string[];
  /** Empty for here and for outside. */
  readonly node: string;
}

export interface ExplainedSide {
  readonly direction: 'egress' | 'ingress';
  readonly pod: string;
  readonly verdict: 'allow' | 'deny' | 'redirect' | 'audit';
  readonly policies: readonly string[];
  readonly rule: string;
  readonly explanation: readonly string[];
}

export interface About {
  readonly version: string;
  readonly node: string;
  readonly cluster: string;
  readonly mode: 'kernel' | 'wasm';
  readonly pid: number;
  readonly startedAt: Date;
}
