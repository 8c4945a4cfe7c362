// Services and slices in few words: `10.1.0.1 ready`, `10.1.0.2 ending`, and what becomes of an endpoint in each state.

import type { NodeFacts, ServiceFacts, SliceEndpointFacts, SliceFacts } from '../../../orchestrator/model/service/rows.ts';

export const tcp = 6;
export const udp = 17;

const conditions = {
  ready: { isReady: true, isServing: true, isTerminating: false },
  unready: { isReady: false, isServing: false, isTerminating: false },
  /** Terminates, and serves on. */
  ending: { isReady: false, isServing: true, isTerminating: true },
  /** Terminates, and does not serve. */
  gone: { isReady: false, isServing: false, isTerminating: true },
  /** Terminates, and is published although it is not ready. */
  published: { isReady: true, isServing: true, isTerminating: true },
} as const;

export type State = keyof typeof conditions;
export const states = Object.keys(conditions) as State[];

/** This node. */
export const here: NodeFacts = { name: 'n1', zone: 'z1', addresses: ['192.0.2.1', '2001:db8::1'] };

export function service(
  name: string,
  addresses: readonly string[],
  ports: readonly string[],
  more: Partial<ServiceFacts> = {},
): ServiceFacts {
  return {
    key: `shop/${name}`,
    rejected: undefined,
    createdAt: '',
    type: 'ClusterIP',
    isOthers: false,
    clusterAddresses: addresses,
    externalAddresses: [],
    balancerAddresses: [],
    ports: ports.map(portOf),
    isExternallyLocal: false,
    isInternallyLocal: false,
    affinitySeconds: 0,
    sourceRanges: [],
    healthCheckPort: 0,
    algorithm: '',
    forwarding: '',
    resetRemoved: '',
    ...more,
  };
}

/** Ports like `http:80/6`, with a node port `http:80/6/30080`; endpoints like `10.1.0.1 ready`, elsewhere `10.1.0.1 ready n2`. */
export function slice(name: string, of: string, ports: readonly string[], endpoints: readonly string[], weight = 1): SliceFacts {
  return { key: `shop/${name}`, namespace: 'shop', service: of, ports: ports.map(portOf), endpoints: endpoints.map(endpoint), weight };
}

/** `10.1.0.1 ready n2 z2`, and whom it is meant for: `10.1.0.1 ready n2 z2 n1+n2 z1`. */
export function endpoint(text: string): SliceEndpointFacts {
  const [address = '', state = 'ready', node = 'n1', zone = 'z1', forNodes = '', forZones = ''] = text.split(' ');
  const list = (names: string) => names.split('+').filter((name) => name !== '' && name !== '-');
  return { addresses: [address], node, zone, forNodes: list(forNodes), forZones: list(forZones), ...conditions[state as State] };
}

function portOf(text: string): { name: string; port: number; protocol: number; nodePort: number | undefined } {
  const [, name = '', port, protocol, nodePort] = /^(\w*):(\d+)\/(\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  return { name, port: Number(port), protocol: Number(protocol), nodePort: nodePort === undefined ? undefined : Number(nodePort) };
}
