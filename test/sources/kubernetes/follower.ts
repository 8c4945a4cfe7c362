// A reflector under test: against a server of the test, in virtual time, telling a sink that remembers everything.
import { setTimeout as really } from 'node:timers/promises';
import { Counts } from '../../../orchestrator/sources/kubernetes/counts.ts';
import type { Credentials } from '../../../orchestrator/sources/kubernetes/credentials.ts';
import type { KubeObject } from '../../../orchestrator/sources/kubernetes/object.ts';
import { Reflector, type ReflectorOptions } from '../../../orchestrator/sources/kubernetes/reflector.ts';
import { resources } from '../../../orchestrator/sources/kubernetes/resource.ts';
import type { Sink } from '../../../orchestrator/sources/kubernetes/sink.ts';
import { Transport } from '../../../orchestrator/sources/kubernetes/transport.ts';
import { VirtualClock } from '../../../orchestrator/state/virtual-clock.ts';
import type { HostileServer } from './hostile-server.ts';

interface TestEnd {
  teardown(act: () => unknown): void;
}

export class Memory implements Sink {
  readonly objects = new Map<string, KubeObject>();
  /** `put key@revision`, `delete key`, `synced`, `lost`. */
  readonly told: string[] = [];
  readonly reasons: string[] = [];

  put(key: string, object: KubeObject): void {
    this.objects.set(key, object);
    this.told.push(`put ${key}@${object.metadata.resourceVersion}`);
  }

  delete(key: string): void {
    if (!this.objects.delete(key)) throw new Error(`deleted what was never put: ${key}`);
    this.told.push(`delete ${key}`);
  }

  synced(): void {
    this.told.push('synced');
  }

  lost(reason: string): void {
    this.told.push('lost');
    this.reasons.push(reason);
  }

  get isSynced(): boolean {
    return this.told.lastIndexOf('synced') > this.told.lastIndexOf('lost');
  }
}

export interface Follower {
  readonly sink: Memory;
  readonly counts: Counts;
  readonly clock: VirtualClock;
  readonly reflector: Reflector;
  readonly transport: Transport;
  /** Lets virtual time go on in steps of `stepMs` until it is so; fails after ten real seconds. */
  until(what: string, isSo: () => boolean, stepMs?: number): Promise<void>;
  /** Lets so much virtual time go by, with the network in step. */
  pass(ms: number, stepMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export function follow(
  t: TestEnd,
  server: HostileServer,
  options: Partial<ReflectorOptions> & { credentials?: Credentials } = {},
): Follower {
  const clock = new VirtualClock();
  const counts = new Counts();
  const sink = new Memory();
  const credentials = options.credentials ?? plainCredentials(server.url);
  const transport = new Transport({ credentials, clock, counts });
  // Deadlines run in virtual time, the network in real time: a test that looks at neither gives the network all the time there is.
  const limits = { deadlineMs: 1e9, ...options.limits };
  const reflector = new Reflector({ transport, resource: resources.pods, sink, clock, counts, ...options, limits });
  const stopping = new AbortController();
  const running = reflector.run({ signal: stopping.signal });
  let failed: unknown;
  running.catch((error) => {
    failed = error;
  });
  const step = async (ms: number) => {
    if (failed !== undefined) throw failed;
    await clock.advance(ms);
    await really(1);
  };
  const stop = async () => {
    stopping.abort();
    await running;
    transport.close();
  };
  t.teardown(stop);
  return {
    sink,
    counts,
    clock,
    reflector,
    transport,
    stop,
    async until(what, isSo, stepMs = 10) {
      const end = performance.now() + 10_000;
      while (!isSo()) {
        if (performance.now() > end)
          throw new Error(`still not so: ${what}; told ${sink.told.slice(-10)}; ${JSON.stringify(counts.all())}`);
        await step(stepMs);
      }
    },
    async pass(ms, stepMs = 50) {
      for (let passed = 0; passed < ms; passed += stepMs) await step(stepMs);
    },
  };
}

export function plainCredentials(url: string): Credentials {
  return { server: new URL(url), options: async () => ({}), renew: async () => {}, close: () => {} };
}

/** Keys and revisions of both sides, equal when nothing was missed and nothing invented. */
export function difference(server: HostileServer, sink: Memory): string[] {
  const there = new Set([...server.objects].map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`));
  const here = new Set([...sink.objects].map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`));
  return [
    ...[...there].filter((row) => !here.has(row)).map((row) => `missed ${row}`),
    ...[...here].filter((row) => !there.has(row)).map((row) => `invented ${row}`),
  ];
}
