// Evaluate: the verdict of policies over one side of a flow, straight from the rules and with no entries in between. It is the yardstick
// for resolution and datapath, so it shares nothing with them but the rules.

import { reserved } from '../../identity.ts';
import { type Direction, type Layer7, type PolicyVerdict, type Rule, ruleText } from '../rule.ts';
import { inRange } from './match.ts';
import { type NearMiss, nearMisses } from './near-miss.ts';
import { allowPrecedence, denyPrecedence, matchLength } from './precedence.ts';
import type { Question, View } from './question.ts';
import { type Clause, type Side, sideOf } from './remembered.ts';
import type { SectionRef } from './standing.ts';

/**
 * What the verdict rests on. rule: `rules`. not-enforced: no policy speaks of the endpoint in this direction. default-allow: policies do,
 * but none with default deny. local-host: the node's own host, which always reaches its pods. default-deny: nothing allowed it.
 */
export type Ground = 'rule' | 'not-enforced' | 'default-allow' | 'local-host' | 'default-deny';

/** Plain data; `nearest` is worked out when it is read. */
export interface Decision {
  readonly direction: Direction;
  readonly verdict: PolicyVerdict;
  readonly ground: Ground;
  readonly enforced: boolean;
  readonly defaultDeny: boolean;
  /** The rule that the datapath names; undefined unless the ground is `rule`. */
  readonly rule: Rule | undefined;
  /** All rules of the winning precedence that speak of the packet, in the order of their texts. */
  readonly rules: readonly Rule[];
  /** Rules that speak of the packet too, but give way: allows under a deny or a redirect. */
  readonly overruled: readonly Rule[];
  /** Of a redirect: the proxy. */
  readonly layer7: Layer7 | undefined;
  /** The sections that turned default deny on, whether it decided or not. */
  readonly defaultDenyBy: readonly SectionRef[];
  /** Of a default deny: the rules that almost allowed it, the nearest first. */
  readonly nearest: readonly NearMiss[];
}

interface Match {
  readonly clause: Clause;
  readonly peer: number;
  readonly length: number;
}

export function evaluate(view: View, question: Question): Decision {
  const side = sideOf(view, question.subject, question.direction);
  const { enforced, defaultDeny, defaultDenyBy } = side.standing;
  const common = { direction: question.direction, enforced, defaultDeny, defaultDenyBy };
  const matches = enforced ? matching(side, question) : [];
  const [best] = matches;
  if (best === undefined) return withoutRule(view, question, common);
  const winners = matches.filter(({ clause }) => clause.precedence === best.clause.precedence);
  const { rule, traffic, precedence } = best.clause;
  const rules = distinct(winners);
  const isBuiltin = defaultDeny && isHostsOwn(question, best);
  return {
    ...common,
    verdict: precedence === denyPrecedence ? 'deny' : traffic.layer7 === undefined ? 'allow' : 'redirect',
    ground: isBuiltin ? 'local-host' : 'rule',
    rule: isBuiltin ? undefined : rule,
    rules,
    overruled: rules.length === matches.length ? [] : distinct(matches).filter((other) => !rules.includes(other)),
    layer7: precedence === denyPrecedence ? undefined : traffic.layer7,
    nearest: [],
  };
}

/** Clauses that speak of the packet, the deciding one first. */
function matching(side: Side, { peers, protocol, port }: Question): Match[] {
  const matches: Match[] = [];
  for (const [peer, identity] of peers.entries()) {
    for (const clause of side.clauses(identity)) {
      if (clause.traffic.protocol !== undefined && clause.traffic.protocol !== protocol) continue;
      if (clause.traffic.protocol !== undefined && !inRange(clause.ports, port)) continue;
      matches.push({ clause, peer, length: matchLength(clause.traffic.protocol, clause.ports, port) });
    }
  }
  return matches.length < 2 ? matches : matches.sort(before);
}

/**
 * As the datapath compares: precedence, then bits fixed, then the peer's own entry before everybody's (a deny of its own is not looked
 * beyond, so there that comes first); at last the rules' texts.
 */
function before(a: Match, b: Match): number {
  const own = Number(b.clause.isOwn) - Number(a.clause.isOwn);
  const isDeny = a.clause.precedence === denyPrecedence;
  return (
    b.clause.precedence - a.clause.precedence ||
    (isDeny ? own : 0) ||
    b.length - a.length ||
    own ||
    a.peer - b.peer ||
    compare(ruleText(a.clause.rule), ruleText(b.clause.rule))
  );
}

function withoutRule(
  view: View,
  question: Question,
  common: Pick<Decision, 'direction' | 'enforced' | 'defaultDeny' | 'defaultDenyBy'>,
): Decision {
  const ground = groundWithoutRule(question, common);
  const nothing = { rule: undefined, rules: [], overruled: [], layer7: undefined };
  if (ground !== 'default-deny') return { ...common, verdict: 'allow', ground, ...nothing, nearest: [] };
  let nearest: readonly NearMiss[] | undefined;
  return {
    ...common,
    verdict: 'deny',
    ground,
    ...nothing,
    get nearest() {
      nearest ??= nearMisses(view, question);
      return nearest;
    },
  };
}

/** What an endpoint with default deny grants its host is an entry of the host's own, so it is named before a rule that allows everybody everything. */
function isHostsOwn(question: Question, { clause, length }: Match): boolean {
  return isFromHost(question) && clause.precedence === allowPrecedence && length === 0 && !clause.isOwn;
}

function isFromHost({ direction, peers }: Question): boolean {
  return direction === 'ingress' && peers[0]?.number === reserved.host;
}

function groundWithoutRule(question: Question, { enforced, defaultDeny }: Pick<Decision, 'enforced' | 'defaultDeny'>): Ground {
  if (!enforced) return 'not-enforced';
  if (!defaultDeny) return 'default-allow';
  return isFromHost(question) ? 'local-host' : 'default-deny';
}

function distinct(matches: readonly Match[]): Rule[] {
  const rules = [...new Set(matches.map(({ clause }) => clause.rule))];
  return rules.length < 2 ? rules : rules.sort((a, b) => compare(ruleText(a), ruleText(b)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
