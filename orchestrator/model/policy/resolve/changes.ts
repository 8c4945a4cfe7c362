// Changes: the difference between what was told of the policy sets and what they are now.

import type { EndpointPolicy, PolicyRow } from '../entry.ts';
import type { Direction } from '../rule.ts';
import type { CellRow } from './cell.ts';
import { keyFields } from './clause.ts';
import type { Content } from './contents.ts';
import type { PolicySet } from './policy-set.ts';
import type { NumberedRule } from './rule-registry.ts';

/** Plain data. Rows of other keys, sets and endpoints are as they were told before. */
export interface PolicyChanges {
  /** Rows that are new, or that say something else under the same key. */
  readonly put: readonly PolicyRow[];
  /** Rows that go, as they were told; rows of removed sets are among them. */
  readonly removed: readonly PolicyRow[];
  readonly newSets: readonly number[];
  /** No endpoint has them any more. */
  readonly removedSets: readonly number[];
  /** Endpoints whose policy is new or another, by id. */
  readonly endpoints: ReadonlyMap<number, EndpointPolicy>;
  readonly removedEndpoints: readonly number[];
  /** Sets whose answer may differ from one they gave before: live flows of their endpoints are to be asked again. */
  readonly changedSets: readonly number[];
  readonly newRules: readonly NumberedRule[];
  readonly removedRules: readonly number[];
}

export function policyRow(set: number, direction: Direction, identity: number, { key, precedence, proxy, rule }: CellRow): PolicyRow {
  return { set, direction, identity, ...keyFields(key), precedence, proxy, rule: rule.number };
}

/** Rows of all cells of a set. */
export function* setRows({ number, sides }: PolicySet): Iterable<PolicyRow> {
  for (const direction of ['ingress', 'egress'] as const)
    for (const [identity, { rows }] of sides[direction].cells) for (const row of rows) yield policyRow(number, direction, identity, row);
}

/**
 * Collects what differs in one direction of a set and forgets that it did. Returns whether an answer that was given before may be
 * another: cells of identities that came since can have given none.
 */
export function takeSideChanges(
  set: PolicySet,
  direction: Direction,
  newcomers: ReadonlySet<number>,
  into: { put: PolicyRow[]; removed: PolicyRow[] },
): boolean {
  const side = set.sides[direction];
  const { touched } = side;
  if (touched.size === 0) return false;
  side.touched = new Map();
  let isChanged = false;
  for (const [identity, before] of touched) {
    const { put, removed } = differenceOf(before, side.content(identity));
    for (const row of put) into.put.push(policyRow(set.number, direction, identity, row));
    for (const row of removed) into.removed.push(policyRow(set.number, direction, identity, row));
    if ((put.length > 0 || removed.length > 0) && !newcomers.has(identity)) isChanged = true;
  }
  return isChanged;
}

interface Difference {
  readonly put: readonly CellRow[];
  readonly removed: readonly CellRow[];
}

/** Rows are in the order of their keys. */
function differenceOf(before: Content, after: Content): Difference {
  if (before === after) return { put: [], removed: [] };
  const [old, now] = [before.rows, after.rows];
  const put: CellRow[] = [];
  const removed: CellRow[] = [];
  let at = 0;
  for (const row of now) {
    while (at < old.length && (old[at] as CellRow).key < row.key) removed.push(old[at++] as CellRow);
    const other = old[at]?.key === row.key ? old[at++] : undefined;
    if (other === undefined || !isSame(other, row)) put.push(row);
  }
  removed.push(...old.slice(at));
  return { put, removed };
}

function isSame(a: CellRow, b: CellRow): boolean {
  return a.precedence === b.precedence && a.proxy === b.proxy && a.rule.number === b.rule.number;
}
