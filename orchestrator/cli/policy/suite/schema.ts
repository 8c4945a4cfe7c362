// The form of a suite: users' own tests of their policies, in YAML. What it says is checked with the language of manifests, so that
// a mistake is told with its place and with the name that was meant.

import type { Problem } from '../../../model/policy/problem.ts';
import { any, boolean, type Infer, integer, integerOrString, list, map, object, string } from '../../../model/schema/schema.ts';

const labels = map(string());
const verdict = string({ enum: ['allow', 'deny', 'redirect'] });

const answer = object(
  { name: string({ minLength: 1 }), addresses: list(string(), { minItems: 1 }), ttl: integer({ minimum: 0 }), pod: string() },
  { required: ['name', 'addresses'] },
);

const given = {
  /** Paths and globs from the suite's folder, and objects written out. */
  manifests: list(any()),
  namespaces: map(object({ labels })),
  pods: map(object({ labels, ip: string(), serviceAccount: string(), ports: map(integerOrString()) })),
  outside: map(object({ names: list(string()), reserved: list(string()) })),
  nodes: map(object({ ip: string(), apiServer: boolean(), local: boolean() }, { required: ['ip'] })),
  dns: list(answer),
};

const words = ['advance', 'answer', 'apply', 'remove', 'expect'] as const;

const step = object(
  {
    /** What time, DNS or somebody with kubectl does before the next flow. */
    advance: integerOrString(),
    answer,
    apply: any(),
    remove: string(),
    /** A flow. Lists stand for all their combinations. */
    from: any(),
    to: any(),
    port: any(),
    protocol: string(),
    expect: verdict,
    egress: verdict,
    ingress: verdict,
    rule: string(),
    reason: string(),
  },
  { oneOf: words, check: checkStep },
);

const test = object(
  { name: string({ minLength: 1 }), ...given, enforcement: string({ enum: ['default', 'always', 'never'] }), flows: list(step) },
  { required: ['name', 'flows'] },
);

export const suiteSchema = object(
  {
    name: string(),
    ...given,
    enforcement: string({ enum: ['default', 'always', 'never'] }),
    tests: list(test),
    flows: list(step),
  },
  { anyOf: ['tests', 'flows'], hints: { policies: 'policies are among the manifests: write "manifests"', steps: 'write "flows"' } },
);

export type Suite = Infer<typeof suiteSchema>;
export type SuiteTest = Infer<typeof test>;
export type Given = Pick<SuiteTest, keyof typeof given>;
export type Step = Infer<typeof step>;

function checkStep(value: Readonly<Record<string, unknown>>): Problem[] {
  const flowFields = ['from', 'to', 'port', 'protocol', 'egress', 'ingress', 'rule', 'reason'] as const;
  if (value.expect === undefined) {
    return flowFields
      .filter((name) => value[name] !== undefined)
      .map((name) => ({ severity: 'error', class: 'step', path: [name], message: 'belongs to a flow, which has an "expect"' }));
  }
  return (['from', 'to', 'port'] as const)
    .filter((name) => value[name] === undefined)
    .map((name) => ({ severity: 'error', class: 'step', path: [name], message: 'is missing: a flow has from, to, port and expect' }));
}
