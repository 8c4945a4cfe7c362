// Connections: the endpoints of one cluster. One of them is asked until it fails, then the next. Reads are asked again until their
// deadline; a write is sent again only when it is certain that it was not carried out.
import type { IOptions, Services } from 'etcd3';
import { Endpoint, type RpcStream } from './endpoint.ts';
import { closedError, type Failure, failureOf, isAuthOff, isCancelled } from './failure.ts';
import { pause } from './pause.ts';

export interface ConnectionOptions {
  readonly endpoints: readonly string[];
  readonly user?: { readonly name: string; readonly password: string };
  /** How long one call may take, with all its attempts. */
  readonly timeoutMs: number;
}

export interface Call {
  readonly service: keyof typeof Services;
  readonly method: string;
  readonly request: unknown;
  /** It changes nothing, or nothing more when it happens twice. */
  readonly repeatable: boolean;
}

export class Connections {
  readonly timeoutMs: number;
  /** Aborted when the store is closed. */
  readonly closing = new AbortController();
  readonly #options: ConnectionOptions;
  #endpoints: Endpoint[];
  readonly #origins = new WeakMap<object, Endpoint>();
  readonly #draining = new Set<Endpoint>();
  #current: number;
  #token: Promise<string | undefined> | undefined;

  constructor(options: ConnectionOptions, credentials: IOptions['credentials']) {
    this.#options = options;
    this.timeoutMs = options.timeoutMs;
    this.#endpoints = options.endpoints.map((address) => new Endpoint(address, credentials));
    // Clients spread over the members.
    this.#current = Math.floor(Math.random() * this.#endpoints.length);
  }

  /** From now on other certificates are shown. Streams move at once, calls under way end where they began. */
  renew(credentials: IOptions['credentials'], drainMs = this.timeoutMs): void {
    const old = this.#endpoints;
    this.#endpoints = old.map(({ address }) => new Endpoint(address, credentials));
    for (const endpoint of old) {
      this.#draining.add(endpoint);
      endpoint.drain(drainMs, () => this.#draining.delete(endpoint));
    }
  }

  async call<Answer>({ service, method, request, repeatable }: Call): Promise<Answer> {
    const deadline = Date.now() + this.timeoutMs;
    let renewed = false;
    for (let attempt = 0; ; attempt++) {
      const endpoint = this.#endpoint();
      const failure = await this.#attempt<Answer>(endpoint, service, method, request, this.#share(deadline, repeatable));
      if ('answer' in failure) return failure.answer;
      if (this.closing.signal.aborted) throw closedError();
      if (failure.token && this.#options.user && !renewed) {
        renewed = true;
        this.#token = undefined;
        continue;
      }
      if (failure.error.code === 'KV_TIMEOUT') endpoint.forget(service);
      if (failure.elsewhere) this.#leave(endpoint, failure);
      const again = failure.elsewhere && (repeatable || failure.undone);
      // Once round the endpoints without a rest, then slower and slower.
      const restMs = attempt % this.#endpoints.length === this.#endpoints.length - 1 ? 25 + Math.random() * Math.min(500, 50 * attempt) : 0;
      if (!again || Date.now() + restMs >= deadline) throw failure.error;
      if (restMs > 0) await pause(restMs, this.closing.signal);
    }
  }

  /** Throws an AgentError when no stream can be had from the endpoint that is asked now; the next try asks the next one. */
  async stream<Q, A>(service: keyof typeof Services, method: string): Promise<RpcStream<Q, A>> {
    const endpoint = this.#endpoint();
    const deadline = this.#share(Date.now() + this.timeoutMs, true);
    try {
      await endpoint.connect(service, deadline);
      const token = await this.#tokenFor(endpoint, deadline);
      const stream = await endpoint.stream<Q, A>(service, method, token);
      this.#origins.set(stream, endpoint);
      stream.on('error', (error) => {
        if (!isCancelled(error)) this.#move(endpoint);
      });
      return stream;
    } catch (error) {
      const failure = failureOf(error, `${method} at ${endpoint.address}`, false);
      if (this.closing.signal.aborted) throw closedError();
      this.#leave(endpoint, failure);
      throw failure.error;
    }
  }

  /** A stream that was not answered ends, and the next one is asked of another endpoint. */
  distrust(stream: RpcStream<never, unknown>): void {
    this.#move(this.#origins.get(stream));
    stream.cancel();
  }

  /** What the end of a stream means for its user. */
  streamFailed(error: unknown, what: string): Failure {
    const failure = failureOf(error, what, true);
    // Of a refusal, a token that has run out may be the reason.
    if (failure.error.code === 'KV_REFUSED') this.#token = undefined;
    return failure;
  }

  close(): void {
    this.closing.abort();
    for (const endpoint of [...this.#endpoints, ...this.#draining]) endpoint.close();
  }

  #endpoint(): Endpoint {
    if (this.closing.signal.aborted) throw closedError();
    return this.#endpoints[this.#current];
  }

  /** When an attempt must end: what may be asked elsewhere leaves time for that. */
  #share(deadline: number, repeatable: boolean): number {
    const left = deadline - Date.now();
    return Date.now() + (repeatable && this.#endpoints.length > 1 ? Math.max(Math.min(left, this.timeoutMs / 2), 1) : left);
  }

  async #attempt<Answer>(
    endpoint: Endpoint,
    service: keyof typeof Services,
    method: string,
    request: unknown,
    deadline: number,
  ): Promise<Failure | { answer: Answer }> {
    let sent = false;
    try {
      await endpoint.connect(service, this.#endpoints.length > 1 ? Math.min(deadline, Date.now() + this.timeoutMs / 4) : deadline);
      const token = await this.#tokenFor(endpoint, deadline);
      sent = true;
      return { answer: (await endpoint.call(service, method, request, deadline, token)) as Answer };
    } catch (error) {
      return failureOf(error, `${method} at ${endpoint.address}`, sent);
    }
  }

  /** A server that let a call wait holds its streams as well: they are broken too, and go on elsewhere. */
  #leave(endpoint: Endpoint, failure: Failure): void {
    if (this.#endpoints.length > 1 && failure.error.code === 'KV_TIMEOUT') endpoint.fail();
    this.#move(endpoint);
  }

  /** Only from where we are: of many streams that break at once, the first decides. */
  #move(endpoint: Endpoint | undefined): void {
    if (this.#endpoints[this.#current] === endpoint) this.#current = (this.#current + 1) % this.#endpoints.length;
  }

  async #tokenFor(endpoint: Endpoint, deadline: number): Promise<string | undefined> {
    const { user } = this.#options;
    if (!user) return undefined;
    this.#token ??= endpoint
      .connect('Auth', deadline)
      .then(() => endpoint.call('Auth', 'authenticate', { name: user.name, password: user.password }, deadline))
      .then((answer) => (answer as { token: string }).token)
      .catch((error) => {
        const { error: told } = failureOf(error, `authenticate at ${endpoint.address}`, false);
        if (isAuthOff(told)) return undefined;
        this.#token = undefined;
        throw error;
      });
    return this.#token;
  }
}
