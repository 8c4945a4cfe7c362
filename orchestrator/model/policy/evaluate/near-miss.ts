// Near misses: of what was denied by default, the rules that almost allowed it, and what they lack.

import { type Direction, type Rule, ruleText, type Section } from '../rule.ts';
import type { NearMiss } from './miss.ts';
import { peerDistance, peerMiss, requirementMisses } from './peer-miss.ts';
import type { Question, View } from './question.ts';
import { sideOf } from './remembered.ts';
import { speaksOf } from './standing.ts';
import { trafficDistance, trafficMiss } from './traffic-miss.ts';

export type { NearMiss } from './miss.ts';

const otherDirection = { ingress: 'egress', egress: 'ingress' } as const;

/** At most three, the nearest first. */
export function nearMisses(view: View, question: Question, most = 3): NearMiss[] {
  const rules = sideOf(view, question.subject, question.direction).standing.rules;
  const own = rules.filter(({ action }) => action === 'allow').map((rule) => ruleMiss(view, rule, question));
  const found = [...own, ...ofOtherDirection(view, question), ...ofOtherSubjects(view, question)];
  return found
    .map((miss) => ({ miss, distance: distance(miss), text: ruleText(miss.rule) }))
    .sort((a, b) => a.distance - b.distance || (a.text < b.text ? -1 : 1))
    .slice(0, most)
    .map(({ miss }) => miss);
}

function ruleMiss(view: View, rule: Rule, question: Question): NearMiss {
  if (rule.peers.length === 0 || rule.traffic.length === 0) return { rule, empty: true };
  const peer = peerMiss(rule, question);
  const traffic = trafficMiss(view, rule, question);
  return { rule, ...(peer && { peer }), ...(traffic && { traffic }) };
}

/** The same peer and packet, allowed the other way: a rule written under the wrong heading. */
function ofOtherDirection(view: View, question: Question): NearMiss[] {
  const direction: Direction = otherDirection[question.direction];
  return sideOf(view, question.subject, direction)
    .standing.rules.filter((rule) => rule.action === 'allow' && allows(view, rule, { ...question, direction }))
    .map((rule) => ({ rule, direction }));
}

/** A rule that would do, of a policy that misses this endpoint by one requirement: a misspelt subject. */
function ofOtherSubjects(view: View, question: Question): NearMiss[] {
  const near = view.policies.flatMap(({ sections }) => sections).flatMap((section) => subjectMiss(section, question) ?? []);
  return near.flatMap(({ section, lacks }) =>
    section.rules
      .filter((rule) => rule.direction === question.direction && rule.action === 'allow' && allows(view, rule, question))
      .map((rule) => ({ rule, subject: lacks })),
  );
}

function subjectMiss(section: Section, { subject }: Question) {
  if (section.subject === undefined || speaksOf(section, subject)) return undefined;
  const lacks = requirementMisses(section.subject, subject.labels);
  const isScope = lacks.some(
    ({ key, source }) => key.startsWith('io.kubernetes.pod.') || key.startsWith('io.cilium.') || source === 'reserved',
  );
  return lacks.length > 1 || isScope ? undefined : { section, lacks };
}

function allows(view: View, rule: Rule, question: Question): boolean {
  const { empty, peer, traffic } = ruleMiss(view, rule, question);
  return empty === undefined && peer === undefined && traffic === undefined;
}

/** Two things that are wrong are further than any one of them. */
function distance({ empty, peer, traffic, subject, direction }: NearMiss): number {
  if (empty) return 100;
  if (subject !== undefined) return 8;
  if (direction !== undefined) return 9;
  const both = peer !== undefined && traffic !== undefined ? 10 : 0;
  return both + (peer === undefined ? 0 : peerDistance(peer)) + (traffic === undefined ? 0 : trafficDistance(traffic));
}
