// Lint: accepted policies that probably do not do what their authors think. Every rule is a row; its class is documented by `about`.

import type { Problem } from '../problem.ts';
import type { Policy } from '../rule.ts';
import { Field } from '../translate/field.ts';
import { addresses } from './addresses.ts';
import { empties } from './empties.ts';
import { labels } from './labels.ts';
import { names } from './names.ts';
import { ports } from './ports.ts';
import { type LintRule, viewOf } from './sites.ts';

export const lintRules: readonly LintRule[] = [...names, ...empties, ...labels, ...addresses, ...ports];

/** More of one class says nothing new. */
const mostOfOne = 20;

/** Warnings about an object that was read as `policy`. */
export function lintPolicy(object: unknown, policy: Policy): Problem[] {
  const view = viewOf(new Field(object), policy);
  return lintRules.flatMap(({ class: kind, find }) => {
    const problems: Problem[] = [];
    for (const [{ path }, message] of find(view)) {
      problems.push({ severity: 'warning', class: kind, path, message });
      if (problems.length === mostOfOne) break;
    }
    return problems;
  });
}
