// The binding of a pod: the scheduler's word that it runs on a node, given once.
import type { Context } from '../context.ts';
import { type Call, jsonReply, type Reply } from '../http/call.ts';
import { parseJson } from '../http/request-body.ts';
import { recordAt, textAt } from '../object.ts';
import { badRequest, conflict, notFound } from '../status-error.ts';
import { change } from './change.ts';

export async function bind(context: Context, call: Call): Promise<Reply> {
  const binding = parseJson(await call.body(), 'Binding');
  const node = textAt(binding, 'target', 'name');
  if (node === '') throw badRequest('Binding "" is invalid: target.name: Required value');
  const { resource, name = '' } = call;
  await change(context, call, { missing: () => notFound(resource, name), retries: 5 }, (pod) => {
    const bound = textAt(pod, 'spec', 'nodeName');
    if (pod.metadata.deletionTimestamp) throw conflict(resource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    if (bound !== '') throw conflict(resource, name, `pod ${name} is already assigned to node ${JSON.stringify(bound)}`);
    pod.spec = { ...recordAt(pod, 'spec'), nodeName: node };
    return pod;
  });
  return jsonReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}
