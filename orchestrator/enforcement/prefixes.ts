// Prefixes: whom addresses stand for, from everybody's claims, with numbers for what has none in the cluster.

import type { PrefixRow } from '../datapath/reconcile/rows.ts';
import type { Identity } from '../model/identity.ts';
import type { Claim } from '../model/ipcache/claim.ts';
import { Ipcache, type IpcacheChange } from '../model/ipcache/ipcache.ts';
import type { Meaning } from '../model/ipcache/meaning.ts';
import { defaultRows } from '../model/ipcache/rows.ts';
import type { LocalIdentities, LocalMeaning } from '../model/local-identities.ts';
import type { Prefix } from '../net/prefix.ts';

export interface PrefixChanges {
  readonly put: readonly PrefixRow[];
  readonly removed: readonly Prefix[];
  /** Local ones: told to the resolver before and after. */
  readonly added: readonly Identity[];
  readonly gone: readonly Identity[];
}

export class Prefixes {
  private readonly ipcache = new Ipcache();
  private readonly locals: LocalIdentities;
  private readonly claims = new Map<string, Claim>();
  /** Prefix → its meaning now, of those that may have changed. */
  private readonly touched = new Map<
    string,
    { readonly prefix: Prefix; readonly before: Meaning | undefined; after: Meaning | undefined }
  >();
  /** Prefixes that are behind a node, by its name. */
  private readonly behind = new Map<string, Map<string, Prefix>>();

  constructor(locals: LocalIdentities) {
    this.locals = locals;
    for (const { prefix, meaning } of defaultRows) this.touched.set(prefix.text, { prefix, before: undefined, after: meaning });
  }

  /** Takes the place of what the same owner said of the prefix. */
  claim(claim: Claim): void {
    const key = `${claim.owner} ${claim.prefix.text}`;
    const before = this.claims.get(key);
    if (before !== undefined && isSameClaim(before, claim)) return;
    this.claims.set(key, claim);
    this.note(this.ipcache.claim(claim));
  }

  release(prefix: Prefix, owner: string): void {
    if (this.claims.delete(`${owner} ${prefix.text}`)) this.note(this.ipcache.release(prefix, owner));
  }

  /** Makes these all the claims of an owner whose claims were `before`; answers what is to be given as `before` next time. */
  replace(owner: string, before: readonly Prefix[], claims: readonly Claim[]): Prefix[] {
    const kept = new Set(claims.map(({ prefix }) => prefix.text));
    for (const claim of claims) this.claim(claim);
    for (const prefix of before) if (!kept.has(prefix.text)) this.release(prefix, owner);
    return claims.map(({ prefix }) => prefix);
  }

  /** A node got another number: what is behind it is to be written anew. */
  touchNode(name: string): void {
    for (const [text, prefix] of this.behind.get(name) ?? []) {
      if (this.touched.has(text)) continue;
      const { meaning } = this.ipcache.lookup(prefix);
      this.touched.set(text, { prefix, before: meaning, after: meaning });
    }
  }

  /** Whom a prefix stands for, behind which node, and who says so. Only after `settle`. */
  describe(prefix: Prefix): { readonly identity: number; readonly node: string; readonly from: string } {
    const { meaning } = this.ipcache.lookup(prefix);
    return { identity: this.numberOf(meaning), node: meaning.node ?? '', from: this.ipcache.bestClaim(prefix)?.owner ?? 'default' };
  }

  /** What changed since this was last called. `nodeNumber`: 0 for a node that has none. */
  settle(nodeNumber: (name: string) => number): PrefixChanges {
    const put: PrefixRow[] = [];
    const removed: Prefix[] = [];
    const added: Identity[] = [];
    const released: LocalMeaning[] = [];
    for (const { prefix, before, after } of this.touched.values()) {
      if (after?.kind === 'local' && !isSameLocal(before, after)) {
        const { identity, isNew } = this.locals.acquire(after.local);
        if (isNew) added.push(identity);
      }
      if (before?.kind === 'local' && !isSameLocal(after, before)) released.push(before.local);
      this.place(prefix, before?.node, after?.node);
      if (after === undefined) removed.push(prefix);
      else put.push({ prefix: prefix.text, identity: this.numberOf(after), node: after.node === undefined ? 0 : nodeNumber(after.node) });
    }
    this.touched.clear();
    const gone = released.map((meaning) => this.locals.release(meaning)).filter((identity) => identity !== undefined);
    return { put, removed, added, gone };
  }

  private note(changes: readonly IpcacheChange[]): void {
    for (const { prefix, before, after } of changes) {
      const known = this.touched.get(prefix.text);
      if (known === undefined) this.touched.set(prefix.text, { prefix, before, after });
      else known.after = after;
    }
  }

  private place(prefix: Prefix, before: string | undefined, after: string | undefined): void {
    if (before !== undefined && before !== after) {
      const others = this.behind.get(before);
      others?.delete(prefix.text);
      if (others?.size === 0) this.behind.delete(before);
    }
    if (after === undefined) return;
    const here = this.behind.get(after) ?? new Map<string, Prefix>();
    this.behind.set(after, here.set(prefix.text, prefix));
  }

  private numberOf(meaning: Meaning): number {
    if (meaning.kind === 'number') return meaning.number;
    return (this.locals.find(meaning.local) as Identity).number;
  }
}

function isSameLocal(one: Meaning | undefined, other: Meaning & { kind: 'local' }): boolean {
  return one?.kind === 'local' && one.local.labels.text === other.local.labels.text && one.local.prefix.text === other.local.prefix.text;
}

function isSameClaim(a: Claim, b: Claim): boolean {
  return a.source === b.source && a.identity === b.identity && a.labels?.text === b.labels?.text && a.node === b.node;
}
