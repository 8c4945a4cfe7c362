// Stage: a datapath on which one case plays at a time: its maps are filled from the case's state and emptied after it.

import { ticks } from '../../../orchestrator/datapath/clock.ts';
import type { Datapath, DatapathMap, PacketRunner } from '../../../orchestrator/datapath/datapath.ts';
import {
  affinitySpec,
  conntrackSpec,
  epochsSpec,
  fragmentsSpec,
  grantsSpec,
  maps,
  metricsSpec,
  translationsSpec,
} from '../../../orchestrator/datapath/generated/maps.ts';
import type { MapSpec } from '../../../orchestrator/datapath/layout.ts';
import { addressSlot } from '../../support/address-slot.ts';
import { type Family, hostAddress } from '../../support/world.ts';
import type { ForgetStep, PortName } from './case.ts';
import { type Entry, type Place, type State, stateEntries, stateHints } from './state.ts';

/** One of the two implementations, as cases see it. */
export interface Machine {
  readonly datapath: Datapath & PacketRunner;
  readonly ports: Readonly<Record<PortName, number>>;
  /** Whether a run may be told the time; where not, entries are aged instead. */
  readonly takesTime: boolean;
}

/** Sizes that are enough for every case, so that emptying is quick. */
export const caseSizes = {
  endpoints: 64,
  ipcache: 64,
  nodes: 16,
  policy: 256,
  grants: 64,
  frontends: 64,
  maglev: 1024,
  backends: 64,
  affinity: 256,
  conntrack: 1024,
  translations: 256,
  fragments: 256,
} as const;

type AnyMap = DatapathMap<unknown, unknown>;
/** Maps that the datapath writes, and the fields that are ticks. */
const expiring: readonly [MapSpec<never, never>, readonly string[]][] = [
  [conntrackSpec as unknown as MapSpec<never, never>, ['expires', 'renewed']],
  [affinitySpec as unknown as MapSpec<never, never>, ['expires']],
  [fragmentsSpec as unknown as MapSpec<never, never>, ['expires']],
  [grantsSpec as unknown as MapSpec<never, never>, ['expires0', 'expires1', 'expires2', 'expires3']],
];
const written = [conntrackSpec, translationsSpec, affinitySpec, fragmentsSpec].map(({ name }) => name);

export class Stage {
  readonly machine: Machine;
  readonly family: Family;
  /** Tick at which the case is. */
  now: number;
  private readonly keys = new Map<string, unknown[]>();
  private readonly slots = new Map<number, { epoch: number; hints: number }>();

  constructor(machine: Machine, family: Family) {
    this.machine = machine;
    this.family = family;
    this.now = machine.datapath.now();
  }

  get place(): Place {
    return { family: this.family, now: this.now, ports: this.machine.ports };
  }

  /** Entries first, epochs last, as the orchestrator writes them. */
  async write(state: State): Promise<void> {
    for (const [slot, hints] of stateHints(state, this.family)) {
      const known = this.slots.get(slot) ?? { epoch: 1, hints: 0 };
      await this.writeSlot(slot, { epoch: known.epoch, hints: known.hints | hints });
    }
    for (const [name, key, value] of stateEntries(state, this.place)) {
      await this.map(name).update([[key, value]]);
      this.keys.set(name, [...(this.keys.get(name) ?? []), key]);
    }
    for (const name of state.epochs ?? []) {
      const slot = addressSlot(hostAddress(name, this.family));
      const known = this.slots.get(slot) ?? { epoch: 1, hints: 0 };
      await this.writeSlot(slot, { epoch: known.epoch + 1, hints: known.hints });
    }
  }

  /** Entries of `state` go, but not the config. */
  async remove(state: State): Promise<void> {
    const entries: Entry[] = stateEntries({ ...state, config: { absent: true } }, this.place);
    for (const [name, key] of entries.reverse()) await this.map(name).delete([key]);
  }

  /** On a machine with the real clock everything that expires comes so much nearer to its end. */
  async pass(seconds: number): Promise<void> {
    if (this.machine.takesTime) {
      this.now = (this.now + ticks(seconds)) >>> 0;
      return;
    }
    for (const [spec, fields] of expiring) {
      const map = this.map(spec.name);
      for await (const [key, value] of map.entries())
        await map.update([[key, aged(value as Record<string, unknown>, fields, ticks(seconds))]]);
    }
  }

  async forget(names: ForgetStep['forget']): Promise<void> {
    for (const name of names) await this.empty(name);
  }

  async clear(): Promise<void> {
    for (const [name, keys] of this.keys) await this.map(name).delete(keys);
    await this.map('epochs').delete(this.slots.keys());
    for (const name of written) await this.empty(name);
    this.keys.clear();
    this.slots.clear();
  }

  /** Counters by index. */
  async counters(): Promise<Map<number, { packets: bigint; bytes: bigint }>> {
    const counters = new Map<number, { packets: bigint; bytes: bigint }>();
    for await (const [index, metric] of this.machine.datapath.map(metricsSpec).entries()) counters.set(index, metric);
    return counters;
  }

  map(name: string): AnyMap {
    const spec = maps.find((known) => known.name === name);
    if (spec === undefined) throw new TypeError(`stage: no map of that name: "${name}"`);
    return this.machine.datapath.map(spec as MapSpec<unknown, unknown>);
  }

  private async writeSlot(slot: number, value: { epoch: number; hints: number }): Promise<void> {
    this.slots.set(slot, value);
    await this.machine.datapath.map(epochsSpec).update([[slot, value]]);
  }

  private async empty(name: string): Promise<void> {
    const keys: unknown[] = [];
    for await (const [key] of this.map(name).entries()) keys.push(key);
    await this.map(name).delete(keys);
  }
}

function aged(value: Record<string, unknown>, fields: readonly string[], by: number): Record<string, unknown> {
  const older = { ...value };
  for (const field of fields) if (older[field] !== 0) older[field] = ((older[field] as number) - by) >>> 0;
  return older;
}
