// Ipcache: claims come and go one by one, and each says which rows change by it. What stands is what `ipcacheRows` makes of the claims.

import type { Prefix } from '../../net/prefix.ts';
import { type Claim, compareClaims } from './claim.ts';
import { inheritedText, isSameMeaning, type Meaning, mergeClaims, worldMeaning } from './meaning.ts';
import { PrefixTable } from './prefix-table.ts';
import { defaultRows, type IpcacheRow } from './rows.ts';

/** `after` undefined: the row is gone, and the next wider prefix decides. */
export interface IpcacheChange {
  readonly prefix: Prefix;
  readonly before: Meaning | undefined;
  readonly after: Meaning | undefined;
}

interface Slot {
  readonly prefix: Prefix;
  readonly claims: Map<string, Claim>;
  meaning: Meaning | undefined;
}

export class Ipcache {
  private readonly slots = new PrefixTable<Slot>();

  constructor(claims: Iterable<Claim> = []) {
    for (const { prefix, meaning } of defaultRows) this.slots.set(prefix, { prefix, claims: new Map(), meaning });
    for (const claim of claims) this.claim(claim);
  }

  /** Takes the place of what the same owner said of the prefix. Wider prefixes come first in the answer. */
  claim(claim: Claim): IpcacheChange[] {
    let slot = this.slots.get(claim.prefix);
    if (slot === undefined) {
      slot = { prefix: claim.prefix, claims: new Map(), meaning: undefined };
      this.slots.set(claim.prefix, slot);
    }
    slot.claims.set(claim.owner, claim);
    return this.settle(slot);
  }

  /** What is below comes up again: other claims of the prefix, or the next wider one. */
  release(prefix: Prefix, owner: string): IpcacheChange[] {
    const slot = this.slots.get(prefix);
    if (slot === undefined || !slot.claims.delete(owner)) return [];
    if (slot.claims.size === 0 && prefix.length > 0) this.slots.delete(prefix);
    return this.settle(slot);
  }

  /** The row that decides for an address (or a narrower prefix). */
  lookup(address: Prefix): IpcacheRow {
    const slot = this.slots.get(address) ?? this.slots.around(address);
    if (slot?.meaning === undefined) throw new Error(`ipcache: no row around ${address.text}`);
    return { prefix: slot.prefix, meaning: slot.meaning };
  }

  /** The one that speaks for the prefix, of those that claim it. */
  bestClaim(prefix: Prefix): Claim | undefined {
    const claims = [...(this.slots.get(prefix)?.claims.values() ?? [])];
    return claims.sort(compareClaims)[0];
  }

  *rows(): Iterable<IpcacheRow> {
    for (const { prefix, meaning } of this.slots) if (meaning !== undefined) yield { prefix, meaning };
  }

  private settle(slot: Slot): IpcacheChange[] {
    const wider = this.slots.around(slot.prefix)?.meaning ?? worldMeaning(slot.prefix);
    const felt = inheritedText(slot.meaning ?? wider);
    const isThere = this.slots.get(slot.prefix) === slot;
    const before = slot.meaning;
    slot.meaning = isThere ? mergeClaims(slot.prefix, slot.claims.values(), wider) : undefined;
    const own = change(slot.prefix, before, slot.meaning);
    // What lies within notices only what it inherits; a policy that names a prefix changes nothing there.
    return inheritedText(slot.meaning ?? wider) === felt ? own : [...own, ...this.settleWithin(slot.prefix)];
  }

  private settleWithin(prefix: Prefix): IpcacheChange[] {
    return this.slots.within(prefix).flatMap((slot) => {
      const before = slot.meaning;
      slot.meaning = mergeClaims(slot.prefix, slot.claims.values(), this.slots.around(slot.prefix)?.meaning);
      return change(slot.prefix, before, slot.meaning);
    });
  }
}

function change(prefix: Prefix, before: Meaning | undefined, after: Meaning | undefined): IpcacheChange[] {
  const isSame = before === undefined || after === undefined ? before === after : isSameMeaning(before, after);
  return isSame ? [] : [{ prefix, before, after }];
}
