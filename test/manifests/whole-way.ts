// The whole way of a manifest: text, schema, policy; and what its messages must have.

import { type Document, locate } from '../../orchestrator/manifests/document.ts';
import { type LocatedProblem, problemText } from '../../orchestrator/manifests/problem-text.ts';
import { isPolicy, readPolicy } from '../../orchestrator/model/policy/translate/read-policy.ts';
import { checkObject } from '../../orchestrator/model/schema/kinds.ts';

export interface Outcome {
  readonly accepted: boolean;
  readonly problems: readonly LocatedProblem[];
}

/** What becomes of a document: text, schema, policy. */
export function outcome(document: Document): Outcome {
  if (document.object === undefined) return { accepted: false, problems: document.problems };
  const found = isPolicy(document.object) ? readPolicy(document.object).problems : checkObject(document.object);
  const problems = [...document.problems, ...locate(found, document)];
  return { accepted: !problems.some(({ severity }) => severity === 'error'), problems };
}

/** What a message lacks, if anything. */
export function* complaints(text: string, { accepted, problems }: Outcome): Generator<string> {
  const lines = text.split('\n');
  if (!accepted && problems.length === 0) yield 'refused without a word';
  if (problems.length > 250) yield `${problems.length} problems`;
  for (const problem of problems) {
    const { line, column, message } = problem;
    if (!(line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1].length + 1))
      yield `no place: ${problemText(problem)}`;
    if (!/^spoilt\.yaml:\d+:\d+: \S/.test(problemText(problem)) || message.length > 1500) yield `no message: ${message.slice(0, 200)}`;
  }
}

/** A policy that everybody accepts. */
export const good = (name: string) =>
  `apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: ${name}\n  namespace: shop\nspec:\n  endpointSelector: {}\n  ingress:\n  - {}\n`;
