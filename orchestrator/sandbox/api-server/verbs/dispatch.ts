// From method and path to the verb.
import type { Context } from '../context.ts';
import type { Call, Reply } from '../http/call.ts';
import type { Verb } from '../resource.ts';
import { methodNotAllowed, unknownPath } from '../status-error.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { patch } from './patch.ts';
import { get, list } from './read.ts';
import { update } from './update.ts';

export async function dispatch(context: Context, call: Call): Promise<Reply | 'written'> {
  const { method, name, subresource, resource } = call;
  if (subresource !== undefined) checkSubresource(call);
  const need = (verb: Verb) => {
    if (subresource === undefined && !resource.verbs.includes(verb)) throw methodNotAllowed();
  };
  if (call.watches && method !== 'GET') throw methodNotAllowed();
  switch (method) {
    case 'HEAD':
    case 'GET':
      need(name === undefined ? 'list' : 'get');
      return name === undefined || call.watches ? list(context, call) : get(context, call);
    case 'POST':
      need('create');
      return create(context, call);
    case 'PUT':
      if (name === undefined) throw methodNotAllowed();
      need('update');
      return update(context, call);
    case 'PATCH':
      if (name === undefined) throw methodNotAllowed();
      need('patch');
      return patch(context, call);
    case 'DELETE':
      need(name === undefined ? 'deletecollection' : 'delete');
      if (subresource !== undefined) throw methodNotAllowed();
      return remove(context, call);
    default:
      throw methodNotAllowed();
  }
}

function checkSubresource({ resource, subresource, method }: Call): void {
  const methods: Record<string, readonly string[]> = {
    status: resource.hasStatus ? ['GET', 'HEAD', 'PUT', 'PATCH'] : [],
    binding: resource.plural === 'pods' ? ['POST'] : [],
    finalize: resource.plural === 'namespaces' ? ['PUT'] : [],
  };
  const allowed = Object.hasOwn(methods, subresource ?? '') ? methods[subresource ?? ''] : [];
  if (allowed.length === 0) throw unknownPath();
  if (!allowed.includes(method)) throw methodNotAllowed();
}
