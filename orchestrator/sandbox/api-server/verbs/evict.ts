// Evictions: a delete of a pod that may be refused. Nothing here refuses one, as in a cluster without disruption budgets.
import type { Context } from '../context.ts';
import { type Call, jsonReply, type Reply } from '../http/call.ts';
import { type KubeObject, listAt, recordAt, textAt, timestamp } from '../object.ts';
import { notFound } from '../status-error.ts';
import { isDryRun } from './admit.ts';
import { change } from './change.ts';
import { deleteOptionsOf, removeOne } from './delete.ts';

export async function evict(context: Context, call: Call, eviction: KubeObject): Promise<Reply> {
  const { resource, namespace, name = '', query } = call;
  const options = deleteOptionsOf(recordAt(eviction, 'deleteOptions'), query);
  const dryRun = options.dryRun || isDryRun(query);
  if (!dryRun) {
    // Whoever waits for the pod can tell why it went.
    await change(context, { ...call, subresource: 'status' }, { missing: () => notFound(resource, name), retries: 5 }, (pod) => {
      const others = listAt(pod, 'status', 'conditions').filter((condition) => textAt(condition, 'type') !== 'DisruptionTarget');
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
        lastProbeTime: null,
        lastTransitionTime: timestamp(context.now()),
      };
      pod.status = { ...recordAt(pod, 'status'), conditions: [...others, condition] };
      if (options.uid !== undefined) pod.metadata.uid = options.uid;
      return pod;
    });
  }
  await removeOne(context, resource, namespace, name, { ...options, dryRun });
  return jsonReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}
