// Known: key → revision of all that was told, so that what comes twice, late or in another order is told apart from what is new.

/** news: tell it. stale: known already. unsure: it can't be known any more whether it came before something that was told. */
export type Judgement = 'news' | 'stale' | 'unsure';

/** So many deletions are remembered one by one. */
const mostTombs = 10_000;

export class Known {
  readonly #revisions = new Map<string, string>();
  readonly #tombs = new Map<string, string>();
  #listed: Set<string> | undefined;
  /** Revision of the latest deletion that was forgotten. */
  #floor: string | undefined;

  get size(): number {
    return this.#revisions.size;
  }

  /** The judgement of a change by a watch; news are remembered. */
  put(key: string, revision: string): Judgement {
    const judgement = this.#judge(key, revision);
    if (judgement !== 'news') return judgement;
    this.#revisions.set(key, revision);
    this.#tombs.delete(key);
    return judgement;
  }

  /** The same of a deletion, at the revision that it made. Of what was never told it is stale. */
  delete(key: string, revision: string): Judgement {
    const known = this.#revisions.get(key);
    if (known !== undefined && isBefore(revision, known)) return 'stale';
    const tomb = this.#tombs.get(key);
    if (tomb === undefined || !isBefore(revision, tomb)) this.#bury(key, revision);
    return this.#revisions.delete(key) ? 'news' : 'stale';
  }

  /** A full list begins. Lists are told at once, but nothing is deleted before the end of one. */
  beginList(): void {
    this.#listed = new Set();
  }

  /** Whether an object of the list is new or another one. A list tells what is true now, even if revisions went back. */
  list(key: string, revision: string): boolean {
    const known = this.#revisions.get(key);
    if (known === revision || (known !== undefined && this.#listed?.has(key) && isBefore(revision, known))) {
      this.#listed?.add(key);
      return false;
    }
    this.#listed?.add(key);
    this.#revisions.set(key, revision);
    return true;
  }

  /** What the list had goes before its end; whether it was known. */
  unlist(key: string): boolean {
    this.#listed?.delete(key);
    return this.#revisions.delete(key);
  }

  /** Keys that the list did not have; they are forgotten. */
  endList(): string[] {
    const listed = this.#listed ?? new Set();
    const gone = [...this.#revisions.keys()].filter((key) => !listed.has(key));
    for (const key of gone) this.#revisions.delete(key);
    this.#listed = undefined;
    this.#tombs.clear();
    this.#floor = undefined;
    return gone;
  }

  #judge(key: string, revision: string): Judgement {
    const known = this.#revisions.get(key) ?? this.#tombs.get(key);
    if (known !== undefined) return known === revision || isBefore(revision, known) ? 'stale' : 'news';
    return this.#floor !== undefined && isBefore(revision, this.#floor) ? 'unsure' : 'news';
  }

  #bury(key: string, revision: string): void {
    this.#tombs.delete(key);
    this.#tombs.set(key, revision);
    if (this.#tombs.size <= mostTombs) return;
    const [[oldest, forgotten]] = this.#tombs;
    this.#tombs.delete(oldest);
    if (this.#floor === undefined || isBefore(this.#floor, forgotten)) this.#floor = forgotten;
  }
}

/** Revisions are decimals that grow; of others nothing but equality is known. */
export function isBefore(one: string, other: string): boolean {
  if (!isDecimal(one) || !isDecimal(other)) return false;
  return one.length === other.length ? one < other : one.length < other.length;
}

function isDecimal(text: string): boolean {
  return /^(0|[1-9][0-9]*)$/.test(text);
}
