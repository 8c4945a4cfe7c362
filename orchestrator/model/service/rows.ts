// Rows of services: what is read of Kubernetes, and what the datapath shall know: frontends that clients use, and the backends that answer.

/** A service, as its source has read it: the source's rows are these and more. */
export interface ServiceFacts {
  /** `namespace/name`. */
  readonly key: string;
  readonly rejected?: string | undefined;
  /** As Kubernetes writes it, so that texts sort by age; empty when it is not told. */
  readonly createdAt: string;
  readonly type: string;
  /** Its label says that somebody else balances it. */
  readonly isOthers: boolean;
  /** Canonical; none for a headless service. */
  readonly clusterAddresses: readonly string[];
  readonly externalAddresses: readonly string[];
  /** Of the load balancer, where packets come as they were sent to it; not those of a proxy. */
  readonly balancerAddresses: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly port: number;
    readonly protocol: number;
    /** Undefined when there is none. */
    readonly nodePort: number | undefined;
  }[];
  /** Clients of the network reach backends of the node only that they came to. */
  readonly isExternallyLocal: boolean;
  /** Pods reach backends of their own node only. */
  readonly isInternallyLocal: boolean;
  /** For so many seconds a client keeps its backend; 0: each connection for itself. */
  readonly affinitySeconds: number;
  /** Who may come to the addresses of the load balancer; empty: everybody. */
  readonly sourceRanges: readonly string[];
  /** Where whoever balances to nodes asks whether this one has backends; 0: nowhere. */
  readonly healthCheckPort: number;
  /** As its author wrote it; empty when he did not. */
  readonly algorithm: string;
  /** The same: `dsr` or `snat`. */
  readonly forwarding: string;
  /** The same: with `true` connections to removed backends are ended. */
  readonly resetRemoved: string;
}

/** One of those that may answer. */
export interface SliceEndpointFacts {
  /** Canonical; all of them are the same endpoint, and clients use the first. */
  readonly addresses: readonly string[];
  readonly isReady: boolean;
  /** Takes connections, be it terminating or not. */
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  readonly node: string;
  readonly zone: string;
  /** Nodes and zones whose clients are to use it; empty: nothing is said of that. */
  readonly forNodes: readonly string[];
  readonly forZones: readonly string[];
}

/** A part of a service's endpoints. */
export interface SliceFacts {
  /** `namespace/name` of the slice. */
  readonly key: string;
  readonly namespace: string;
  /** Name of its service; empty for a slice of none. */
  readonly service: string;
  readonly endpoints: readonly SliceEndpointFacts[];
  /** Without a number a port means nothing here. */
  readonly ports: readonly { readonly name: string; readonly port: number | undefined; readonly protocol: number }[];
  /** How many shares of new connections each endpoint gets; 1 where nothing is said. */
  readonly weight: number;
}

/** Ports of this node that belong to a pod here. */
export interface HostPortFacts {
  /** `namespace/name` of the pod. */
  readonly key: string;
  readonly createdAt: string;
  /** Of the pod. */
  readonly addresses: readonly string[];
  readonly ports: readonly {
    readonly protocol: number;
    readonly port: number;
    readonly hostPort: number;
    /** Empty: every address of the node. */
    readonly hostAddress: string;
  }[];
}

/** The node whose datapath it is. */
export interface NodeFacts {
  readonly name: string;
  readonly zone: string;
  /** At which node ports and host ports are served. */
  readonly addresses: readonly string[];
}

export type FrontendKind = 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalIP' | 'HostPort';

/** inside: for pods and programs of this node; outside: for what comes from the network. */
export type Scope = 'inside' | 'outside';

/** What clients connect to. */
export interface FrontendRow {
  /** `10.96.0.10 6 80`: address, protocol, port; for clients outside ` outside` follows. */
  readonly key: string;
  /** Canonical. */
  readonly address: string;
  /** 6, 17, 132; 0 with port 0 for the rest of a service's address, which is closed. */
  readonly protocol: number;
  /** Host order. */
  readonly port: number;
  readonly scope: Scope;
  /** `namespace/name`; of a host port the pod's. */
  readonly service: string;
  readonly portName: string;
  readonly type: FrontendKind | 'closed';
  /** Keys of backends that take new connections, sorted; none: they are refused. */
  readonly backends: readonly string[];
  /** Of each of them its share, where they are not all equal. */
  readonly weights: readonly number[];
  readonly affinitySeconds: number;
  readonly sourceRanges: readonly string[];
  readonly algorithm: 'maglev' | 'random';
  /** A backend answers the client itself, from another node too. */
  readonly isDirect: boolean;
  /** Why there is no backend; empty when there is one. */
  readonly why: string;
}

/** Who answers. */
export interface BackendRow {
  /** `10.0.1.7 6 8080`. */
  readonly key: string;
  readonly address: string;
  readonly protocol: number;
  readonly port: number;
  readonly node: string;
  readonly zone: string;
  /** draining: it ends, and keeps the connections that it has. */
  readonly state: 'active' | 'draining';
}

export function socketKey(address: string, protocol: number, port: number): string {
  return `${address} ${protocol} ${port}`;
}

export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
