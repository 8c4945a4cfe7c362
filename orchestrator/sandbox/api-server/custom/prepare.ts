// What a definition says when its author does not: names made of its kind, and the status that tells whether it is served.
import { type Json, type KubeObject, listAt, recordAt, textAt, timestamp } from '../object.ts';
import type { Surroundings } from '../resource.ts';

/** Keeps a definition until its objects are gone. */
export const finalizer = 'customresourcecleanup.apiextensions.k8s.io';

export function prepareDefinition(object: KubeObject, old: KubeObject | undefined, { now }: Surroundings): void {
  const spec = recordAt(object, 'spec');
  object.spec = spec;
  const names = recordAt(spec, 'names');
  spec.names = names;
  const kind = textAt(names, 'kind');
  if (kind !== '') {
    names.singular ||= kind.toLowerCase();
    names.listKind ||= `${kind}List`;
  }
  if (old === undefined) object.metadata.finalizers = [...new Set([...(object.metadata.finalizers ?? []), finalizer])];
  spec.conversion ??= { strategy: 'None' };
  const stored = (listAt(spec, 'versions') as Json[]).find(({ storage }) => storage === true);
  const before = listAt(old, 'status', 'storedVersions') as string[];
  const name = textAt(stored, 'name');
  object.status = {
    conditions: conditions(listAt(old, 'status', 'conditions') as Json[], now),
    acceptedNames: names,
    storedVersions: before.includes(name) || name === '' ? before : [...before, name],
  };
}

function conditions(before: readonly Json[], now: number): Json[] {
  const met = (type: string, reason: string, message: string) => {
    const same = before.find((condition) => condition.type === type && condition.status === 'True');
    return same ?? { lastTransitionTime: timestamp(now), message, reason, status: 'True', type };
  };
  return [
    met('NamesAccepted', 'NoConflicts', 'no conflicts found'),
    met('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
  ];
}
