// Told addresses and the map of grants, for tests of the book.

import { grantCodec, grantKeyCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import type { Book } from '../../../orchestrator/dns/book/book.ts';
import { keyBytes, valueBytes } from '../../../orchestrator/dns/book/map-changes.ts';
import type { ToldAddresses } from '../../../orchestrator/dns/book/told.ts';
import type { NameGrant } from '../../../orchestrator/dns/matcher/set-matcher.ts';
import { parseAddress, toMapped } from '../../../orchestrator/net/address.ts';
import { wordText } from '../../../orchestrator/net/words.ts';

export const ticksPerSecond = 1e9 / 2 ** 24;

export function bytesOf(address: string): Uint8Array {
  return toMapped(parseAddress(address));
}

export function told(addresses: readonly string[], ttl = 30, depth = 0): ToldAddresses {
  const bytes = new Uint8Array(addresses.length * 16);
  for (const [index, address] of addresses.entries()) bytes.set(bytesOf(address), index * 16);
  return {
    count: addresses.length,
    words: new Int32Array(bytes.buffer),
    ttls: addresses.map(() => ttl),
    depths: addresses.map(() => depth),
  };
}

export function grants(...identities: number[]): NameGrant[] {
  return identities.map((identity) => ({ identity, minTtl: 0, grace: 0, depth: 0 }));
}

export type MapEntry = readonly { readonly identity: number; readonly expires: number }[];

/** What the datapath has, as the changes made it: `endpoint address` → its places that are taken. */
export class GrantMap {
  readonly entries = new Map<string, MapEntry>();

  /** `most`: entries that are written before the map says that it is full. */
  apply({ changes }: Book, most = Number.POSITIVE_INFINITY): number {
    const removed = new DataView(changes.removedKeys.buffer);
    for (let entry = 0; entry < changes.removed; entry += 1) this.entries.delete(keyText(removed, entry));
    const [keys, values] = [new DataView(changes.keys.buffer), new DataView(changes.values.buffer)];
    const written = Math.min(changes.written, most);
    for (let entry = 0; entry < written; entry += 1) {
      const value = grantCodec.decode(values, entry * valueBytes);
      const places = [
        { identity: value.identity0, expires: value.expires0 | 0 },
        { identity: value.identity1, expires: value.expires1 | 0 },
        { identity: value.identity2, expires: value.expires2 | 0 },
        { identity: value.identity3, expires: value.expires3 | 0 },
      ];
      this.entries.set(
        keyText(keys, entry),
        places.filter(({ identity }) => identity !== 0),
      );
    }
    return written;
  }

  applyAll(book: Book, steps: Iterable<void>): void {
    for (const _ of steps) this.apply(book);
  }

  /** Identities that would let the endpoint go to the address. */
  live(endpoint: number, address: string, now: number): number[] {
    const places = this.entries.get(`${endpoint} ${address}`) ?? [];
    return places
      .filter(({ expires }) => ((expires - now) | 0) > 0)
      .map(({ identity }) => identity)
      .sort((a, b) => a - b);
  }
}

function keyText(keys: DataView, entry: number): string {
  const at = entry * keyBytes;
  const key = grantKeyCodec.decode(keys, at);
  const again = new DataView(new ArrayBuffer(keyBytes));
  grantKeyCodec.encode(key, again, 0);
  // A hash map compares every byte.
  if (!Buffer.from(again.buffer).equals(Buffer.from(keys.buffer, at, keyBytes))) throw new Error('a key has bytes that its layout has not');
  return `${key.endpoint} ${wordText(key)}`;
}
