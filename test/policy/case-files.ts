// Case files: the given sets, one case at a time, with what is of use to these tests only.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readCase, type VerdictCase } from '../../orchestrator/cli/policy/cases/case.ts';

export interface GivenCase extends VerdictCase {
  readonly enforced: ReadonlyMap<string, Enforced>;
}

/** Whether a policy speaks of the endpoint, and whether it denies what none allows. */
export interface Enforced {
  readonly ingress: boolean;
  readonly egress: boolean;
  readonly defaultDenyIngress: boolean;
  readonly defaultDenyEgress: boolean;
}

export function* readCases(name: string): Generator<GivenCase> {
  const text = gunzipSync(readFileSync(new URL(`cases/${name}.jsonl.gz`, import.meta.url))).toString('utf8');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const given = readCase(line);
    if (given.kind !== 'verdict') throw new TypeError(`${name}: ${given.id}: no case about verdicts`);
    const endpoints = given.endpoints as readonly unknown[] as readonly { namespace: string; name: string; enforced: Enforced }[];
    yield { ...given, enforced: new Map(endpoints.map((endpoint) => [`${endpoint.namespace}/${endpoint.name}`, endpoint.enforced])) };
  }
}
