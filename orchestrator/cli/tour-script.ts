// What happens in the tour: packets with a sentence each, in order; flows that one opens are there for the next.

import { HOOK_FROM_NETWORK, HOOK_FROM_OVERLAY, HOOK_FROM_POD, ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST } from '../datapath/generated/enums.ts';
import { buildPacket, type Packet } from '../net/packet.ts';
import { addresses, grant, type Write } from './tour-world.ts';

export interface Step {
  readonly sentence: string;
  readonly hook: number;
  readonly packet: Uint8Array;
  /** Identity in the tunnel's header. */
  readonly tunnelIdentity?: number;
  /** What the orchestrator writes before the packet comes. */
  readonly before?: Write;
  /** Milliseconds that pass before the packet comes. */
  readonly waitMs?: number;
}

export interface Chapter {
  readonly title: string;
  readonly steps: readonly Step[];
}

type Name = keyof typeof addresses;
/** How long the granted name lives in the tour; the wait is longer by more than a tick. */
const grantSeconds = 1;

function ends(line: string): { source: string; destination: string; sourcePort: number; destinationPort: number } {
  const [, source, sourcePort, destination, destinationPort] = /^(\w+)(?::(\d+))? > (\w+)(?::(\d+))?$/.exec(line) ?? [];
  return {
    source: addresses[source as Name],
    destination: addresses[destination as Name],
    sourcePort: Number(sourcePort),
    destinationPort: Number(destinationPort),
  };
}

function tcp(line: string, flags = 'S', more: Partial<Packet> = {}): Packet {
  const { source, destination, ...ports } = ends(line);
  return { source, destination, transport: { protocol: 'tcp', flags, ...ports }, ...more };
}

function udp(line: string, more: Partial<Packet> = {}): Packet {
  const { source, destination, ...ports } = ends(line);
  return { source, destination, transport: { protocol: 'udp', payload: 'datagram'.repeat(4), ...ports }, ...more };
}

function icmp(line: string, type: number, { code = 0, id = 7, about }: { code?: number; id?: number; about?: Packet } = {}): Packet {
  const { source, destination } = ends(line);
  const payload = about === undefined ? 'ping' : buildPacket(about);
  return { source, destination, transport: { protocol: 'icmp', type, code, payload, ...(about === undefined && { id }) } };
}

function step(sentence: string, packet: Packet, more: Partial<Step> = {}): Step {
  return { sentence, hook: HOOK_FROM_POD, packet: buildPacket(packet), ...more };
}

export const chapters: readonly Chapter[] = [
  {
    title: 'Policy',
    steps: [
      step('a rule on either side allows it', tcp('web:40001 > api:8080')),
      step('the answer belongs to a flow that was allowed', tcp('api:8080 > web:40001', 'SA')),
      step('a rule denies it', tcp('web:40002 > api:22')),
      step('no rule speaks of it: default deny', tcp('web:40003 > api:3306')),
      step("the sender's policy allows it, the receiver's does not", tcp('web:40004 > api:7000')),
      step('a port in a range', udp('web:40005 > api:5200')),
      step('a redirect to a proxy that listens', tcp('web:40006 > db:8081')),
      step('a redirect whose proxy is not there: closed, not open', tcp('web:40007 > api:9090')),
      step('the same rules for IPv6', tcp('web6:40008 > api6:8080')),
      step('a ping', icmp('web > api', ICMP_ECHO_REQUEST)),
      step('a pong that nobody asked for is asked about by its type', icmp('web > api', ICMP_ECHO_REPLY, { id: 8 })),
    ],
  },
  {
    title: 'Nodes',
    steps: [
      step('a pod of another node, through the tunnel', tcp('web:40010 > db:5432')),
      step('the other way: its identity came in the tunnel header', tcp('db:40011 > api:8080'), {
        hook: HOOK_FROM_OVERLAY,
        tunnelIdentity: 300,
      }),
      step('a tunnel packet that claims to be from a pod of this node', tcp('web:40012 > api:8080'), {
        hook: HOOK_FROM_OVERLAY,
        tunnelIdentity: 100,
      }),
      step('a forged source address', tcp('nobody:40013 > api:8080')),
    ],
  },
  {
    title: 'Services',
    steps: [
      step('a service: the backend is chosen and the packet rewritten', tcp('web:40020 > shop:80')),
      step('the answer comes from the service again', tcp('api:8080 > web:40020', 'SA')),
      step('a service without backends', tcp('web:40021 > ghost:80')),
      step('a port on which no service listens', tcp('web:40022 > shop:81')),
      step('a service whose backend is the client itself', tcp('web:40023 > mirror:80')),
    ],
  },
  {
    title: 'Names',
    steps: [
      step('an address in the world, before any DNS answer', tcp('web:40030 > bucket:443')),
      step('after web was answered that it is s3.example.com', tcp('web:40031 > bucket:443'), { before: grant(grantSeconds) }),
      step('after the name has expired: no new connection', tcp('web:40032 > bucket:443'), { waitMs: grantSeconds * 1000 + 100 }),
      step('the connection that was open goes on', tcp('web:40031 > bucket:443', 'A')),
      step('a router reports on it', icmp('router > web', 11, { about: tcp('web:40031 > bucket:443', 'A') }), { hook: HOOK_FROM_NETWORK }),
    ],
  },
  {
    title: 'Fragments and errors',
    steps: [
      step('the first fragment carries the ports', udp('web:40040 > api:5200', { fragment: { id: 9, length: 24 } })),
      step('a later one is decided by what the first one said', udp('web:40040 > api:5200', { fragment: { id: 9, start: 24 } })),
      step('a fragment whose first one was never seen', udp('web:40040 > api:5200', { fragment: { id: 10, start: 24 } })),
      step('an ICMP error about a flow that does not exist, the same', icmp('web > api', 3, { code: 3, about: udp('api:1 > web:2') })),
      step('a header that lies about the length', tcp('web:40041 > api:8080', 'S', { ipv4: { totalLength: 1500 } })),
      step(
        'a chain of extension headers out of order',
        tcp('web6:40042 > api6:8080', 'S', {
          ipv6: { extensions: [{ kind: 'destination' }, { kind: 'hop-by-hop' }] },
        }),
      ),
    ],
  },
];
