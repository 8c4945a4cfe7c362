// Selectors: what a set of labels must fulfil to be meant.

import type { Labels } from './labels.ts';

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

export interface Requirement {
  /** The label's source; `any` when the user named none. */
  readonly source: string;
  readonly key: string;
  readonly operator: Operator;
  /** Sorted; empty for Exists and DoesNotExist. */
  readonly values: readonly string[];
}

/** All requirements hold at once; none: everybody is meant. */
export interface Selector {
  readonly requirements: readonly Requirement[];
  /** Canonical: selectors of equal text select the same. */
  readonly text: string;
}

export function makeSelector(requirements: Iterable<Requirement>): Selector {
  const unique = new Map<string, Requirement>();
  for (const given of requirements) {
    const requirement = { ...given, values: [...new Set(given.values)].sort() };
    unique.set(requirementText(requirement), requirement);
  }
  const sorted = [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return { requirements: sorted.map(([, requirement]) => requirement), text: sorted.map(([text]) => text).join(', ') };
}

/** NotIn and DoesNotExist also hold where the key is missing. */
export function selects({ requirements }: Selector, labels: Labels): boolean {
  for (const requirement of requirements) if (!holds(requirement, labels)) return false;
  return true;
}

export function holds({ source, key, operator, values }: Requirement, labels: Labels): boolean {
  const asksValue = operator === 'In' || operator === 'NotIn';
  let found = false;
  for (const label of labels.under(key)) {
    if ((source === 'any' || label.source === source) && (!asksValue || values.includes(label.value))) found = true;
  }
  return found === (operator === 'In' || operator === 'Exists');
}

function requirementText({ source, key, operator, values }: Requirement): string {
  const name = `${source}:${key}`;
  if (operator === 'Exists') return name;
  if (operator === 'DoesNotExist') return `!${name}`;
  return `${name} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
}
