// Explain: a decision in plain sentences, the verdict's reason first, then what almost was and what would change it.

import { type Direction, refText } from '../rule.ts';
import type { Decision } from './evaluate.ts';
import { adviceWords, missWords } from './miss-words.ts';
import { type FlowWords, listWords, packetWords, ruleWords, shortPath } from './words.ts';

export function subjectOf({ from, to }: FlowWords, direction: Direction): string {
  return direction === 'egress' ? from : to;
}

/** Sentences without indent or full stop: the reason, then `nearest: …` each followed by its `to allow it: …`. */
export function explain(decision: Decision, flow: FlowWords): string[] {
  return [
    reason(decision, flow),
    ...beside(decision),
    ...decision.nearest.flatMap((miss) => [
      `nearest: ${missWords(miss, flow, decision.direction)}`,
      ...adviceWords(miss, flow, decision.direction).map((advice) => `to allow it: ${advice}`),
    ]),
  ];
}

/** Both directions under a headline. A side that no policy can enforce (an address outside) is left out. */
export function explainFlow({ egress, ingress }: { egress?: Decision; ingress?: Decision }, flow: FlowWords): string[] {
  const sides = [egress, ingress].filter((side) => side !== undefined);
  const verdicts = sides.map(({ verdict }) => verdict);
  const verdict = (['deny', 'redirect'] as const).find((worse) => verdicts.includes(worse)) ?? 'allow';
  return [
    `${verdict}: ${flow.from} → ${flow.to} ${packetWords(flow.protocol, flow.port)}`,
    ...sides.flatMap((side) => [
      `  ${side.direction} of ${subjectOf(flow, side.direction)}: ${side.verdict}`,
      ...explain(side, flow).map((line) => `    ${line}`),
    ]),
  ];
}

function reason(decision: Decision, flow: FlowWords): string {
  const side = `${decision.direction} of ${subjectOf(flow, decision.direction)}`;
  switch (decision.ground) {
    case 'not-enforced':
      return `allowed: no policy enforces ${side}`;
    case 'default-allow':
      return `allowed: the policies over ${side} do not deny by default`;
    case 'local-host':
      return 'allowed: the local host always reaches its pods, unless a deny rule names it';
    case 'default-deny':
      return `denied by default: ${side} is enforced ${enforcerWords(decision)}`;
    default:
      return ruleReason(decision);
  }
}

function enforcerWords({ defaultDenyBy }: Decision): string {
  if (defaultDenyBy.length === 0) return 'for every endpoint, with or without policies';
  return `by ${listWords(defaultDenyBy.map(({ policy, path }) => `${refText(policy)} ${path}`))}`;
}

function ruleReason({ verdict, rule, layer7 }: Decision): string {
  const words = rule === undefined ? 'a rule' : ruleWords(rule);
  if (verdict === 'deny') return `denied by ${words}`;
  if (layer7 === undefined) return `allowed by ${words}`;
  return `allowed through the ${layer7.kind} proxy by ${words}, which decides by ${shortPath(layer7.field)}`;
}

/** The other rules that speak of the packet. */
function beside({ rule, rules, overruled, verdict }: Decision): string[] {
  const others = rules.filter((other) => other !== rule);
  const also = others.length === 0 ? [] : [`so says ${listWords(others.map(ruleWords))}`];
  const though =
    overruled.length === 0
      ? []
      : [
          `it goes before ${listWords(overruled.map(ruleWords))}: ${verdict === 'deny' ? 'a deny beats' : 'a redirect goes before'} every allow`,
        ];
  return [...also, ...though];
}
