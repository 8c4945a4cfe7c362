// Pod status: what a kubelet says of a pod, made of what it knows. Pure.

import type { ContainerState } from './container.ts';
import { type Pod, restartPolicyOf } from './pod.ts';

/** One container as it is now. */
export interface ContainerFacts {
  readonly name: string;
  readonly image: string;
  readonly state: ContainerState;
  readonly lastState: ContainerState | undefined;
  readonly isReady: boolean;
  readonly isStarted: boolean;
  readonly restarts: number;
}

export interface PodFacts {
  readonly nodeAddresses: readonly string[];
  readonly addresses: readonly string[];
  readonly startTime: string;
  /** Why it has no network or no files yet. */
  readonly problem: string | undefined;
  readonly initContainers: readonly ContainerFacts[];
  readonly containers: readonly ContainerFacts[];
  readonly isInitialized: boolean;
}

type Condition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];

/** `now` stands at conditions that changed. */
export function podStatus(pod: Pod, facts: PodFacts, now: string): NonNullable<Pod['status']> {
  const phase = phaseOf(pod, facts);
  const before = pod.status?.conditions ?? [];
  const isDone = phase === 'Succeeded' || phase === 'Failed';
  const areReady = !isDone && facts.isInitialized && facts.containers.every(({ isReady }) => isReady);
  const unready = facts.containers.filter(({ isReady }) => !isReady).map(({ name }) => name);
  const why = isDone ? { reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted' } : notReady(unready);
  const condition = (type: string, isTrue: boolean, more: Partial<Condition> = {}): Condition => {
    const status = isTrue ? 'True' : 'False';
    const old = before.find((one) => one.type === type);
    const lastTransitionTime = (old?.status === status ? old.lastTransitionTime : undefined) ?? (now as unknown as Date);
    return { type, status, lastTransitionTime, ...(isTrue ? {} : more) };
  };
  return {
    phase,
    ...(facts.problem && phase === 'Pending' ? { message: facts.problem } : { message: undefined }),
    conditions: [
      condition('PodReadyToStartContainers', facts.addresses.length > 0 && !isDone),
      condition('Initialized', facts.isInitialized, { reason: 'ContainersNotInitialized' }),
      condition('Ready', areReady, why),
      condition('ContainersReady', areReady, why),
      condition('PodScheduled', true),
    ],
    hostIP: facts.nodeAddresses[0],
    hostIPs: facts.nodeAddresses.map((ip) => ({ ip })),
    podIP: facts.addresses[0],
    podIPs: facts.addresses.map((ip) => ({ ip })),
    startTime: facts.startTime as unknown as Date,
    initContainerStatuses: facts.initContainers.map(containerStatus),
    containerStatuses: facts.containers.map(containerStatus),
    qosClass: 'BestEffort',
  };
}

function notReady(names: readonly string[]): Partial<Condition> {
  return { reason: 'ContainersNotReady', message: `containers with unready status: [${names.join(' ')}]` };
}

function phaseOf(pod: Pod, { containers, initContainers, isInitialized }: PodFacts): string {
  const policy = restartPolicyOf(pod);
  const exitCodes = containers.map(({ state }) => ('terminated' in state ? state.terminated.exitCode : undefined));
  const failedInit = initContainers.some(({ state }) => 'terminated' in state && state.terminated.exitCode !== 0);
  if (!isInitialized) return failedInit && policy === 'Never' ? 'Failed' : 'Pending';
  if (containers.every(({ state, restarts }) => 'waiting' in state && restarts === 0)) return 'Pending';
  if (policy === 'Always' || exitCodes.includes(undefined)) return 'Running';
  const hasFailed = exitCodes.some((code) => code !== 0);
  return hasFailed ? (policy === 'Never' ? 'Failed' : 'Running') : 'Succeeded';
}

function containerStatus({ name, image, state, lastState, isReady, isStarted, restarts }: ContainerFacts) {
  return {
    name,
    image,
    imageID: '',
    state: state as unknown as object,
    ...(lastState ? { lastState: lastState as unknown as object } : {}),
    ready: isReady,
    started: isStarted,
    restartCount: restarts,
  };
}
