// Cases about names: whether a matchName or matchPattern is taken, and whether it then matches.

import { matchesName, readName } from '../../../model/policy/name-match.ts';
import { readPolicy } from '../../../model/policy/translate/read-policy.ts';
import { readOptions } from '../read-options.ts';
import type { Mismatch } from '../report/outcome.ts';
import type { PatternCase } from './case.ts';

type Difference = Pick<Mismatch, 'probe' | 'expected' | 'got' | 'explanation'>;

export function runPattern({ field, pattern, name, match, agent, schema }: PatternCase): Difference[] {
  const probe = { [field]: pattern, name };
  const selector = readName({ [field]: pattern });
  const got = 'kind' in selector ? matchesName(selector, name) : null;
  const differences: Difference[] = [];
  if (got !== match) {
    differences.push({ probe, expected: match, got, ...('message' in selector && { explanation: selector.message }) });
  }
  const expected = agent === 'accept' && schema !== 'reject' ? 'accept' : 'reject';
  const { problems } = readPolicy(policyAround(field, pattern), readOptions);
  const errors = problems.filter(({ severity }) => severity === 'error');
  const answer = errors.length === 0 ? 'accept' : 'reject';
  if (answer !== expected) {
    differences.push({ probe, expected, got: answer, explanation: errors.map(({ message }) => message).join('\n') });
  }
  return differences;
}

/** The smallest policy that names it. */
function policyAround(field: string, pattern: string): object {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'names', namespace: 'default' },
    spec: { endpointSelector: {}, egress: [{ toFQDNs: [{ [field]: pattern }] }] },
  };
}
