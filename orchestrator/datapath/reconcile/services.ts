// Service reconciler: writes frontends, slots and backends so that each step is harmless: backends, then slots, then the frontend; removal in
// reverse. It may be called again at any time and goes on from what is written.

import { type Clock, realClock } from '../../state/clock.ts';
import type { Datapath } from '../datapath.ts';
import { HINT_FRONTEND } from '../generated/enums.ts';
import { backendHitsSpec, backendsSpec, frontendsSpec, maglevSpec, sourceRangesSpec } from '../generated/maps.ts';
import { rangeMap } from '../ranges.ts';
import { Epochs } from './epochs.ts';
import { MaglevSlices } from './maglev-slices.ts';
import { PastFlows } from './past-flows.ts';
import { BackendTable } from './service-backends.ts';
import { FrontendTable } from './service-frontends.ts';
import type { ServiceChange, ServiceProblem } from './service-rows.ts';
import { SourceRanges } from './source-ranges.ts';

export interface ServiceWriterOptions {
  /** The one that other writers of this datapath use too. */
  readonly epochs?: Epochs;
  readonly clock?: Clock;
  /** 0 to 1, another on every node: by how much slots are turned that need not be as everywhere. */
  readonly turn?: number;
}

/** Rounds of one write: a second one when what went made room. */
const mostRounds = 2;

export class ServiceWriter {
  readonly #epochs: Epochs;
  readonly #slices: MaglevSlices;
  readonly #ranges: SourceRanges;
  readonly #backends: BackendTable;
  readonly #frontends: FrontendTable;
  readonly #pastFlows: PastFlows;
  readonly #capacities: Readonly<Record<ServiceProblem['map'], number>>;
  /** Addresses whose epochs are to move. */
  readonly #moving = new Set<string>();
  #isPruning = false;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(datapath: Pick<Datapath, 'map' | 'now'>, { epochs, clock, turn }: Required<ServiceWriterOptions>) {
    const [frontends, maglev, backends] = [datapath.map(frontendsSpec), datapath.map(maglevSpec), datapath.map(backendsSpec)];
    this.#epochs = epochs;
    this.#slices = new MaglevSlices(rangeMap(maglev), clock);
    this.#ranges = new SourceRanges(datapath.map(sourceRangesSpec));
    this.#backends = new BackendTable(backends, { hits: datapath.map(backendHitsSpec), clock, now: () => datapath.now() });
    this.#frontends = new FrontendTable(frontends, { slices: this.#slices, ranges: this.#ranges, clock, turn });
    this.#pastFlows = new PastFlows(datapath);
    this.#capacities = {
      frontends: frontends.capacity,
      maglev: maglev.capacity,
      backends: backends.capacity,
      source_ranges: this.#ranges.capacity,
    };
  }

  /** Takes over what the datapath has. It stays in force until `prune`. */
  static async open(datapath: Pick<Datapath, 'map' | 'now'>, options: ServiceWriterOptions = {}): Promise<ServiceWriter> {
    const epochs = options.epochs ?? (await Epochs.open(datapath));
    const writer = new ServiceWriter(datapath, { epochs, clock: options.clock ?? realClock, turn: options.turn ?? 0 });
    await writer.#backends.load();
    await writer.#ranges.load();
    await writer.#frontends.load();
    return writer;
  }

  /** Notes what is wanted; nothing is written yet. A frontend may come before its backends: until then it does without them. */
  stage({ frontends, backends }: ServiceChange): void {
    for (const row of backends?.put ?? []) this.#backends.put(row);
    for (const key of backends?.removed ?? []) this.#backends.remove(key);
    for (const row of frontends?.put ?? []) this.#frontends.put(row);
    for (const key of frontends?.removed ?? []) this.#frontends.remove(key);
  }

  /** Everything that is wanted was staged: with the next write, what the datapath has besides goes. */
  prune(): void {
    this.#isPruning = true;
    this.#frontends.prune();
    this.#backends.prune();
  }

  /**
   * Brings the datapath to what is staged. When it throws, every packet goes where it went before or where it shall go, and the caller tries
   * again. What does not fit is no error but told; it is tried again by every later call. So is the clearing of slots, which rest for a second
   * after their last use.
   */
  write(): Promise<ServiceProblem[]> {
    const result = this.#running.then(() => this.#rounds());
    this.#running = result.catch(() => {});
    return result;
  }

  /** Key of the frontend whose number an event tells. */
  frontendOf(number: number): string | undefined {
    return this.#frontends.keyOf(number);
  }

  /** The number under which a backend is known, while it is wanted. */
  backendNumber(key: string): number | undefined {
    return this.#backends.numberOf(key);
  }

  /** Slots that tables have, and how many there are. */
  get slots(): { readonly used: number; readonly capacity: number } {
    return { used: this.#slices.used, capacity: this.#capacities.maglev };
  }

  async #rounds(): Promise<ServiceProblem[]> {
    for (let round = 1; ; round += 1) {
      const problems = await this.#round();
      if (problems.length === 0 || round === mostRounds) return problems;
    }
  }

  async #round(): Promise<ServiceProblem[]> {
    await this.#slices.sweep();
    const { came, missing } = await this.#backends.write();
    this.#frontends.touch(came);
    await this.#epochs.hint(new Set(this.#frontends.newAddresses()), HINT_FRONTEND);
    const without = await this.#frontends.write((keys, weights) => this.#backends.present(keys, weights), this.#moving);
    await this.#frontends.removeGone(this.#moving);
    await this.#backends.removeGone();
    if (this.#isPruning) {
      await this.#slices.clearStrays();
      await this.#ranges.prune((number) => this.#frontends.isHeld(number));
    }
    this.#isPruning = false;
    await this.#pastFlows.forget(this.#frontends.appeared());
    this.#frontends.settled();
    await this.#epochs.move(this.#moving);
    this.#moving.clear();
    return this.#problems({ ...without, backends: this.#frontends.usersOf(missing) });
  }

  #problems(without: Readonly<Record<ServiceProblem['map'] | 'closed', readonly string[]>>): ServiceProblem[] {
    return (['frontends', 'backends', 'maglev', 'source_ranges'] as const).flatMap((map) => {
      const frontends = without[map];
      const closed = map === 'maglev' && without.closed.length > 0 ? { closed: without.closed } : {};
      return frontends.length === 0 ? [] : [{ map, frontends, capacity: this.#capacities[map], ...closed }];
    });
  }
}
