// A server with one lease, which it changes as API servers do: a writer that has not read the last version is refused.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { send, sendStatus } from '../sources/kubernetes/hostile-server.ts';

interface Stored {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: Record<string, unknown>;
}

export class LeaseServer {
  lease: Stored | undefined;
  writes = 0;
  /** Every connection is reset. */
  isAway = false;
  /** Writes are carried out, and their writers do not hear of it. */
  loseAnswers = false;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, answer) => void this.#serve(request, answer));
  }

  static async start(t: { teardown(act: () => unknown): void }): Promise<LeaseServer> {
    const server = new LeaseServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      server.#server.closeAllConnections();
      server.#server.close();
    });
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #serve(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    if (this.isAway) {
      request.socket.resetAndDestroy();
      return;
    }
    if (request.method === 'GET') {
      if (this.lease === undefined) sendStatus(answer, 404, 'NotFound', 'leases.coordination.k8s.io "duty" not found');
      else send(answer, 200, this.lease);
      return;
    }
    const body = JSON.parse(Buffer.concat(pieces).toString()) as Stored;
    const isStale =
      request.method === 'POST' ? this.lease !== undefined : body.metadata.resourceVersion !== this.lease?.metadata.resourceVersion;
    if (isStale) {
      sendStatus(answer, 409, 'Conflict', 'the object has been modified');
      return;
    }
    this.writes += 1;
    this.lease = { metadata: { ...body.metadata, resourceVersion: String(this.writes) }, spec: body.spec };
    if (this.loseAnswers) request.socket.resetAndDestroy();
    else send(answer, 200, this.lease);
  }
}
