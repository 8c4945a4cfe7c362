// Changing what is there: read, compute, check, write if nobody else did meanwhile; else once more from the start.
import { type Context, surroundings } from '../context.ts';
import type { Call } from '../http/call.ts';
import { isSame, type Json, type KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { conflict, modified, type StatusError } from '../status-error.ts';
import { encodeObject, Stored } from '../storage/stored.ts';
import { checkObject, isDryRun } from './admit.ts';
import { claimed } from './create.ts';

export interface Attempt {
  readonly missing: () => StatusError;
  /** How often to begin again after somebody else's write. */
  readonly retries: number;
}

/**
 * `compute` makes of a copy of the object what it is to be. A revision or uid that it leaves in the metadata is what the writer has read;
 * throws 409 when that is no longer so.
 */
export async function change(context: Context, call: Call, attempt: Attempt, compute: (object: KubeObject) => KubeObject): Promise<Stored> {
  const { storage } = context;
  const { resource, namespace, name = '', subresource } = call;
  for (let tries = 0; ; tries += 1) {
    const old = await storage.get(resource, namespace, name);
    if (old === undefined) throw attempt.missing();
    const before = old.copyFor(resource);
    const wanted = compute(structuredClone(before));
    checkPreconditions(resource, wanted, before);
    const next = merged(wanted, before, resource, subresource);
    resource.prepare?.(next, before, surroundings(context));
    countGeneration(next, before, resource);
    checkObject(context, resource, next, before);
    if (isDryRun(call.query)) return new Stored(old.key, old.revision, encodeObject(next));
    if (isFinished(next)) {
      const last = await storage.delete(resource, new Stored(old.key, old.revision, old.value));
      if (last !== undefined) return new Stored(old.key, last.revision, encodeObject(next));
    } else {
      const result = await storage.update(resource, next, old);
      if ('stored' in result) return result.stored;
      if (result.refused === 'claimed') throw claimed(call, next, result.claim);
    }
    if (tries >= attempt.retries) throw modified(resource, name);
  }
}

function checkPreconditions(resource: Resource, wanted: KubeObject, before: KubeObject): void {
  const { uid, resourceVersion, name } = wanted.metadata;
  if (uid && uid !== before.metadata.uid) {
    throw conflict(resource, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`);
  }
  if (resourceVersion && resourceVersion !== '0' && resourceVersion !== before.metadata.resourceVersion) throw modified(resource, name);
}

/** The half that this writer may write, over what was there. */
function merged(wanted: KubeObject, before: KubeObject, resource: Resource, subresource: string | undefined): KubeObject {
  const next = structuredClone(wanted);
  if (subresource === 'status') {
    const metadata = resource.custom ? before.metadata : next.metadata;
    const { status } = next;
    const whole = resource.custom ? structuredClone(before) : { ...structuredClone(before), metadata };
    delete whole.status;
    keepServersOwn(whole, before);
    return status === undefined ? whole : { ...whole, status };
  }
  // A binding also says in the status that it was made.
  if (resource.hasStatus && subresource !== 'binding') {
    delete next.status;
    if (before.status !== undefined) next.status = structuredClone(before.status);
  }
  keepServersOwn(next, before);
  return next;
}

/** A writer who leaves these out means them as they are. */
function keepServersOwn({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  metadata.uid ||= old.uid;
  metadata.creationTimestamp ||= old.creationTimestamp;
  delete metadata.generation;
  delete metadata.managedFields;
  delete metadata.selfLink;
  if (old.generateName !== undefined) metadata.generateName ??= old.generateName;
  if (old.generation !== undefined) metadata.generation = old.generation;
  if (old.deletionTimestamp === undefined) {
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    return;
  }
  metadata.deletionTimestamp ??= old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined) metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
}

function countGeneration(next: KubeObject, before: KubeObject, { countsGenerations, hasStatus }: Resource): void {
  if (!countsGenerations) return;
  const wish = ({ metadata: _metadata, status, ...rest }: KubeObject): Json => (hasStatus ? rest : { ...rest, status });
  if (!isSame(wish(next), wish(before))) next.metadata.generation = (before.metadata.generation ?? 1) + 1;
}

/** An object that was only waiting for its last finalizer. */
function isFinished(object: KubeObject): boolean {
  const { metadata } = object;
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0) return false;
  if ((metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  const waiting = object.kind === 'Namespace' ? ((object.spec as Json | undefined)?.finalizers as unknown[] | undefined) : undefined;
  return (waiting ?? []).length === 0;
}
