// Service: the parts of one proxy process put together: sockets, engine, log, names on disk. It takes queries from `listen` to `leave`.

import { join } from 'node:path';
import { log } from '../../log.ts';
import { secondsLeft } from '../book/lifetime.ts';
import type { CacheRow, NamesRow } from '../control-line.ts';
import { AccessLog } from '../engine/access-log.ts';
import { Counters } from '../engine/counters.ts';
import { Engine } from '../engine/engine.ts';
import { Learning } from '../engine/learning.ts';
import type { NodeMaps } from '../engine/node-maps.ts';
import { Pods } from '../engine/pods.ts';
import { sweepGrants } from '../engine/sweep.ts';
import type { FlowNaming } from '../log/dns-flow.ts';
import type { DnsRules } from '../rules.ts';
import type { Calls } from './calls.ts';
import { Connections } from './connections.ts';
import { Datagrams } from './datagrams.ts';
import { type ListeningSockets, markConnections } from './listening.ts';
import { Loop } from './loop.ts';
import { Memory } from './memory.ts';
import { NamesFolder } from './names-folder.ts';
import type { ProxyOptions } from './options.ts';
import { RulesFiles } from './rules-files.ts';
import { readSelectors, writeSelectors } from './selectors-file.ts';
import type { Connection } from './tcp-connection.ts';
import { lanesEach } from './upstreams.ts';

/** Lanes of datagrams, of either family; the next one is that of connections. */
const tcpLane = lanesEach * 2;
const sweepMs = 60_000;
const [saveMs, lookMs] = [1000, 1000];
/** A port of ours is used for a few minutes. */
const renewMs = 15_000;

export interface ServiceOptions {
  readonly calls: Calls;
  readonly sockets: ListeningSockets;
  readonly maps: NodeMaps;
  readonly options: ProxyOptions;
  readonly tick: () => number;
  readonly mark: number;
}

export class Service {
  readonly engine: Engine<Connection>;
  readonly learning: Learning;
  readonly accessLog = new AccessLog();
  readonly naming: FlowNaming;
  readonly connections: Connections;
  readonly datagrams: Datagrams;
  private readonly parts: ServiceOptions;
  private readonly loop: Loop;
  private readonly names: NamesFolder;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly pods: Pods;
  private readonly rules: RulesFiles;
  private before: Promise<unknown> = Promise.resolve();
  private isSweeping = false;
  private hasTakenOver = false;

  /** Throws DNS_SOCKET_UNUSABLE. */
  constructor(parts: ServiceOptions) {
    const { calls, sockets, maps, options, tick, mark } = parts;
    this.parts = parts;
    this.rules = new RulesFiles(options.folder);
    const counters = new Counters();
    this.pods = new Pods(readSelectors(options.folder));
    this.learning = new Learning({
      grants: maps.grants,
      counters,
      tick,
      ...(options.refusePrivate && { publicOutside: options.clusterDomain }),
    });
    this.engine = new Engine({
      lanes: tcpLane + 1,
      pods: this.pods,
      identities: maps.identities,
      learning: this.learning,
      log: this.accessLog,
      counters,
    });
    this.naming = { node: options.nodeName, pod: (endpoint) => this.pods.byNumber(endpoint)?.fact };
    this.datagrams = new Datagrams({ calls, sockets, engine: this.engine, mark });
    if (mark !== 0) markConnections(calls, sockets, mark);
    this.connections = new Connections({ sockets, engine: this.engine, lane: tcpLane });
    this.loop = new Loop(calls, () => this.expire());
    this.names = new NamesFolder(
      join(options.folder, 'names'),
      this.learning.book,
      (endpoint) => this.pods.byNumber(endpoint) !== undefined,
    );
  }

  /**
   * Goes on with what the map and the files hold, while queries are taken already: until then what is written is held against the map. Rejects
   * when the map is of no use.
   */
  async takeOver(former: { readonly ended: Promise<void> } | undefined): Promise<void> {
    await this.catchUp();
    this.hasTakenOver = true;
    if (this.pods.generation > 0) writeSelectors(this.parts.options.folder, this.pods.selectorsByIdentity);
    if (former === undefined) this.learning.isShared = false;
    else {
      void former.ended.then(async () => {
        await this.catchUp().catch(startAnew);
        this.learning.isShared = false;
      });
    }
  }

  /** Another process grants, too, from now on. */
  share(): void {
    this.learning.isShared = true;
  }

  /** From now on queries are taken. */
  async listen(): Promise<void> {
    this.datagrams.follow(this.loop);
    this.datagrams.listen(this.loop);
    this.loop.start();
    await this.connections.listen();
    const memory = new Memory(this.parts.calls);
    this.timers.push(
      setInterval(() => this.names.saveNext(), saveMs),
      setInterval(() => memory.look(), lookMs),
      setInterval(() => this.renewLane(), renewMs),
      setInterval(() => void this.sweep(), sweepMs),
    );
  }

  /** Queries to come are left to somebody else. */
  leave(): void {
    this.datagrams.leave(this.loop);
    this.connections.leave();
    this.names.saveAll();
  }

  /** Resolves when what was taken is answered; by then `leave` was called. */
  async finish(): Promise<void> {
    await this.connections.finish();
    while (this.engine.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    this.end();
  }

  /** At once. */
  end(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.names.saveAll();
    this.loop.stop();
  }

  /** Reads the file; resolves with the generation that is in force then. A file that cannot be read leaves everything as it is, and rejects. */
  readRules(): Promise<number> {
    const next = this.before.then(async () => {
      const { rules, keep } = await this.rules.read();
      if (rules !== undefined) await this.put(rules);
      keep();
      return this.pods.generation;
    });
    this.before = next.catch(() => undefined);
    return next;
  }

  /** Goes on with what was in force last, where what is told now is not understood. */
  async keepRules(): Promise<void> {
    const rules = await this.rules.readTaken();
    if (rules !== undefined) await this.put(rules);
  }

  private async put(rules: DnsRules): Promise<void> {
    if (rules.generation === this.pods.generation) return;
    await this.engine.setRules(rules).catch(startAnew);
    if (this.hasTakenOver) writeSelectors(this.parts.options.folder, this.pods.selectorsByIdentity);
  }

  /** Why what the agent told last is not in force, in words. */
  get rulesProblem(): string | undefined {
    return this.rules.problem;
  }

  /** What pods were told. */
  *cache(wanted: { readonly endpoint?: number; readonly limit?: number }, isWanted: (row: CacheRow) => boolean): Iterable<CacheRow> {
    const now = this.parts.tick() | 0;
    for (const { fact } of this.pods.all()) {
      if (wanted.endpoint !== undefined && wanted.endpoint !== fact.id) continue;
      for (const { name, addresses } of this.learning.book.names(fact.id)) {
        for (const { address, expires } of addresses) {
          const ttl = secondsLeft(expires, now);
          const row = { endpoint: fact.id, namespace: fact.namespace, pod: fact.pod, name, address, ttl, expires: timeText(ttl) };
          if (isWanted(row)) yield row;
        }
      }
    }
  }

  namesInForce(): NamesRow[] {
    const live = this.learning.book.liveGrants(this.parts.tick() | 0);
    return [...this.pods.selectorsByIdentity].map(([identity, selector]) => ({ selector, identity, grants: live.get(identity) ?? 0 }));
  }

  private async catchUp(): Promise<void> {
    await this.learning.takeOver();
    this.names.restore();
    const settled = this.before.then(() => this.engine.settle());
    this.before = settled.catch(() => undefined);
    await settled;
  }

  private expire(): void {
    const now = performance.now();
    let hasFailed = false;
    for (let slot = this.engine.expire(now); slot >= 0; slot = this.engine.expire(now)) {
      const owner = this.engine.lastOwner;
      if (owner === undefined) {
        this.datagrams.fail(slot);
        hasFailed = true;
      } else owner.fail(slot);
    }
    if (hasFailed) this.datagrams.flush();
  }

  private renewLane(): void {
    try {
      this.datagrams.renewLane(this.loop);
    } catch (error) {
      log.room('dns').warn('a port that questions leave by stays for longer', { error });
    }
  }

  private async sweep(): Promise<void> {
    if (this.isSweeping) return;
    this.isSweeping = true;
    try {
      await sweepGrants(this.learning, this.pods, this.parts.maps.flows, this.parts.tick);
    } catch (error) {
      log.room('dns').warn('grants that have expired stay for now', { error });
    } finally {
      this.isSweeping = false;
    }
  }
}

/** The map is not what the book says: the next process reads it. */
function startAnew(error: Error): never {
  setImmediate(() => {
    throw error;
  });
  throw error;
}

function timeText(ttl: number): string {
  return new Date(Date.now() + ttl * 1000).toISOString();
}
