// A gate: a TCP port in front of another one that a test can cut, freeze and open again.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestEnd } from './etcd.ts';

export class Gate {
  readonly #server: Server;
  #target: { host: string; port: number };
  readonly #pairs = new Set<[Socket, Socket]>();
  #state: 'open' | 'cut' | 'frozen' = 'open';
  /** Connections that came so far. */
  connections = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: false }, (from) => this.#accept(from));
  }

  static async before(t: TestEnd, url: string): Promise<Gate> {
    const { hostname, port } = new URL(url);
    const gate = new Gate({ host: hostname, port: Number(port) });
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => gate.close());
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Connections that are open now. */
  get live(): number {
    return this.#pairs.size;
  }

  /** Connections break, new ones are ended at once. */
  cut(): void {
    this.#state = 'cut';
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Connections stay, new ones are taken, and no byte passes: the half-open connection. */
  freeze(): void {
    this.#state = 'frozen';
    for (const [from, to] of this.#pairs) {
      from.unpipe(to).pause();
      to.unpipe(from).pause();
    }
  }

  /** What was frozen stays dead, as after a router that forgot its connections. */
  open(): void {
    this.cut();
    this.#state = 'open';
  }

  /** New connections pass again; those that were frozen neither pass nor break. */
  thaw(): void {
    this.#state = 'open';
  }

  /** Whoever comes back finds another server. */
  pointTo(url: string): void {
    const { hostname, port } = new URL(url);
    this.#target = { host: hostname, port: Number(port) };
    this.open();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #accept(from: Socket): void {
    this.connections++;
    if (this.#state === 'cut') return void from.destroy();
    const to = connect(this.#target);
    const pair: [Socket, Socket] = [from, to];
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#pairs.delete(pair);
        from.destroy();
        to.destroy();
      });
    }
    if (this.#state === 'frozen') return;
    from.pipe(to);
    to.pipe(from);
  }
}
