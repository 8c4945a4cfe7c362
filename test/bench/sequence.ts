// A sequence of numbers that look random and are the same in every run (xorshift32).

/** Each call gives the next number, 1 to 2^32 - 1. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
