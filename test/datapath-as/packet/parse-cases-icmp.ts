// ICMP: echoes, neighbour discovery, and errors with the packets that they quote.
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import type { Transport } from '../../../orchestrator/net/transport.ts';
import { four, long, options, type ParseCase, ports, sctp, six, tcp, udp } from './parse-packets.ts';

const ERROR = 1;
const NEIGHBOUR = 8;

const echoes: ParseCase[] = [
  {
    name: 'echo request',
    packet: { ...four, transport: { protocol: 'icmp', type: 8, id: 4660 } },
    invalid: 'FORWARDED',
    facts: { icmpType: 8, icmpId: 4660, sourcePort: 0, destinationPort: 0 },
  },
  {
    name: 'echo reply',
    packet: { ...four, transport: { protocol: 'icmp', type: 0, id: 4660 } },
    invalid: 'FORWARDED',
    facts: { icmpType: 0, icmpId: 4660 },
  },
  {
    name: 'icmpv6 echo request',
    packet: { ...six, transport: { protocol: 'icmpv6', type: 128, id: 4660 } },
    invalid: 'FORWARDED',
    facts: { icmpType: 128, icmpId: 4660 },
  },
  {
    name: 'icmpv6 echo reply',
    packet: { ...six, transport: { protocol: 'icmpv6', type: 129, id: 4660 } },
    invalid: 'FORWARDED',
    facts: { icmpType: 129, icmpId: 4660 },
  },
  {
    name: 'timestamp has no identifier',
    packet: { ...four, transport: { protocol: 'icmp', type: 13, code: 1, id: 4660 } },
    invalid: 'FORWARDED',
    facts: { icmpType: 13, icmpCode: 1, icmpId: 0 },
  },
  {
    name: 'icmp redirect',
    packet: { ...four, transport: { protocol: 'icmp', type: 5 } },
    invalid: 'INVALID_PACKET',
    facts: { icmpType: 5 },
  },
  ...[...Array(8).keys()].map((length) => ({
    name: `icmp of ${length} bytes`,
    packet: { ...four, transport: { protocol: 'icmp', type: 8 } as const, fragment: { id: 0, length, more: false } },
    invalid: 'INVALID_PACKET',
  })),
];

const neighbours: ParseCase[] = [133, 134, 135, 136, 137].flatMap((type): ParseCase[] => {
  const transport: Transport = { protocol: 'icmpv6', type, payload: new Uint8Array(16) };
  const well = type === 137 ? 'INVALID_NEIGHBOUR' : 'FORWARDED';
  return [
    {
      name: `neighbour discovery ${type}`,
      packet: { ...six, hopLimit: 255, transport },
      invalid: well,
      facts: { flags: type === 137 ? 0 : NEIGHBOUR, icmpType: type },
    },
    {
      name: `neighbour discovery ${type} from afar`,
      packet: { ...six, hopLimit: 254, transport },
      invalid: 'INVALID_NEIGHBOUR',
      facts: { flags: 0 },
    },
    {
      name: `neighbour discovery ${type} with a code`,
      packet: { ...six, hopLimit: 255, transport: { ...transport, code: 1 } },
      invalid: 'INVALID_NEIGHBOUR',
    },
  ];
});

/** An error from a router about a packet from `destination` to `source`. */
function error(name: string, family: 4 | 6, type: number, payload: Uint8Array, invalid: string, facts: ParseCase['facts']): ParseCase {
  const packet: Packet =
    family === 4
      ? { source: '10.9.9.9', destination: four.source, transport: { protocol: 'icmp', type, code: 3, payload } }
      : { source: 'fd09::9', destination: six.source, transport: { protocol: 'icmpv6', type, code: 3, payload } };
  const outerIcmpType = invalid === 'FORWARDED' ? type : 0;
  return { name: `${family === 4 ? 'icmp' : 'icmpv6'} error ${type} about ${name}`, packet, invalid, facts: { ...facts, outerIcmpType } };
}

const quotedFacts = { ...ports, flags: ERROR, tcpFlags: 0 };
const unknown = { flags: 0, sourcePort: 0, outerSourceLo: 0 };

function errors(
  name: string,
  transport: Transport,
  cut: number,
  invalid: string,
  facts: ParseCase['facts'],
  rest: Partial<Packet> = {},
): ParseCase[] {
  const quoted4 = buildPacket({ ...four, transport, ...rest });
  const quoted6 = buildPacket({ ...six, transport, ...rest });
  return [
    ...[3, 4, 11, 12].map((type) => error(name, 4, type, quoted4.subarray(0, quoted4.length - cut), invalid, facts)),
    ...[1, 2, 3, 4].map((type) => error(name, 6, type, quoted6.subarray(0, quoted6.length - cut), invalid, facts)),
  ];
}

const embedded: ParseCase[] = [
  ...errors('tcp', tcp, 0, 'FORWARDED', { ...quotedFacts, protocol: 6 }),
  ...errors('tcp of which 8 bytes are quoted', tcp, 12, 'FORWARDED', quotedFacts),
  ...errors('tcp of which 7 bytes are quoted', tcp, 13, 'RELATED_UNKNOWN', unknown),
  ...errors('udp', udp, 0, 'FORWARDED', { ...quotedFacts, protocol: 17 }),
  ...errors('sctp of which 8 bytes are quoted', sctp, 14, 'FORWARDED', { ...quotedFacts, protocol: 132 }),
  ...errors('gre', { protocol: 47, payload: new Uint8Array(16) }, 0, 'RELATED_UNKNOWN', unknown),
  ...errors('a first fragment', long, 0, 'FORWARDED', quotedFacts, { fragment: { id: 1, length: 32 } }),
  ...errors('a later fragment', long, 0, 'RELATED_UNKNOWN', unknown, { fragment: { id: 1, start: 32 } }),
  error('half a header', 4, 3, buildPacket({ ...four, transport: tcp }).subarray(0, 19), 'RELATED_UNKNOWN', unknown),
  error('half a header', 6, 1, buildPacket({ ...six, transport: tcp }).subarray(0, 39), 'RELATED_UNKNOWN', unknown),
  error('nothing', 4, 3, new Uint8Array(0), 'RELATED_UNKNOWN', { ...unknown, icmpType: 3, icmpCode: 3 }),
  error('ipv6', 4, 3, buildPacket({ ...six, transport: tcp }), 'RELATED_UNKNOWN', unknown),
  error('ipv4', 6, 1, buildPacket({ ...four, transport: tcp }), 'RELATED_UNKNOWN', unknown),
  error(
    'a header without transport',
    4,
    3,
    buildPacket({ ...four, transport: tcp, ipv4: { totalLength: 20 } }),
    'RELATED_UNKNOWN',
    unknown,
  ),
  error('options', 4, 3, buildPacket({ ...four, transport: tcp, ipv4: { options } }), 'FORWARDED', quotedFacts),
  error(
    'extension headers',
    6,
    1,
    buildPacket({ ...six, transport: tcp, ipv6: { extensions: [{ kind: 'hop-by-hop' }, { kind: 'destination' }] } }),
    'FORWARDED',
    quotedFacts,
  ),
  error(
    'bad extension headers',
    6,
    1,
    buildPacket({ ...six, transport: tcp, ipv6: { extensions: [{ kind: 'destination' }, { kind: 'hop-by-hop' }] } }),
    'RELATED_UNKNOWN',
    unknown,
  ),
  error('a mapped address', 6, 1, buildPacket({ ...six, source: '::ffff:1.2.3.4', transport: tcp }), 'RELATED_UNKNOWN', unknown),
  error('an echo', 4, 3, buildPacket({ ...four, transport: { protocol: 'icmp', type: 8, id: 99 } }), 'FORWARDED', {
    flags: ERROR,
    icmpType: 8,
    icmpCode: 0,
    icmpId: 99,
    protocol: 1,
  }),
  error('an echo', 6, 1, buildPacket({ ...six, transport: { protocol: 'icmpv6', type: 128, id: 99 } }), 'FORWARDED', {
    flags: ERROR,
    icmpType: 128,
    icmpId: 99,
  }),
  error('an error', 4, 3, buildPacket({ ...four, transport: { protocol: 'icmp', type: 3 } }), 'RELATED_UNKNOWN', unknown),
  error('an error', 6, 1, buildPacket({ ...six, transport: { protocol: 'icmpv6', type: 1 } }), 'RELATED_UNKNOWN', unknown),
];

export const messages: readonly ParseCase[] = [...echoes, ...neighbours, ...embedded];
