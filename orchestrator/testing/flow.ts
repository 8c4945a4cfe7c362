// Flows: the answer to a question. The verdict is the engine's; what explains it is worked out of the rules when it is asked for, in the
// state in which the question was asked.

import { type Decision, evaluate, type Ground } from '../model/policy/evaluate/evaluate.ts';
import { explainFlow } from '../model/policy/evaluate/explain.ts';
import type { Question, View } from '../model/policy/evaluate/question.ts';
import { type Direction, type PolicyVerdict, ruleText } from '../model/policy/rule.ts';
import type { Asked, Judgement, SideJudgement } from './engine.ts';
import { type Protocol, protocolNumbers } from './message.ts';

/** What one side says: egress is the sender's policy, ingress the receiver's. */
export class FlowSide {
  readonly direction: Direction;
  readonly verdict: PolicyVerdict;
  /** The rule that decided, as the datapath names it: `cnp/shop/checkout spec.egress[1]`. Undefined: none did. */
  readonly rule: string | undefined;
  // Hard private: a runner that prints a side must not print the world behind it.
  readonly #view: View;
  readonly #question: Question | undefined;
  #decision: Decision | undefined;

  constructor(direction: Direction, { verdict, rule }: SideJudgement, view: View, question: Question | undefined) {
    this.direction = direction;
    this.verdict = verdict;
    this.rule = rule;
    this.#view = view;
    this.#question = question;
  }

  /** Whether a policy speaks of this side at all. An address outside has none. */
  get enforced(): boolean {
    return this.decision?.enforced ?? false;
  }

  /** Every rule that says so. */
  get rules(): readonly string[] {
    return this.decision?.rules.map(ruleText) ?? [];
  }

  /** What the verdict rests on; `not-enforced` for an address outside. */
  get ground(): Ground {
    return this.decision?.ground ?? 'not-enforced';
  }

  /** All that can be said about it; undefined for an address outside. */
  get decision(): Decision | undefined {
    if (this.#question === undefined) return undefined;
    this.#decision ??= evaluate(this.#view, this.#question);
    return this.#decision;
  }
}

export class Flow {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  /** ICMP: the message's type. */
  readonly port: number;
  /** deny if either side denies, else redirect if either redirects. */
  readonly verdict: PolicyVerdict;
  readonly egress: FlowSide;
  readonly ingress: FlowSide;
  /** The datapath's word for it: `forwarded`, `policyDenied` (no rule allows it), `policyDeny` (a rule denies it), `grantExpired`. */
  readonly reason: string;

  constructor(asked: Asked, { egress, ingress }: Judgement, view: View, questions: Readonly<Record<Direction, Question | undefined>>) {
    this.from = asked.from.name;
    this.to = asked.to.name;
    this.protocol = asked.protocol;
    this.port = asked.port;
    this.verdict = verdictOf(egress.verdict, ingress.verdict);
    this.reason = egress.verdict === 'deny' ? egress.reason : ingress.reason;
    this.egress = new FlowSide('egress', egress, view, questions.egress);
    this.ingress = new FlowSide('ingress', ingress, view, questions.ingress);
  }

  /** Whether the packet arrives, be it through a proxy. */
  get allowed(): boolean {
    return this.verdict !== 'deny';
  }

  /** Why, in sentences: the rules that gave the verdict, or what denies by default and the rule that almost allowed it. */
  get explanation(): string {
    const sides = { ...sideOf('egress', this.egress.decision), ...sideOf('ingress', this.ingress.decision) };
    const { from, to, port } = this;
    const lines = explainFlow(sides, { from, to, port, protocol: protocolNumbers[this.protocol] });
    return lines.join('\n');
  }

  toString(): string {
    return this.explanation;
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.explanation;
  }

  toJSON(): object {
    const side = ({ verdict, rule }: FlowSide) => ({ verdict, ...(rule !== undefined && { rule }) });
    const { from, to, protocol, port, verdict, reason, egress, ingress } = this;
    return { from, to, protocol, port, verdict, reason, egress: side(egress), ingress: side(ingress) };
  }
}

export function verdictOf(egress: PolicyVerdict, ingress: PolicyVerdict): PolicyVerdict {
  if (egress === 'deny' || ingress === 'deny') return 'deny';
  return egress === 'redirect' || ingress === 'redirect' ? 'redirect' : 'allow';
}

function sideOf(direction: Direction, decision: Decision | undefined) {
  return decision === undefined ? {} : { [direction]: decision };
}
