// Rows of services as the datapath shall know them: frontends that clients use, and the backends that answer them.

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
  /** Keys of backends that take new connections, sorted. */
  readonly backends: readonly string[];
  /** Keys of backends that end, and keep the connections they have. */
  readonly draining: readonly string[];
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
  /** draining: takes no new connections wherever another does. */
  readonly state: 'active' | 'draining';
}
