// delete of one object and of collections: at once, or marked until its finalizers and its time are over.
import type { Context } from '../context.ts';
import { invalidObject, unsupported } from '../field-error.ts';
import { type Call, jsonReply, type Reply } from '../http/call.ts';
import { parseJson } from '../http/request-body.ts';
import { isRecord, type Json, type KubeObject, recordAt, textAt, timestamp } from '../object.ts';
import { apiVersionOf, type Resource } from '../resource.ts';
import { badRequest, conflict, modified, notFound, unsupportedMediaType } from '../status-error.ts';
import type { Stored } from '../storage/stored.ts';
import { parseProtobuf, protobuf } from '../wire/decode.ts';
import { isDryRun } from './admit.ts';
import { integer, listOptions } from './list-options.ts';
import { collect, single } from './read.ts';

const accepted = ['application/json', protobuf];

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly uid?: string;
  readonly revision?: string;
  readonly dryRun: boolean;
}

export type Deleted = { readonly stored: Stored; readonly gone: boolean };

export async function remove(context: Context, call: Call): Promise<Reply> {
  const { resource, namespace, name } = call;
  const options = await deleteOptions(call);
  if (name === undefined) return removeCollection(context, call, options);
  const { stored, gone } = await removeOne(context, resource, namespace, name, options);
  if (!gone || resource.returnsDeleted) return single(context, call, stored);
  const { group, plural } = resource;
  const details = { name, ...(group === '' ? {} : { group }), kind: plural, uid: stored.object.metadata.uid };
  return jsonReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

async function removeCollection(context: Context, call: Call, options: DeleteOptions): Promise<Reply> {
  const { resource } = call;
  const found = await collect(context, call, listOptions(call, false));
  const items: Buffer[] = [];
  for (const { object } of found.items) {
    try {
      const { stored } = await removeOne(context, resource, object.metadata.namespace, object.metadata.name, options);
      items.push(stored.item(resource));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 404)) throw error;
    }
  }
  const head = JSON.stringify({
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(found.revision) },
  });
  return { code: 200, body: `${head.slice(0, -1)},"items":[${items.join(',')}]}` };
}

/** Throws 404 when it is not there, 409 when it is not the one that is meant. */
export async function removeOne(
  { storage, now }: Context,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  options: DeleteOptions,
): Promise<Deleted> {
  for (let tries = 0; tries < 10; tries += 1) {
    const old = await storage.get(resource, namespace, name);
    if (old === undefined) throw notFound(resource, name);
    checkPreconditions(resource, old.object, options);
    const marked = mark(old.copyFor(resource), resource, options, now());
    if (marked === undefined) {
      if (options.dryRun) return { stored: old, gone: true };
      const last = await storage.delete(resource, old);
      if (last !== undefined) return { stored: last, gone: true };
    } else {
      if (options.dryRun) return { stored: old, gone: false };
      const result = await storage.update(resource, marked, old);
      if ('stored' in result) return { stored: result.stored, gone: false };
    }
  }
  throw modified(resource, name);
}

/** The object as it waits for its end; undefined when nothing keeps it. */
function mark(object: KubeObject, resource: Resource, options: DeleteOptions, now: number): KubeObject | undefined {
  const { metadata } = object;
  const grace = graceOf(object, resource, options.gracePeriodSeconds);
  const finalizers = (metadata.finalizers ?? []).filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (options.propagation === 'Orphan') finalizers.push('orphan');
  else if (options.propagation === 'Foreground') finalizers.push('foregroundDeletion');
  else finalizers.push(...(metadata.finalizers ?? []).filter((name) => !finalizers.includes(name)));
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const kept =
    finalizers.length > 0 || (resource.plural === 'namespaces' && (recordAt(object, 'spec').finalizers as unknown[] | undefined)?.length);
  if (grace === 0 && !kept) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = metadata;
  // A later request may only shorten the time that is left.
  if (deletionTimestamp === undefined || grace < deletionGracePeriodSeconds) {
    const since = deletionTimestamp === undefined ? now : Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
    metadata.deletionTimestamp = timestamp(since + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
    if (resource.countsGenerations) metadata.generation = (metadata.generation ?? 0) + 1;
  }
  if (resource.plural === 'namespaces') object.status = { ...recordAt(object, 'status'), phase: 'Terminating' };
  return object;
}

/** One that is being deleted already is hurried by nothing but a shorter time. */
function graceOf(object: KubeObject, { gracePeriod }: Resource, asked: number | undefined): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return gracePeriod?.(object, asked) ?? 0;
  return asked === undefined ? deletionGracePeriodSeconds : Math.min(Math.max(asked, 0), deletionGracePeriodSeconds);
}

function checkPreconditions(resource: Resource, { metadata }: KubeObject, { uid, revision }: DeleteOptions): void {
  if (uid !== undefined && uid !== metadata.uid) {
    throw conflict(resource, metadata.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  }
  if (revision !== undefined && revision !== metadata.resourceVersion) {
    const both = `ResourceVersion in precondition: ${revision}, ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw conflict(resource, metadata.name, `Precondition failed: ${both}`);
  }
}

async function deleteOptions(call: Call): Promise<DeleteOptions> {
  const { query } = call;
  const bytes = await call.body();
  if (bytes.length > 0 && !['', ...accepted].includes(call.contentType)) throw unsupportedMediaType(accepted);
  const parse = () => (call.contentType === protobuf ? parseProtobuf(bytes, accepted) : parseJson(bytes, 'DeleteOptions'));
  const body = bytes.length === 0 ? {} : parse();
  if (!isRecord(body)) throw badRequest('the object provided is unrecognized (must be of type DeleteOptions)');
  const kind = textAt(body, 'kind');
  if (kind !== '' && kind !== 'DeleteOptions') {
    throw badRequest(
      `${kind} in version ${JSON.stringify(textAt(body, 'apiVersion'))} cannot be handled as a DeleteOptions: converting: unknown conversion`,
    );
  }
  return deleteOptionsOf(body, query);
}

/** Throws 400 or 422 when they are none. */
export function deleteOptionsOf(body: Json, query: URLSearchParams): DeleteOptions {
  const grace = body.gracePeriodSeconds ?? integer(query, 'gracePeriodSeconds');
  if (grace !== undefined && !Number.isSafeInteger(grace))
    throw badRequest('json: cannot unmarshal into Go struct field DeleteOptions.gracePeriodSeconds of type int64');
  const propagation =
    textAt(body, 'propagationPolicy') ||
    query.get('propagationPolicy') ||
    orphaning(body.orphanDependents ?? query.get('orphanDependents'));
  if (!['', 'Background', 'Foreground', 'Orphan'].includes(propagation)) {
    const error = unsupported('propagationPolicy', propagation, ['Foreground', 'Background', 'Orphan', 'nil']);
    throw invalidObject({ group: 'meta.k8s.io', plural: '', kind: 'DeleteOptions' }, '', [error]);
  }
  const { uid, resourceVersion } = recordAt(body, 'preconditions');
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace as number }),
    ...(propagation === '' ? {} : { propagation: propagation as DeleteOptions['propagation'] & string }),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { revision: resourceVersion } : {}),
    dryRun: isDryRun(query) || (Array.isArray(body.dryRun) && body.dryRun.includes('All')),
  };
}

const orphaning = (value: unknown) => (value === true || value === 'true' ? 'Orphan' : '');
