// Reset of a service's connections: sockets of this node that have them end, which tells both sides; then the datapath forgets what it translates
// for them, so that a client elsewhere is answered by a reset too, of whoever its next packet comes to.

import type { Datapath } from '../datapath/datapath.ts';
import { dropEntries } from '../datapath/drop-entries.ts';
import { PROTOCOL_TCP } from '../datapath/generated/enums.ts';
import type { Tuple } from '../datapath/generated/layouts.ts';
import { conntrackSpec, socketReverseSpec, translationsSpec } from '../datapath/generated/maps.ts';
import { type FoundConnections, findConnections, keyOf, type MeantConnections, type Place } from './service-connections.ts';
import { socketText } from './service-view.ts';

/** A connected socket of some process of this node. */
export interface LocalSocket {
  readonly protocol: number;
  readonly cookie: bigint;
  readonly local: Place;
  readonly remote: Place;
}

/** Sockets of all namespaces of this node. */
export interface LocalSockets {
  /** Those that are meant and were there; they are ended, but for a dry run. Problems say where that could not be done. */
  end(
    isMeant: (socket: LocalSocket) => boolean,
    options: { readonly isDryRun: boolean },
  ): Promise<{ readonly sockets: readonly LocalSocket[]; readonly problems: readonly string[] }>;
}

export interface ResetReport {
  /** Of backends that had connections. */
  readonly backends: readonly ResetBackend[];
  /** What of it could not be done; empty when all was. */
  readonly problems: readonly string[];
}

export interface ResetBackend {
  /** `10.0.1.7:8080/tcp`. */
  readonly backend: string;
  /** Connections that were given it in a socket. */
  readonly sockets: number;
  /** Connections of which each packet is translated. */
  readonly flows: number;
}

export class ServiceReset {
  readonly #datapath: Pick<Datapath, 'map' | 'now'>;
  readonly #sockets: LocalSockets;
  #running: Promise<unknown> = Promise.resolve();

  constructor(datapath: Pick<Datapath, 'map' | 'now'>, sockets: LocalSockets) {
    this.#datapath = datapath;
    this.#sockets = sockets;
  }

  /** One after the other: each looks through whole maps. */
  reset(meant: MeantConnections, isDryRun: boolean): Promise<ResetReport> {
    const result = this.#running.then(() => this.#reset(meant, isDryRun));
    this.#running = result.catch(() => {});
    return result;
  }

  async #reset(meant: MeantConnections, isDryRun: boolean): Promise<ResetReport> {
    const found = await findConnections(this.#datapath, meant);
    const backendOf = socketsOf(found);
    const clients = clientsOf(found);
    const isMeant = (socket: LocalSocket) => backendOf.has(peerText(socket)) || clients.has(clientText(socket));
    const isNone = backendOf.size + clients.size === 0;
    const { sockets, problems } = isNone ? { sockets: [], problems: [] } : await this.#sockets.end(isMeant, { isDryRun });
    if (!isDryRun) await this.#forget(meant, found, new Set(sockets.map(peerText)));
    const counts = new Map<string, { sockets: number; flows: number }>();
    const count = (backend: string, what: 'sockets' | 'flows') => {
      const counted = counts.get(backend) ?? { sockets: 0, flows: 0 };
      counted[what] += 1;
      counts.set(backend, counted);
    };
    for (const socket of sockets) {
      const backend = backendOf.get(peerText(socket));
      if (backend !== undefined) count(backend, 'sockets');
    }
    for (const { backend } of found.flows) count(backend, 'flows');
    const backends = Array.from(counts, ([backend, counted]) => ({ backend: socketText(backend), ...counted }));
    return { backends: backends.sort((a, b) => (a.backend < b.backend ? -1 : 1)), problems };
  }

  /** After the sockets: the reset that an ended one sends finds its backend by these. */
  async #forget(meant: MeantConnections, { sockets, flows }: FoundConnections, ended: ReadonlySet<string>): Promise<void> {
    const gone = sockets.filter(({ key }) => ended.has(peerText({ ...key, remote: key })));
    await this.#datapath.map(socketReverseSpec).delete(gone.map(({ key }) => key));
    await this.#datapath.map(conntrackSpec).delete(flows.map(({ key }) => key));
    await dropEntries(this.#datapath.map(translationsSpec), (key, { backendHi: hi, backendLo: lo, backendPort: port }) => {
      return meant.frontends.has(keyOf(destinationOf(key), key.protocol)) && meant.isBackend(keyOf({ hi, lo, port }, key.protocol));
    });
  }
}

/** Backends by what is known of their sockets: a socket that was connected to the backend itself is none of them. */
function socketsOf({ sockets }: FoundConnections): Map<string, string> {
  return new Map(sockets.map(({ key, backend }) => [peerText({ ...key, remote: key }), backend]));
}

/** Those of TCP: what is left of datagrams goes to another backend by itself, and its socket with it. */
function clientsOf({ flows }: FoundConnections): Set<string> {
  const ofTcp = flows.filter(({ key }) => key.protocol === PROTOCOL_TCP);
  return new Set(ofTcp.map(({ key: { protocol }, client: local, frontend: remote }) => clientText({ protocol, local, remote })));
}

function peerText({ cookie, protocol, remote: { hi, lo, port } }: Pick<LocalSocket, 'cookie' | 'protocol' | 'remote'>): string {
  return `${cookie} ${protocol} ${hi} ${lo} ${port}`;
}

function clientText({ protocol, local, remote }: Pick<LocalSocket, 'protocol' | 'local' | 'remote'>): string {
  return `${protocol} ${local.hi} ${local.lo} ${local.port} ${remote.hi} ${remote.lo} ${remote.port}`;
}

function destinationOf({ destinationHi: hi, destinationLo: lo, destinationPort: port }: Tuple): Place {
  return { hi, lo, port };
}
