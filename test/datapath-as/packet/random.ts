// Randomness with a seed that a failing test prints: xorshift32, the same on every machine.

export interface Random {
  /** An integer in [0, bound). */
  below(bound: number): number;
  pick<T>(from: readonly T[]): T;
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

export function seedOf(environment: string | undefined): number {
  return (environment === undefined ? Date.now() : Number(environment)) >>> 0 || 1;
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0 || 1;
  const below = (bound: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  return {
    below,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  };
}
