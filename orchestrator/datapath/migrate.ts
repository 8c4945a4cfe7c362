// Migration: an entry spelled in another release's layout becomes one of today's, so that an upgrade keeps flows. The old layout is
// known by its fields' names and places only; what has the same name keeps its value, what is new is zero.

import type { Codec } from './layout.ts';

/** A number in a layout; `offset` and `size` in bytes. */
export interface LayoutField {
  /** In camelCase, as in the generated codecs; empty for a layout that is a single number. */
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export interface Layout {
  readonly size: number;
  readonly fields: readonly LayoutField[];
}

export type Fields = { [name: string]: number | bigint };

/** Adjusts an entry whose fields changed their meaning, not only their place. Gets the old fields and the new ones filled by name. */
export type Converter = (old: { key: Fields; value: Fields }, fresh: { key: Fields; value: Fields }) => void;

/** Reads the fields of a layout: bigint for 8 bytes, number for less; other sizes are padding and left out. */
export function readFields(layout: Layout, view: DataView, offset: number): Fields {
  const fields: Fields = {};
  for (const { name, offset: at, size } of layout.fields) {
    if (size === 8) fields[name] = view.getBigUint64(offset + at, true);
    else if (size === 4) fields[name] = view.getUint32(offset + at, true);
    else if (size === 2) fields[name] = view.getUint16(offset + at, true);
    else if (size === 1) fields[name] = view.getUint8(offset + at);
  }
  return fields;
}

/** Today's fields, zero where the old entry has none of that name, cut to what their codec can hold. */
export function fillByName<T>(codec: Codec<T>, old: Fields): Fields {
  const zero = codec.decode(new DataView(new ArrayBuffer(codec.size)), 0);
  if (typeof zero !== 'object' || zero === null) return { '': (old[''] ?? 0) as number };
  const fresh: Fields = {};
  for (const [name, empty] of Object.entries(zero as Fields)) {
    const value = old[name] ?? 0;
    fresh[name] = typeof empty === 'bigint' ? BigInt(value) : Number(value);
  }
  return fresh;
}

/** The other direction of `fillByName`: the codec's value made of those fields. */
export function fieldsValue<T>(fields: Fields): T {
  return ('' in fields ? fields[''] : fields) as T;
}

export interface EntryLayouts<K, V> {
  readonly old: { readonly key: Layout; readonly value: Layout };
  readonly key: Codec<K>;
  readonly value: Codec<V>;
  readonly converter?: Converter | undefined;
}

/** One entry, from the bytes of the old layouts. */
export function convertEntry<K, V>(layouts: EntryLayouts<K, V>, key: DataView, keyAt: number, value: DataView, valueAt: number): [K, V] {
  const old = { key: readFields(layouts.old.key, key, keyAt), value: readFields(layouts.old.value, value, valueAt) };
  const fresh = { key: fillByName(layouts.key, old.key), value: fillByName(layouts.value, old.value) };
  layouts.converter?.(old, fresh);
  return [fieldsValue<K>(fresh.key), fieldsValue<V>(fresh.value)];
}
