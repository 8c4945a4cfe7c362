// Node maps: what this room needs of the datapath's maps, and nothing else of it. Who starts the proxy gives it the maps of its machine.

import type { MapChanges } from '../book/map-changes.ts';
import type { AddressKey } from './address-key.ts';

/** Writes of the map `grants`; done on return, for an answer waits for them. */
export interface GrantStore {
  /** Removes, then writes. How many were written: less than all when the map has no room. Throws when the map is of no use. */
  apply(changes: MapChanges): number;
  /** The value of a key, as `MapChanges` spells both; good until the next call. */
  read(key: Uint8Array): Uint8Array | undefined;
  /** Every entry, as `MapChanges` spells them: keys and values one behind the other. */
  entries(): AsyncIterable<Entries>;
}

/** Who an address is, by the map `ipcache`. */
export interface IdentityLookup {
  /** Number of the identity; 2 (world) for an address that no prefix speaks of. */
  find(address: AddressKey): number;
}

/** Some entries of a map: keys and values one behind the other. */
export interface Entries {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

export interface FlowList {
  /**
   * Keys of all flows that the datapath follows: two addresses of 16 bytes first, the pod's among them. Other work goes on between two lots, which
   * are good until the next one.
   */
  keys(): AsyncIterable<{ readonly count: number; readonly size: number; readonly keys: Uint8Array }>;
}

export interface NodeMaps extends AsyncDisposable {
  readonly mode: 'kernel' | 'wasm';
  readonly grants: GrantStore;
  readonly identities: IdentityLookup;
  readonly flows: FlowList;
  /** Resolves when the maps are of no use any more, and this process with them. */
  readonly lost: Promise<string>;
}
