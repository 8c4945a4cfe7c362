// The world's names: everything below its domains is there, at two addresses of the world that its letters lead to, for some seconds.

import type { Record } from '../dns/records.ts';
import type { ZoneAnswer } from '../dns/zone.ts';

const ttl = 4;
const nothing = { rcode: 'NOERROR', answers: [], additionals: [] } as const;

export class WorldNames {
  readonly domain: string;
  readonly #domains: readonly string[];

  constructor(domains: readonly string[]) {
    this.#domains = domains;
    this.domain = domains[0] ?? '';
  }

  answer(name: string, type: string): ZoneAnswer {
    const asked = name.toLowerCase().replace(/\.$/, '');
    if (!this.#domains.some((domain) => asked === domain || asked.endsWith(`.${domain}`))) return { ...nothing, rcode: 'REFUSED' };
    // As names may have: no zero, no broadcast address.
    const number = 20 + (sum(asked) % 200);
    const records: Record[] = [
      { type: 'A', name, ttl, data: `198.51.100.${number}` },
      { type: 'AAAA', name, ttl, data: `2001:db8:1::${number}` },
    ];
    return { ...nothing, answers: records.filter((record) => type === 'ANY' || record.type === type) };
  }
}

/** FNV-1a. */
function sum(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
