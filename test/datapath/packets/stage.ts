// Stage: a datapath on which one case plays at a time: its maps are filled from the case's state and emptied after it.

import { ticks } from '../../../orchestrator/datapath/clock.ts';
import type { Datapath, DatapathMap, PacketRunner } from '../../../orchestrator/datapath/datapath.ts';
import { Reason } from '../../../orchestrator/datapath/generated/enums.ts';
import type { Metric } from '../../../orchestrator/datapath/generated/layouts.ts';
import {
  affinitySpec,
  backendHitsSpec,
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
  source_ranges: 64,
  maglev: 1024,
  backends: 64,
  backend_hits: 64,
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
const written = [conntrackSpec, translationsSpec, affinitySpec, fragmentsSpec, backendHitsSpec].map(({ name }) => name);

const zero: Metric = { packets: 0n, bytes: 0n };
/** Index = reason * 2 + direction. */
const counterIndexes = Object.values(Reason).flatMap((reason) => [reason * 2, reason * 2 + 1]);

export class Stage {
  readonly machine: Machine;
  readonly family: Family;
  /** Tick at which the case is. */
  now: number;
  private readonly counters = new Map<number, Metric>();
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

  /** What the counters of all reasons have grown by since this was last asked, by index. */
  async counted(): Promise<Map<number, Metric>> {
    const grown = new Map<number, Metric>();
    const metrics = this.machine.datapath.map(metricsSpec);
    for (const index of counterIndexes) {
      const { packets, bytes } = (await metrics.get(index)) ?? zero;
      const known = this.counters.get(index) ?? zero;
      if (packets !== known.packets || bytes !== known.bytes)
        grown.set(index, { packets: packets - known.packets, bytes: bytes - known.bytes });
      this.counters.set(index, { packets, bytes });
    }
    return grown;
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
