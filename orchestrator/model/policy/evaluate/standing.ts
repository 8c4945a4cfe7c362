// Standing: what the policies make of one endpoint before any packet comes: directions enforced, default deny, and the rules that count.

import { selects } from '../../selector.ts';
import type { Direction, PolicyRef, Rule, Section } from '../rule.ts';
import type { Subject, View } from './question.ts';

export interface Standing {
  readonly enforced: boolean;
  /** What no rule allows is denied. False although enforced: it is allowed. */
  readonly defaultDeny: boolean;
  /** The sections that turned default deny on; none of them when it is the enforcement mode or a lack of labels. */
  readonly defaultDenyBy: readonly SectionRef[];
  readonly rules: readonly Rule[];
}

export interface SectionRef {
  readonly policy: PolicyRef;
  /** With the direction: `spec.egress`, `specs[1].ingress`. */
  readonly path: string;
}

export function standing(view: View, subject: Subject, direction: Direction): Standing {
  if (view.enforcement === 'never') return { enforced: false, defaultDeny: false, defaultDenyBy: [], rules: [] };
  const sections = view.policies.flatMap(({ ref, sections }) =>
    sections.filter((section) => speaksOf(section, subject)).map((section) => ({ ref, section })),
  );
  const enforcing = sections.filter(({ section }) => section.enforces[direction] !== undefined);
  const denying = enforcing.filter(({ section }) => section.enforces[direction]?.defaultDeny === true);
  const always = view.enforcement === 'always' || isInit(subject);
  return {
    enforced: always || enforcing.length > 0,
    defaultDeny: always || denying.length > 0,
    defaultDenyBy: denying.map(({ ref, section }) => ({ policy: ref, path: `${section.path}.${direction}` })),
    rules: sections.flatMap(({ section }) => section.rules.filter((rule) => rule.direction === direction)),
  };
}

export function speaksOf({ subject }: Section, { labels }: Pick<Subject, 'labels'>): boolean {
  return subject !== undefined && selects(subject, labels);
}

/** An endpoint whose labels are not known yet is not open until they are. */
function isInit({ labels }: Subject): boolean {
  return labels.values('reserved', 'init').length > 0;
}
