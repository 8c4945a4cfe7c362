// Offloads: virtio-net headers that fit the packet behind them, and ones that would have a checksum written over something else.
import type { Packet } from '../../../orchestrator/net/packet.ts';
import type { Offload } from './machine.ts';
import { four, long, type ParseCase, ports, sctp, six, tcp, udp } from './parse-packets.ts';

const big = { ...tcp, payload: new Uint8Array(4000), checksum: 'partial' as const };
const bigUdp = { ...udp, payload: new Uint8Array(4000), length: 1208, checksum: 'partial' as const };
const gso4 = { flags: 1, type: 1, headerLength: 40, segment: 1448, start: 20, offset: 16 };
const gso6 = { flags: 1, type: 4, headerLength: 60, segment: 1428, start: 40, offset: 16 };
const gsoUdp = { flags: 1, type: 5, headerLength: 28, segment: 1200, start: 20, offset: 6 };

function offloaded(name: string, packet: Packet, offload: Offload, invalid = 'INVALID_PACKET'): ParseCase {
  return {
    name: `offload: ${name}`,
    packet,
    offload,
    invalid,
    facts: invalid === 'FORWARDED' && packet.fragment === undefined ? ports : {},
  };
}

export const offloads: readonly ParseCase[] = [
  offloaded('tcp over ipv4', { ...four, transport: big }, gso4, 'FORWARDED'),
  offloaded('tcp over ipv6', { ...six, transport: big }, gso6, 'FORWARDED'),
  offloaded('tcp over ipv4 with ECN', { ...four, transport: big }, { ...gso4, type: 0x81 }, 'FORWARDED'),
  offloaded('udp', { ...four, transport: bigUdp }, gsoUdp, 'FORWARDED'),
  offloaded('udp over ipv6', { ...six, transport: bigUdp }, { ...gsoUdp, headerLength: 48, start: 40 }, 'FORWARDED'),
  offloaded(
    'segments with complete checksums',
    { ...four, transport: { ...big, checksum: 0 } },
    { ...gso4, flags: 0, start: 0, offset: 0 },
    'FORWARDED',
  ),
  offloaded('checksum verified by the device', { ...four, transport: tcp }, { flags: 2 }, 'FORWARDED'),
  offloaded(
    'partial checksum, no segments',
    { ...four, transport: { ...tcp, checksum: 'partial' } },
    { flags: 1, start: 20, offset: 16 },
    'FORWARDED',
  ),
  offloaded(
    'a tunnel whose inner checksum is open',
    { ...four, transport: { ...udp, payload: new Uint8Array(64) } },
    { flags: 1, start: 44, offset: 16 },
    'FORWARDED',
  ),
  offloaded('an unknown type', { ...four, transport: big }, { ...gso4, type: 2 }),
  offloaded('the old udp type', { ...four, transport: bigUdp }, { ...gsoUdp, type: 3 }),
  offloaded('ECN alone', { ...four, transport: big }, { ...gso4, type: 0x80 }),
  offloaded('ECN with udp', { ...four, transport: bigUdp }, { ...gsoUdp, type: 0x85 }),
  offloaded('ipv6 type over ipv4', { ...four, transport: big }, { ...gso4, type: 4 }),
  offloaded('ipv4 type over ipv6', { ...six, transport: big }, { ...gso6, type: 1 }),
  offloaded(
    'tcp type over udp',
    { ...four, transport: { ...udp, payload: new Uint8Array(4000), checksum: 'partial' } },
    { ...gsoUdp, type: 1 },
  ),
  offloaded('udp type over tcp', { ...four, transport: big }, { ...gso4, type: 5 }),
  offloaded('segments of 0 bytes', { ...four, transport: big }, { ...gso4, segment: 0 }),
  offloaded('headers longer than the packet', { ...four, transport: tcp }, { headerLength: 41 }),
  offloaded('checksum start behind the packet', { ...four, transport: tcp }, { flags: 1, start: 40, offset: 16 }),
  offloaded('checksum field behind the packet', { ...four, transport: { ...udp, payload: '' } }, { flags: 1, start: 28, offset: 0 }),
  offloaded('checksum over the ip header', { ...four, transport: tcp }, { flags: 1, start: 0, offset: 16 }),
  offloaded('checksum written over the destination address', { ...four, transport: tcp }, { flags: 1, start: 12, offset: 4 }),
  offloaded('checksum written over the destination port', { ...four, transport: tcp }, { flags: 1, start: 20, offset: 2 }),
  offloaded('checksum start in a tcp payload', { ...four, transport: big }, { flags: 1, start: 60, offset: 16 }),
  offloaded('checksum start in the udp header', { ...four, transport: udp }, { flags: 1, start: 22, offset: 0 }),
  offloaded('segments whose checksum is elsewhere', { ...four, transport: bigUdp }, { ...gsoUdp, start: 44 }),
  offloaded('partial checksum of sctp', { ...four, transport: sctp }, { flags: 1, start: 20, offset: 8 }),
  offloaded(
    'partial checksum of a first fragment',
    { ...four, transport: long, fragment: { id: 1, length: 32 } },
    { flags: 1, start: 20, offset: 6 },
  ),
  offloaded('segments of a later fragment', { ...four, transport: long, fragment: { id: 1, start: 32 } }, { ...gsoUdp, flags: 0 }),
];
