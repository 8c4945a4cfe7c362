// Service host: what services add to the network of a node in userspace mode, kept as the frontends say that are in force.

import type { ServiceView } from '../enforcement/service-view.ts';
import { nodePortAddress } from '../host/ours.ts';
import type { HostProblem, ServicePlan } from '../host/plan.ts';
import type { UserHost } from '../host/user-host.ts';
import type { RoomLog } from '../log.ts';
import type { FrontendRow } from '../model/service/rows.ts';
import { Bell } from '../state/bell.ts';
import { type Clock, sleep } from '../state/clock.ts';

/** What comes together is done together. */
const batchMs = 50;
const againMs = 5_000;

export interface ServiceHostOptions {
  readonly host: Pick<UserHost, 'serve' | 'addresses'>;
  readonly frontends: ServiceView['frontends']['table'];
  /** What was known when everything had been told is in the table. */
  readonly isInForce: () => boolean;
  readonly clock: Clock;
  readonly log: RoomLog;
}

export class ServiceHost {
  private readonly options: ServiceHostOptions;
  private found: readonly HostProblem[] = [];

  constructor(options: ServiceHostOptions) {
    this.options = options;
  }

  problems(): string[] {
    return this.found.map(({ subject, message }) => `${subject}: ${message}`);
  }

  /** Until the signal is aborted. What is in force stays. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { frontends, isInForce, clock } = this.options;
    const bell = new Bell();
    const follower = frontends.follow(bell);
    let isDue = false;
    while (!signal.aborted) {
      if (follower.take().length > 0) isDue = true;
      if (isDue && isInForce()) {
        await this.serve();
        isDue = this.found.length > 0;
        await sleep(clock, batchMs, signal);
      }
      // A cluster without services says nothing that could be followed.
      const waitMs = isInForce() ? (isDue ? againMs : Number.POSITIVE_INFINITY) : batchMs;
      if (!isInForce()) isDue = true;
      await bell.wait({ signal, clock, until: clock.now() + waitMs });
    }
    follower.close();
  }

  private async serve(): Promise<void> {
    const { host, frontends, log } = this.options;
    const before = this.problems().join('; ');
    this.found = await host.serve(servicePlan([...frontends.rows()], host.addresses()));
    const now = this.problems().join('; ');
    if (now !== before && now !== '') log.warn('services are not reached from everywhere', { error: now });
  }
}

/** `own`: addresses of the node; what comes for them is its own, but for node ports. */
export function servicePlan(frontends: readonly FrontendRow[], own: readonly string[]): ServicePlan {
  const [dummies, nodes] = [new Set<string>(Object.values(nodePortAddress)), new Set(own)];
  const addresses = new Set<string>();
  const ports = { 4: new Map<string, readonly [number, number]>(), 6: new Map<string, readonly [number, number]>() };
  for (const { address, protocol, port } of frontends) {
    if (dummies.has(address)) {
      if (port !== 0) ports[address.includes(':') ? 6 : 4].set(`${protocol} ${port}`, [protocol, port]);
    } else if (!nodes.has(address)) addresses.add(address);
  }
  const sorted = (family: 4 | 6) => [...ports[family].values()].sort(([a, b], [c, d]) => a - c || b - d);
  return { addresses: [...addresses], nodePorts: { 4: sorted(4), 6: sorted(6) } };
}
