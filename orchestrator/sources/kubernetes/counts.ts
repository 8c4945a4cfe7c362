// Counts: what the traffic with the API server was, for metrics and for tests that look for loops.

/**
 * request: sent, of every kind. list: begun; page: of lists. watch: begun. renewal: credentials were refused and read again. relist: the
 * server no longer had our revision. failure: a request or stream that ended in an error. garbage: lines or objects that could not be
 * read. byte: of bodies and lines. event: of watches, bookmark among them. stale: events that were known already. change: told to the sink. silence: watches that were given up for being too quiet.
 */
export const countNames = [
  'request',
  'list',
  'page',
  'watch',
  'renewal',
  'relist',
  'failure',
  'garbage',
  'stale',
  'change',
  'silence',
  'byte',
  'event',
  'bookmark',
] as const;

export type CountName = (typeof countNames)[number];

/** expired: the changes since our revision are gone. late: something came after what it may have been before. unreadable: an event, twice. */
export const relistReasons = ['expired', 'late', 'unreadable'] as const;

export type RelistReason = (typeof relistReasons)[number];

export class Counts {
  readonly #relists = new Map<RelistReason, number>(relistReasons.map((reason) => [reason, 0]));
  readonly #numbers = new Map<CountName, number>(countNames.map((name) => [name, 0]));

  add(name: CountName, by = 1): void {
    this.#numbers.set(name, this.get(name) + by);
  }

  get(name: CountName): number {
    return this.#numbers.get(name) ?? 0;
  }

  /** A list is needed again. */
  relisted(reason: RelistReason): void {
    this.add('relist');
    this.#relists.set(reason, (this.#relists.get(reason) ?? 0) + 1);
  }

  get relists(): ReadonlyMap<RelistReason, number> {
    return this.#relists;
  }

  all(): Record<CountName, number> {
    return Object.fromEntries(this.#numbers) as Record<CountName, number>;
  }
}
