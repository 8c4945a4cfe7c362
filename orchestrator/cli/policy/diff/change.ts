// Changes: what a flow was before and is after, and by whose word.

import { refText } from '../../../model/policy/rule.ts';
import type { Flow, FlowSide } from '../../../testing/flow.ts';

/** opens: it was denied. closes: it is denied now. proxies: it passes in both, through a proxy in one of them. */
export type ChangeKind = 'opens' | 'closes' | 'proxies';

export interface Change {
  readonly kind: ChangeKind;
  readonly before: string;
  readonly after: string;
  /** Rules, or policies that deny by default, of the sides that changed, as they are after the change. */
  readonly by: readonly string[];
}

export function changeOf(before: Flow, after: Flow): Change | undefined {
  if (before.verdict === after.verdict) return undefined;
  const kind = before.verdict === 'deny' ? 'opens' : after.verdict === 'deny' ? 'closes' : 'proxies';
  const sides = (['egress', 'ingress'] as const).filter((side) => before[side].verdict !== after[side].verdict);
  return { kind, before: before.verdict, after: after.verdict, by: sides.flatMap((side) => reasons(after[side])) };
}

function reasons(side: FlowSide): string[] {
  const { ground, direction, rules, decision } = side;
  if (ground === 'rule') return [...rules];
  if (ground === 'not-enforced') return [`no policy enforces ${direction}`];
  if (ground === 'default-deny') {
    const by = decision?.defaultDenyBy.map(({ policy, path }) => `${refText(policy)} ${path}`) ?? [];
    return by.length === 0 ? [`default deny of ${direction}`] : by.map((text) => `default deny of ${direction} by ${text}`);
  }
  return [ground === 'local-host' ? 'the local host reaches its pods' : `no default deny of ${direction}`];
}
