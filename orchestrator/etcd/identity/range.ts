// Numbers of one cluster: the cluster's number in bits 16 to 23, 256 to 65535 below it. Who looks for a free one begins anywhere, so
// that allocators rarely want the same one at once.
import { AgentError } from '../../errors.ts';

const first = 256;
const size = 65_536 - first;

export class NumberRange {
  readonly #base: number;
  readonly #random: () => number;
  /** Numbers that are known not to be free, and how many facts say so. */
  readonly #taken = new Set<number>();

  /** `cluster`: 0 to 255. */
  constructor(cluster: number, random: () => number = Math.random) {
    if (!Number.isInteger(cluster) || cluster < 0 || cluster > 255) throw new RangeError(`cluster id ${cluster} is not 0 to 255`);
    this.#base = cluster * 65_536 + first;
    this.#random = random;
  }

  includes(number: number): boolean {
    return number >= this.#base && number < this.#base + size;
  }

  take(number: number): void {
    if (this.includes(number)) this.#taken.add(number);
  }

  free(number: number): void {
    this.#taken.delete(number);
  }

  /** A number that is free as far as is known, taken with this call. Throws IDENTITIES_EXHAUSTED when there is none. */
  pick(): number {
    const start = Math.floor(this.#random() * size);
    for (let step = 0; step < size; step++) {
      const number = this.#base + ((start + step) % size);
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      return number;
    }
    throw new AgentError('IDENTITIES_EXHAUSTED', `identities: numbers ${this.#base} to ${this.#base + size - 1}: all ${size} are taken`);
  }
}
