// Services and slices in few words: `10.1.0.1 ready`, `10.1.0.2 ending`, and what becomes of an endpoint in each state.

import type { ServiceFacts, SliceFacts } from '../../../orchestrator/model/service/rows.ts';

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

export function service(
  name: string,
  addresses: readonly string[],
  ports: readonly string[],
  more: Partial<ServiceFacts> = {},
): ServiceFacts {
  return { key: `shop/${name}`, rejected: undefined, type: 'ClusterIP', clusterAddresses: addresses, ports: ports.map(portOf), ...more };
}

/** Ports like `http:80/6`; endpoints like `10.1.0.1 ready`. */
export function slice(name: string, of: string, ports: readonly string[], endpoints: readonly string[]): SliceFacts {
  return {
    key: `shop/${name}`,
    namespace: 'shop',
    service: of,
    ports: ports.map(portOf),
    endpoints: endpoints.map((text) => {
      const [address = '', state = 'ready'] = text.split(' ');
      return { addresses: [address], node: 'n1', zone: 'z1', ...conditions[state as State] };
    }),
  };
}

function portOf(text: string): { name: string; port: number; protocol: number } {
  const [, name = '', port, protocol] = /^(\w*):(\d+)\/(\d+)$/.exec(text) ?? [];
  return { name, port: Number(port), protocol: Number(protocol) };
}
