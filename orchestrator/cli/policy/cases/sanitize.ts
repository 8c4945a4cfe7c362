// Cases about manifests: whether one is accepted. It takes effect only where both the agent and the API server's schema take it.

import { pathText } from '../../../model/policy/problem.ts';
import { readPolicy } from '../../../model/policy/translate/read-policy.ts';
import { checkObject, knownKinds } from '../../../model/schema/kinds.ts';
import { readOptions } from '../read-options.ts';
import type { Mismatch } from '../report/outcome.ts';
import type { SanitizeCase } from './case.ts';

export function runSanitize({ manifest, agent, schema }: SanitizeCase): Pick<Mismatch, 'expected' | 'got' | 'explanation'>[] {
  const expected = agent === 'accept' && schema !== 'reject' ? 'accept' : 'reject';
  const { kind = '' } = manifest as { kind?: unknown };
  const isOther = Object.hasOwn(knownKinds, String(kind)) && !String(kind).endsWith('Policy');
  const problems = isOther ? checkObject(manifest) : readPolicy(manifest, readOptions).problems;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const got = errors.length === 0 ? 'accept' : 'reject';
  if (got === expected) return [];
  const explanation = errors.map(({ path, message }) => `${pathText(path)}: ${message}`).join('\n');
  return [{ expected, got, explanation: explanation || 'no problem was found in it' }];
}
