// CIDR groups: prefixes under a name that policies refer to.

import { type GroupFact, readReference } from '../../../model/policy/references.ts';
import type { KubeObject } from '../object.ts';
import { accepted, type ObjectRow } from './rejection.ts';

export interface CidrGroupRow extends ObjectRow {
  readonly name: string;
  /** Undefined for a rejected object: it stands for nobody. */
  readonly group: GroupFact | undefined;
}

export function cidrGroupRow(key: string, object: KubeObject): CidrGroupRow {
  const { name } = object.metadata;
  const read = accepted(object, () => readReference(object));
  if ('rejected' in read) return { key, name, rejected: read.rejected, group: undefined };
  return { key, name, rejected: undefined, group: read.value?.table === 'groups' ? read.value.fact : undefined };
}
