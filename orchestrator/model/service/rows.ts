// Rows of services: what is read of Kubernetes, and what the datapath shall know: frontends that clients use, and the backends that answer.

/** A service, as its source has read it. */
export interface ServiceFacts {
  /** `namespace/name`. */
  readonly key: string;
  readonly rejected?: string | undefined;
  readonly type: string;
  /** Canonical; none for a headless service. */
  readonly clusterAddresses: readonly string[];
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: number }[];
}

/** A part of a service's endpoints. */
export interface SliceFacts {
  /** `namespace/name` of the slice. */
  readonly key: string;
  readonly namespace: string;
  /** Name of its service; empty for a slice of none. */
  readonly service: string;
  readonly endpoints: readonly {
    /** Canonical; all of them are the same endpoint, and clients use the first. */
    readonly addresses: readonly string[];
    readonly isReady: boolean;
    /** Takes connections, be it terminating or not. */
    readonly isServing: boolean;
    readonly isTerminating: boolean;
    readonly node: string;
    readonly zone: string;
  }[];
  /** Without a number a port means nothing here. */
  readonly ports: readonly { readonly name: string; readonly port: number | undefined; readonly protocol: number }[];
}

/** What clients connect to. */
export interface FrontendRow {
  /** `10.96.0.10 6 80`: address, protocol, port. */
  readonly key: string;
  /** Canonical. */
  readonly address: string;
  /** 6, 17, 132; 0 with port 0 for the rest of a service's address, which is closed. */
  readonly protocol: number;
  /** Host order. */
  readonly port: number;
  /** `namespace/name`. */
  readonly service: string;
  readonly portName: string;
  readonly type: 'ClusterIP' | 'closed';
  /** Keys of backends that take new connections, sorted; none: they are refused. */
  readonly backends: readonly string[];
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
