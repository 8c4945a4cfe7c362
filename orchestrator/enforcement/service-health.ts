// Health of services: load balancers that only want nodes with backends ask here, at a port of each such service.

import { createServer, type Server } from 'node:http';
import { type HealthAnswer, healthAnswer } from '../model/service/health-check.ts';

export interface ServiceHealthOptions {
  /** Backends of a service on this node, of the family in which it is asked. */
  readonly count: (service: string, family: 4 | 6) => number;
  /** Services are kept as they shall be. */
  readonly isHealthy: () => boolean;
}

interface Asked {
  readonly service: string;
  readonly server: Server;
  problem: string | undefined;
}

export class ServiceHealth {
  readonly #options: ServiceHealthOptions;
  readonly #asked = new Map<number, Asked>();

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
  }

  /** Ports that are answered from now on, with the service of each. One that somebody else has is tried again by the next call. */
  want(ports: ReadonlyMap<number, string>): void {
    for (const [port, asked] of this.#asked) {
      if (ports.get(port) === asked.service && asked.problem === undefined) continue;
      asked.server.close();
      asked.server.closeAllConnections();
      this.#asked.delete(port);
    }
    for (const [port, service] of ports) if (!this.#asked.has(port)) this.#listen(port, service);
  }

  problems(): string[] {
    return [...this.#asked.values()].flatMap(({ problem }) => problem ?? []);
  }

  close(): void {
    this.want(new Map());
  }

  #listen(port: number, service: string): void {
    const server = createServer(({ socket }, response) => {
      const isIpv4 = /^(::ffff:)?\d+\.\d+\.\d+\.\d+$/.test(socket.localAddress ?? '');
      const { status, headers, body } = this.answer(service, isIpv4 ? 4 : 6);
      response.writeHead(status, { ...headers, Connection: 'close' }).end(body);
    });
    const asked: Asked = { service, server, problem: undefined };
    server.on('error', (error) => {
      asked.problem = `service ${service}: its health check cannot be answered at port ${port}: ${error.message}`;
    });
    this.#asked.set(port, asked);
    server.listen(port);
    server.unref();
  }

  answer(service: string, family: 4 | 6): HealthAnswer {
    return healthAnswer(service, this.#options.count(service, family), this.#options.isHealthy());
  }
}
