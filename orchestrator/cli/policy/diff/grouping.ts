// Grouping: changes that differ only in who sends, or only in who is sent to, are told together.

import type { ChangeKind } from './change.ts';
import type { PairChange } from './pairs.ts';

export interface PairGroup {
  readonly kind: ChangeKind;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly ports: readonly string[];
  readonly by: readonly string[];
}

export function groupPairs(changes: readonly PairChange[]): PairGroup[] {
  const single = changes.map(({ kind, from, to, ports, by }): PairGroup => ({ kind, from: [from], to: [to], ports, by }));
  const bySenders = merge(single, 'from');
  return merge(bySenders, 'to');
}

/** Those that are equal but for `field` become one. */
function merge(groups: readonly PairGroup[], field: 'from' | 'to'): PairGroup[] {
  const merged = new Map<string, PairGroup>();
  for (const group of groups) {
    const key = JSON.stringify({ ...group, [field]: undefined });
    const known = merged.get(key);
    merged.set(key, known === undefined ? group : { ...known, [field]: [...known[field], ...group[field]] });
  }
  return [...merged.values()];
}
