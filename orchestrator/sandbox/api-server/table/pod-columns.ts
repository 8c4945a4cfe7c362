// Columns of pods: the status is told by what its containers do.
import { type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import type { Column } from '../resource.ts';
import { age } from './age.ts';
import { ageColumn, nameColumn } from './table.ts';

const containerStatuses = (object: KubeObject) => listAt(object, 'status', 'containerStatuses');
const conditionOf = (object: KubeObject, type: string) =>
  listAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === type);

export const podColumns: readonly Column[] = [
  nameColumn,
  { name: 'Ready', type: 'string', description: 'The aggregate readiness state of this pod for accepting traffic.', cell: ready },
  { name: 'Status', type: 'string', description: 'The aggregate status of the containers in this pod.', cell: podStatus },
  {
    name: 'Restarts',
    type: 'string',
    description:
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    cell: restarts,
  },
  ageColumn,
  {
    name: 'IP',
    type: 'string',
    priority: 1,
    description: 'IP address allocated to the pod.',
    cell: (object) => textAt(listAt(object, 'status', 'podIPs')[0], 'ip') || textAt(object, 'status', 'podIP') || '<none>',
  },
  {
    name: 'Node',
    type: 'string',
    priority: 1,
    description: 'NodeName indicates in which node this pod is scheduled.',
    cell: (object) => textAt(object, 'spec', 'nodeName') || '<none>',
  },
  {
    name: 'Nominated Node',
    type: 'string',
    priority: 1,
    description: 'nominatedNodeName is set only when this pod preempts other pods on the node.',
    cell: (object) => textAt(object, 'status', 'nominatedNodeName') || '<none>',
  },
  {
    name: 'Readiness Gates',
    type: 'string',
    priority: 1,
    description: 'If specified, all readiness gates will be evaluated for pod readiness.',
    cell: gates,
  },
];

function ready(object: KubeObject): string {
  const count = containerStatuses(object).filter((status) => recordAt({ status }, 'status').ready === true && running(status)).length;
  return `${count}/${listAt(object, 'spec', 'containers').length}`;
}

const running = (status: unknown) => recordAt(status, 'state').running !== undefined;

function restarts(object: KubeObject, now: number): string {
  const statuses = containerStatuses(object);
  const count = statuses.reduce<number>((sum, status) => sum + Number(recordAt({ status }, 'status').restartCount ?? 0), 0);
  const last = statuses
    .map((status) => textAt(status, 'lastState', 'terminated', 'finishedAt'))
    .filter((time) => time !== '')
    .sort()
    .at(-1);
  return count > 0 && last !== undefined ? `${count} (${age(last, now)} ago)` : String(count);
}

export function podStatus(object: KubeObject): string {
  const status = recordAt(object, 'status');
  let reason = textAt(status, 'reason') || textAt(status, 'phase');
  const scheduled = conditionOf(object, 'PodScheduled');
  if (textAt(scheduled, 'reason') === 'SchedulingGated') reason = 'SchedulingGated';
  const initial = initReason(object);
  if (initial !== undefined) reason = initial;
  else {
    let hasRunning = false;
    for (const container of containerStatuses(object).toReversed()) {
      reason = stateReason(container) ?? reason;
      if (running(container) && recordAt({ container }, 'container').ready === true) hasRunning = true;
    }
    if (reason === 'Completed' && hasRunning) reason = textAt(conditionOf(object, 'Ready'), 'status') === 'True' ? 'Running' : 'NotReady';
  }
  if (object.metadata.deletionTimestamp === undefined) return reason;
  if (textAt(status, 'reason') === 'NodeLost') return 'Unknown';
  return textAt(status, 'phase') === 'Succeeded' || textAt(status, 'phase') === 'Failed' ? reason : 'Terminating';
}

function stateReason(container: unknown): string | undefined {
  const waiting = textAt(container, 'state', 'waiting', 'reason');
  if (waiting !== '') return waiting;
  const terminated = recordAt(container, 'state', 'terminated');
  if (Object.keys(terminated).length === 0) return undefined;
  if (typeof terminated.reason === 'string' && terminated.reason !== '') return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode ?? 0}`;
}

/** While the init containers are at work, they are what the pod does. */
function initReason(object: KubeObject): string | undefined {
  const total = listAt(object, 'spec', 'initContainers').length;
  for (const [index, container] of listAt(object, 'status', 'initContainerStatuses').entries()) {
    const terminated = recordAt(container, 'state', 'terminated');
    if (terminated.exitCode === 0) continue;
    const reason = stateReason(container);
    return reason !== undefined && reason !== 'PodInitializing' ? `Init:${reason}` : `Init:${index}/${total}`;
  }
  return undefined;
}

function gates(object: KubeObject): string {
  const wanted = listAt(object, 'spec', 'readinessGates').map((gate) => textAt(gate, 'conditionType'));
  if (wanted.length === 0) return '<none>';
  return `${wanted.filter((type) => textAt(conditionOf(object, type), 'status') === 'True').length}/${wanted.length}`;
}
