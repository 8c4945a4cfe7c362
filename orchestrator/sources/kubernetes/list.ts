// Lists: all objects at one revision, a page at a time.

import type { Counts } from './counts.ts';
import { KubeError } from './failure.ts';
import { type KubeObject, objectOf } from './object.ts';
import { acceptOf, pathOf, queryOf, type Resource, type Selection } from './resource.ts';
import type { Transport } from './transport.ts';

export interface ListOptions {
  readonly transport: Transport;
  readonly counts: Counts;
  readonly resource: Resource;
  readonly selection: Selection;
  readonly signal: AbortSignal;
  readonly pageSize: number;
  readonly deadlineMs: number;
  readonly object: (object: KubeObject) => void;
}

/**
 * Calls `object` for all of a consistent list, and returns its revision. No revision is asked for: what a cache of the server answers may
 * be older than what is known here, and ignores the page size. Throws KubeError; what was told until then was true.
 * An item that is no object fails the list when the others have been told: it may be any of those that seem to be missing.
 */
export async function listAll(options: ListOptions): Promise<string> {
  const { transport, counts, resource, selection, signal, pageSize, deadlineMs } = options;
  counts.add('list');
  let next: string | undefined;
  let revision: string | undefined;
  let garbage = 0;
  do {
    counts.add('page');
    const page = await transport.json({
      path: pathOf(resource, { namespace: selection.namespace }),
      query: { ...queryOf(selection), limit: String(pageSize), continue: next },
      accept: acceptOf(selection, 'List'),
      signal,
      deadlineMs,
    });
    const { items, metadata } = page as { items?: unknown; metadata?: { resourceVersion?: unknown; continue?: unknown } };
    if ((!Array.isArray(items) && items !== null) || typeof metadata?.resourceVersion !== 'string')
      throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: list ${resource.plural}: not a list`);
    revision ??= metadata.resourceVersion;
    const itself = selection.metadataOnly ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' } : resource;
    for (const item of items ?? []) {
      const object = objectOf(item, itself);
      if (object === undefined) garbage += 1;
      else options.object(object);
    }
    const before: string | undefined = next;
    next = typeof metadata.continue === 'string' && metadata.continue !== '' ? metadata.continue : undefined;
    if (next !== undefined && next === before)
      throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: list ${resource.plural}: the same page follows itself`);
  } while (next !== undefined);
  if (garbage === 0) return revision;
  counts.add('garbage', garbage);
  throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: list ${resource.plural}: ${garbage} items without a name or a revision`);
}
