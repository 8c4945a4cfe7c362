// Child: the process that queries go through. It goes on with what the map and the files hold, serves beside the one
// before it until that has left, and then until it is told to end, or the next one has it leave.

import type { Socket } from 'node:net';
import { join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { log } from '../../log.ts';
import { matchesName } from '../../model/policy/name-match.ts';
import type { CacheRow, Call, Hello, ProxyStatus } from '../control-line.ts';
import { latencyBounds } from '../engine/counters.ts';
import type { NodeMaps } from '../engine/node-maps.ts';
import type { Calls } from './calls.ts';
import { type ControlServer, serveControl } from './control-server.ts';
import { type Former, meetFormer } from './former.ts';
import type { ListeningSockets } from './listening.ts';
import { LogFile } from './log-file.ts';
import type { ProxyOptions } from './options.ts';
import { Service } from './service.ts';
import { isServed } from './successor.ts';
import type { FromChild, FromSupervisor } from './words.ts';

/** What queries and connections of one that leaves may still take. */
const leavingMs = 30_000;
const usualRows = 10_000;

/** What the room does not know of itself. */
export interface Surroundings {
  /** Code that maps are opened with. */
  load(options: ProxyOptions): Promise<unknown>;
  /** Opens the maps of the datapath that runs on this node. */
  openMaps(options: ProxyOptions): Promise<NodeMaps>;
  /** The datapath's clock. */
  readonly tick: () => number;
  /** Of packets that answer in the name of a server. */
  readonly mark: number;
  readonly version: string;
}

export interface ChildLife {
  say(word: FromChild): void;
  /** `take` hears what the supervisor says. */
  heard(take: (word: FromSupervisor) => void): void;
  /** Aborts when it is to end. */
  readonly signal: AbortSignal;
}

export interface ChildRun {
  readonly calls: Calls;
  readonly options: ProxyOptions;
  readonly surroundings: Surroundings;
  readonly sockets: ListeningSockets;
  readonly life: ChildLife;
  /** Takes over from nobody: where somebody serves, it has nothing to do. */
  readonly isStandIn?: boolean;
}

/** Resolves when it has ended its work: nobody waits for it any more. */
export async function runChild({ calls, options, surroundings, sockets, life, isStandIn = false }: ChildRun): Promise<void> {
  const { tick, mark } = surroundings;
  await using maps = await surroundings.openMaps(options);
  // Maps may have taken longer than the next process did.
  if (isStandIn && (await isServed(options.folder))) return;
  const service = new Service({ calls, sockets, maps, options, tick, mark });
  const path = join(options.folder, 'control.sock');
  const former = await meetFormer(path);
  await service.readRules().catch(async (error: Error) => {
    log.room('dns').error('rules cannot be taken over: those before them stay in force', { error });
    await service.keepRules();
  });
  service.share();
  await service.listen();
  await former?.leave();
  await service.takeOver(former);
  await using file = openFile(options, service, former);
  const child = new Child({ service, sockets, maps, surroundings, life, former, file });
  life.heard(({ how }) => child.otherEnded(how));
  child.control = await serveControl({
    path,
    log: { ring: service.accessLog.ring, naming: service.naming },
    answer: (call, socket) => child.answer(call, socket),
  });
  // What was told between reading and this.
  await service.readRules().catch((error: Error) => log.room('dns').error('rules cannot be read', { error }));
  log.room('dns').info('queries are answered');
  life.say({ word: 'running' });
  void maps.lost.then((error) => {
    log.room('dns').warn('the next process goes on with other maps', { error });
    life.say({ word: 'upgrade' });
  });
  const why = await Promise.race([aborted(life.signal), child.left]);
  if (why === 'told') service.end();
  else await Promise.race([service.finish(), new Promise((resolve) => setTimeout(resolve, leavingMs))]);
}

interface ChildParts {
  readonly service: Service;
  readonly sockets: ListeningSockets;
  readonly maps: NodeMaps;
  readonly surroundings: Surroundings;
  readonly life: ChildLife;
  readonly former: Former | undefined;
  readonly file: LogFile | undefined;
}

/** What clients ask it. */
class Child {
  readonly left: Promise<'left'>;
  control: ControlServer | undefined;
  private readonly parts: ChildParts;
  private readonly started = performance.now();
  private leave: (how: 'left') => void = () => undefined;
  private readonly upgrades: { resolve(): void; reject(error: Error): void }[] = [];

  constructor(parts: ChildParts) {
    this.parts = parts;
    this.left = new Promise((resolve) => (this.leave = resolve));
  }

  /** A child that was started beside this one has ended. */
  otherEnded(how: string): void {
    for (const { reject } of this.upgrades.splice(0))
      reject(new AgentError('DNS_PROXY_REFUSED', `upgrade: the new process has ended: ${how}`));
  }

  async answer(call: Call, socket: Socket): Promise<unknown> {
    const { service, former } = this.parts;
    switch (call.call) {
      case 'hello':
        return this.hello();
      case 'rules': {
        const [generation] = await Promise.all([service.readRules(), former?.rules(call.generation)]);
        return { generation };
      }
      case 'status':
        return this.status();
      case 'cache':
        return this.cache(call);
      case 'clean':
        return this.clean(call);
      case 'names':
        return service.namesInForce();
      case 'upgrade':
        return this.upgrade(call.program);
      case 'share':
        service.share();
        return {};
      case 'leave':
        service.leave();
        for (const { resolve } of this.upgrades.splice(0)) resolve();
        this.control?.close(socket);
        this.parts.life.say({ word: 'leaving' });
        this.leave('left');
        return {};
      default:
        throw new AgentError('DNS_PROXY_REFUSED', `control: no such call: ${JSON.stringify((call as { call?: unknown }).call)}`);
    }
  }

  private hello(): Hello {
    const { service, sockets, maps, surroundings } = this.parts;
    const { version } = surroundings;
    return { pid: process.pid, version, port: sockets.port, mode: maps.mode, generation: service.engine.pods.generation };
  }

  private status(): ProxyStatus {
    const { service, file } = this.parts;
    const { engine, learning, accessLog } = service;
    const { latency, latencySum, ...counters } = engine.counters;
    let sum = 0;
    return {
      ...this.hello(),
      uptimeMs: Math.round(performance.now() - this.started),
      endpoints: [...engine.pods.all()].length,
      outstanding: engine.size,
      connections: service.connections.size,
      readers: this.control?.readers ?? 0,
      book: { ...learning.counts() },
      counters: {
        ...counters,
        ...service.datagrams.overflown(),
        logRecords: accessLog.ring.written,
        logTooLong: accessLog.ring.tooLong,
        logFileLost: file?.lost ?? 0,
      },
      latency: { bounds: latencyBounds, counts: Array.from(latency, (count) => (sum += count)), sum: latencySum },
      residentBytes: process.memoryUsage.rss(),
      problems: [service.rulesProblem, file?.failure, learning.problem].filter((problem) => problem !== undefined),
    };
  }

  private cache({ endpoint, name, address, limit = usualRows }: Extract<Call, { call: 'cache' }>): CacheRow[] {
    const selector = name === undefined ? undefined : { kind: name.includes('*') ? ('pattern' as const) : ('name' as const), value: name };
    const isWanted = (row: CacheRow): boolean =>
      (selector === undefined || matchesName(selector, row.name)) && (address === undefined || row.address === address);
    const rows: CacheRow[] = [];
    for (const row of this.parts.service.cache(endpoint === undefined ? {} : { endpoint }, isWanted)) {
      if (rows.length >= limit) break;
      rows.push(row);
    }
    return rows;
  }

  private clean(wanted: Extract<Call, { call: 'clean' }>): { readonly names: number } {
    const { learning } = this.parts.service;
    const rows = this.cache({ ...wanted, call: 'cache', limit: Number.POSITIVE_INFINITY });
    const names = new Set(rows.map(({ endpoint, name }) => `${endpoint} ${name}`));
    for (const text of names) {
      const space = text.indexOf(' ');
      learning.forget(Number(text.slice(0, space)), text.slice(space + 1));
    }
    return { names: names.size };
  }

  /** Resolves when the new process has had this one leave. */
  private upgrade(program: readonly string[] | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.upgrades.push({ resolve, reject });
      this.parts.life.say({ word: 'upgrade', ...(program !== undefined && { program }) });
    });
  }
}

function openFile(
  { logFile, logFileBytes, logFiles }: ProxyOptions,
  { accessLog, naming }: Service,
  former: Former | undefined,
): LogFile | undefined {
  if (logFile === undefined) return undefined;
  return new LogFile({
    path: logFile,
    mostBytes: logFileBytes,
    files: logFiles,
    reader: accessLog.ring.reader('newest'),
    naming,
    after: former?.ended ?? Promise.resolve(),
  });
}

function aborted(signal: AbortSignal): Promise<'told'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('told');
    else signal.addEventListener('abort', () => resolve('told'), { once: true });
  });
}
