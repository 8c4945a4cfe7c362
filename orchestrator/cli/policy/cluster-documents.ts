// Documents into a cluster: manifests that are accepted are applied; workloads become the pod that stands for theirs.

import type { LocatedProblem } from '../../manifests/problem-text.ts';
import { isPolicy } from '../../model/policy/translate/read-policy.ts';
import { knownKinds } from '../../model/schema/kinds.ts';
import type { Cluster } from '../../testing/cluster.ts';
import type { CheckedDocument } from './documents.ts';
import { podOfWorkload } from './workload.ts';

/**
 * The errors of the document. A policy with errors is applied all the same: what a node makes of one that it cannot read whole is that
 * its subjects are closed. What policy does not look at is left aside.
 */
export function addDocument(cluster: Cluster, { object, problems }: CheckedDocument): LocatedProblem[] {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (object === undefined) return errors;
  const pod = podOfWorkload(object);
  if (pod !== undefined) cluster.apply(pod);
  else if (isPolicy(object) || (errors.length === 0 && Object.hasOwn(knownKinds, String(object.kind)))) cluster.apply(object);
  return errors;
}
