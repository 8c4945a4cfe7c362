// What a definition says when its author does not: names made of its kind, and the status that tells whether it is served.
import { type Json, type KubeObject, listAt, recordAt, textAt, timestamp } from '../object.ts';
import type { Surroundings } from '../resource.ts';
import { type Clash, clashOf } from './names.ts';

/** Keeps a definition until its objects are gone. */
export const finalizer = 'customresourcecleanup.apiextensions.k8s.io';

export function prepareDefinition(object: KubeObject, old: KubeObject | undefined, { now, customResources }: Surroundings): void {
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
  const clash = clashOf(object, customResources());
  const accepted = recordAt(old, 'status', 'acceptedNames');
  object.status = {
    conditions: conditions(listAt(old, 'status', 'conditions') as Json[], clash, now),
    acceptedNames: clash === undefined ? names : { plural: '', kind: '', ...accepted },
    storedVersions: before.includes(name) || name === '' ? before : [...before, name],
  };
}

/** A kind that is served stays so, whatever its names become. */
function conditions(before: readonly Json[], clash: Clash | undefined, now: number): Json[] {
  const told = (type: string, status: 'True' | 'False', reason: string, message: string) => {
    const same = before.find((condition) => condition.type === type && condition.status === status && condition.message === message);
    return same ?? { lastTransitionTime: timestamp(now), message, reason, status, type };
  };
  const established = before.find(({ type, status }) => type === 'Established' && status === 'True');
  if (clash === undefined) {
    return [
      told('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'),
      established ?? told('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ];
  }
  return [
    told('NamesAccepted', 'False', clash.reason, clash.message),
    established ?? told('Established', 'False', 'NotAccepted', 'not all names are accepted'),
  ];
}

export const isEstablished = (definition: KubeObject) =>
  (listAt(definition, 'status', 'conditions') as Json[]).some(({ type, status }) => type === 'Established' && status === 'True');
