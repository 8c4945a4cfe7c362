// Keys: where in the store an object lies.
import type { Resource } from '../resource.ts';

/** Ends with a slash, so that `pods/` is no prefix of another kind's. */
export function keysBelow(root: string, resource: Pick<Resource, 'storageName'>, namespace?: string): string {
  return namespace === undefined || namespace === '' ? `${root}${resource.storageName}/` : `${root}${resource.storageName}/${namespace}/`;
}

export function keyOf(
  root: string,
  resource: Pick<Resource, 'storageName' | 'namespaced'>,
  namespace: string | undefined,
  name: string,
): string {
  return keysBelow(root, resource, resource.namespaced ? namespace : undefined) + name;
}

export const claimKey = (root: string, claim: string) => `${root}ranges/${claim}`;
