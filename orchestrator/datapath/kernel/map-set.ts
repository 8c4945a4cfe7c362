// Map set: the node's maps, pinned. Opening decides for each map whether the pinned one is used as it is or a new one takes its
// place; in the latter case its entries move in two passes, before and after the programs change over.

import { AgentError } from '../../errors.ts';
import type { MapSpec } from '../layout.ts';
import type { Converter } from '../migrate.ts';
import { type Bpf, type MapInfo, mappable, mapType } from './bpf.ts';
import type { Fitting } from './elf.ts';
import { errnoText } from './errno.ts';
import type { Libc } from './libc.ts';
import type { OpenMap } from './map.ts';
import { completeMap, fillMap, type Migration, type Predecessor } from './migration.ts';
import { partSize, possibleCpus } from './per-cpu.ts';
import type { MapPin, Pins } from './pins.ts';

interface Held {
  readonly pin: MapPin;
  readonly descriptor: number;
  readonly info: MapInfo;
}

export interface MapSetOptions {
  readonly specs: readonly MapSpec[];
  readonly converters?: Readonly<Record<string, Converter>> | undefined;
}

export class MapSet implements Disposable {
  private readonly bpf: Bpf;
  private readonly libc: Libc;
  private readonly pins: Pins;
  private readonly options: MapSetOptions;
  private readonly held: Held[];
  private sizes: Readonly<Record<string, number>> = {};

  constructor(bpf: Bpf, libc: Libc, pins: Pins, options: MapSetOptions) {
    this.bpf = bpf;
    this.libc = libc;
    this.pins = pins;
    this.options = options;
    this.held = pins.maps().flatMap((pin) => {
      const descriptor = pins.get(pin.path);
      return descriptor === undefined ? [] : [{ pin, descriptor, info: this.infoOf(descriptor) }];
    });
    try {
      for (const held of this.held) this.checkOurs(held);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Entries of the maps that are pinned, by name. */
  currentSizes(): Record<string, number> {
    return Object.fromEntries(this.held.filter(({ pin }) => !pin.old).map(({ pin, info }) => [pin.name, info.entries]));
  }

  /** Paths of all maps by name, where each is pinned as it shall be and none is on its way to another layout; else undefined. */
  keptPaths(sizes: Readonly<Record<string, number>>): ReadonlyMap<string, string> | undefined {
    this.sizes = sizes;
    if (this.held.some(({ pin }) => pin.old)) return undefined;
    const kept = this.options.specs.map((spec) => [spec.name, this.kept(spec)?.pin.path] as const);
    return kept.every((entry): entry is readonly [string, string] => entry[1] !== undefined) ? new Map(kept) : undefined;
  }

  /** How the loader shall make each map. */
  fit(sizes: Readonly<Record<string, number>>, name: string): Fitting | undefined {
    this.sizes = sizes;
    const spec = this.options.specs.find((known) => known.name === name);
    if (spec === undefined) return undefined;
    const kept = this.kept(spec);
    return kept === undefined ? { entries: sizes[name] ?? 1 } : { descriptor: kept.descriptor };
  }

  /** First pass: fills what is new, sets its predecessor aside, and pins it. From here on the new maps are the node's. */
  adopt(loaded: ReadonlyMap<string, number>): Migration[] {
    const migrations: Migration[] = [];
    for (const spec of this.options.specs) {
      const descriptor = loaded.get(spec.name);
      if (descriptor === undefined || this.kept(spec) !== undefined) continue;
      const old = this.predecessor(spec);
      if (old !== undefined) {
        migrations.push(fillMap(spec, this.asPredecessor(old), this.openMap(spec, descriptor), this.options.converters?.[spec.name]));
        this.pins.setAside(old.pin);
      }
      this.pins.put(this.pins.mapPath(spec.name, spec.layoutHash), descriptor);
    }
    return migrations;
  }

  /** Second pass, when the programs use the new maps: late entries, then the end of the predecessors. */
  complete(loaded: ReadonlyMap<string, number>): Migration[] {
    const migrations: Migration[] = [];
    for (const pin of this.pins.maps().filter(({ old }) => old)) {
      const spec = this.options.specs.find(({ name }) => name === pin.name);
      const fresh = spec && loaded.get(spec.name);
      const descriptor = this.pins.get(pin.path);
      if (spec !== undefined && fresh !== undefined && descriptor !== undefined) {
        const old = this.asPredecessor({ pin, descriptor, info: this.infoOf(descriptor) });
        migrations.push(completeMap(spec, old, this.openMap(spec, fresh), this.options.converters?.[spec.name]));
      }
      if (descriptor !== undefined) this.libc.close(descriptor);
      this.pins.remove(pin.path);
    }
    return migrations;
  }

  openMap(spec: MapSpec, descriptor: number): OpenMap {
    const info = this.infoOf(descriptor);
    const isOther = info.keySize !== spec.key.size || info.valueSize !== spec.value.size;
    if (spec.kind !== 'ring' && isOther) {
      const sizes = `${info.keySize} + ${info.valueSize} bytes, not ${spec.key.size} + ${spec.value.size}`;
      throw new AgentError('OBJECT_REFUSED', `object: map ${spec.name}: entries of ${sizes}: built from other layouts`);
    }
    return this.opened(descriptor, info);
  }

  [Symbol.dispose](): void {
    for (const { descriptor } of this.held) this.libc.close(descriptor);
  }

  private opened(descriptor: number, info: MapInfo): OpenMap {
    const valueSize = info.type === mapType['percpu-array'] ? partSize(info.valueSize) * possibleCpus() : info.valueSize;
    return { bpf: this.bpf, libc: this.libc, descriptor, capacity: info.entries, valueSize, isMappable: (info.flags & mappable) !== 0 };
  }

  /** The pinned map that can be used on: of today's layout and size. */
  private kept(spec: MapSpec): Held | undefined {
    return this.held.find(
      ({ pin, info }) =>
        !pin.old && pin.name === spec.name && pin.layoutHash === spec.layoutHash && info.entries === (this.sizes[spec.name] ?? 1),
    );
  }

  /** The pinned map whose entries the new one takes over; one set aside only when a crash left no other. */
  private predecessor(spec: MapSpec): Held | undefined {
    const candidates = this.held.filter(({ pin }) => pin.name === spec.name);
    return candidates.find(({ pin }) => !pin.old) ?? candidates[0];
  }

  /** What somebody else has pinned in the place of today's would be read by sizes that are not its own. An older layout tells its own (BTF). */
  private checkOurs({ pin, info }: Held): void {
    const spec = this.options.specs.find(({ name, layoutHash }) => name === pin.name && layoutHash === pin.layoutHash);
    if (spec === undefined) return;
    const { key, value, kind } = spec;
    const isOther = kind !== 'ring' && (info.keySize !== key.size || info.valueSize !== value.size);
    if (info.type === mapType[kind] && !isOther) return;
    const found = `type ${info.type}, entries of ${info.keySize} + ${info.valueSize} bytes`;
    const wanted = `type ${mapType[kind]}${kind === 'ring' ? '' : `, entries of ${key.size} + ${value.size} bytes`}`;
    throw new AgentError('MAP_FOREIGN', `map ${spec.name}: ${pin.path}: what is pinned there is not ours: ${found}; not ${wanted}`);
  }

  private asPredecessor(held: Held): Predecessor {
    return { map: this.opened(held.descriptor, held.info), info: held.info, layoutHash: held.pin.layoutHash };
  }

  private infoOf(descriptor: number): MapInfo {
    const info = this.bpf.mapInfo(descriptor);
    if (typeof info === 'number') throw new AgentError('BPF_CALL_FAILED', `map: info: ${errnoText(info)}`);
    return info;
  }
}
