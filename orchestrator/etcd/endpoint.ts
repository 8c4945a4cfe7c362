// Endpoint: one server of a cluster and the connections to it. Calls end by their deadline; everything under way can be broken
// at once, which is how streams leave a server that has stopped answering.
import { Etcd3, type IOptions, type Services } from 'etcd3';

/** What the gRPC library says of a call that failed. */
export interface RpcError extends Error {
  readonly code: number;
  readonly details: string;
}

export interface RpcStream<Request, Response> extends AsyncIterable<Response> {
  write(request: Request): void;
  cancel(): void;
  on(event: 'error' | 'close', listener: (error?: Error) => void): void;
}

interface Channel {
  getConnectivityState(tryToConnect: boolean): number;
  watchConnectivityState(current: number, deadline: number, done: (error?: Error) => void): void;
}

interface Metadata {
  clone(): Metadata;
  set(key: string, value: string): void;
}

interface RpcClient {
  getChannel(): Channel;
  makeUnaryRequest(
    path: string,
    serialize: (bytes: Buffer) => Buffer,
    deserialize: (bytes: Buffer) => Buffer,
    request: Buffer,
    options: { deadline: number },
    done: (error: RpcError | null) => void,
  ): void;
  [method: string]: unknown;
}

type Unary = (
  request: unknown,
  metadata: Metadata,
  options: { deadline: number },
  done: (error: RpcError | null, answer: unknown) => void,
) => { cancel(): void };
type Stream = (metadata: Metadata) => RpcStream<never, unknown>;

/** The answer is there at once, or never. */
const reasonMs = 50;

const ready = 2;
const failing = 3;
const shut = 4;

// The library retries writes whose fate is unknown and opens circuits for seconds; both decisions are taken in connections.ts.
const straightThrough = { execute: (run: (context: unknown) => unknown) => run({}) };
const faultHandling = { global: straightThrough, host: () => straightThrough } as unknown as IOptions['faultHandling'];

// A server answers pings that come more often than every 5 s by hanging up. Its own pools keep a hung connection from being
// handed to the client that replaces a broken one.
const channelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': 64 << 20,
  'grpc.enable_retries': 0,
};

interface Reached {
  readonly client: RpcClient;
  readonly metadata: Metadata;
}

/** Etcd3 keeps its pool for subclasses; with it, generated clients are reached without the library's own retries. */
class Client extends Etcd3 {
  reach(service: keyof typeof Services): Promise<Reached> {
    return this.pool.withConnection(service, ({ client, metadata }) => ({ client: client as unknown as RpcClient, metadata }) as Reached);
  }
}

export class Endpoint {
  readonly address: string;
  readonly #credentials: IOptions['credentials'];
  readonly #underWay = new Set<{ cancel(): void }>();
  readonly #streams = new Set<{ cancel(): void }>();
  /** A connection for each service: a long list does not hold up pings and changes. */
  readonly #clients = new Map<keyof typeof Services, Client>();
  #drain: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(address: string, credentials: IOptions['credentials']) {
    this.address = address;
    this.#credentials = credentials;
  }

  /** Resolves when requests would be sent at once; rejects as soon as connecting failed, or at the deadline. */
  async connect(service: keyof typeof Services, deadline: number): Promise<void> {
    const { client } = await this.#reach(service);
    const channel = client.getChannel();
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === ready) return;
      if (state === shut) throw unavailable('connection failed');
      if (state === failing) throw unavailable(await lastError(client));
      await new Promise<void>((resolve, reject) => {
        channel.watchConnectivityState(state, deadline, (error) => (error ? reject(unavailable('no connection in time')) : resolve()));
      });
    }
  }

  /** Rejects with an `RpcError`. */
  async call(service: keyof typeof Services, method: string, request: unknown, deadline: number, token?: string): Promise<unknown> {
    const { client, metadata } = await this.#reach(service);
    return new Promise((resolve, reject) => {
      const act = (client[method] as Unary).bind(client);
      const call = act(request, requireLeader(metadata, token), { deadline }, (error, answer) => {
        this.#underWay.delete(call);
        if (error) reject(error);
        else resolve(answer);
      });
      this.#underWay.add(call);
    });
  }

  /** The caller cancels it; a broken one rejects its reader. */
  async stream<Q, A>(service: keyof typeof Services, method: string, token?: string): Promise<RpcStream<Q, A>> {
    const { client, metadata } = await this.#reach(service);
    const stream = (client[method] as Stream).call(client, requireLeader(metadata, token));
    this.#streams.add(stream);
    const forget = () => this.#streams.delete(stream);
    // Without a listener an error between two reads would end the process; the reader is told by its next read.
    stream.on('error', forget);
    stream.on('close', forget);
    return stream as unknown as RpcStream<Q, A>;
  }

  /** Breaks what is under way; the next use connects anew. */
  fail(): void {
    for (const call of [...this.#underWay, ...this.#streams]) call.cancel();
    this.#underWay.clear();
    this.#streams.clear();
    for (const service of [...this.#clients.keys()]) this.forget(service);
  }

  /** The next call of this service connects anew; those under way may still be answered. Pings don't judge a connection that only has
   * short calls, so a dead one would be used for as long as the kernel tries. */
  forget(service: keyof typeof Services): void {
    this.#clients.get(service)?.close();
    this.#clients.delete(service);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#drain);
    this.fail();
  }

  /** Streams are broken now, so that they move; calls under way may end, for so long. */
  drain(ms: number, done: () => void): void {
    for (const stream of [...this.#streams]) stream.cancel();
    this.#drain = setTimeout(() => {
      this.close();
      done();
    }, ms);
    this.#drain.unref();
  }

  async #reach(service: keyof typeof Services): Promise<Reached> {
    if (this.#closed) throw unavailable('closed');
    let client = this.#clients.get(service);
    if (!client) {
      client = new Client({ hosts: [this.address], credentials: this.#credentials, grpcOptions: channelOptions, faultHandling });
      this.#clients.set(service, client);
    }
    try {
      return await client.reach(service);
    } catch (error) {
      // The client was closed while it was asked for.
      throw unavailable((error as Error).message);
    }
  }
}

/** A member that has lost its leader answers so, instead of serving what is stale or waiting. */
function requireLeader(metadata: Metadata, token: string | undefined): Metadata {
  const copy = metadata.clone();
  copy.set('hasleader', 'true');
  if (token !== undefined) copy.set('token', token);
  return copy;
}

/**
 * Why no connection can be had ("certificate has expired"), as the library tells only those whose calls it refuses for that. Should a
 * connection be there after all, the server is asked whether it is well.
 */
function lastError(client: RpcClient): Promise<string> {
  return new Promise((resolve) => {
    const same = (bytes: Buffer): Buffer => bytes;
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, Buffer.alloc(0), { deadline: Date.now() + reasonMs }, (error) => {
      const reason = /Last error: (?:Error: )?(.*?)\. Resolution note/.exec(error?.details ?? '')?.[1];
      resolve(reason ? `connection failed: ${reason}` : 'connection failed');
    });
  });
}

function unavailable(details: string): RpcError {
  return Object.assign(new Error(details), { code: 14, details });
}
