// Connections: DNS over TCP of all pods, bounded for each pod and in all. Whoever is one too many is cut off at once, and so is who keeps the
// server waiting.

import { createServer, type Server, type Socket } from 'node:net';
import { addressKey } from '../engine/address-key.ts';
import type { Engine } from '../engine/engine.ts';
import type { ListeningSockets } from './listening.ts';
import { Connection } from './tcp-connection.ts';

const [mostOfPod, mostInAll] = [32, 1024];
/** Of frames that are not whole, in all connections. */
const mostBytes = 16 << 20;
/** Those that are accepted in one go. */
const backlog = 512;
const sweepMs = 1000;

export interface ConnectionsOptions {
  readonly sockets: ListeningSockets;
  readonly engine: Engine<Connection>;
  readonly lane: number;
}

export class Connections {
  private readonly options: ConnectionsOptions;
  private readonly open = new Set<Connection>();
  private servers: Server[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(options: ConnectionsOptions) {
    this.options = options;
  }

  get size(): number {
    return this.open.size;
  }

  async listen(): Promise<void> {
    const { tcp4, tcp6 } = this.options.sockets;
    for (const fd of [tcp4, tcp6]) {
      if (fd === undefined) continue;
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ fd, backlog }, resolve));
      server.removeAllListeners('error').on('error', () => (this.options.engine.counters.connectionsFailed += 1));
      this.servers.push(server);
    }
    this.timer = setInterval(() => this.sweep(), sweepMs);
  }

  /** Connections to come are left to somebody else; those that are here go on until they have nothing to do. */
  leave(): void {
    for (const server of this.servers) server.close();
    this.servers = [];
  }

  /** Resolves when all have ended: the idle ones soon, the others when they are answered. */
  async finish(): Promise<void> {
    while (this.open.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    clearInterval(this.timer);
  }

  private accept(socket: Socket): void {
    const { engine, sockets, lane } = this.options;
    const { counters } = engine;
    const { remoteAddress, localPort } = socket;
    // Errors of one that is cut off are nobody's.
    socket.on('error', () => undefined);
    if (remoteAddress === undefined || localPort === sockets.port) {
      counters.queriesDirect += 1;
      socket.resetAndDestroy();
      return;
    }
    const pod = engine.pods.find(addressKey(remoteAddress.replace(/%.*$/, '')));
    if (pod === undefined || pod.connections >= mostOfPod || this.open.size >= mostInAll) {
      if (pod === undefined) counters.queriesUnknown += 1;
      else counters.connectionsRefused += 1;
      socket.resetAndDestroy();
      return;
    }
    counters.connections += 1;
    pod.connections += 1;
    const ended = (connection: Connection): void => {
      this.open.delete(connection);
      pod.connections -= 1;
    };
    this.open.add(new Connection({ engine, lane, socket, pod, ended }));
  }

  private sweep(): void {
    const { counters } = this.options.engine;
    const now = performance.now();
    let pending = 0;
    for (const connection of this.open) {
      const own = connection.pending;
      pending += own;
      const isOver = connection.pod.isGone || connection.isLate(now);
      if (!isOver && (own === 0 || pending <= mostBytes)) continue;
      // One that has said nothing for a while is over, and nothing is lost with it.
      if (own > 0) counters.connectionsCut += 1;
      connection.end();
    }
  }
}
