// Parts of objects that are made: what each of them is, and who makes it.
import type { Context } from '../context.ts';
import type { Call, Reply } from '../http/call.ts';
import type { KubeObject } from '../object.ts';
import { resource, type Subresource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { badRequest, methodNotAllowed } from '../status-error.ts';
import { bodyObject } from './admit.ts';
import { bind } from './bind.ts';
import { evict } from './evict.ts';
import { requestToken } from './request-token.ts';

const makers: Readonly<Record<string, (context: Context, call: Call, part: KubeObject) => Promise<Reply>>> = {
  binding: bind,
  eviction: evict,
  token: requestToken,
};

export async function createPart(context: Context, call: Call): Promise<Reply> {
  const part = call.resource.subresources.find(({ name }) => name === call.subresource);
  const make = makers[part?.name ?? ''];
  if (part === undefined || make === undefined) throw methodNotAllowed();
  const { object } = await bodyObject({ ...call, resource: kindOf(part, call) });
  const { name = call.name, namespace = call.namespace } = object.metadata;
  if (name !== '' && name !== call.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${call.name})`);
  if (namespace !== '' && namespace !== call.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return make(context, call, object);
}

const kindOf = ({ kind, name, group, version }: Subresource, call: Call) =>
  resource({
    kind,
    plural: name,
    group: group ?? call.resource.group,
    version: version ?? call.resource.version,
    schema: definition(kind),
  });
