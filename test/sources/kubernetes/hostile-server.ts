// An API server that may be told to misbehave: it keeps pods, their history, and a script of what to do to the next watches and lists.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Stored {
  readonly metadata: { name: string; namespace: string; uid: string; resourceVersion: string; [field: string]: unknown };
  readonly [field: string]: unknown;
}

interface Change {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored;
}

/**
 * Called with each watch that the server would otherwise serve well. It returns true when it has taken the answer over: then nothing
 * else is sent on it.
 */
export type WatchTrick = (watch: Watch, server: HostileServer) => boolean | undefined;

export class HostileServer {
  readonly objects = new Map<string, Stored>();
  readonly asked: string[] = [];
  readonly tokens: (string | undefined)[] = [];
  readonly watches = new Set<Watch>();
  /** Answers a request itself when it returns true. */
  intercept: (url: URL, answer: ServerResponse, request: IncomingMessage) => boolean = () => false;
  trick: WatchTrick = () => undefined;
  /** Whether it knows sendInitialEvents: yes; no, and says so; or does not care for it at all. */
  initialEvents: 'served' | 'refused' | 'ignored' = 'refused';
  /** Changes up to this revision are forgotten. */
  compacted = 0;
  revision = 100;
  readonly #history: Change[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #uids = 0;

  constructor() {
    this.#server = createServer((request, answer) => this.#serve(request, answer));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Every connection is reset. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  count(kind: 'watch' | 'list'): number {
    return this.asked.filter((url) => url.includes('watch=1') === (kind === 'watch') && !url.includes('continue=')).length;
  }

  put(name: string, more: Record<string, unknown> = {}, namespace = 'shop'): void {
    const key = `${namespace}/${name}`;
    const old = this.objects.get(key);
    this.revision += 1;
    if (old === undefined) this.#uids += 1;
    const uid = old?.metadata.uid ?? `uid-${this.#uids}`;
    const object: Stored = { metadata: { name, namespace, uid, resourceVersion: String(this.revision) }, ...more };
    this.objects.set(key, object);
    this.#change({ revision: this.revision, type: old === undefined ? 'ADDED' : 'MODIFIED', object });
  }

  delete(name: string, namespace = 'shop'): void {
    const old = this.objects.get(`${namespace}/${name}`);
    if (old === undefined) return;
    this.objects.delete(`${namespace}/${name}`);
    this.revision += 1;
    const object = { ...old, metadata: { ...old.metadata, resourceVersion: String(this.revision) } };
    this.#change({ revision: this.revision, type: 'DELETED', object });
  }

  /** All changes so far are forgotten, and watches of before are ended with the word that they are too old. */
  compact(): void {
    this.compacted = this.revision;
    for (const watch of this.watches) watch.tooOld();
  }

  #change(change: Change): void {
    this.#history.push(change);
    for (const watch of this.watches) watch.change(change);
  }

  #serve(request: IncomingMessage, answer: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server');
    this.asked.push(request.url ?? '/');
    this.tokens.push(request.headers.authorization);
    if (this.intercept(url, answer, request)) return;
    if (url.searchParams.get('watch') === '1') this.#watch(url, answer);
    else this.#list(url, answer);
  }

  #list(url: URL, answer: ServerResponse): void {
    const limit = Number(url.searchParams.get('limit') ?? 0) || Number.POSITIVE_INFINITY;
    const [from, at] = (url.searchParams.get('continue') ?? '').split('@');
    if (at !== undefined && Number(at) < this.compacted) {
      sendStatus(answer, 410, 'Expired', 'the continue token is too old');
      return;
    }
    const keys = [...this.objects.keys()].sort().filter((key) => from === '' || key > from);
    const page = keys.slice(0, limit);
    const revision = at ?? String(this.revision);
    const next = page.length < keys.length ? `${page.at(-1)}@${revision}` : undefined;
    const items = page.map((key) => this.objects.get(key));
    send(answer, 200, { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: revision, continue: next }, items });
  }

  #watch(url: URL, answer: ServerResponse): void {
    const from = url.searchParams.get('resourceVersion');
    const wantsAll = url.searchParams.get('sendInitialEvents') === 'true';
    if (wantsAll && this.initialEvents === 'refused') {
      sendStatus(answer, 422, 'Invalid', 'sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch');
      return;
    }
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.flushHeaders();
    const watch = new Watch(answer);
    answer.on('close', () => this.watches.delete(watch));
    if (this.trick(watch, this)) return;
    this.serveWatch(watch, from === null ? undefined : Number(from));
    if (wantsAll && this.initialEvents === 'served') watch.bookmark(this.revision, { 'k8s.io/initial-events-end': 'true' });
  }

  serveWatch(watch: Watch, from: number | undefined): void {
    if (from !== undefined && from < this.compacted) {
      watch.tooOld();
      return;
    }
    if (from === undefined) for (const object of this.objects.values()) watch.send('ADDED', object);
    else for (const change of this.#history) if (change.revision > from) watch.change(change);
    this.watches.add(watch);
  }
}

export class Watch {
  readonly answer: ServerResponse;

  constructor(answer: ServerResponse) {
    this.answer = answer;
  }

  send(type: string, object: unknown): void {
    this.answer.write(`${JSON.stringify({ type, object })}\n`);
  }

  change({ type, object }: Change): void {
    this.send(type, object);
  }

  bookmark(revision: number, annotations?: Record<string, string>): void {
    this.send('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: String(revision), annotations } });
  }

  tooOld(): void {
    this.send('ERROR', { kind: 'Status', status: 'Failure', message: 'too old resource version', reason: 'Expired', code: 410 });
    this.end();
  }

  end(): void {
    this.answer.end();
  }
}

export function send(answer: ServerResponse, status: number, body: unknown): void {
  answer.writeHead(status, { 'content-type': 'application/json' });
  answer.end(JSON.stringify(body));
}

export function sendStatus(answer: ServerResponse, code: number, reason: string, message: string): void {
  send(answer, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code });
}
