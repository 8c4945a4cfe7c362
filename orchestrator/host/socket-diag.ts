// Socket diagnosis: the connected sockets of a network namespace, as its kernel lists them, and their end. Not of our own process alone: of
// every process in it.

import { errno } from '../datapath/kernel/errno.ts';
import type { Libc } from '../datapath/kernel/libc.ts';
import { type Failure, Session } from './session.ts';

/** An end of a connection, as the datapath's maps have it: an IPv4 address is a v4-mapped one, a port is in network order. */
export interface SocketPlace {
  readonly hi: bigint;
  readonly lo: bigint;
  readonly port: number;
}

export interface ConnectedSocket {
  /** 6 or 17. */
  readonly protocol: number;
  /** Number of the socket, never given twice. */
  readonly cookie: bigint;
  readonly local: SocketPlace;
  readonly remote: SocketPlace;
  /** As the kernel knows it: its family, and struct inet_diag_sockid. */
  readonly handle: { readonly family: number; readonly id: Uint8Array };
}

/** NETLINK_SOCK_DIAG; SOCK_DIAG_BY_FAMILY, SOCK_DESTROY. */
const [diagnosis, list, destroy] = [4, 20, 21];
/** AF_INET, AF_INET6. */
const families = [2, 10] as const;
const [tcp, udp] = [6, 17];
/** Bits of TCP_ESTABLISHED, SYN_SENT, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK and CLOSING: those that have a peer. UDP knows the first. */
const connected = [1, 2, 4, 5, 8, 9, 11].reduce((bits, state) => bits | (1 << state), 0);
/** struct inet_diag_req_v2 and inet_diag_msg: where the socket's id begins; its length. */
const [requestIdAt, messageIdAt, idBytes] = [8, 4, 48];
const [sourcePortAt, destinationPortAt, sourceAt, destinationAt, cookieAt] = [0, 2, 4, 20, 40];
/** ::ffff:0:0/96 in the low word of an address. */
const [mapped, addressShift] = [0xffff0000n, 32n];
/** EOPNOTSUPP. */
const unsupported = 95;

/** Of the namespace that this thread is in, for good. Throws NETLINK_FAILED. */
export function openDiagnosis(libc: Libc): Session {
  return new Session(libc, diagnosis);
}

/** TCP's and UDP's of both families. Throws NETLINK_FAILED. */
export function listConnected(session: Session): ConnectedSocket[] {
  const found: ConnectedSocket[] = [];
  for (const protocol of [tcp, udp]) {
    for (const family of families) {
      for (const { body } of session.dump(list, request(family, protocol, new Uint8Array(idBytes)))) {
        const socket = readSocket(body, protocol);
        // A UDP socket without a peer may be listed with the others.
        if (socket !== undefined && socket.remote.port !== 0) found.push(socket);
      }
    }
  }
  return found;
}

/**
 * Whoever uses one of them gets ECONNABORTED, and the peer of a TCP connection a reset. Answers which it were, and why not the others; one that
 * is there no more is none, and no failure.
 */
export function endSockets(
  session: Session,
  sockets: readonly ConnectedSocket[],
): { ended: ConnectedSocket[]; problem: string | undefined } {
  const changes = sockets.map(({ protocol, handle: { family, id } }) => ({
    step: 'socket: end',
    type: destroy,
    flags: 0,
    body: request(family, protocol, id),
  }));
  const failures = session.try(changes);
  const failed = new Set(failures.map(({ change }) => change));
  const refused = failures.find(({ result }) => result !== -errno.noent);
  return { ended: sockets.filter((_, at) => !failed.has(changes[at] as Failure['change'])), problem: refused && problemOf(refused) };
}

function problemOf({ result, message }: Failure): string {
  if (result === -unsupported) return 'this kernel ends no sockets for others (CONFIG_INET_DIAG_DESTROY)';
  if (result === -errno.perm) return 'ending sockets of others takes CAP_NET_ADMIN';
  return `sockets cannot be ended: ${message}`;
}

function request(family: number, protocol: number, id: Uint8Array): Uint8Array {
  const body = new Uint8Array(requestIdAt + idBytes);
  body.set([family, protocol]);
  new DataView(body.buffer).setUint32(4, connected, true);
  body.set(id, requestIdAt);
  return body;
}

/** Undefined for what is shorter than it should be. */
function readSocket(body: Uint8Array, protocol: number): ConnectedSocket | undefined {
  if (body.length < messageIdAt + idBytes) return undefined;
  const family = body[0] as number;
  const id = body.slice(messageIdAt, messageIdAt + idBytes);
  const view = new DataView(id.buffer);
  const place = (addressAt: number, portAt: number): SocketPlace => ({
    hi: family === families[0] ? 0n : view.getBigUint64(addressAt, true),
    lo:
      family === families[0] ? mapped | (BigInt(view.getUint32(addressAt, true)) << addressShift) : view.getBigUint64(addressAt + 8, true),
    port: view.getUint16(portAt, true),
  });
  return {
    protocol,
    cookie: view.getBigUint64(cookieAt, true),
    local: place(sourceAt, sourcePortAt),
    remote: place(destinationAt, destinationPortAt),
    handle: { family, id },
  };
}
