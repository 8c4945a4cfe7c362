// The table of pod interfaces on this node: who has which addresses behind which device. Only this room writes it; it says nothing of
// identities or policies.

import { openTable, type Table } from '../state/table.ts';

export interface PodInterface {
  /** Number of the endpoint on this node, 1 to 65535; rests before another gets it. */
  readonly endpoint: number;
  /** Of the sandbox of the pod, as the runtime names it. */
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  /** Of the pod object; empty where the runtime does not tell it. */
  readonly uid: string;
  /** Path of the network namespace. */
  readonly netns: string;
  /** Name of the interface inside. */
  readonly ifname: string;
  /** Name of the host's end; in userspace mode what the host knows the pod's device by. */
  readonly device: string;
  /** Datapath port: ifindex of the host's end; in userspace mode a number that the host gives. */
  readonly port: number;
  /** Of the pod's end, `02:11:22:33:44:55`. */
  readonly mac: string;
  /** Of the host's end. */
  readonly gatewayMac: string;
  /** Canonical, without a length. */
  readonly addresses: readonly string[];
  readonly mtu: number;
}

export type InterfaceIndex = 'pod' | 'attachment' | 'address';

/** Rows by endpoint; indexes: `namespace/pod`, `containerId/ifname`, address. Source `disk` has delivered when everything is restored. */
export type InterfaceTable = Table<PodInterface, InterfaceIndex>;

export const diskSource = 'disk';

export function attachmentKey({ containerId, ifname }: Pick<PodInterface, 'containerId' | 'ifname'>): string {
  return `${containerId}/${ifname}`;
}

export function podKey({ namespace, pod }: Pick<PodInterface, 'namespace' | 'pod'>): string {
  return `${namespace}/${pod}`;
}

export function openInterfaces() {
  return openTable<PodInterface, InterfaceIndex>({
    name: 'interfaces',
    key: ({ endpoint }) => endpoint,
    indexes: { pod: podKey, attachment: attachmentKey, address: ({ addresses }) => addresses },
    columns: {
      endpoint: ({ endpoint }) => endpoint,
      pod: podKey,
      addresses: ({ addresses }) => addresses,
      device: ({ device }) => device,
      port: ({ port }) => port,
      mac: ({ mac }) => mac,
      mtu: ({ mtu }) => mtu,
      container: ({ containerId }) => containerId,
    },
    sources: [diskSource],
  });
}
