// Connections of a service to some of its backends, as the datapath knows them: those that were given their backend in a socket, and those whose
// packets are translated.

import type { Datapath } from '../datapath/datapath.ts';
import {
  CONNTRACK_HAIRPIN,
  CONNTRACK_MASQUERADED,
  CONNTRACK_ORIGIN_CLOSED,
  CONNTRACK_ORIGIN_HIGH,
  CONNTRACK_RESET,
  CONNTRACK_RESPONDER_CLOSED,
  CONNTRACK_TRANSLATED,
} from '../datapath/generated/enums.ts';
import type { Conntrack, FlowKey, SocketKey } from '../datapath/generated/layouts.ts';
import { conntrackSpec, socketReverseSpec } from '../datapath/generated/maps.ts';
import { socketKey } from '../model/service/rows.ts';
import { swapPort, wordText } from '../net/words.ts';

const closed = CONNTRACK_ORIGIN_CLOSED | CONNTRACK_RESPONDER_CLOSED;

export interface MeantConnections {
  /** `10.96.0.10 6 80`. */
  readonly frontends: ReadonlySet<string>;
  /** Whether those to a backend are, by its key: `10.0.1.7 6 8080`. */
  isBackend(key: string): boolean;
}

/** As maps have it: a port is in network order. */
export interface Place {
  readonly hi: bigint;
  readonly lo: bigint;
  readonly port: number;
}

export interface BalancedSocket {
  /** In `socket_reverse`. */
  readonly key: SocketKey;
  readonly backend: string;
}

export interface TranslatedFlow {
  /** In `conntrack`. */
  readonly key: FlowKey;
  /** As it wrote itself on its packets. */
  readonly client: Place;
  readonly frontend: Place;
  readonly backend: string;
}

export interface FoundConnections {
  /** Of sockets that may have been closed since. */
  readonly sockets: readonly BalancedSocket[];
  readonly flows: readonly TranslatedFlow[];
}

export async function findConnections(datapath: Pick<Datapath, 'map' | 'now'>, meant: MeantConnections): Promise<FoundConnections> {
  const sockets: BalancedSocket[] = [];
  for await (const [key, origin] of datapath.map(socketReverseSpec).entries()) {
    if (!meant.frontends.has(keyOf(origin, key.protocol))) continue;
    const backend = keyOf(key, key.protocol);
    if (meant.isBackend(backend)) sockets.push({ key, backend });
  }
  const flows: TranslatedFlow[] = [];
  const now = datapath.now();
  for await (const [key, value] of datapath.map(conntrackSpec).entries()) {
    // The difference wraps as the datapath's own does.
    if ((value.flags & CONNTRACK_TRANSLATED) === 0 || isOver(value.flags) || ((value.expires - now) | 0) <= 0) continue;
    const flow = flowOf(key, value);
    if (meant.frontends.has(keyOf(flow.frontend, key.protocol)) && meant.isBackend(flow.backend)) flows.push(flow);
  }
  return { sockets, flows };
}

/** A place as keys of frontends and backends have it. */
export function keyOf({ hi, lo, port }: Place, protocol: number): string {
  return socketKey(wordText({ hi, lo }), protocol, swapPort(port));
}

/** Closed by both sides, or reset by one: its entry is kept for packets that are late. */
function isOver(flags: number): boolean {
  return (flags & CONNTRACK_RESET) !== 0 || (flags & closed) === closed;
}

function flowOf(key: FlowKey, value: Conntrack): TranslatedFlow {
  const [low, high] = [
    { hi: key.lowHi, lo: key.lowLo, port: key.lowPort },
    { hi: key.highHi, lo: key.highLo, port: key.highPort },
  ];
  const [origin, responder] = (value.flags & CONNTRACK_ORIGIN_HIGH) === 0 ? [low, high] : [high, low];
  const frontend = { hi: value.frontendHi, lo: value.frontendLo, port: value.frontendPort };
  return { key, client: clientOf(value, origin, responder), frontend, backend: keyOf(responder, key.protocol) };
}

/** Behind an address of the node's. */
function clientOf({ flags, clientHi, clientLo, clientPort }: Conntrack, origin: Place, responder: Place): Place {
  if ((flags & CONNTRACK_MASQUERADED) !== 0) return { hi: clientHi, lo: clientLo, port: clientPort };
  return (flags & CONNTRACK_HAIRPIN) !== 0 ? { hi: responder.hi, lo: responder.lo, port: origin.port } : origin;
}
