// Layouts: how a key or a value is spelled in bytes, and what a map is. The generator writes one Codec per layout class and one
// MapSpec per map; both machines use the same ones, so that a map's bytes are equal wherever it lives.

/** Fixed-size encoding of T, little-endian, as the layout class of that name in datapath-as/core/layout. */
export interface Codec<T> {
  /** Bytes; `encode` writes all of them, padding as zeros. */
  readonly size: number;
  encode(value: T, view: DataView, offset: number): void;
  decode(view: DataView, offset: number): T;
}

export type MapKind = 'hash' | 'lru' | 'lpm' | 'array' | 'percpu-array' | 'ring';

/** Entries of a map: fixed, or scaled with the machine's memory (`standard` on a machine with the standard budget, see sizes.ts). */
export type MapEntries = number | { readonly standard: number; readonly min: number; readonly max: number };

/**
 * A map as both machines know it. A per-CPU value is spelled by the codec of one CPU's value. Keys of kind `lpm` start with a u32
 * prefix length that counts the bits after it.
 */
export interface MapSpec<K = unknown, V = unknown> {
  readonly number: number;
  readonly name: string;
  readonly kind: MapKind;
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  readonly entries: MapEntries;
  /** Who writes entries: the programs, or the orchestrator only. */
  readonly writer: 'datapath' | 'orchestrator';
  readonly sentence: string;
  /** Hash of the map's kind and of the names, types and places of all fields of key and value. */
  readonly layoutHash: string;
}
