// Results of a run as one JSON object.

import type { Mismatch, Reporter, Write } from './outcome.ts';

export function jsonReporter(write: Write): Reporter {
  const mismatches: Mismatch[] = [];
  const disputed: Mismatch[] = [];
  return {
    outcome(outcome) {
      mismatches.push(...outcome.mismatches);
      disputed.push(...outcome.disputed);
    },
    end({ cases, probes, engines }) {
      write(`${JSON.stringify({ cases, probes, mismatches, disputed, engines }, undefined, 2)}\n`);
    },
  };
}
