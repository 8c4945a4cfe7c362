// Targets: what the path of a request names.
import type { Registry } from '../registry.ts';
import type { Resource } from '../resource.ts';

export interface Target {
  readonly resource: Resource;
  /** Empty for objects without one, and for all of them. */
  readonly namespace: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** The old form `/api/v1/watch/…`. */
  readonly watches: boolean;
}

/** The path's parts, each decoded; undefined when one is no text. */
export function pathParts(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** Undefined when no resource is there. */
export function targetOf(parts: readonly string[], registry: Registry): Target | undefined {
  const [root, ...below] = parts;
  if (root !== 'api' && root !== 'apis') return undefined;
  const [group, version, ...rest] = root === 'api' ? ['', ...below] : below;
  if (group === undefined || version === undefined || (root === 'apis' && group === '')) return undefined;
  const watches = rest[0] === 'watch';
  if (watches) rest.shift();
  const inNamespace = rest[0] === 'namespaces' && rest.length >= 3 && !isNamespaceSubresource(group, rest);
  const namespace = inNamespace ? rest[1] : '';
  const [plural, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest;
  if (plural === undefined || more.length > 0) return undefined;
  const resource = registry.find(group, version, plural);
  if (resource === undefined) return undefined;
  if (resource.namespaced ? name !== undefined && !inNamespace : inNamespace) return undefined;
  return { resource, namespace, name, subresource, watches };
}

/** `namespaces/a/status` is a part of the namespace, not a kind of objects in it. */
function isNamespaceSubresource(group: string, rest: readonly string[]): boolean {
  return group === '' && rest.length === 3 && (rest[2] === 'status' || rest[2] === 'finalize');
}
