// Policy status: tells the authors of policies what became of them, in `status.conditions`. One process of a cluster does it, whatever the
// number of nodes, and only where something is new.

import { AgentError } from '../../errors.ts';
import type { RoomLog } from '../../log.ts';
import type { PolicyCondition } from '../../model/policy/accept.ts';
import { delayAfter } from '../../state/backoff.ts';
import { Bell } from '../../state/bell.ts';
import { type Clock, sleep } from '../../state/clock.ts';
import { KubeError } from './failure.ts';
import { pathOf, type Resource, resources } from './resource.ts';
import { conditionsOf, type PolicyRow } from './rows/policies.ts';
import type { Transport } from './transport.ts';

/** As they stand in the object. */
export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface PolicyStatusOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Wall-clock time, for lastTransitionTime. */
  readonly date: () => Date;
  /** Asked before each write: whether this is still the process that does it. */
  readonly mayWrite?: () => boolean;
  readonly log?: RoomLog;
}

/** NetworkPolicy has no status. */
const withStatus: Readonly<Record<string, Resource>> = {
  CiliumNetworkPolicy: resources.ciliumPolicies,
  CiliumClusterwideNetworkPolicy: resources.clusterwidePolicies,
};

interface Written {
  /** What was to be said. */
  readonly text: string;
  /** What the server made of it; while the object has that, nothing is to be done. */
  readonly kept: string;
  /** How often the same was written, and when it may be once more. */
  readonly times: number;
  readonly againAt: number;
}

/** Somebody who takes conditions away again and again is answered ever less often. */
const again = { minMs: 2_000, maxMs: 600_000 };

export class PolicyStatus {
  readonly #options: PolicyStatusOptions;
  readonly #waiting = new Map<string, { readonly row: PolicyRow; readonly dueAt: number }>();
  readonly #written = new Map<string, Written>();
  readonly #bell = new Bell();

  constructor(options: PolicyStatusOptions) {
    this.#options = options;
  }

  /** The row of a policy, as often as it changes; writes happen later, the latest row counts. */
  put(row: PolicyRow): void {
    if (withStatus[row.kind] === undefined) return;
    const id = idOf(row);
    const written = this.#written.get(id);
    const isSame = written?.text === textOf(row);
    if (isSaid(row) || (isSame && written.kept === ownText(row, row.said))) {
      this.#waiting.delete(id);
      return;
    }
    this.#waiting.set(id, { row, dueAt: isSame ? written.againAt : 0 });
    this.#bell.ring();
  }

  delete(row: PolicyRow): void {
    this.#waiting.delete(idOf(row));
    this.#written.delete(idOf(row));
  }

  /** Until the signal is aborted; one write at a time. */
  async run({ signal }: { signal: AbortSignal }): Promise<void> {
    const { clock, log } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      const next = this.#next();
      if (next === undefined || next[1].dueAt > clock.now()) {
        await this.#bell.wait({ signal, clock, until: next?.[1].dueAt });
        continue;
      }
      const [id, { row, dueAt }] = next;
      this.#waiting.delete(id);
      try {
        await this.#write(id, row, signal);
        failures = 0;
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        if (signal.aborted) return;
        // Changed or gone meanwhile: the watch brings its new row, or the news that it is gone.
        if (error instanceof KubeError && (error.status === 409 || error.status === 404)) continue;
        if (failures === 0) log?.warn('status of a policy was not written', { policy: row.key, error });
        failures += 1;
        // The others come before it.
        if (!this.#waiting.has(id)) this.#waiting.set(id, { row, dueAt });
        await sleep(clock, delayAfter(failures, { minMs: 1000, maxMs: 300_000 }, clock), signal);
      }
    }
  }

  /** The first that is due, or the one that will be first. */
  #next() {
    let first: [string, { readonly row: PolicyRow; readonly dueAt: number }] | undefined;
    for (const one of this.#waiting) {
      if (one[1].dueAt <= this.#options.clock.now()) return one;
      if (first === undefined || one[1].dueAt < first[1].dueAt) first = one;
    }
    return first;
  }

  async #write(id: string, row: PolicyRow, signal: AbortSignal): Promise<void> {
    const { transport, clock, date, mayWrite } = this.#options;
    if (mayWrite?.() === false) throw new KubeError('KUBE_UNAVAILABLE', 'policy status: another process writes it now');
    const now = `${date().toISOString().slice(0, 19)}Z`;
    const own = row.conditions.map((condition): StatusCondition => {
      const { type, status, reason, message } = condition;
      const before = row.said.find((said) => said.type === type);
      return { type, status, reason, message, lastTransitionTime: before?.status === status ? (before.lastTransitionTime ?? now) : now };
    });
    const others = row.said.filter(({ type }) => !row.conditions.some((condition) => condition.type === type));
    const answer = await transport.json({
      method: 'PATCH',
      path: pathOf(withStatus[row.kind] as Resource, { namespace: row.namespace, name: row.name, part: 'status' }),
      contentType: 'application/merge-patch+json',
      // With the revision it is refused when anybody has written since.
      body: { metadata: { resourceVersion: row.revision }, status: { conditions: [...others, ...own] } },
      signal,
    });
    const before = this.#written.get(id);
    const text = textOf(row);
    const times = before?.text === text ? before.times + 1 : 1;
    this.#written.set(id, {
      text,
      kept: ownText(row, conditionsOf(answer)),
      times,
      againAt: clock.now() + delayAfter(times, again, clock),
    });
  }
}

function idOf({ kind, key }: PolicyRow): string {
  return `${kind} ${key}`;
}

/** Whether the object says it already. */
function isSaid({ conditions, said }: PolicyRow): boolean {
  const isSame = (one: PolicyCondition, other: StatusCondition) =>
    one.type === other.type && one.status === other.status && one.reason === other.reason && one.message === other.message;
  return conditions.every((condition) => said.some((other) => isSame(condition, other)));
}

function textOf({ uid, conditions }: PolicyRow): string {
  return JSON.stringify([uid, conditions.map(({ type, status, reason, message }) => [type, status, reason, message])]);
}

/** What an object says of our conditions. */
function ownText({ conditions }: PolicyRow, said: readonly StatusCondition[]): string {
  const own = said.filter(({ type }) => conditions.some((condition) => condition.type === type));
  return JSON.stringify(own.map(({ type, status, reason, message }) => [type, status, reason, message]));
}
