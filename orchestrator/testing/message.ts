// Messages: the packets that questions are asked with, before they are bytes.

import { buildPacket } from '../net/packet.ts';
import { tcpFlagLetters } from '../net/transport.ts';
import type { Family, Place } from './place.ts';

/**
 * How policy is asked about a message.
 * - `error`: an ICMP error about a packet of no known flow, so that its own type is judged.
 * - `later-fragment`: a fragment whose first one had the type: neighbour discovery itself is settled before policy.
 * - `redirect`: an IPv4 redirect, which the datapath refuses whatever policy says.
 */
export type Form = 'tcp' | 'udp' | 'sctp' | 'icmp' | 'error' | 'later-fragment' | 'redirect';

export const formFamilies: Readonly<Record<Form, readonly Family[]>> = {
  tcp: [4, 6],
  udp: [4, 6],
  sctp: [4, 6],
  icmp: [4, 6],
  error: [4, 6],
  'later-fragment': [6],
  redirect: [4],
};

export interface Message {
  readonly form: Form;
  readonly family: Family;
  readonly source: Place;
  readonly destination: Place;
  /** Of an echo: its identifier. */
  readonly sourcePort: number;
  /** ICMP: the type. */
  readonly destinationPort: number;
  /** TCP_* bits; 0 for the other forms. */
  readonly flags: number;
}

export const protocolNumbers = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmpv6: 58 } as const;
export type Protocol = keyof typeof protocolNumbers;

/** Identification of the fragment. */
export const fragmentId = 1;
/** An error quotes a packet between these ports of its addressees: none of ours ever has both. */
export const quotedPort = 9;

const errorTypes: Readonly<Record<Family, readonly number[]>> = { 4: [3, 4, 11, 12], 6: [1, 2, 3, 4] };
const [redirectType, firstNeighbourType, lastNeighbourType] = [5, 133, 137];

export function formOf(protocol: Protocol, type: number): Form {
  if (protocol !== 'icmp' && protocol !== 'icmpv6') return protocol;
  const family = protocol === 'icmp' ? 4 : 6;
  if (errorTypes[family].includes(type)) return 'error';
  if (family === 4) return type === redirectType ? 'redirect' : 'icmp';
  return type >= firstNeighbourType && type <= lastNeighbourType ? 'later-fragment' : 'icmp';
}

/** The packet from its IP header on, with every length and checksum right. */
export function messageBytes(message: Message): Uint8Array {
  const { form, family, sourcePort, destinationPort } = message;
  const [source, destination] = [message.source.text, message.destination.text];
  const icmp = { protocol: family === 4 ? 'icmp' : 'icmpv6', type: destinationPort } as const;
  switch (form) {
    case 'tcp':
      return buildPacket({
        source,
        destination,
        transport: { protocol: 'tcp', sourcePort, destinationPort, flags: tcpFlagLetters(message.flags) },
      });
    case 'udp':
      return buildPacket({ source, destination, transport: { protocol: 'udp', sourcePort, destinationPort, payload: 'datagram' } });
    case 'sctp':
      return buildPacket({ source, destination, transport: { protocol: 'sctp', sourcePort, destinationPort, payload: 'a chunk.' } });
    case 'error': {
      const about = { protocol: 'udp', sourcePort: quotedPort, destinationPort: quotedPort, payload: 'datagram' } as const;
      const payload = buildPacket({ source: destination, destination: source, transport: about });
      return buildPacket({ source, destination, transport: { ...icmp, payload } });
    }
    case 'later-fragment': {
      const payload = new Uint8Array(16);
      return buildPacket({ source, destination, transport: { ...icmp, payload }, fragment: { id: fragmentId, start: 8 } });
    }
    default:
      return buildPacket({ source, destination, transport: { ...icmp, id: sourcePort } });
  }
}
