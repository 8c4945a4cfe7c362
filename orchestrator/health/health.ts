// Health: rounds of probes to every node, this one among them. A node that is new is asked within seconds, the others once an interval.

import { type Clock, sleep } from '../state/clock.ts';
import type { Table } from '../state/table.ts';
import type { TableWriter } from '../state/table-writer.ts';
import { type HealthRow, healthKey, openHealthTable, type Way } from './health-table.ts';
import { type ProbeResult, type ProbeTarget, probe } from './probe.ts';
import { healthPort } from './responder.ts';

export interface HealthNode {
  readonly node: string;
  /** Its address on the network below. */
  readonly underlay?: string;
  /** Its own address in one of its pods' prefixes. */
  readonly pods?: string;
}

export interface HealthOptions {
  /** Who is to be asked, now. */
  readonly nodes: () => Iterable<HealthNode>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Nodes answer on it. */
  readonly port?: number;
  readonly timeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number;
  readonly ask?: (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeResult>;
}

/** New nodes are looked for this often. */
const lookMs = 2_000;
/** A thousand nodes are asked in order, not all at once. */
const mostAtOnce = 16;

interface Asked {
  readonly node: string;
  readonly way: Way;
  readonly address: string;
}

export class Health {
  readonly table: Table<HealthRow>;
  readonly #writer: TableWriter<HealthRow>;
  readonly #options: HealthOptions;
  /** Key and address → when it is asked next. */
  readonly #due = new Map<string, number>();

  constructor(options: HealthOptions) {
    const { table, writer } = openHealthTable();
    this.table = table;
    this.#writer = writer;
    this.#options = options;
  }

  /** Ends when the signal is aborted. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!signal.aborted) {
      await this.round(signal);
      await sleep(clock, Math.min(lookMs, intervalMs), signal);
    }
  }

  /** Asks those whose time has come, and forgets those that are no more. */
  async round(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const wanted = this.#wanted();
    const keys = new Set(wanted.map((asked) => `${healthKey(asked)} ${asked.address}`));
    for (const key of this.#due.keys()) if (!keys.has(key)) this.#due.delete(key);
    const rowKeys = new Set(wanted.map(healthKey));
    for (const row of [...this.table.rows()]) if (!rowKeys.has(healthKey(row))) this.#writer.delete(healthKey(row));
    const due = wanted.filter((asked) => (this.#due.get(`${healthKey(asked)} ${asked.address}`) ?? 0) <= clock.now());
    const waiting = due.values();
    const askSome = async () => {
      for (const asked of waiting) {
        if (signal.aborted) return;
        // Spread a little, so that nodes that started together do not go on asking together.
        this.#due.set(`${healthKey(asked)} ${asked.address}`, clock.now() + intervalMs * (0.9 + 0.2 * clock.random()));
        await this.#ask(asked, signal);
      }
    };
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, due.length) }, askSome));
  }

  #wanted(): Asked[] {
    return Array.from(this.#options.nodes()).flatMap(({ node, underlay, pods }) => [
      ...(underlay === undefined ? [] : [{ node, way: 'underlay' as const, address: underlay }]),
      ...(pods === undefined ? [] : [{ node, way: 'pods' as const, address: pods }]),
    ]);
  }

  async #ask({ node, way, address }: Asked, signal: AbortSignal): Promise<void> {
    const { port = healthPort, timeoutMs = 3_000, wallClock = Date.now, ask = probe } = this.#options;
    const result = await ask({ address, port, timeoutMs }, signal);
    if (signal.aborted) return;
    const error = result.isReached ? (result.node === node ? '' : `another node answers: "${result.node}"`) : result.error;
    const state = error === '' ? 'reachable' : 'unreachable';
    const before = this.table.get(healthKey({ node, way }));
    const now = new Date(wallClock()).toISOString();
    this.#writer.put({
      node,
      way,
      address,
      state,
      ms: result.isReached ? result.ms : 0,
      failures: error === '' ? 0 : (before?.failures ?? 0) + 1,
      since: before?.state === state ? before.since : now,
      checkedAt: now,
      error,
    });
  }
}
