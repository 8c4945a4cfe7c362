// Overlay socket: packets to and from other nodes in datagrams of a UDP socket. The kernel cuts what is sent in one piece (UDP_SEGMENT) and
// puts together what it receives (UDP_GRO); what lies inside is the module's work (datapath-as/overlay). Called for every packet: nothing
// is allocated.

import { AgentError } from '../../../errors.ts';
import { HOOK_FROM_OVERLAY } from '../../generated/enums.ts';
import { recordCodec } from '../../generated/layouts.ts';
import { fieldOffset } from '../../immediate.ts';
import type { Calls } from '../calls.ts';
import type { Engine } from '../engine.ts';
import { overlayPort } from '../port.ts';
import type { Lane, Overlay } from './lane.ts';
import { type Messages, openMessages } from './overlay-messages.ts';

/** SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC. */
const socketKind = 2 | 0x800 | 0x80000;
const [ipv4, ipv6] = [2, 10];
/** EAFNOSUPPORT, EINVAL, EIO: nothing here can cut a datagram, or complete what was cut. */
const [noFamily, invalid, failed] = [97, 22, 5];
/** UDP_MAX_SEGMENTS of kernels before 6.9. */
const mostSegments = 64;
const identityMask = 0xffffff;
/** Datagrams that may wait while a worker is busy elsewhere, in bytes. */
const receiveBytes = 4 << 20;

interface Option {
  readonly level: number;
  readonly name: number;
  readonly value: number;
  /** Only of IPv6 sockets. */
  readonly ipv6?: true;
  /** Without it everything works, more slowly. */
  readonly optional?: true;
}

const options: readonly Option[] = [
  // SO_REUSEADDR, SO_REUSEPORT: the next process opens its own before this one's is gone.
  { level: 1, name: 2, value: 1 },
  { level: 1, name: 15, value: 1 },
  // SO_RCVBUF, as much of it as the kernel grants.
  { level: 1, name: 8, value: receiveBytes, optional: true },
  // IPV6_V6ONLY off, UDP_NO_CHECK6_RX: other nodes' kernels send without checksums.
  { level: 41, name: 26, value: 0, ipv6: true },
  { level: 17, name: 102, value: 1, ipv6: true },
  // IP_MTU_DISCOVER, IPV6_MTU_DISCOVER: as kernels' tunnels do, routers may cut.
  { level: 0, name: 10, value: 0, optional: true },
  { level: 41, name: 23, value: 0, ipv6: true, optional: true },
  // UDP_GRO.
  { level: 17, name: 104, value: 1, optional: true },
];

export interface OverlaySocket {
  readonly descriptor: number;
  /** The host has no IPv6. */
  readonly isIpv4: boolean;
}

/** A socket for datagrams of both families, of IPv4 where the host has no other. Throws OVERLAY_UNUSABLE when the port is taken. */
export function openOverlaySocket(calls: Calls, port: number): OverlaySocket {
  const wide = calls.socket(ipv6, socketKind, 0);
  if (wide < 0 && calls.errno() !== noFamily) throw unusable(port, `socket: errno ${calls.errno()}`);
  const descriptor = wide < 0 ? calls.socket(ipv4, socketKind, 0) : wide;
  if (descriptor < 0) throw unusable(port, `socket: errno ${calls.errno()}`);
  const value = new Int32Array(1);
  for (const option of options) {
    if (option.ipv6 && wide < 0) continue;
    value[0] = option.value;
    const result = calls.setsockopt(descriptor, option.level, option.name, calls.address(value), 4);
    if (result < 0 && !option.optional) throw closed(calls, descriptor, port, `setsockopt ${option.level}/${option.name}`);
  }
  const address = new Uint8Array(wide < 0 ? 16 : 28);
  new DataView(address.buffer).setUint16(0, wide < 0 ? ipv4 : ipv6, true);
  new DataView(address.buffer).setUint16(2, port);
  if (calls.bind(descriptor, calls.address(address), address.length) < 0) throw closed(calls, descriptor, port, 'bind');
  return { descriptor, isIpv4: wide < 0 };
}

function closed(calls: Calls, descriptor: number, port: number, step: string): AgentError {
  const error = unusable(port, `${step}: errno ${calls.errno()}`);
  calls.close(descriptor);
  return error;
}

function unusable(port: number, why: string): AgentError {
  return new AgentError('OVERLAY_UNUSABLE', `overlay: UDP port ${port}: ${why}`);
}

/** What all workers must know of the overlay: places in a table of theirs, so that the socket may come later than they. */
export const setting = { mtu: 0, tunnelPort: 1, isIpv4: 2, count: 4 } as const;

export interface OverlayParts {
  readonly engine: Engine;
  readonly calls: Calls;
  readonly lane: Pick<Lane, 'take' | 'put'>;
  /** By `setting`: bytes that a packet in the tunnel may have, UDP port of all nodes, 1 for a socket of IPv4 alone. */
  readonly settings: Int32Array;
}

/** For one worker. */
export function openOverlay({ engine, calls, lane, settings }: OverlayParts): Overlay {
  const { exports, memory } = engine;
  const received = exports.inputBuffer() + headroom;
  const record = exports.recordPointer();
  const identityAt = (record + fieldOffset(recordCodec, 'sourceIdentity')) >>> 2;
  const tunnelAt = record + fieldOffset(recordCodec, 'tunnelHi');
  const words = new Int32Array(memory.buffer);
  const datagrams = exports.overlayDatagrams();
  const messages = openMessages({ engine, calls, settings, received, room: receiveRoom });
  const send = openSender(calls, messages);

  return {
    send(descriptor, packet, _length, from) {
      const mtu = Atomics.load(settings, setting.mtu);
      if (exports.overlayOpen(packet, (words[identityAt] as number) & identityMask, mtu) !== 0) {
        const answer = from === overlayPort ? 0 : exports.overlayTooBig(mtu);
        if (answer > 0) lane.put(from, datagrams, answer);
        return false;
      }
      messages.setPeer(tunnelAt);
      let isSent = true;
      for (let length = exports.overlayFill(mostSegments); length > 0; length = exports.overlayFill(mostSegments)) {
        isSent = send(descriptor, length, exports.overlaySegment()) && isSent;
      }
      return isSent;
    },
    receive(descriptor, budget) {
      for (let left = budget; left > 0; ) {
        const length = messages.receive(descriptor);
        if (length <= 0) return false;
        exports.overlayReceived(received, length, messages.each(), Atomics.load(settings, setting.mtu));
        for (let packet = exports.overlayNext(); packet !== 0; packet = exports.overlayNext()) {
          lane.take(HOOK_FROM_OVERLAY, overlayPort, packet, exports.overlayLength(), exports.overlayVni());
          left -= 1;
        }
        left -= 1;
      }
      return true;
    },
  };
}

/** The first packet's virtio-net header lies in its tunnel headers; datagrams start on a line of their own. */
const headroom = 64;
/** The longest that a datagram can be, and what the kernel puts together to. */
const receiveRoom = 65535;

/** Sends `length` bytes as datagrams of `segment` bytes; in one call where the kernel cuts them. */
function openSender(calls: Calls, messages: Messages): (descriptor: number, length: number, segment: number) => boolean {
  let cuts = true;
  const each = (descriptor: number, length: number, segment: number): boolean => {
    let isSent = true;
    for (let at = 0; at < length; at += segment) {
      isSent = messages.send(descriptor, at, Math.min(segment, length - at), 0) >= 0 && isSent;
    }
    return isSent;
  };
  return (descriptor, length, segment) => {
    if (length <= segment) return messages.send(descriptor, 0, length, 0) >= 0;
    if (!cuts) return each(descriptor, length, segment);
    if (messages.send(descriptor, 0, length, segment) >= 0) return true;
    const error = calls.errno();
    if (error !== invalid && error !== failed) return false;
    cuts = false;
    return each(descriptor, length, segment);
  };
}
