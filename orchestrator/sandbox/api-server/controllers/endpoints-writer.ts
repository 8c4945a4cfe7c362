// Writing a service's endpoints in the older form, when they are not what they are to be.
import { randomUUID } from 'node:crypto';
import type { Context } from '../context.ts';
import { isSame, type KubeObject, timestamp } from '../object.ts';
import { overCapacity } from './endpoints-of.ts';

/** Throws when somebody else wrote meanwhile. */
export async function writeEndpoints(
  { storage, registry, now }: Context,
  { metadata, subsets }: Pick<KubeObject, 'metadata' | 'subsets'>,
): Promise<void> {
  const resource = registry.own('endpoints');
  const stored = await storage.get(resource, metadata.namespace, metadata.name);
  const said = (subsets as unknown[]).length === 0 ? {} : { subsets };
  if (stored === undefined) {
    const result = await storage.create(resource, {
      metadata: { ...metadata, uid: randomUUID(), creationTimestamp: timestamp(now()) },
      ...said,
    });
    if ('refused' in result) throw new Error(`${metadata.name}: exists`);
    return;
  }
  const next = stored.copyFor(resource);
  const { [overCapacity]: _over, ...annotations } = next.metadata.annotations ?? {};
  const own = { ...annotations, ...metadata.annotations };
  const same =
    isSame(stored.object.subsets ?? [], subsets) &&
    isSame(stored.object.metadata.labels ?? {}, metadata.labels ?? {}) &&
    isSame(stored.object.metadata.annotations ?? {}, own);
  if (same) return;
  delete next.subsets;
  delete next.metadata.labels;
  delete next.metadata.annotations;
  Object.assign(next, said);
  if (metadata.labels !== undefined) next.metadata.labels = metadata.labels;
  if (Object.keys(own).length > 0) next.metadata.annotations = own;
  const result = await storage.update(resource, next, stored);
  if ('refused' in result) throw new Error(`${metadata.name}: changed meanwhile`);
}
