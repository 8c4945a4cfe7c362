// Capabilities: what a probe found out about this host, one thing at a time.

export type Mode = 'kernel' | 'wasm';

/** One thing that was tried for real. */
export interface Capability {
  readonly name: string;
  /** What the datapath does with it. */
  readonly enables: string;
  readonly works: boolean;
  /** The host's answer in words: a version, or the error with its meaning. */
  readonly answer: string;
  /** Modes that cannot serve a node without it. */
  readonly neededBy: readonly Mode[];
}

/** A decision and its reason in one sentence. */
export interface Choice {
  readonly mode: Mode;
  readonly sentence: string;
  /** False: pods cannot have a network here in any mode; packets can be decided, as in tests. */
  readonly servesPods: boolean;
}

/** Measured with pods on one host: 1.5 µs a small packet beside 0.1, 11 µs a round trip beside 5. */
const wasmCost =
  'packets go through TUN devices and a process of their own: about 1.5 µs of CPU for each small one, 5 µs more a round trip, services chosen packet by packet';

export function missingOf(mode: Mode, capabilities: readonly Capability[]): Capability[] {
  return capabilities.filter(({ neededBy, works }) => neededBy.includes(mode) && !works);
}

/** What `auto` takes: kernel mode where everything that it needs works. */
export function chooseMode(capabilities: readonly Capability[]): Choice {
  const [first] = missingOf('kernel', capabilities);
  if (first === undefined)
    return { mode: 'kernel', sentence: 'kernel mode: everything that it needs works on this host', servesPods: true };
  const why = `wasm mode: no kernel mode without ${first.name}: ${first.answer}`;
  const [other] = missingOf('wasm', capabilities);
  if (other === undefined) return { mode: 'wasm', sentence: `${why}; ${wasmCost}`, servesPods: true };
  return {
    mode: 'wasm',
    sentence: `${why}; and for tests only: pods have no network without ${other.name}: ${other.answer}`,
    servesPods: false,
  };
}

/** How the answer begins where something else had to work first. */
export const notTried = 'not tried';
