// Socket options: what the sockets of this process are set to, by their numbers in the kernel's headers.

import { AgentError } from '../../errors.ts';
import type { Calls } from './calls.ts';

export interface SocketOption {
  readonly level: number;
  readonly name: number;
  readonly value: number;
  /** Without it everything works, less well. */
  readonly optional?: true;
}

/** SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP, IPPROTO_IPV6. */
const [socket, ipv4, tcp, ipv6] = [1, 0, 6, 41];

export const option = {
  reuseAddress: { level: socket, name: 2, value: 1 },
  /** SO_RCVBUFFORCE, SO_RCVBUF, and the same for sending: what waits while this thread is busy elsewhere. */
  receiveRoom: { level: socket, name: 8, value: 4 << 20, optional: true },
  receiveRoomForced: { level: socket, name: 33, value: 4 << 20, optional: true },
  sendRoom: { level: socket, name: 7, value: 4 << 20, optional: true },
  sendRoomForced: { level: socket, name: 32, value: 4 << 20, optional: true },
  transparent4: { level: ipv4, name: 19, value: 1 },
  transparent6: { level: ipv6, name: 75, value: 1 },
  /** IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR. */
  tellDestination4: { level: ipv4, name: 20, value: 1 },
  tellDestination6: { level: ipv6, name: 74, value: 1 },
  onlyIpv6: { level: ipv6, name: 26, value: 1 },
  /** IP_MTU_DISCOVER, IPV6_MTU_DISCOVER: an answer that is too long for a link is cut. */
  mayCut4: { level: ipv4, name: 10, value: 0, optional: true },
  mayCut6: { level: ipv6, name: 23, value: 0, optional: true },
  /** IPV6_CHECKSUM: where the kernel writes it in what a raw socket sends. */
  udpChecksum6: { level: ipv6, name: 7, value: 6 },
  /** TCP_DEFER_ACCEPT, in seconds: a connection that says nothing is not shown to us. */
  deferAccept: { level: tcp, name: 9, value: 5, optional: true },
} as const satisfies Record<string, SocketOption>;

/** SO_MARK. */
export function mark(value: number): SocketOption {
  return { level: socket, name: 36, value };
}

/** AF_INET, AF_INET6. */
export const family = { ipv4: 2, ipv6: 10 } as const;
export type Family = (typeof family)[keyof typeof family];

/** SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, each with SOCK_NONBLOCK | SOCK_CLOEXEC. */
export const kind = { stream: 0x80801, datagram: 0x80802, raw: 0x80803 } as const;

/** EAFNOSUPPORT: this host has no IPv6. */
const noFamily = 97;

export interface SocketWish {
  readonly family: Family;
  readonly kind: number;
  readonly protocol: number;
  readonly options: readonly SocketOption[];
  /** Bytes as on the wire, and in host order; without it the socket is not bound. */
  readonly address?: Uint8Array;
  readonly port?: number;
}

/** Undefined where the host has no such family. Throws DNS_SOCKET_UNUSABLE. */
export function openSocket(calls: Calls, wish: SocketWish): number | undefined {
  const descriptor = calls.socket(wish.family, wish.kind, wish.protocol);
  if (descriptor < 0) {
    if (calls.errno() === noFamily && wish.family === family.ipv6) return undefined;
    throw unusable(calls, wish, 'socket');
  }
  const value = new Int32Array(16);
  for (const { level, name, value: wanted, optional } of wish.options) {
    value[0] = wanted;
    if (calls.setsockopt(descriptor, level, name, calls.address(value), 4) < 0 && !optional) {
      throw closed(calls, descriptor, unusable(calls, wish, `option ${level}/${name}`));
    }
  }
  if (wish.address === undefined) return descriptor;
  const address = new Uint8Array(new ArrayBuffer(socketAddressBytes));
  const length = writeSocketAddress(address, wish.family, wish.address, wish.port ?? 0);
  if (calls.bind(descriptor, calls.address(address), length) === 0) return descriptor;
  // EADDRNOTAVAIL on a host whose IPv6 is switched off.
  const isOff = wish.family === family.ipv6 && calls.errno() === 99;
  const error = unusable(calls, wish, 'bind');
  calls.close(descriptor);
  if (isOff) return undefined;
  throw error;
}

export const socketAddressBytes = 128;

/** struct sockaddr_in or sockaddr_in6; its length. */
export function writeSocketAddress(target: Uint8Array, of: Family, address: Uint8Array, port: number): number {
  const view = new DataView(target.buffer, target.byteOffset);
  target.fill(0, 0, 28);
  view.setUint16(0, of, true);
  view.setUint16(2, port);
  target.set(address, of === family.ipv4 ? 4 : 8);
  return of === family.ipv4 ? 16 : 28;
}

/** Host order; 0 when it is not bound. */
export function boundPort(calls: Calls, descriptor: number): number {
  const address = new Uint8Array(new ArrayBuffer(socketAddressBytes));
  const length = new Uint32Array(new ArrayBuffer(64));
  length[0] = socketAddressBytes;
  if (calls.getsockname(descriptor, calls.address(address), calls.address(length)) < 0) return 0;
  return new DataView(address.buffer).getUint16(2);
}

function unusable(calls: Calls, { family: of, port }: SocketWish, step: string): AgentError {
  const where = `${of === family.ipv4 ? 'ipv4' : 'ipv6'} port ${port ?? 0}`;
  return new AgentError('DNS_SOCKET_UNUSABLE', `dns proxy: ${where}: ${step}: errno ${calls.errno()}`);
}

function closed(calls: Calls, descriptor: number, error: AgentError): AgentError {
  calls.close(descriptor);
  return error;
}
