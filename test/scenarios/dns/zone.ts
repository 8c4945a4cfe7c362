// The zone that the world answers for: names whose first label says what is wrong or strange about them. Pure; authority.ts serves it.

import type { Answer } from 'dns-packet';

export type Family = 4 | 6;

export interface Zoned {
  readonly rcode: 'NOERROR' | 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED';
  readonly answers: readonly Answer[];
}

/** What scenarios call an address by is its number, the same in both families. From `fresh` on each is given to one name only. */
export const fresh = 1_000;

/** 198.18.0.0/15 has room for as many as anybody asks. */
export const prefixes = { 4: '198.18.0.0/15', 6: '2001:db8:d::/48' } as const;

export function addressOf(number: number, family: Family): string {
  const high = number >>> 16;
  // As answers are written: no zero that may be left out.
  if (family === 6) return `2001:db8:d::${high > 0 ? `${high.toString(16)}:` : ''}${(number & 0xffff).toString(16)}`;
  return `198.${18 + high}.${(number >>> 8) & 255}.${number & 255}`;
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

/** Name → numbers of its addresses and their time to live. */
const plain: Readonly<Record<string, { readonly numbers: readonly number[]; readonly ttl: number }>> = {
  'www.domain.com': { numbers: [1], ttl: 300 },
  'a.b.domain.com': { numbers: [2], ttl: 300 },
  'domain.com': { numbers: [3], ttl: 300 },
  'www.other.com': { numbers: [4], ttl: 300 },
  'shared.domain.com': { numbers: [5], ttl: 300 },
  'mine.domain.com': { numbers: [6], ttl: 300 },
  'brief.domain.com': { numbers: [7], ttl: 4 },
  'lasting.domain.com': { numbers: [8], ttl: 1 },
  'graced.domain.com': { numbers: [9], ttl: 1 },
  'api-1.domain.com': { numbers: [10], ttl: 300 },
  'api-2.domain.com': { numbers: [11], ttl: 300 },
  '_srv._tcp.domain.com': { numbers: [12], ttl: 300 },
  'first.domain.com': { numbers: [13], ttl: 300 },
  'second.domain.com': { numbers: [14], ttl: 300 },
  'away.domain.com': { numbers: [15], ttl: 300 },
  'back.domain.com': { numbers: [16], ttl: 300 },
  'narrow.domain.com': { numbers: [17], ttl: 300 },
  'late.domain.com': { numbers: [18], ttl: 300 },
  'thirty.domain.com': { numbers: range(100, 30), ttl: 60 },
  'hundred.domain.com': { numbers: range(200, 100), ttl: 60 },
};
const chain = 8;
/** At the end of the long chain, of the short one, and of what is no chain. */
export const ends = { chain: 50, short: 51, poison: 52, foreign: 53 } as const;

/** Undefined: silence. `next` gives numbers that nobody had yet. */
export function answerOf(question: { readonly name: string; readonly type: string }, next: () => number): Zoned | undefined {
  const name = question.name.toLowerCase();
  const family = question.type === 'A' ? 4 : question.type === 'AAAA' ? 6 : undefined;
  const known = (answers: readonly Answer[]): Zoned => ({ rcode: 'NOERROR', answers });
  const addresses = (owner: string, numbers: readonly number[], ttl: number): Answer[] =>
    family === undefined ? [] : numbers.map((at) => ({ type: family === 4 ? 'A' : 'AAAA', name: owner, ttl, data: addressOf(at, family) }));
  const found = plain[name];
  // As asked, letter by letter.
  if (found) return known(addresses(question.name, found.numbers, found.ttl));
  if (/(^|\.)silent\.domain\.com$/.test(name)) return undefined;
  if (name === 'fails.domain.com') return { rcode: 'SERVFAIL', answers: [] };
  // Like a large store of objects: whoever asks is told another address each time, for a second.
  if (/\.s3\.domain\.com$/.test(name)) return known(addresses(question.name, [next()], 1));
  // Of those that live a pod has 16,384 at most: on a quick machine it asks for 2,000 a second.
  if (/\.fresh\.domain\.com$/.test(name)) return known(addresses(question.name, [next()], 4));
  if (/\.quick\.domain\.com$/.test(name)) return known(addresses(question.name, [20], 300));
  if (name === 'poison.domain.com') {
    return known([...addresses(question.name, [ends.poison], 60), ...addresses('www.other.com', [ends.foreign], 60)]);
  }
  if (name === 'foreign.domain.com') return known(addresses('www.other.com', [ends.foreign], 60));
  const chained = chainFrom(name);
  return chained === undefined
    ? { rcode: 'NXDOMAIN', answers: [] }
    : known([...chained.links, ...addresses(chained.end, chained.numbers, 60)]);
}

interface Chained {
  readonly links: readonly Answer[];
  readonly end: string;
  readonly numbers: readonly number[];
}

function chainFrom(name: string): Chained | undefined {
  const links: Answer[] = [];
  const link = (from: string, to: string) => {
    links.push({ type: 'CNAME', name: from, ttl: 60, data: to });
    return to;
  };
  const at = name === 'chain.domain.com' ? 0 : Number(/^link-(\d+)\.cdn\.net$/.exec(name)?.[1] ?? Number.NaN);
  if (at >= 0 && at <= chain) {
    let end = name;
    for (let step = at; step < chain; step += 1) end = link(end, `link-${step + 1}.cdn.net`);
    return { links, end, numbers: [ends.chain] };
  }
  if (name === 'short.domain.com') return { links, end: link(name, 'edge.cdn.net'), numbers: [ends.short] };
  if (name === 'edge.cdn.net') return { links, end: name, numbers: [ends.short] };
  if (name === 'loop.domain.com' || name === 'pool.domain.com') {
    const other = name === 'loop.domain.com' ? 'pool.domain.com' : 'loop.domain.com';
    link(name, other);
    link(other, name);
    return { links, end: name, numbers: [] };
  }
  return undefined;
}
