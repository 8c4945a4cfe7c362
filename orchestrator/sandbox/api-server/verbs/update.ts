// update: PUT of a whole object, or of its status.
import type { Context } from '../context.ts';
import { invalid, invalidObject } from '../field-error.ts';
import type { Call, Reply } from '../http/call.ts';
import { isRecord, recordAt } from '../object.ts';
import { badRequest, notFound } from '../status-error.ts';
import { bodyObject, place } from './admit.ts';
import { change } from './change.ts';
import { insert } from './create.ts';
import { single } from './read.ts';

export async function update(context: Context, call: Call): Promise<Reply> {
  const { resource, name = '', subresource } = call;
  const { object, warnings } = await bodyObject(call);
  place(object, call);
  object.metadata.name ||= name;
  if (object.metadata.name !== name) {
    throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
  }
  if (!resource.unconditionalUpdate && !object.metadata.resourceVersion) {
    const there = await context.storage.get(resource, call.namespace, name);
    if (there !== undefined)
      throw invalidObject(resource, name, [invalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
  }
  if (resource.createOnUpdate && subresource === undefined) {
    const there = await context.storage.get(resource, call.namespace, name);
    if (there === undefined) {
      delete object.metadata.resourceVersion;
      return insert(context, call, object, warnings);
    }
  }
  const retries = object.metadata.resourceVersion ? 0 : 5;
  const stored = await change(context, call, { missing: () => notFound(resource, name), retries }, (there) => {
    if (subresource !== 'finalize') return object;
    const finalizers = isRecord(object.spec) ? object.spec.finalizers : undefined;
    return { ...there, spec: { ...recordAt(there, 'spec'), finalizers: finalizers ?? [] } };
  });
  return single(context, call, stored, 200, warnings);
}
