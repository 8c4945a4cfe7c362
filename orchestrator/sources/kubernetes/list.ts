// Lists: all objects at one revision, a page at a time.

import type { Counts } from './counts.ts';
import { KubeError } from './failure.ts';
import { ListBody } from './json/list-body.ts';
import type { Projection } from './json/projection.ts';
import { NotJson } from './json/scanner.ts';
import { type KubeObject, objectOf, usualShape } from './object.ts';
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
  readonly projection: Projection;
  readonly object: (object: KubeObject) => void;
}

/**
 * Calls `object` for all of a consistent list, and returns its revision. No revision is asked for: what a cache of the server answers may
 * be older than what is known here, and ignores the page size. Throws KubeError; what was told until then was true.
 * An item that is no object fails the list when the others have been told: it may be any of those that seem to be missing.
 */
export async function listAll(options: ListOptions): Promise<string> {
  const { counts, resource } = options;
  counts.add('list');
  let next: string | undefined;
  let revision: string | undefined;
  let garbage = 0;
  do {
    const page = await readPage(options, next);
    garbage += page.garbage;
    revision ??= page.revision;
    if (page.next !== undefined && page.next === next)
      throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: list ${resource.plural}: the same page follows itself`);
    next = page.next;
  } while (next !== undefined);
  if (garbage === 0) return revision;
  counts.add('garbage', garbage);
  throw new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: list ${resource.plural}: ${garbage} items without a name or a revision`);
}

interface Page {
  readonly revision: string;
  /** Undefined for the last one. */
  readonly next: string | undefined;
  readonly garbage: number;
}

async function readPage(options: ListOptions, from: string | undefined): Promise<Page> {
  const { transport, counts, resource, selection, signal, pageSize, deadlineMs, projection } = options;
  const itself = selection.metadataOnly ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' } : resource;
  const invalid = (what: string) => new KubeError('KUBE_ANSWER_INVALID', `kubernetes api: list ${resource.plural}: ${what}`);
  let garbage = 0;
  const body = new ListBody({
    projection,
    shape: selection.shape ?? usualShape,
    mostBytes: mostItemBytes,
    item(item) {
      const object = objectOf(item, itself);
      if (object === undefined) garbage += 1;
      else options.object(object);
    },
  });
  counts.add('page');
  const pieces = transport.pieces({
    path: pathOf(resource, { namespace: selection.namespace }),
    query: { ...queryOf(selection), limit: String(pageSize), continue: from },
    accept: acceptOf(selection, 'List'),
    signal,
    deadlineMs,
  });
  try {
    for await (const piece of pieces) body.push(piece);
    body.finish();
  } catch (error) {
    if (error instanceof NotJson) throw invalid(`not json: ${error.message}: ${JSON.stringify(body.rest)}`);
    throw error;
  }
  const { resourceVersion, continue: next } = (body.fields.get('metadata') ?? {}) as Record<string, unknown>;
  const items = body.fields.get('items');
  if ((!Array.isArray(items) && items !== null) || typeof resourceVersion !== 'string') throw invalid('not a list');
  return { revision: resourceVersion, next: typeof next === 'string' && next !== '' ? next : undefined, garbage };
}

/** Of what etcd takes nothing is longer, as for the lines of a watch. */
const mostItemBytes = 8 * 2 ** 20;
