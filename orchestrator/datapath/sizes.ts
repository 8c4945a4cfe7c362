// Sizes: how many entries each map gets. Fixed ones are the spec's; the others share a part of the machine's memory, in steps so
// coarse that a machine keeps its sizes from one start to the next.

import { AgentError } from '../errors.ts';
import type { MapSpec } from './layout.ts';

/**
 * The part of all memory that maps of flows may take together as they fill, Cilium's default, on which its users' experience rests. Arrays, which
 * take all of theirs at once, and what the agent writes grow with memory as well, and come on top.
 */
export const memoryRatio = 0.0025;

/** The kernel's limit for what the datapath asks of a hash table (2^24), which is also Cilium's. */
const mostEntries = 1 << 24;
/** Of an array: what WebAssembly's maps number. In the kernel that is 256 MiB. */
const mostOfArray = 2 ** 25 - 1;

/** A ring is whole pages, of 64 KiB on some machines. */
const leastRing = 65536;

export interface SizeInputs {
  /** All memory of the machine, in bytes. */
  readonly memory: number;
  readonly ratio?: number;
  /** Entries by map name; they win, whatever the memory. */
  readonly explicit?: Readonly<Record<string, number>>;
  /** Entries that maps have now. One that is within a step of what would be chosen is kept: no entry moves for nothing. */
  readonly current?: Readonly<Record<string, number>>;
}

/** Entries of every map by name. Throws SIZE_INVALID for an explicit size of no map, or that is no count. */
export function mapSizes(specs: readonly MapSpec[], inputs: SizeInputs): Record<string, number> {
  const explicit = inputs.explicit ?? {};
  for (const [name, entries] of Object.entries(explicit)) checkSize(specs, name, entries);
  const share = ((inputs.ratio ?? memoryRatio) * inputs.memory) / standardBytes(specs);
  const sizes: Record<string, number> = {};
  for (const { name, entries } of specs) {
    if (explicit[name] !== undefined) sizes[name] = explicit[name];
    else if (typeof entries === 'number') sizes[name] = entries;
    else {
      const wanted = Math.min(entries.max, Math.max(entries.min, Math.floor(entries.standard * share)));
      const current = inputs.current?.[name];
      sizes[name] = current !== undefined && isWithinStep(current, wanted) ? current : Math.max(entries.min, stepBelow(wanted));
    }
  }
  return sizes;
}

/** The largest of 2^k, 1.25, 1.5 and 1.75 times 2^k that is not above `entries`. */
export function stepBelow(entries: number): number {
  const power = 2 ** Math.floor(Math.log2(entries));
  return Math.floor(power * (1 + Math.floor((entries / power - 1) * 4) / 4));
}

/** Bytes that maps of flows take at their standard sizes: what a machine with `standard bytes / ratio` of memory can give. */
function standardBytes(specs: readonly MapSpec[]): number {
  let bytes = 0;
  for (const { entries, kind, key, value, writer } of specs) {
    if (typeof entries !== 'number' && kind !== 'array' && writer === 'datapath') bytes += entries.standard * (key.size + value.size);
  }
  return Math.max(bytes, 1);
}

/** A step is a quarter of the power of two below, so a size that is right stays right until memory changes by a fifth. */
function isWithinStep(current: number, wanted: number): boolean {
  return current >= wanted / 1.5 && current <= wanted * 1.2;
}

function checkSize(specs: readonly MapSpec[], name: string, entries: number): void {
  const spec = specs.find((known) => known.name === name);
  if (spec === undefined) throw new AgentError('SIZE_INVALID', `map sizes: no such map: "${name}"`);
  const most = spec.kind === 'array' ? mostOfArray : mostEntries;
  if (!Number.isInteger(entries) || entries < 1 || entries > most) {
    throw new AgentError('SIZE_INVALID', `map sizes: ${name}: not a count between 1 and ${most}: ${entries}`);
  }
  if (spec.kind === 'ring' && (entries < leastRing || !Number.isInteger(Math.log2(entries)))) {
    throw new AgentError('SIZE_INVALID', `map sizes: ${name}: bytes of a ring are a power of two from ${leastRing} on: ${entries}`);
  }
}
