// The two sides of a diff: one cluster with the policies as they were, one as they will be. Both have the same pods.

import { refText } from '../../../model/policy/rule.ts';
import { isPolicy } from '../../../model/policy/translate/read-policy.ts';
import type { Cluster } from '../../../testing/cluster.ts';
import { addDocument } from '../cluster-documents.ts';
import type { CheckedDocument } from '../documents.ts';
import { podOfWorkload } from '../workload.ts';
import { policyText } from './pairs.ts';

export interface DiffInputs {
  readonly old: readonly CheckedDocument[];
  readonly new: readonly CheckedDocument[];
  /** Of --cluster: the same before and after. */
  readonly cluster: readonly CheckedDocument[];
}

/**
 * What a side's cluster is told, in order. Pods that only one side's files hold are in both: a change of policies is looked for, not
 * one of pods; but a pod or service that both hold is to each as its own files say.
 */
export function documentsOf(inputs: DiffInputs, side: 'old' | 'new'): CheckedDocument[] {
  const other = inputs[side === 'old' ? 'new' : 'old'];
  // A version that is refused leaves the one before it in force.
  const refused = side === 'old' ? [] : inputs.new.filter(({ object, policy }) => isPolicy(object) && policy === undefined).map(keyOf);
  const kept = inputs.old.filter((document) => document.policy !== undefined && refused.includes(keyOf(document)));
  return [...inputs.cluster, ...other.filter(isPlace), ...kept, ...inputs[side]];
}

export function fill(cluster: Cluster, documents: readonly CheckedDocument[]): void {
  for (const document of documents) addDocument(cluster, document);
}

function isPlace({ object }: CheckedDocument): boolean {
  return object !== undefined && (['Pod', 'Namespace', 'Node'].includes(String(object.kind)) || podOfWorkload(object) !== undefined);
}

export function keyOf({ object }: CheckedDocument): string {
  const { name, namespace = 'default' } = object?.metadata ?? {};
  return JSON.stringify([object?.kind, namespace, name]);
}

export interface PolicyChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Policies that are not the same on both sides, by what they mean. */
export function policyChanges(inputs: DiffInputs): PolicyChanges {
  const meanings = (side: 'old' | 'new') =>
    new Map(documentsOf(inputs, side).flatMap(({ policy }) => (policy === undefined ? [] : [[refText(policy.ref), policyText(policy)]])));
  const [before, after] = [meanings('old'), meanings('new')];
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after.keys()].filter((name) => before.has(name) && before.get(name) !== after.get(name)),
  };
}
