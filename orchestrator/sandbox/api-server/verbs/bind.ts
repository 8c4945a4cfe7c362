// The binding of a pod: the scheduler's word that it runs on a node, given once.
import type { Context } from '../context.ts';
import { invalidObject, required, unsupported } from '../field-error.ts';
import { type Call, jsonReply, type Reply } from '../http/call.ts';
import { type KubeObject, listAt, recordAt, textAt, timestamp } from '../object.ts';
import { conflict, notFound } from '../status-error.ts';
import { change } from './change.ts';

export async function bind(context: Context, call: Call, binding: KubeObject): Promise<Reply> {
  const { resource, name = '' } = call;
  const node = textAt(binding, 'target', 'name');
  const kind = textAt(binding, 'target', 'kind');
  const about = { group: '', plural: 'bindings', kind: 'Binding' };
  if (kind !== '' && kind !== 'Node') throw invalidObject(about, name, [unsupported('target.kind', kind, ['Node', '<empty>'])]);
  if (node === '') throw invalidObject(about, name, [required('target.name')]);
  await change(context, call, { missing: () => notFound(resource, name), retries: 5 }, (pod) => {
    const bound = textAt(pod, 'spec', 'nodeName');
    if (binding.metadata.uid && binding.metadata.uid !== pod.metadata.uid) {
      const both = `UID in precondition: ${binding.metadata.uid}, UID in object meta: ${pod.metadata.uid}`;
      throw conflict(resource, name, `Precondition failed: ${both}`);
    }
    if (pod.metadata.deletionTimestamp) throw conflict(resource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    if (bound !== '') throw conflict(resource, name, `pod ${name} is already assigned to node ${JSON.stringify(bound)}`);
    pod.spec = { ...recordAt(pod, 'spec'), nodeName: node };
    pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations };
    if (Object.keys(pod.metadata.annotations).length === 0) delete pod.metadata.annotations;
    pod.status = { ...recordAt(pod, 'status'), conditions: scheduled(listAt(pod, 'status', 'conditions'), context.now()) };
    return pod;
  });
  return jsonReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

function scheduled(conditions: readonly unknown[], now: number): unknown[] {
  const others = conditions.filter((condition) => textAt(condition, 'type') !== 'PodScheduled');
  return [...others, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp(now) }];
}
