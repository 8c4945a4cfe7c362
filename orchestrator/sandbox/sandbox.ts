// The sandbox as a library: clusters brought up, used and taken down. The commands are thin over it, and so are the scenarios' tests.
// Read this first.

import type { AppliedObject } from './control-plane/apply.ts';
import type { KubeClient } from './control-plane/client.ts';
import type { ExecOptions, ExecProcess, ExecResult } from './exec.ts';

export type { AppliedObject, ExecOptions, ExecProcess, ExecResult };

/** Where a process runs: `east/a` is a node, `east/shop/web` a pod, `world` and `fabric` themselves. */
export type Place = string;

/** The datapath is a process of its own where packets run through WebAssembly. */
export type Part = 'agent' | 'datapath' | 'kubelet';

export interface SandboxNode {
  readonly cluster: string;
  readonly name: string;
  /** On the underlay, IPv4 first. */
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  /** Of the agent's API. */
  readonly socket: string;
  readonly stateDir: string;
  /** SIGKILL by default; it stays away until `startAgent`. Resolves when it is gone. */
  killAgent(signal?: NodeJS.Signals): Promise<void>;
  /** With more flags than its own, if any. Resolves when its API answers that it is healthy. */
  startAgent(flags?: readonly string[]): Promise<void>;
  /** Kill and start at once. */
  restartAgent(signal?: NodeJS.Signals): Promise<void>;
  /**
   * SIGKILL by default to the process that packets run in, which is replaced by itself. Resolves when its successor answers. Throws
   * SANDBOX_FAILED where there is none.
   */
  killDatapath(signal?: NodeJS.Signals): Promise<void>;
  killKubelet(signal?: NodeJS.Signals): Promise<void>;
  startKubelet(): Promise<void>;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: readonly string[], options?: ExecOptions): ExecProcess;
  /** Everything it has written since the sandbox is there. */
  log(part: Part): string;
}

export interface SandboxPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly phase: string;
  readonly ready: boolean;
  readonly addresses: readonly string[];
}

export interface SandboxCluster {
  readonly name: string;
  readonly nodes: readonly SandboxNode[];
  readonly kubeconfig: string;
  /** The Kubernetes API, as an administrator. */
  readonly kube: KubeClient;
  readonly etcd: { readonly endpoints: readonly string[]; readonly ca: string; readonly certificate: string; readonly key: string };
  node(name: string): SandboxNode;
  /** YAML or objects; namespaces and definitions first. Throws MANIFEST_REFUSED with every place when anything of it can't be read. */
  apply(manifests: string | readonly object[]): Promise<AppliedObject[]>;
  /** The same, away again; what is not there is no error. Does not wait for pods to end unless told. */
  delete(manifests: string | readonly object[], options?: { readonly wait?: boolean }): Promise<void>;
  pods(): Promise<SandboxPod[]>;
  /** Every pod of the cluster, or those named `namespace/name`, is Ready or has succeeded. */
  ready(pods?: readonly string[], timeoutMs?: number): Promise<void>;
  /** `pod` is `namespace/name`, or a name in `default`. */
  exec(pod: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(pod: string, argv: readonly string[], options?: ExecOptions): ExecProcess;
  /** For tests of outages. */
  stopApi(signal?: NodeJS.Signals): Promise<void>;
  startApi(): Promise<void>;
  stopEtcd(signal?: NodeJS.Signals): Promise<void>;
  startEtcd(): Promise<void>;
}

/** Beyond every cluster, a hop behind the fabric: every address of its prefixes answers. */
export interface SandboxWorld {
  /** 192.0.2.0/24, 198.51.100.0/24, 2001:db8::/32. */
  readonly prefixes: readonly string[];
  /** A few of them; UDP answers on these alone. */
  readonly addresses: readonly string[];
  /** TCP 80, 443 and 8080: HTTP without TLS, a JSON body `{peer, port, address, method, path}`. */
  readonly http: readonly number[];
  /** Servers, over UDP and TCP 53, for names below domains; resolvers of clusters ask them. */
  readonly names: { readonly servers: readonly string[]; readonly domains: readonly string[] };
  /** TCP and UDP 7: what comes goes back. */
  readonly echo: number;
  /** TCP and UDP 9: a line `PEER PORT` for every connection and datagram. */
  readonly tell: number;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(argv: readonly string[], options?: ExecOptions): ExecProcess;
}

export interface Sandbox {
  readonly name: string;
  readonly folder: string;
  readonly clusters: readonly SandboxCluster[];
  readonly world: SandboxWorld;
  /** Throws SANDBOX_UNKNOWN for names that are not there. */
  cluster(name: string): SandboxCluster;
  /** `cluster/node`; the cluster may be left out when there is but one. */
  node(path: string): SandboxNode;
  exec(place: Place, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Takes all of it down. */
  down(): Promise<void>;
  /** Lets go of it without ending it. */
  close(): void;
}

export interface Progress {
  /** `east/a`, `east`, `fabric`, `east/shop/web`. */
  readonly part: string;
  readonly message: string;
  /** Since the start. */
  readonly ms: number;
}

export interface SandboxOptions {
  /** The topology's, or `default`. */
  readonly name?: string;
  /** Manifests are found from here; the current folder. */
  readonly folder?: string;
  readonly progress?: (progress: Progress) => void;
  /** Until everything is Ready; 60 s. */
  readonly timeoutMs?: number;
  /** Resolve when the nodes are Ready, whatever their pods do. */
  readonly waitForPods?: boolean;
  /** Stay after a failure, to be looked at. */
  readonly keep?: boolean;
  /** Ends with this process, even when it is killed. */
  readonly tied?: boolean;
}
