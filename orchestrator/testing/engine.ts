// Engine: who judges flows. datapath-engine.ts puts packets through a machine, model-engine.ts reads the rules.

import type { PolicyVerdict } from '../model/policy/rule.ts';
import type { Form } from './message.ts';
import type { Ends, Party } from './parties.ts';
import type { PlainQuestion } from './questions.ts';

export interface Asked extends Ends, PlainQuestion {
  readonly from: Party;
  readonly to: Party;
  readonly form: Form;
}

/** What an engine says of a flow. A side without policy of ours allows. */
export interface Judgement {
  readonly egress: SideJudgement;
  readonly ingress: SideJudgement;
}

export interface SideJudgement {
  readonly verdict: PolicyVerdict;
  /** Text of the rule that decided; undefined where none did. */
  readonly rule: string | undefined;
  /** Name of the datapath's reason (REASON_*): `forwarded`, `policyDenied`, `policyDeny`, `grantExpired`. */
  readonly reason: string;
}

export interface Engine {
  readonly name: 'wasm' | 'kernel' | 'model';
  judge(asked: Asked): Judgement;
}

/** Of a side on which nothing of ours is enforced. */
export const open: SideJudgement = { verdict: 'allow', rule: undefined, reason: 'forwarded' };

/** What differs between two judgements, in words; undefined: nothing. Of equally good rules the model may name another one. */
export function differenceOf(engine: Engine, judgement: Judgement, other: Engine, second: Judgement): string | undefined {
  for (const direction of ['egress', 'ingress'] as const) {
    const [ours, theirs] = [judgement[direction], second[direction]];
    const isOtherRule = engine.name !== 'model' && other.name !== 'model' && ours.rule !== theirs.rule;
    if (ours.verdict === theirs.verdict && ours.reason === theirs.reason && !isOtherRule) continue;
    return `${direction}: ${engine.name} says ${sideWords(ours)}, ${other.name} says ${sideWords(theirs)}`;
  }
  return undefined;
}

function sideWords({ verdict, reason, rule }: SideJudgement): string {
  const by = rule === undefined ? '' : ` by ${rule}`;
  return verdict === 'deny' ? `deny${by} (${reason})` : `${verdict}${by}`;
}
