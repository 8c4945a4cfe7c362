// Counters: what an operator did, as metrics.

import type { Metrics } from '../metrics.ts';

export type OperatorCounters = ReturnType<typeof operatorCounters>;

/** Once for each `Metrics`. */
export function operatorCounters(metrics: Metrics) {
  const name = (rest: string) => `axoneme_operator_${rest}`;
  return {
    leading: metrics.gauge({ name: name('leading'), help: '1 while this process does the duties' }),
    terms: metrics.counter({ name: name('terms_total'), help: 'times that this process began to lead' }),
    rounds: metrics.counter({ name: name('identity_rounds_total'), help: 'looks at all identities', labels: ['outcome'] }),
    retired: metrics.counter({ name: name('identities_retired_total'), help: 'identities taken back because nobody used them' }),
    freed: metrics.counter({ name: name('identities_freed_total'), help: 'numbers that may be given again' }),
    identities: metrics.gauge({ name: name('identities'), help: 'identities at the last look' }),
    unused: metrics.gauge({ name: name('identities_unused'), help: 'of those without a reference' }),
  };
}
