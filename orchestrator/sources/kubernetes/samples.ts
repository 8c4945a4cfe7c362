// Samples: what reflectors did and where they stand, as metrics.

import type { Sample } from '../../metrics.ts';
import { type CountName, type Counts, relistReasons } from './counts.ts';
import type { Reflector } from './reflector.ts';

export interface Observed {
  /** Its plural, or whatever tells it from the others. */
  readonly resource: string;
  readonly reflector: Pick<Reflector, 'size' | 'isSynced' | 'silentMs'>;
  readonly counts: Counts;
  /** Of the rows that it feeds, if it feeds any. */
  readonly sink?: { readonly rejected: number };
}

const counters: readonly [count: CountName, name: string, help: string][] = [
  ['request', 'requests', 'requests sent to the API server'],
  ['list', 'lists', 'lists begun'],
  ['page', 'list_pages', 'pages of lists asked for'],
  ['watch', 'watches', 'watches begun'],
  ['event', 'events', 'events of watches, bookmarks among them'],
  ['bookmark', 'bookmarks', 'bookmarks of watches'],
  ['stale', 'stale_events', 'events that were known already'],
  ['change', 'changes', 'changes told to the tables'],
  ['garbage', 'garbage', 'lines and objects that could not be read'],
  ['failure', 'failures', 'requests and streams that ended in an error'],
  ['silence', 'silent_watches', 'watches given up because nothing came'],
  ['renewal', 'credential_renewals', 'credentials read again because they were refused'],
  ['byte', 'received_bytes', 'bytes of bodies and lines received'],
];

/** For `Metrics.collect`. */
export function* samplesOf(all: Iterable<Observed>): Iterable<Sample> {
  for (const { resource, reflector, counts, sink } of all) {
    const labels = { resource };
    for (const [count, name, help] of counters)
      yield { name: `axoneme_kubernetes_${name}_total`, help, type: 'counter', labels, value: counts.get(count) };
    for (const reason of relistReasons) {
      const value = counts.relists.get(reason) ?? 0;
      yield { name: 'axoneme_kubernetes_relists_total', help: 'lists needed again', type: 'counter', labels: { resource, reason }, value };
    }
    const gauge = (name: string, help: string, value: number): Sample => ({
      name: `axoneme_kubernetes_${name}`,
      help,
      type: 'gauge',
      labels,
      value,
    });
    yield gauge('objects', 'objects known now', reflector.size);
    yield gauge('synced', '1 while all that the server has is known', reflector.isSynced ? 1 : 0);
    const age = (reflector.silentMs ?? Number.NaN) / 1000;
    yield gauge('last_success_age_seconds', 'since the server last answered with something usable; NaN before', age);
    if (sink !== undefined) yield gauge('rejected_objects', 'objects that mean nothing as they stand', sink.rejected);
  }
}
