// A flow of a suite: its combinations of peers and ports, and what is wrong with an answer.

import type { Protocol } from '../../../testing/message.ts';
import { parsePortOrName } from '../peer.ts';
import type { Answer } from '../report/outcome.ts';
import type { Step } from './schema.ts';

export interface AskedFlow {
  readonly from: string;
  readonly to: string;
  /** Or what the destination calls it. */
  readonly port: number | string;
  readonly protocol: Protocol;
}

interface Side {
  readonly verdict: string;
  readonly rules: readonly string[];
  readonly ground: string;
}

/** The answer of an engine, as far as a suite looks at it. */
export interface AnsweredFlow {
  readonly verdict: string;
  readonly egress: Side;
  readonly ingress: Side;
  readonly reason: string;
}

/** Every combination. Throws a TypeError for what is no text or no port. */
export function flowsOf({ from, to, port, protocol }: Step): AskedFlow[] {
  const ports = listOf(port).map((one) => parsePortOrName(String(one), protocol));
  const names = (value: unknown, field: string) =>
    listOf(value).map((name) => {
      if (typeof name !== 'string') throw new TypeError(`${field}: not a text: ${JSON.stringify(name)}`);
      return name;
    });
  if (countFlows({ from, to, port, expect: 'allow' }) > mostFlows) throw new TypeError(`more than ${mostFlows} combinations`);
  return names(from, 'from').flatMap((source) =>
    names(to, 'to').flatMap((destination) => ports.map((one) => ({ from: source, to: destination, ...one }))),
  );
}

/** Of one step. */
const mostFlows = 100_000;

export function countFlows(step: Step): number {
  return step.expect === undefined ? 0 : listOf(step.from).length * listOf(step.to).length * listOf(step.port).length;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** The first thing that is not as expected; undefined: all is. */
export function objection(step: Step, flow: AnsweredFlow): { expected: Answer; got: Answer } | undefined {
  const got = { egress: flow.egress.verdict, ingress: flow.ingress.verdict, verdict: flow.verdict };
  if (flow.verdict !== step.expect) return { expected: step.expect ?? '', got };
  for (const side of ['egress', 'ingress'] as const) {
    if (step[side] !== undefined && flow[side].verdict !== step[side]) return { expected: `${side} ${step[side]}`, got };
  }
  const rules = [...flow.egress.rules, ...flow.ingress.rules];
  if (step.rule !== undefined && !rules.some((text) => namesRule(text, step.rule as string))) {
    return { expected: `rule ${step.rule}`, got: rules.length === 0 ? 'no rule' : `rule ${rules.join(', ')}` };
  }
  const { reason } = step;
  const reasons = [flow.reason, ...[flow.egress, flow.ingress].filter((side) => side.verdict === flow.verdict).map(({ ground }) => ground)];
  if (reason !== undefined && !reasons.some((given) => words(given) === words(reason))) {
    return { expected: `reason: ${reason}`, got: `reason: ${[...new Set(reasons)].join(', ')}` };
  }
  return undefined;
}

/** `cnp/shop/db spec.ingress[0]` is named by itself, and by its policy `cnp/shop/db`. */
function namesRule(text: string, wanted: string): boolean {
  return text === wanted || text.startsWith(`${wanted} `);
}

/** `default-deny`, `default deny` and `defaultDeny` say the same. */
function words(reason: string): string {
  return reason.replace(/[^a-z]/gi, '').toLowerCase();
}
