// Names as one identity for a set of selectors, and as one for each: verdicts are the same.

import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Identity } from '../../../../orchestrator/model/identity.ts';
import { Labels } from '../../../../orchestrator/model/labels.ts';
import { evaluate } from '../../../../orchestrator/model/policy/evaluate/evaluate.ts';
import type { View } from '../../../../orchestrator/model/policy/evaluate/question.ts';
import { parsePrefix } from '../../../../orchestrator/net/prefix.ts';
import { nameTexts, policy } from '../resolve/arbitrary.ts';

const runs = Number(process.env.AXONEME_FUZZ_RUNS ?? 400);
const none = new Labels([]);

t.test('whether a granted name has one number or one for each selector that matches it, the verdict is the same', async (t) => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.array(policy, { minLength: 1, maxLength: 4 }),
      fc.subarray(nameTexts, { minLength: 2 }),
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom(80, 81, 8080),
      (policies, names, app, port) => {
        const view: View = { policies, pods: [], enforcement: 'default' };
        const subject = { labels: new Labels([{ source: 'k8s', key: 'app', value: app }]), namedPorts: [] };
        const world: Identity = { number: 0x1000001, labels: none, prefix: parsePrefix('10.1.2.3/32') };
        const verdictOf = (granted: readonly Identity[]) => {
          const decision = evaluate(view, { direction: 'egress', subject, peers: [world, ...granted], protocol: 6, port });
          return [decision.verdict, decision.ground, decision.layer7?.kind, decision.rules.map(({ path }) => path)];
        };
        const asSet = verdictOf([{ number: 0x1000002, labels: none, names }]);
        const each = verdictOf(names.map((name, at) => ({ number: 0x1000002 + at, labels: none, names: [name] })));
        deepStrictEqual(each, asSet);
        const kind = `${asSet[0]} by ${asSet[1]}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      },
    ),
    { numRuns: runs },
  );
  for (const kind of ['allow by rule', 'deny by rule', 'redirect by rule']) t.ok((seen.get(kind) ?? 0) > 0, `${kind}: ${seen.get(kind)}`);
});
