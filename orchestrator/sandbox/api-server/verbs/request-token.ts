// Requests for tokens: a service account's, for some audiences, for some time, perhaps only for as long as some object is there.
import { audiencesOfServer } from '../authentication/authentication.ts';
import type { Bound } from '../authentication/token.ts';
import type { Context } from '../context.ts';
import { type FieldError, invalid, invalidObject } from '../field-error.ts';
import { type Call, jsonReply, type Reply } from '../http/call.ts';
import { type KubeObject, listAt, recordAt, textAt, timestamp } from '../object.ts';
import { badRequest, conflict, notFound } from '../status-error.ts';

/** Seconds. */
const usual = 3600;
const least = 600;
const most = 2 ** 32;

export async function requestToken(context: Context, call: Call, request: KubeObject): Promise<Reply> {
  const { resource, namespace, name = '' } = call;
  const account = await context.storage.get(resource, namespace, name);
  if (account === undefined) throw notFound(resource, name);
  const asked = listAt(request, 'spec', 'audiences').map(String);
  const audiences = asked.length === 0 ? [...audiencesOfServer] : asked;
  const { expirationSeconds = usual } = recordAt(request, 'spec');
  const seconds = Number(expirationSeconds);
  const errors = secondsErrors(seconds);
  if (errors.length > 0) throw invalidObject({ group: 'authentication.k8s.io', plural: '', kind: 'TokenRequest' }, '', errors);
  const bound = await boundTo(context, call, request);
  const serviceaccount = { name, uid: account.object.metadata.uid ?? '' };
  const { token, expires } = context.authentication.issue(
    { aud: audiences, 'kubernetes.io': { namespace, serviceaccount, ...bound } },
    seconds,
  );
  const spec = { ...recordAt(request, 'spec'), audiences, expirationSeconds: seconds };
  const metadata = { name, namespace, creationTimestamp: timestamp(context.now()) };
  const status = { token, expirationTimestamp: timestamp(expires * 1000) };
  return jsonReply({ kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata, spec, status }, 201);
}

function secondsErrors(seconds: number): FieldError[] {
  const at = 'spec.expirationSeconds';
  if (seconds < least) return [invalid(at, seconds, 'may not specify a duration less than 10 minutes')];
  return seconds > most ? [invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
}

type Objects = { pod?: Bound; secret?: Bound; node?: { name: string; uid?: string } };

/** A pod's token tells the pod's node too. */
async function boundTo({ storage, registry }: Context, { namespace, name: account = '' }: Call, request: KubeObject): Promise<Objects> {
  const wanted = recordAt(request, 'spec', 'boundObjectRef');
  if (Object.keys(wanted).length === 0) return {};
  const kind = textAt(wanted, 'kind');
  const name = textAt(wanted, 'name');
  const plural = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }[kind];
  if (plural === undefined || textAt(wanted, 'apiVersion') !== 'v1')
    throw badRequest(`cannot bind token to object of type ${textAt(wanted, 'apiVersion')}, Kind=${kind}`);
  const resource = registry.own(plural);
  const stored = await storage.get(resource, namespace, name);
  if (stored === undefined) throw notFound(resource, name);
  const { uid = '' } = stored.object.metadata;
  if (textAt(wanted, 'uid') !== '' && textAt(wanted, 'uid') !== uid) {
    const both = `the UID in the bound object reference (${textAt(wanted, 'uid')}) does not match the UID in record (${uid})`;
    throw conflict(resource, name, `${both}. The object might have been deleted and then recreated`);
  }
  if (kind === 'Secret') return { secret: { name, uid } };
  if (kind === 'Node') return { node: { name, uid } };
  if (textAt(stored.object, 'spec', 'serviceAccountName') !== account)
    throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`);
  const node = textAt(stored.object, 'spec', 'nodeName');
  const home = node === '' ? undefined : await storage.get(registry.own('nodes'), undefined, node);
  const homeUid = home?.object.metadata.uid;
  return { pod: { name, uid }, ...(node === '' ? {} : { node: { name: node, ...(homeUid === undefined ? {} : { uid: homeUid }) } }) };
}
