// The stream of one watcher: events as lines of JSON. One that does not read is sent away rather than remembered for.
import type { Limits } from '../context.ts';
import type { Call } from '../http/call.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type Resource } from '../resource.ts';
import { expired, type Status } from '../status-error.ts';
import type { Change } from '../storage/feed.ts';
import { Stored } from '../storage/stored.ts';
import { tableOf } from '../table/table.ts';
import type { ListOptions } from './list-options.ts';
import { partial } from './partial.ts';

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** How long an ended stream may take to be read before it is cut. */
const patience = 10_000;

export class WatchStream {
  readonly done: Promise<void>;
  /** Called once, while events can still be written. */
  beforeEnd: (() => void) | undefined;
  private readonly call: Call;
  private readonly selects: ListOptions['selects'];
  private readonly limits: Limits;
  private readonly now: () => number;
  private settle: () => void = () => {};
  private told = false;
  ended = false;

  constructor(call: Call, { selects }: ListOptions, limits: Limits, now: () => number) {
    this.call = call;
    this.selects = selects;
    this.limits = limits;
    this.now = now;
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
    if (call.signal.aborted) this.end();
    else call.signal.addEventListener('abort', () => this.finish(), { once: true });
  }

  open(): void {
    const { response } = this.call;
    if (this.ended || response.headersSent) return;
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
  }

  /** Waits while the client has not read what it was told: the state may be larger than any backlog. */
  async added(stored: Stored): Promise<void> {
    this.write('ADDED', stored);
    const { response, signal } = this.call;
    if (!response.writableNeedDrain || this.ended) return;
    await new Promise<void>((resolve) => {
      const settle = () => {
        response.off('drain', settle);
        signal.removeEventListener('abort', settle);
        resolve();
      };
      response.once('drain', settle);
      signal.addEventListener('abort', settle, { once: true });
    });
  }

  change({ now, before, revision }: Change): void {
    if (this.ended) return;
    const is = now !== undefined && this.wants(now);
    const was = before !== undefined && this.wants(before);
    if (is) this.write(was ? 'MODIFIED' : 'ADDED', now);
    else if (was) this.write('DELETED', now === undefined ? before : new Stored(before.key, revision, before.value));
    if (this.call.response.writableLength > this.limits.watchBacklog) this.expire('the watcher does not read its events');
  }

  /** `initial` marks the end of the state that a watch began with. */
  bookmark(revision: bigint, initial: boolean): void {
    const { resource, representation } = this.call;
    const annotations = initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
    const type =
      representation === 'metadata'
        ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' }
        : { kind: resource.kind, apiVersion: apiVersionOf(resource) };
    const object = { ...type, metadata };
    if (representation !== 'table') this.send('BOOKMARK', JSON.stringify(object));
    else this.send('BOOKMARK', JSON.stringify(tableOf(this.call, [], this.now(), { resourceVersion: String(revision) })));
  }

  expire(message: string): void {
    if (this.ended) return;
    const { status }: { status: Status } = expired(message);
    this.send('ERROR', JSON.stringify(status));
    this.beforeEnd = undefined;
    this.end();
  }

  end(): void {
    if (this.ended) return;
    const last = this.beforeEnd;
    this.beforeEnd = undefined;
    last?.();
    this.finish();
    const { response } = this.call;
    response.end();
    if (!response.writableFinished && !response.destroyed) {
      const timer = setTimeout(() => response.destroy(), patience);
      response.once('close', () => clearTimeout(timer));
    }
  }

  private finish(): void {
    this.ended = true;
    this.settle();
  }

  private wants(stored: Stored): boolean {
    return this.selects === undefined || this.selects(stored.object as KubeObject);
  }

  private write(type: EventType, stored: Stored): void {
    const { resource, representation } = this.call;
    if (representation === 'object') this.sendLine(wholeLine(type, stored, resource));
    else if (representation === 'metadata') this.send(type, JSON.stringify(partial(stored)));
    else {
      const table = tableOf(this.call, [stored], this.now(), { resourceVersion: String(stored.revision) });
      // Columns are told once.
      this.send(type, JSON.stringify(this.told ? { ...table, columnDefinitions: null } : table));
      this.told = true;
    }
  }

  private send(type: string, object: string): void {
    this.sendLine(lineOf(type, Buffer.from(object)));
  }

  private sendLine(line: Buffer): void {
    if (this.ended) return;
    this.open();
    this.call.response.write(line);
  }
}

const closing = Buffer.from('}\n');
const lineOf = (type: string, object: Buffer) => Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, closing]);

/** The line that was made last: of one change all watchers are told in turn, and share its bytes. */
let latest: { type: EventType; stored: Stored; resource: Resource; line: Buffer } | undefined;

function wholeLine(type: EventType, stored: Stored, resource: Resource): Buffer {
  if (latest?.stored === stored && latest.type === type && latest.resource === resource) return latest.line;
  latest = { type, stored, resource, line: lineOf(type, stored.whole(resource)) };
  return latest.line;
}
