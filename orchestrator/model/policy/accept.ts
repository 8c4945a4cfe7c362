// Acceptance: what is in force after a new version of a policy was read. What cannot be read opens nothing.

import { type Problem, pathText } from './problem.ts';
import type { Direction, Policy, Section } from './rule.ts';
import { readClosed } from './translate/closed.ts';
import type { PolicyReading } from './translate/read-policy.ts';

/** As Kubernetes writes them into a status. */
export interface PolicyCondition {
  /** Valid: the version that was read is the one in force. Enforced: all of what is in force can be done here. */
  readonly type: 'Valid' | 'Enforced';
  readonly status: 'True' | 'False';
  /** One word for programs. */
  readonly reason: 'Accepted' | 'KeptLast' | 'DeniedByDefault' | 'NothingReadable' | 'FullyEnforced' | 'PartlyEnforced';
  /** A sentence for people, with the fields. */
  readonly message: string;
  /** `spec.egress[0].toPorts[0].rules.http`, each once. */
  readonly fields: readonly string[];
}

export interface Acceptance {
  /** What is in force; undefined: nothing of this object. */
  readonly policy: Policy | undefined;
  readonly conditions: readonly PolicyCondition[];
}

/**
 * The policy in force after `object` was read, `previous` being the one until then. Refused: `previous` stays; if there is none,
 * subjects that can be read get default deny in the directions that the object names.
 */
export function acceptPolicy(previous: Policy | undefined, reading: PolicyReading, object: unknown): Acceptance {
  if (reading.policy !== undefined) {
    const valid: PolicyCondition = { type: 'Valid', status: 'True', reason: 'Accepted', message: 'the policy is in force', fields: [] };
    return { policy: reading.policy, conditions: [valid, enforcement(reading.problems)] };
  }
  const errors = reading.problems.filter(({ severity }) => severity === 'error');
  const fields = fieldsOf(errors);
  const why = errors.map(({ path, message }) => (path.length > 0 ? `${pathText(path)}: ${message}` : message)).join('; ');
  const refused = (reason: PolicyCondition['reason'], effect: string): PolicyCondition => ({
    type: 'Valid',
    status: 'False',
    reason,
    message: `${effect}: ${cut(why)}`,
    fields,
  });
  if (previous !== undefined)
    return { policy: previous, conditions: [refused('KeptLast', 'refused, the last accepted version stays in force')] };
  const policy = readClosed(object);
  if (policy === undefined || policy.sections.length === 0) {
    return { policy: undefined, conditions: [refused('NothingReadable', 'refused, and no pods that it speaks of could be read')] };
  }
  return {
    policy,
    conditions: [refused('DeniedByDefault', `refused, ${denied(policy.sections)} of its pods is denied until it is right`)],
  };
}

function enforcement(problems: readonly Problem[]): PolicyCondition {
  const missing = problems.filter(({ class: kind }) => kind.endsWith('-not-enforced'));
  if (missing.length === 0)
    return { type: 'Enforced', status: 'True', reason: 'FullyEnforced', message: 'all of it is enforced', fields: [] };
  const message = cut(missing.map(({ path, message: text }) => `${pathText(path)}: ${text}`).join('; '));
  return { type: 'Enforced', status: 'False', reason: 'PartlyEnforced', message, fields: fieldsOf(missing) };
}

function denied(sections: readonly Section[]): string {
  const directions: readonly Direction[] = ['ingress', 'egress'];
  return directions.filter((direction) => sections.some(({ enforces }) => enforces[direction] !== undefined)).join(' and ');
}

function fieldsOf(problems: readonly Problem[]): string[] {
  return [...new Set(problems.map(({ path }) => pathText(path)))].slice(0, mostFields);
}

const mostFields = 20;
const longestMessage = 1000;

/** A status is read by people and kept in a store. */
function cut(text: string): string {
  return text.length > longestMessage ? `${text.slice(0, longestMessage)}…` : text;
}
