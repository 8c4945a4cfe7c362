// From method and path to the verb.
import type { Context } from '../context.ts';
import type { Call, Reply } from '../http/call.ts';
import { textAt } from '../object.ts';
import { partsOf, type Verb } from '../resource.ts';
import { badRequest, methodNotAllowed, notFound, StatusError, unknownPath } from '../status-error.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { patch } from './patch.ts';
import { get, list } from './read.ts';
import { update } from './update.ts';

export async function dispatch(context: Context, call: Call): Promise<Reply | 'written'> {
  const { method, name, subresource, resource } = call;
  if (subresource !== undefined) await checkSubresource(context, call);
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

const methodsOf: Readonly<Record<string, readonly string[]>> = {
  create: ['POST'],
  get: ['GET', 'HEAD'],
  patch: ['PATCH'],
  update: ['PUT'],
};

async function checkSubresource(context: Context, call: Call): Promise<void> {
  const { resource, subresource, method } = call;
  const part = partsOf(resource).find(({ name }) => name === subresource);
  if (part === undefined && resource.plural === 'pods' && ofKubelets.includes(subresource ?? '')) return refuseKubelets(context, call);
  if (part === undefined) throw unknownPath();
  if (!part.verbs.some((verb) => methodsOf[verb].includes(method))) throw methodNotAllowed();
}

/** What a real server asks of the pod's kubelet. */
const ofKubelets = ['log', 'exec', 'attach', 'portforward'];

async function refuseKubelets({ storage }: Context, { resource, namespace, name = '', subresource }: Call): Promise<never> {
  const stored = await storage.get(resource, namespace, name);
  if (stored === undefined) throw notFound(resource, name);
  if (textAt(stored.object, 'spec', 'nodeName') === '') throw badRequest(`pod ${name} does not have a host assigned`);
  throw new StatusError(501, 'NotImplemented', `pods/${subresource} is not implemented: this server does not reach kubelets`);
}
