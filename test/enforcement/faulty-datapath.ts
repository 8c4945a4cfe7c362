// A datapath whose maps refuse writes when told to.

import type { Datapath, DatapathMap } from '../../orchestrator/datapath/datapath.ts';
import type { MapSpec } from '../../orchestrator/datapath/layout.ts';
import { type RangeMap, rangeMap } from '../../orchestrator/datapath/ranges.ts';
import { AgentError } from '../../orchestrator/errors.ts';

export class FaultyDatapath implements Pick<Datapath, 'map'> {
  isFailing = false;
  /** Called with the name of a map that is about to be written. */
  onWrite: (map: string) => void = () => {};
  readonly #datapath: Pick<Datapath, 'map'>;

  constructor(datapath: Pick<Datapath, 'map'>) {
    this.#datapath = datapath;
  }

  map<K, V>(spec: MapSpec<K, V>): DatapathMap<K, V> & Pick<RangeMap<V>, 'updateRange'> {
    const map = this.#datapath.map(spec);
    const check = (): void => {
      this.onWrite(spec.name);
      if (this.isFailing) throw new AgentError('BPF_CALL_FAILED', `map ${spec.name}: it refuses`);
    };
    return {
      capacity: map.capacity,
      async update(entries) {
        const all = [...entries];
        if (all.length > 0) check();
        await map.update(all);
      },
      async updateRange(from, words) {
        check();
        await rangeMap(map as DatapathMap<never, V>).updateRange(from, words);
      },
      async delete(keys) {
        const all = [...keys];
        if (all.length > 0) check();
        await map.delete(all);
      },
      get: (key) => map.get(key),
      entries: () => map.entries(),
      count: () => map.count(),
    };
  }
}
