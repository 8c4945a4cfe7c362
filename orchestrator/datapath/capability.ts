// Capabilities: what a probe found out about this host, one thing at a time.

/** One thing that was tried for real. */
export interface Capability {
  readonly name: string;
  /** What the datapath does with it. */
  readonly enables: string;
  readonly works: boolean;
  /** The host's answer in words: a version, or the error with its meaning. */
  readonly answer: string;
  /** Without it there is no kernel mode. */
  readonly isNeeded: boolean;
}

export type Mode = 'kernel' | 'wasm';

/** A decision and its reason in one sentence. */
export interface Choice {
  readonly mode: Mode;
  readonly sentence: string;
}

const wasmCost =
  'packets go through TUN devices in this process: about 1.5 µs of CPU more for each small one, and maps end with the process';

/** What `auto` takes: kernel mode where everything that it needs works. */
export function chooseMode(capabilities: readonly Capability[]): Choice {
  const missing = capabilities.filter(({ isNeeded, works }) => isNeeded && !works);
  if (missing.length === 0) return { mode: 'kernel', sentence: 'kernel mode: everything that it needs works on this host' };
  const [first] = missing as [Capability, ...Capability[]];
  return { mode: 'wasm', sentence: `wasm mode: no kernel mode without ${first.name}: ${first.answer}; ${wasmCost}` };
}
