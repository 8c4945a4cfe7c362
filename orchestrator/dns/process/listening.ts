// Listening sockets: where redirected DNS arrives, UDP and TCP on one port, IPv4 and IPv6. They are transparent: what they receive was sent to
// somebody else, whose address and port each datagram and connection says.

import { AgentError } from '../../errors.ts';
import type { Calls } from './calls.ts';
import { boundPort, family, kind, mark, openSocket, option, type SocketWish } from './socket-options.ts';

/** Descriptors; undefined where the host has no IPv6. */
export interface ListeningSockets {
  readonly port: number;
  readonly udp4: number;
  readonly tcp4: number;
  readonly udp6: number | undefined;
  readonly tcp6: number | undefined;
}

const anywhere4 = new Uint8Array(4);
const anywhere6 = new Uint8Array(16);
const backlog = 4096;
const mostTries = 32;
const [tcp] = [6];
const rooms = [option.receiveRoom, option.receiveRoomForced];

type Kind = Exclude<keyof ListeningSockets, 'port'>;

const wishes: Record<Kind, SocketWish> = {
  udp4: {
    family: family.ipv4,
    kind: kind.datagram,
    protocol: 0,
    options: [option.transparent4, option.tellDestination4, ...rooms],
    address: anywhere4,
  },
  tcp4: {
    family: family.ipv4,
    kind: kind.stream,
    protocol: tcp,
    options: [option.transparent4, option.reuseAddress],
    address: anywhere4,
  },
  udp6: {
    family: family.ipv6,
    kind: kind.datagram,
    protocol: 0,
    options: [option.onlyIpv6, option.transparent6, option.tellDestination6, ...rooms],
    address: anywhere6,
  },
  tcp6: {
    family: family.ipv6,
    kind: kind.stream,
    protocol: tcp,
    options: [option.onlyIpv6, option.transparent6, option.reuseAddress],
    address: anywhere6,
  },
};

/** `port` 0: one that all four can have. Throws DNS_SOCKET_UNUSABLE. */
export function openListening(calls: Calls, port: number): ListeningSockets {
  for (let tries = 1; ; tries += 1) {
    const opened: number[] = [];
    try {
      const udp4 = open(calls, 'udp4', port, opened) as number;
      const chosen = boundPort(calls, udp4);
      const [tcp4, udp6, tcp6] = (['tcp4', 'udp6', 'tcp6'] as const).map((name) => open(calls, name, chosen, opened));
      return { port: chosen, udp4, tcp4: tcp4 as number, udp6, tcp6 };
    } catch (error) {
      for (const descriptor of opened) calls.close(descriptor);
      if (port !== 0 || tries === mostTries) throw error;
    }
  }
}

/** What connections of these sockets send carries the mark from their first packet on, as datagrams do: the host sends it the right way by it. */
export function markConnections(calls: Calls, { tcp4, tcp6 }: ListeningSockets, value: number): void {
  const { level, name } = mark(value);
  const bytes = Int32Array.from({ length: 16 }, () => value);
  for (const descriptor of [tcp4, tcp6]) {
    if (descriptor !== undefined && calls.setsockopt(descriptor, level, name, calls.address(bytes), 4) < 0) {
      throw new AgentError('DNS_SOCKET_UNUSABLE', `dns proxy: the mark of connections: errno ${calls.errno()}`);
    }
  }
}

function open(calls: Calls, name: Kind, port: number, opened: number[]): number | undefined {
  const wish = { ...wishes[name], port };
  const descriptor = openSocket(calls, wish);
  if (descriptor === undefined) return undefined;
  opened.push(descriptor);
  if (wish.kind === kind.stream && calls.listen(descriptor, backlog) < 0) {
    throw new AgentError('DNS_SOCKET_UNUSABLE', `dns proxy: ${name} port ${port}: listen: errno ${calls.errno()}`);
  }
  return descriptor;
}

/** First descriptor of the sockets in a child; the others follow in the order of `inheritance`. */
const firstInherited = 3;
const order = ['udp4', 'tcp4', 'udp6', 'tcp6'] as const;

/** What a child's `stdio` has behind its first three, in an order that `inherited` knows. */
export function inheritance(sockets: ListeningSockets): (number | 'ignore')[] {
  return order.map((name) => sockets[name] ?? 'ignore');
}

/** Those that this process was started with. */
export function inherited(calls: Calls): ListeningSockets {
  const at = (index: number): number | undefined => (boundPort(calls, firstInherited + index) > 0 ? firstInherited + index : undefined);
  const [udp4, tcp4, udp6, tcp6] = order.map((_, index) => at(index));
  if (udp4 === undefined || tcp4 === undefined) {
    throw new AgentError('DNS_SOCKET_UNUSABLE', 'dns proxy: the sockets it should have been started with are not there');
  }
  return { port: boundPort(calls, udp4), udp4, tcp4, udp6, tcp6 };
}
