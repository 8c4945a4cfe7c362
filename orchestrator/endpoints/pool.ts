// The addresses of pods on this node: which are free, and which one is next. Fresh ones first, the lowest first; then the one that nobody
// had for the longest time, for others may still know whose it was.

import { AgentError } from '../errors.ts';
import { formatAddress, parseAddress } from '../net/address.ts';
import { containsPrefix, makePrefix, type Prefix, parsePrefix } from '../net/prefix.ts';

/** The first address of a pod prefix that is not the network's own: the node answers for it. */
export function routerAddress(prefix: Prefix): string {
  return addressText(prefix, usable(prefix).router);
}

export class AddressPool {
  /** Address → who has it. */
  readonly #held = new Map<string, string>();
  /** The order is that of the wish to allocate: the first prefix of a family that has room. */
  #ranges: Range[] = [];

  /** Addresses that are held outside of these prefixes stay held. Ranges that stay go on where they were. */
  setPrefixes(texts: readonly string[]): void {
    const before = new Map(this.#ranges.map((range) => [range.prefix.text, range]));
    const prefixes = [...new Map(texts.map((text) => [parsePrefix(text).text, parsePrefix(text)])).values()];
    this.#ranges = prefixes.map((prefix) => before.get(prefix.text) ?? new Range(prefix, [...this.#held.keys()]));
  }

  get hasPrefixes(): boolean {
    return this.#ranges.length > 0;
  }

  ownerOf(address: string): string | undefined {
    return this.#held.get(address);
  }

  /** One address of each family that there are prefixes of, or none at all: then it throws ADDRESSES_EXHAUSTED. */
  take(owner: string): string[] {
    const families = [...new Set(this.#ranges.map(({ prefix }) => prefix.family))].sort();
    const taken: string[] = [];
    for (const family of families) {
      const ranges = this.#ranges.filter(({ prefix }) => prefix.family === family);
      const address = firstOf(ranges, (range) => range.next(this.#held));
      if (address === undefined) {
        this.release(taken);
        throw exhausted(ranges.map(({ prefix }) => this.#stateOf(prefix)));
      }
      this.#held.set(address, owner);
      taken.push(address);
    }
    return taken;
  }

  /** Addresses that somebody has from earlier. Returns those that another has; then none of them is held. */
  hold(addresses: readonly string[], owner: string): string[] {
    const refused = addresses.filter((address) => (this.#held.get(address) ?? owner) !== owner);
    if (refused.length > 0) return refused;
    for (const address of addresses) {
      this.#held.set(address, owner);
      for (const range of this.#ranges) range.forget(address);
    }
    return [];
  }

  /** What nobody holds is no error. */
  release(addresses: readonly string[]): void {
    for (const address of addresses) {
      if (!this.#held.delete(address)) continue;
      for (const range of this.#ranges) range.putBack(address);
    }
  }

  states(): { prefix: string; size: number; used: number }[] {
    return this.#ranges.map(({ prefix }) => this.#stateOf(prefix));
  }

  #stateOf(prefix: Prefix) {
    const used = [...this.#held.keys()].filter((address) => containsPrefix(prefix, parsePrefix(address))).length;
    const { first, last } = usable(prefix);
    return { prefix: prefix.text, size: Number(last < first ? 0n : last - first + 1n), used };
  }
}

/** One prefix: what was never given out since it is known here, and what came back, the oldest first. */
class Range {
  readonly prefix: Prefix;
  readonly #returned = new Set<string>();
  /** Never given out: from here to the last, then from the first to where this began. */
  #fresh: { next: bigint; last: bigint }[];

  /** Whoever was here before probably let go of what lies below the highest that is held; that comes last. */
  constructor(prefix: Prefix, held: readonly string[]) {
    this.prefix = prefix;
    const { first, last } = usable(prefix);
    const inside = held.map((address) => parsePrefix(address)).filter((address) => containsPrefix(prefix, address));
    const highest = inside.reduce((most, { value }) => (value > most ? value : most), first - 1n);
    this.#fresh = [
      { next: highest + 1n, last },
      { next: first, last: highest < last ? highest : last },
    ];
  }

  next(held: ReadonlyMap<string, string>): string | undefined {
    for (const part of this.#fresh) {
      while (part.next <= part.last) {
        const address = addressText(this.prefix, part.next++);
        if (!held.has(address) && !this.#returned.has(address)) return address;
      }
    }
    const [oldest] = this.#returned;
    if (oldest !== undefined) this.#returned.delete(oldest);
    return oldest;
  }

  forget(address: string): void {
    this.#returned.delete(address);
  }

  putBack(address: string): void {
    const single = parsePrefix(address);
    const { first, last } = usable(this.prefix);
    if (containsPrefix(this.prefix, single) && single.value >= first && single.value <= last) this.#returned.add(address);
  }
}

/** IPv4 keeps the lowest and highest of a prefix for itself, IPv6 the lowest; not where there would be nothing left. */
function usable({ family, value, length }: Prefix): { router: bigint; first: bigint; last: bigint } {
  const bits = family === 4 ? 32 : 128;
  const end = value + (1n << BigInt(bits - length)) - 1n;
  const isTiny = bits - length < 2;
  const router = isTiny ? value : value + 1n;
  return { router, first: router + 1n, last: family === 4 && !isTiny ? end - 1n : end };
}

function addressText({ family }: Prefix, value: bigint): string {
  const [address = ''] = makePrefix(family, value, family === 4 ? 32 : 128).text.split('/');
  return formatAddress(parseAddress(address));
}

function exhausted(states: readonly { prefix: string; size: number; used: number }[]): AgentError {
  const counts = states.map(({ prefix, size, used }) => `${prefix}: ${used} of ${size} in use`);
  return new AgentError('ADDRESSES_EXHAUSTED', `pod addresses: none is free: ${counts.join('; ')}`);
}

function firstOf<Item, Value>(items: readonly Item[], value: (item: Item) => Value | undefined): Value | undefined {
  for (const item of items) {
    const found = value(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
