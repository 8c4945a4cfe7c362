// Control lines: what clients and the DNS proxy say to each other over R/dns/control.sock: one JSON object a line. A request has a number, which
// its answer repeats; answers come in the order in which they are ready.

/** A request without its number. Names are lower case with their dot; patterns as `matchPattern` has them. */
export type Call =
  | { readonly call: 'hello' }
  /** Has the file of rules read; answered when they are in force. */
  | { readonly call: 'rules'; readonly generation: number }
  | { readonly call: 'status' }
  /** What pods were told, as `CacheRow`s; at most `limit` (10,000). */
  | { readonly call: 'cache'; readonly endpoint?: number; readonly name?: string; readonly address?: string; readonly limit?: number }
  /** Takes it back, grants with it. Connections that live are cut by what the datapath then says of them. */
  | { readonly call: 'clean'; readonly endpoint?: number; readonly name?: string }
  /** Live grants by identity, as `NamesRow`s. */
  | { readonly call: 'names' }
  | ({ readonly call: 'log' } & LogWish)
  /** Has another program take over: its command line without the arguments of `dns-proxy`. Answered when it has. */
  | { readonly call: 'upgrade'; readonly program?: readonly string[] }
  /** From the next process to the one before it: it serves, too, from now on; it serves alone from now on. */
  | { readonly call: 'share' }
  | { readonly call: 'leave' };

export type Request = Call & { readonly id: number };

/**
 * Records come as `{ id, record }` lines before the answer, which says how many this reader has missed. `binary`: after the answer the
 * connection is nothing but frames: u32 bytes, u32 records missed so far, and whole records as `log/log-record.ts` reads them, of
 * everything that is told from then on: what is wanted of it is for the client to say.
 */
export interface LogWish {
  readonly binary?: boolean;
  /** Go on with what is told from now on; the answer comes only when the client hangs up. */
  readonly follow?: boolean;
  /** `namespace/pod`, or a namespace with its slash. */
  readonly pod?: string;
  readonly name?: string;
  readonly verdict?: 'FORWARDED' | 'DROPPED' | 'ERROR';
  /** RFC 3339. */
  readonly since?: string;
  /** The last ones, of those that are kept; without `follow` 100. */
  readonly limit?: number;
}

/** `code` is one of `errors.ts`. */
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly record: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } };

export interface Hello {
  readonly pid: number;
  readonly version: string;
  /** Where redirected DNS goes, UDP and TCP, host order. */
  readonly port: number;
  readonly mode: 'kernel' | 'wasm';
  /** Of the rules in force; 0: none. */
  readonly generation: number;
}

export interface ProxyStatus extends Hello {
  readonly uptimeMs: number;
  readonly endpoints: number;
  readonly outstanding: number;
  readonly connections: number;
  readonly readers: number;
  /** Of the book: addresses, names and bytes held now. */
  readonly book: Readonly<Record<string, number>>;
  /** As in `engine/counters.ts`, by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** Cumulative: answers that took at most `bounds[i]` seconds; the last one is all. */
  readonly latency: { readonly bounds: readonly number[]; readonly counts: readonly number[]; readonly sum: number };
  readonly residentBytes: number;
  /** What does not work, in words. */
  readonly problems: readonly string[];
}

/** One address of one name, as one pod was told it. */
export interface CacheRow {
  readonly endpoint: number;
  readonly namespace: string;
  readonly pod: string;
  readonly name: string;
  readonly address: string;
  /** Seconds left, 0: expired. */
  readonly ttl: number;
  /** RFC 3339. */
  readonly expires: string;
}

export interface NamesRow {
  /** `name:…` or `pattern:…`. */
  readonly selector: string;
  /** Of the local scope. */
  readonly identity: number;
  /** Grants that live: addresses, each for one pod. */
  readonly grants: number;
}
