// Node status: says that the node is there, its addresses, and that it is ready once pods can get a network.

import type { RoomLog } from '../../log.ts';
import { type Clock, sleep } from '../../state/clock.ts';
import { type CniOptions, hasNetwork } from './cni.ts';
import type { KubeApi } from './kube-api.ts';

export interface NodeStatusOptions {
  readonly node: string;
  readonly addresses: readonly string[];
  readonly cni: CniOptions;
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: RoomLog;
}

const [lookEveryMs, leaseEveryMs] = [200, 10_000];

export class NodeStatus {
  readonly #options: NodeStatusOptions;

  constructor(options: NodeStatusOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { node, cni, api, clock, log } = this.#options;
    let said: boolean | undefined;
    let leaseAt = 0;
    while (!signal.aborted) {
      try {
        const isReady = hasNetwork(cni);
        if (isReady !== said) await api.setNodeStatus(node, this.#status(isReady));
        said = isReady;
        if (clock.now() >= leaseAt) {
          await api.renewLease(node, new Date());
          leaseAt = clock.now() + leaseEveryMs;
        }
      } catch (error) {
        if (!signal.aborted) log.warn('the API server was not told of this node', { node, error });
        await sleep(clock, 1_000, signal);
      }
      await sleep(clock, said ? 2_000 : lookEveryMs, signal);
    }
  }

  #status(isReady: boolean): object {
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const ready = isReady
      ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { status: 'False', reason: 'KubeletNotReady', message: 'container runtime network not ready: cni config uninitialized' };
    return {
      addresses: [
        ...this.#options.addresses.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: this.#options.node },
      ],
      conditions: [{ type: 'Ready', ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
      capacity: { pods: '110' },
      allocatable: { pods: '110' },
      nodeInfo: nodeInfo(),
    };
  }
}

function nodeInfo(): object {
  const unknown = {
    machineID: '',
    systemUUID: '',
    bootID: '',
    osImage: '',
    containerRuntimeVersion: 'axoneme-sandbox',
    kubeProxyVersion: '',
  };
  return { ...unknown, kernelVersion: '', kubeletVersion: 'v1.32.0', operatingSystem: 'linux', architecture: 'amd64' };
}
