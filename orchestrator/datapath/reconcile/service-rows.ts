// Rows of services: what is to be true of frontends and backends on this node, in words that need no knowledge of Kubernetes. The merge's
// rows (model/service) have the same shape.

/** An address that clients use. */
export interface ServiceFrontendRow {
  /** `10.96.0.10 6 80`, or `10.96.0.10 6 80 outside` for clients of the network: equal keys are one row. */
  readonly key: string;
  readonly address: string;
  /** 0 with port 0 and type `closed`: the rest of a service's address, which nobody serves. */
  readonly protocol: number;
  /** Host order. */
  readonly port: number;
  readonly type: string;
  /** Keys of the backends among which new connections are divided; none: they are refused. */
  readonly backends: readonly string[];
  /** Of each of them its share; absent or empty: all alike. */
  readonly weights?: readonly number[];
  /** inside, for pods and programs of this node, by default. */
  readonly scope?: 'inside' | 'outside';
  /** For how long a client keeps its backend; 0, the default: for its connection. */
  readonly affinitySeconds?: number;
  /** random: other nodes choose otherwise. */
  readonly algorithm?: 'maglev' | 'random';
  /** Prefixes of clients that may come; absent or empty: everybody. */
  readonly sourceRanges?: readonly string[];
  /** Backends of other nodes get packets as clients wrote them. */
  readonly isDirect?: boolean;
}

/** Who answers. */
export interface ServiceBackendRow {
  readonly key: string;
  readonly address: string;
  readonly protocol: number;
  readonly port: number;
  /** draining: keeps what it has. */
  readonly state: 'active' | 'draining';
}

/** Differences that belong together; each part may be absent. */
export interface ServiceChange {
  readonly frontends?: { readonly put?: readonly ServiceFrontendRow[]; readonly removed?: readonly string[] };
  readonly backends?: { readonly put?: readonly ServiceBackendRow[]; readonly removed?: readonly string[] };
}

/** A map has no room for all that is wanted: a matter of health, told by every write until there is room. */
export interface ServiceProblem {
  readonly map: 'frontends' | 'backends' | 'maglev' | 'source_ranges';
  /** Keys of frontends that don't work as they should. */
  readonly frontends: readonly string[];
  /** Those of them whose connections are refused: not even a small table has room. */
  readonly closed?: readonly string[];
  readonly capacity: number;
}
