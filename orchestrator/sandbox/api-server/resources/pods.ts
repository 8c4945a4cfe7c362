// Pods.
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { podColumns } from '../table/pod-columns.ts';
import { podErrors } from '../validation/pod.ts';
import { defaultPod } from './pod-defaults.ts';

/** Seconds that a pod gets when nobody says how many. */
const usualGrace = 30;

export const pods = resource({
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  subresources: [
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  ],
  returnsDeleted: true,
  columns: podColumns,
  selectable: {
    'spec.nodeName': (object) => textAt(object, 'spec', 'nodeName'),
    'spec.restartPolicy': (object) => textAt(object, 'spec', 'restartPolicy'),
    'spec.schedulerName': (object) => textAt(object, 'spec', 'schedulerName'),
    'spec.serviceAccountName': (object) => textAt(object, 'spec', 'serviceAccountName'),
    'spec.hostNetwork': (object) => String(recordAt(object, 'spec').hostNetwork === true),
    'status.phase': (object) => textAt(object, 'status', 'phase'),
    'status.podIP': (object) => textAt(object, 'status', 'podIP'),
    'status.podIPs': (object) => textAt(listAt(object, 'status', 'podIPs')[0], 'ip'),
    'status.nominatedNodeName': (object) => textAt(object, 'status', 'nominatedNodeName'),
  },
  schema: definition('Pod'),
  gracePeriod,
  prepare(object, old) {
    defaultPod(object, old);
    agreeOnAddresses(object);
  },
  validate: podErrors,
});

/** The one address and the list of them say the same: where they differ, the one is meant. */
function agreeOnAddresses(object: KubeObject): void {
  const status = recordAt(object, 'status');
  const [first] = listAt(status, 'podIPs');
  const single = textAt(status, 'podIP');
  if (single === '' && first !== undefined) status.podIP = textAt(first, 'ip');
  else if (single !== '' && textAt(first, 'ip') !== single) status.podIPs = [{ ip: single }];
}

/** A pod that no kubelet has, or that has ended, needs no time. */
function gracePeriod(object: KubeObject, asked: number | undefined): number {
  const spec: Json = recordAt(object, 'spec');
  const phase = textAt(object, 'status', 'phase');
  if (!spec.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0;
  const own = typeof spec.terminationGracePeriodSeconds === 'number' ? spec.terminationGracePeriodSeconds : usualGrace;
  const seconds = asked ?? own;
  return seconds < 0 ? 1 : seconds;
}
