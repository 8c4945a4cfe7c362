// Services: frontends and backends of the datapath, kept as services and their slices say. Apart from policy: neither waits for the other.

import { createHash } from 'node:crypto';
import type { Datapath } from '../datapath/datapath.ts';
import type { Epochs } from '../datapath/reconcile/epochs.ts';
import type { ServiceProblem } from '../datapath/reconcile/service-rows.ts';
import { ServiceWriter } from '../datapath/reconcile/services.ts';
import type { RoomLog } from '../log.ts';
import { healthPorts, localEndpoints } from '../model/service/health-check.ts';
import { membersOf } from '../model/service/members.ts';
import { type MergeChange, ServiceMerge } from '../model/service/merge.ts';
import { socketKey } from '../model/service/rows.ts';
import { delayAfter } from '../state/backoff.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import { bothExposures, type Exposure, ExposureCount, isSameExposure, unexposed } from './exposure.ts';
import { RemovedBackends } from './removed-backends.ts';
import { ServiceHealth } from './service-health.ts';
import { ServiceHits } from './service-hits.ts';
import { ServiceInputs, type ServiceTables } from './service-inputs.ts';
import { type LocalSockets, type ResetReport, ServiceReset } from './service-reset.ts';
import { ServiceView } from './service-view.ts';
import { ServiceWarnings } from './service-warnings.ts';

export interface ServicesOptions {
  readonly datapath: Pick<Datapath, 'map' | 'now'>;
  readonly epochs: Epochs;
  readonly tables: ServiceTables;
  /** Of this node. */
  readonly nodeName: string;
  /** For connections that are to end; without it the datapath forgets those that it translates, and no more is done. */
  readonly sockets?: LocalSockets;
  /** Asked before frontends are written that need more of the node than those before, and again when fewer are left. */
  readonly expose?: (exposure: Exposure) => Promise<void>;
  readonly clock: Clock;
  readonly log: RoomLog;
}

/** Which connections are to end. */
export interface AskedReset {
  /** `namespace/name`. */
  readonly service: string;
  /** Those to one backend, of any protocol where none is named; or to every one. Else to those that are the service's no more. */
  readonly backend?: { readonly address: string; readonly port: number; readonly protocol?: number };
  readonly isAll?: boolean;
  /** Only said what would be. */
  readonly isDryRun?: boolean;
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
  private readonly exposures = new ExposureCount();
  private exposed: Exposure | undefined;
  private readonly bell = new Bell();
  private readonly inputs: ServiceInputs;
  private readonly health: ServiceHealth;
  private readonly warnings: ServiceWarnings;
  private readonly connections: ServiceReset;
  private readonly removed: RemovedBackends;
  private readonly hits: ServiceHits;
  /** What is shown is in force. */
  private readonly unshown: MergeChange[] = [];
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
    this.connections = new ServiceReset(options.datapath, options.sockets ?? noSockets);
    this.removed = new RemovedBackends({ end: (service) => this.reset({ service }), clock, log });
    this.hits = new ServiceHits(options.datapath, (key) => writer.backendNumber(key));
    this.health = new ServiceHealth({
      count: (service, family) => localEndpoints(this.merge.slicesOf(service), this.merge.node, family),
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

  /**
   * Ends connections of a service, of its clients on this node and of those that came to it. Undefined when there is no service of that name, or
   * none that has an address.
   */
  async reset({ service, backend, isAll = false, isDryRun = false }: AskedReset): Promise<ResetReport | undefined> {
    const rows = [...this.view.frontends.table.rows()].filter((row) => row.service === service && row.type !== 'HostPort');
    if (rows.length === 0) return undefined;
    const members = membersOf(this.merge.slicesOf(service));
    const isBackend = (key: string) => isAll || (backend === undefined ? !members.has(key) : isAt(key, backend));
    const frontends = new Set(rows.map(({ address, protocol, port }) => socketKey(address, protocol, port)));
    return this.connections.reset({ frontends, isBackend }, isDryRun);
  }

  /** How many connections backends of each service were given; of those that were given any. */
  connectionsGiven(): Promise<ReadonlyMap<string, number>> {
    return this.hits.read(this.view.frontends.table.rows());
  }

  /** What was known when everything had been told is written. */
  get isInForce(): boolean {
    return this.hasBegun;
  }

  /** Slots that tables of services have, and how many there are. */
  get slots(): { readonly used: number; readonly capacity: number } {
    return this.writer.slots;
  }

  /** What does not work as it should; empty when everything does. */
  problems(): string[] {
    return [...(this.failure === undefined ? [] : [this.failure]), ...this.full.map(fullText), ...this.health.problems()];
  }

  /** What services say that means nothing, or that others say too. */
  doubts(): string[] {
    return this.warnings.texts();
  }

  /** Until the signal is aborted. What is in force stays. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await Promise.all([this.follow(signal), this.removed.run({ signal })]);
  }

  private async follow(signal: AbortSignal): Promise<void> {
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

  /** Told once when it comes. */
  private setFull(full: readonly ServiceProblem[]): void {
    for (const problem of full) {
      const isNew = !this.full.some(({ map }) => map === problem.map);
      if (isNew) this.options.log.warn(`${fullText(problem)}: more entries by --map-entries ${problem.map}=N`);
    }
    this.full = full;
    const refused = full.flatMap(({ map, frontends, closed = map === 'frontends' ? frontends : [] }) =>
      closed.map((key) => [key, `map ${map} is full`] as const),
    );
    this.view.showRefused(new Map(refused));
  }

  /** `isBefore`: what is in force still needs what it needed. */
  private async expose(isBefore: boolean): Promise<void> {
    const before = this.exposed;
    const wanted = isBefore ? bothExposures(this.exposures.now, before ?? unexposed) : this.exposures.now;
    if (before === undefined ? isBefore && !wanted.isExposed : isSameExposure(before, wanted)) return;
    this.exposed = wanted;
    await this.options.expose?.(wanted);
  }

  /** Whether anything was new. */
  private async write(hasService: boolean): Promise<boolean> {
    while (this.merge.work(servicesAtOnce)) await new Promise((resolve) => setImmediate(resolve));
    const change = this.merge.takeChanges();
    this.writer.stage(change);
    this.exposures.apply(change.frontends, this.merge.node.addresses);
    this.unshown.push(change);
    if (!this.hasBegun) this.writer.prune();
    await this.expose(true);
    const full = await this.writer.write();
    for (const change of this.unshown.splice(0)) this.view.show(change, new Date());
    this.setFull(full);
    await this.expose(false);
    const isFirst = !this.hasBegun;
    this.hasBegun = true;
    const shrunk = this.merge.members.takeShrunk();
    // An earlier life may have left some.
    this.removed.note(isFirst ? this.merge.members.services() : shrunk);
    const { frontends, backends } = change;
    const isNew = frontends.put.length + frontends.removed.length + backends.put.length + backends.removed.length > 0;
    if (isFirst || hasService || this.health.problems().length > 0) this.health.want(healthPorts(this.merge.services()));
    if (isFirst || hasService || !isNew) this.warnings.look(this.merge);
    return isFirst || isNew;
  }
}

function fullText({ map, frontends, closed = [], capacity }: ServiceProblem): string {
  const more = frontends.length > 3 ? ` and ${frontends.length - 3} more` : '';
  const refused = closed.length > 0 ? `, connections to ${closed.length} of them are refused` : '';
  return `map ${map} is full (${capacity}): ${frontends.slice(0, 3).join(', ')}${more}${refused}`;
}

function isAt(key: string, { address, port, protocol }: NonNullable<AskedReset['backend']>): boolean {
  const [ofAddress, ofProtocol, ofPort] = key.split(' ');
  return ofAddress === address && Number(ofPort) === port && (protocol === undefined || Number(ofProtocol) === protocol);
}

const noSockets: LocalSockets = { end: async () => ({ sockets: [], problems: [] }) };

/** Another for every name. */
function turnOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32LE(0) / 2 ** 32;
}
