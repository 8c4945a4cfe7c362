// Service hooks: the programs on the device to the network, there for services alone: put on before the first frontend that needs them is
// written, taken off when the last one and the last connection through one are gone.

import type { KernelDatapath } from '../datapath/kernel/kernel-datapath.ts';
import type { Exposure } from '../enforcement/exposure.ts';
import type { SweepCounts } from '../enforcement/flow-sweep.ts';
import type { Clock } from '../state/clock.ts';

export type ServiceHookKind = 'network' | 'exit';

export interface ServiceHooksOptions {
  readonly datapath: Pick<KernelDatapath, 'attach' | 'detach'>;
  /** What comes from the network is judged whether there are services or not: routes lead to pods. */
  readonly isNative: boolean;
  /** Of the last sweep of connections. */
  readonly sweep: { readonly counts: Pick<SweepCounts, 'begunAt' | 'outside'> };
  readonly clock: Clock;
}

type Wanted = Pick<Exposure, 'isExposed' | 'hasOwnBackend'>;

export class ServiceHooks {
  private readonly options: ServiceHooksOptions;
  private port: number | undefined;
  private wanted: Wanted | undefined;
  /** Since when each is not needed. */
  private readonly idleSince = new Map<ServiceHookKind, number>();
  /** Where each is for sure, 0 for nowhere; what an earlier process left is not known. */
  private readonly at = new Map<ServiceHookKind, number>();
  private running: Promise<void> = Promise.resolve();

  constructor(options: ServiceHooksOptions) {
    this.options = options;
  }

  /** The device to the network, looked at again and again. Throws ATTACH_FAILED. */
  setPort(port: number): Promise<void> {
    this.port = port;
    return this.settle();
  }

  /** Ends when what is needed is on, as far as the device takes it: whoever looks at the device tells if it does not. */
  async want(wanted: Wanted): Promise<void> {
    this.wanted = wanted;
    await this.settle().catch(() => {});
  }

  /** One after the other. */
  private settle(): Promise<void> {
    const result = this.running.then(() => this.settleNow());
    this.running = result.catch(() => {});
    return result;
  }

  private async settleNow(): Promise<void> {
    const { port, wanted } = this;
    if (port === undefined) return;
    const { isNative } = this.options;
    await this.settleKind('network', port, isNative || wanted?.isExposed);
    await this.settleKind('exit', port, wanted?.hasOwnBackend);
  }

  /** `isNeeded`: undefined while nobody knows, when what is there stays. */
  private async settleKind(kind: ServiceHookKind, port: number, isNeeded: boolean | undefined): Promise<void> {
    const { datapath, clock } = this.options;
    const at = this.at.get(kind);
    if (isNeeded === undefined) return;
    if (isNeeded) {
      this.idleSince.delete(kind);
      if (at === port) return;
      await datapath.attach({ number: port, kind });
      this.at.set(kind, port);
      if (at !== undefined && at !== 0) await datapath.detach({ number: at, kind });
      return;
    }
    if (at === 0) return;
    const idleSince = this.idleSince.get(kind) ?? clock.now();
    this.idleSince.set(kind, idleSince);
    if (!this.isQuiet(idleSince)) return;
    await datapath.detach({ number: at ?? port, kind });
    this.at.set(kind, 0);
    this.idleSince.delete(kind);
  }

  /** A sweep that began after `since` found no connection that somebody outside began with a service. */
  private isQuiet(since: number): boolean {
    const { begunAt, outside } = this.options.sweep.counts;
    return begunAt !== undefined && begunAt > since && outside === 0;
  }
}
