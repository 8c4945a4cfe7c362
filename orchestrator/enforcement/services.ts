// Services: frontends and backends of the datapath, kept as services and their slices say. Apart from policy: neither waits for the other.

import type { Datapath } from '../datapath/datapath.ts';
import type { Epochs } from '../datapath/reconcile/epochs.ts';
import type { ServiceProblem } from '../datapath/reconcile/service-rows.ts';
import { ServiceWriter } from '../datapath/reconcile/services.ts';
import type { RoomLog } from '../log.ts';
import { type MergeChange, ServiceMerge } from '../model/service/merge.ts';
import type { BackendRow, FrontendRow } from '../model/service/rows.ts';
import type { EndpointSliceRow } from '../sources/kubernetes/rows/endpoint-slices.ts';
import type { ServiceRow } from '../sources/kubernetes/rows/services.ts';
import { delayAfter } from '../state/backoff.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import { openTable, type Table } from '../state/table.ts';

export interface ServicesOptions {
  readonly datapath: Pick<Datapath, 'map' | 'now'>;
  readonly epochs: Epochs;
  readonly services: Table<ServiceRow, string>;
  readonly slices: Table<EndpointSliceRow, string>;
  readonly clock: Clock;
  readonly log: RoomLog;
}

const retry = { minMs: 50, maxMs: 10_000 };
/** Slots that were in use are cleared by a later write. */
const clearAfterMs = 2_000;
const lookAgainMs = 15_000;

export class Services {
  readonly view = openServiceView();
  private readonly options: ServicesOptions;
  private readonly writer: ServiceWriter;
  private readonly merge = new ServiceMerge();
  private hasBegun = false;
  private failures = 0;
  private failure: string | undefined;
  private full: readonly ServiceProblem[] = [];

  private constructor(options: ServicesOptions, writer: ServiceWriter) {
    this.options = options;
    this.writer = writer;
  }

  /** Takes over what the datapath has; it stays in force until both tables have delivered. */
  static async open(options: ServicesOptions): Promise<Services> {
    const { datapath, epochs, clock } = options;
    return new Services(options, await ServiceWriter.open(datapath, { epochs, clock }));
  }

  /** Of the service whose number an event carries. */
  nameOf(number: number): { readonly namespace: string; readonly name: string } | undefined {
    const key = this.writer.frontendOf(number);
    const service = key === undefined ? undefined : this.view.frontends.table.get(key)?.service;
    const [namespace = '', name = ''] = service?.split('/') ?? [];
    return service === undefined ? undefined : { namespace, name };
  }

  /** What does not work as it should; empty when everything does. */
  problems(): string[] {
    const full = this.full.map(({ map, frontends, capacity }) => `map ${map} is full (${capacity}): ${frontends.slice(0, 3).join(', ')}`);
    const disputed = this.merge.conflicts().map(({ frontend, services }) => `${frontend}: claimed by ${services.join(' and ')}`);
    return [...(this.failure === undefined ? [] : [this.failure]), ...full, ...disputed];
  }

  /** Until the signal is aborted. What is in force stays. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { clock, log, services, slices } = this.options;
    const bell = new Bell();
    const followers = { services: services.follow(bell), slices: slices.follow(bell) };
    while (!signal.aborted) {
      let waitMs = Number.POSITIVE_INFINITY;
      try {
        for (const { row, isDeleted } of followers.services.take()) {
          if (isDeleted || row.rejected !== undefined) this.merge.removeService(row.key);
          else this.merge.putService(row);
        }
        for (const { row, isDeleted } of followers.slices.take()) {
          if (isDeleted || row.rejected !== undefined) this.merge.removeSlice(row.key);
          else this.merge.putSlice(row);
        }
        if (services.isInitialised && slices.isInitialised) waitMs = (await this.write()) ? clearAfterMs : lookAgainMs;
        this.failures = 0;
        this.failure = undefined;
      } catch (error) {
        if (this.failures++ === 0) log.error('the datapath did not take a change of services, which is tried again', { error });
        this.failure = (error as Error).message;
        waitMs = delayAfter(this.failures, retry, clock);
      }
      await bell.wait({ signal, clock, until: clock.now() + waitMs });
    }
    for (const follower of Object.values(followers)) follower.close();
  }

  /** Whether anything was new. */
  private async write(): Promise<boolean> {
    const change = this.merge.takeChanges();
    this.writer.stage(change);
    this.show(change);
    if (!this.hasBegun) this.writer.prune();
    this.full = await this.writer.write();
    const isFirst = !this.hasBegun;
    this.hasBegun = true;
    const { frontends, backends } = change;
    return isFirst || frontends.put.length + frontends.removed.length + backends.put.length + backends.removed.length > 0;
  }

  private show({ frontends, backends }: MergeChange): void {
    for (const row of frontends.put) this.view.frontends.writer.put({ ...row });
    for (const key of frontends.removed) this.view.frontends.writer.delete(key);
    for (const row of backends.put) this.view.backends.writer.put({ ...row });
    for (const key of backends.removed) this.view.backends.writer.delete(key);
  }
}

const protocols: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };

function openServiceView() {
  const frontends = openTable<FrontendRow>({
    name: 'frontends',
    key: ({ key }) => key,
    columns: {
      service: ({ service }) => service,
      address: ({ address }) => address,
      port: ({ port, protocol }) => (protocol === 0 ? 'any other' : `${port}/${protocols[protocol] ?? protocol}`),
      name: ({ portName }) => portName,
      type: ({ type }) => type,
      backends: ({ backends }) => backends.map(socketText),
    },
  });
  const backends = openTable<BackendRow>({
    name: 'backends',
    key: ({ key }) => key,
    columns: {
      backend: ({ key }) => socketText(key),
      node: ({ node }) => node,
      zone: ({ zone }) => zone,
      state: ({ state }) => state,
    },
  });
  return { frontends, backends };
}

/** `10.0.1.7 6 8080` as people write it. */
function socketText(key: string): string {
  const [address = '', protocol, port] = key.split(' ');
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocols[Number(protocol)] ?? protocol}`;
}
