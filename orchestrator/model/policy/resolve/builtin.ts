// Built-in rules: what holds without anybody having written it. Flows name them like any other rule.

import type { RuleName, Variant } from './cell.ts';
import { everything, precedences } from './clause.ts';

const [hostRule, defaultRule]: [RuleName, RuleName] = [
  { number: 1, text: 'local host', policy: '', isBuiltin: true },
  { number: 2, text: 'default allow', policy: '', isBuiltin: true },
];

export const builtinRules: readonly RuleName[] = [hostRule, defaultRule];

/** The local host reaches its pods unless a rule denies it. */
export const localHost = allowing(hostRule);
/** Where policies speak and none of them has default deny. */
export const defaultAllow = allowing(defaultRule);

function allowing(rule: RuleName): Variant {
  // Other variants count from 1.
  return { id: -rule.number, rule, clauses: [{ key: everything, precedence: precedences.allow, proxy: undefined }] };
}
