// Services: frontends and backends of the datapath, kept as services and their slices say. Apart from policy: neither waits for the other.

import { createHash } from 'node:crypto';
import type { Datapath } from '../datapath/datapath.ts';
import type { Epochs } from '../datapath/reconcile/epochs.ts';
import type { ServiceProblem } from '../datapath/reconcile/service-rows.ts';
import { ServiceWriter } from '../datapath/reconcile/services.ts';
import type { RoomLog } from '../log.ts';
import { healthPorts, localEndpoints } from '../model/service/health-check.ts';
import { ServiceMerge } from '../model/service/merge.ts';
import { delayAfter } from '../state/backoff.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import { ServiceHealth } from './service-health.ts';
import { ServiceInputs, type ServiceTables } from './service-inputs.ts';
import { ServiceView } from './service-view.ts';
import { ServiceWarnings } from './service-warnings.ts';

export interface ServicesOptions {
  readonly datapath: Pick<Datapath, 'map' | 'now'>;
  readonly epochs: Epochs;
  readonly tables: ServiceTables;
  /** Of this node. */
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: RoomLog;
}

const retry = { minMs: 50, maxMs: 10_000 };
/** Slots that were in use are cleared by a later write. */
const clearAfterMs = 2_000;
const lookAgainMs = 15_000;
/** Between two breaths of the event loop: a first list may have thousands. */
const servicesAtOnce = 200;

export class Services {
  readonly view = new ServiceView();
  private readonly options: ServicesOptions;
  private readonly writer: ServiceWriter;
  private readonly merge = new ServiceMerge();
  private readonly bell = new Bell();
  private readonly inputs: ServiceInputs;
  private readonly health: ServiceHealth;
  private readonly warnings: ServiceWarnings;
  private hasBegun = false;
  private failures = 0;
  private failure: string | undefined;
  private full: readonly ServiceProblem[] = [];

  private constructor(options: ServicesOptions, writer: ServiceWriter) {
    const { tables, nodeName, log, clock } = options;
    this.options = options;
    this.writer = writer;
    this.inputs = new ServiceInputs(tables, { merge: this.merge, name: nodeName, bell: this.bell });
    this.warnings = new ServiceWarnings(log, clock);
    this.health = new ServiceHealth({
      count: (service) => localEndpoints(this.merge.slicesOf(service), this.merge.node),
      isHealthy: () => this.hasBegun && this.failure === undefined,
    });
  }

  /** Takes over what the datapath has; it stays in force until every table has delivered and this node's addresses are known. */
  static async open(options: ServicesOptions): Promise<Services> {
    const { datapath, epochs, clock, nodeName } = options;
    return new Services(options, await ServiceWriter.open(datapath, { epochs, clock, turn: turnOf(nodeName) }));
  }

  /** Addresses by which other nodes reach this one. */
  setAddresses(addresses: readonly string[]): void {
    this.inputs.setAddresses(addresses);
    this.bell.ring();
  }

  /** Of the service whose number an event carries. */
  nameOf(number: number): { readonly namespace: string; readonly name: string } | undefined {
    const key = this.writer.frontendOf(number);
    const service = key === undefined ? undefined : this.view.frontends.table.get(key)?.service;
    const [namespace = '', name = ''] = service?.split('/') ?? [];
    return service === undefined ? undefined : { namespace, name };
  }

  /** What was known when everything had been told is written. */
  get isInForce(): boolean {
    return this.hasBegun;
  }

  /** What does not work as it should; empty when everything does. */
  problems(): string[] {
    const full = this.full.map(({ map, frontends, capacity }) => `map ${map} is full (${capacity}): ${frontends.slice(0, 3).join(', ')}`);
    return [...(this.failure === undefined ? [] : [this.failure]), ...full, ...this.health.problems()];
  }

  /** What services say that means nothing, or that others say too. */
  doubts(): string[] {
    return this.warnings.texts();
  }

  /** Until the signal is aborted. What is in force stays. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock, log } = this.options;
    while (!signal.aborted) {
      let waitMs = Number.POSITIVE_INFINITY;
      try {
        const hasService = this.inputs.take();
        if (this.inputs.isComplete) waitMs = (await this.write(hasService)) ? clearAfterMs : lookAgainMs;
        this.failures = 0;
        this.failure = undefined;
      } catch (error) {
        if (this.failures++ === 0) log.error('the datapath did not take a change of services, which is tried again', { error });
        this.failure = (error as Error).message;
        waitMs = delayAfter(this.failures, retry, clock);
      }
      await this.bell.wait({ signal, clock, until: clock.now() + waitMs });
    }
    this.inputs.close();
    this.health.close();
  }

  /** Whether anything was new. */
  private async write(hasService: boolean): Promise<boolean> {
    while (this.merge.work(servicesAtOnce)) await new Promise((resolve) => setImmediate(resolve));
    const change = this.merge.takeChanges();
    this.writer.stage(change);
    this.view.show(change, new Date());
    if (!this.hasBegun) this.writer.prune();
    this.full = await this.writer.write();
    const isFirst = !this.hasBegun;
    this.hasBegun = true;
    const { frontends, backends } = change;
    const isNew = frontends.put.length + frontends.removed.length + backends.put.length + backends.removed.length > 0;
    if (isFirst || hasService || this.health.problems().length > 0) this.health.want(healthPorts(this.merge.services()));
    if (isFirst || hasService || !isNew) this.warnings.look(this.merge);
    return isFirst || isNew;
  }
}

/** Another for every name. */
function turnOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE(0) / 2 ** 32;
}
