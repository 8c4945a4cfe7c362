// Peer selectors: what from/toEndpoints mean in the namespace and cluster of their policy.

import { makeSelector, type Requirement } from '../../selector.ts';
import type { Peer } from '../rule.ts';
import type { Field } from './field.ts';
import { namespaceLabels, podCluster, podNamespace, type Scope } from './scope.ts';
import { readRequirements } from './selectors.ts';

/**
 * One element of from/toEndpoints. It means pods of the policy's namespace and this cluster unless it names others; of a clusterwide
 * policy, pods of every namespace, unless the subject is pods that are being initialised, which have no namespace yet. Reserved labels have
 * neither namespace nor cluster.
 */
export function readEndpoints(field: Field, scope: Scope, subjectIsInit: boolean, { reservedIsFree = true } = {}): Peer[] {
  const requirements = readRequirements(field, scope.findings, 'any');
  if (requirements === undefined) return [];
  const isFree = reservedIsFree && requirements.some(({ source }) => source === 'reserved');
  const added = isFree ? [] : implied(requirements, scope, subjectIsInit);
  return [{ kind: 'labels', selector: makeSelector([...requirements, ...added]) }];
}

function implied(requirements: readonly Requirement[], scope: Scope, subjectIsInit: boolean): Requirement[] {
  const { namespace } = scope.ref;
  const added: Requirement[] = [];
  if (!requirements.some(isOf(podNamespace))) {
    if (namespace === undefined) {
      if (!subjectIsInit) added.push({ source: 'k8s', key: podNamespace, operator: 'Exists', values: [] });
    } else if (!requirements.some(({ source, key }) => ofPods(source) && key.startsWith(namespaceLabels))) {
      added.push({ source: 'k8s', key: podNamespace, operator: 'In', values: [namespace] });
    }
  }
  if (scope.localCluster && !requirements.some(isOf(podCluster))) added.push(thisCluster(scope));
  return added;
}

export function thisCluster({ clusterName }: Scope): Requirement {
  return { source: 'k8s', key: podCluster, operator: 'In', values: [clusterName] };
}

function isOf(wanted: string): (requirement: Requirement) => boolean {
  return ({ source, key }) => key === wanted && ofPods(source);
}

function ofPods(source: string): boolean {
  return source === 'k8s' || source === 'any';
}
