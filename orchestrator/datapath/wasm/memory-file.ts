// Memory file: the maps of a node as a file that outlives processes, beside it `memory.json`, which says what is in it. It is written
// last: a file without it was not finished by whoever made it.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MapSpec } from '../layout.ts';
import type { Calls } from './calls.ts';
import { type Engine, joinEngine, startEngine } from './engine.ts';
import { makeMemoryFile, mapMemoryFile, pageBytes } from './mapped-memory.ts';

export interface MemoryDescription {
  /** Of the places in memory; the module's own. */
  readonly format: number;
  /** Of all keys and values. */
  readonly layoutHash: string;
  readonly pages: number;
  readonly sizes: Readonly<Record<string, number>>;
  /** Another one for each memory that is made. */
  readonly id: string;
}

export interface MemoryWish {
  /** The module, and which worker the instance made here is. */
  readonly module: WebAssembly.Module;
  readonly worker: number;
  readonly specs: readonly MapSpec[];
  /** Entries by map, given what a memory that is there already has. */
  sizes(current: Readonly<Record<string, number>> | undefined): Readonly<Record<string, number>>;
}

export interface OpenedMemory {
  readonly engine: Engine;
  readonly description: MemoryDescription;
}

export function memoryPath(folder: string): string {
  return join(folder, 'memory');
}

/** Names of maps and places of their fields; two builds with the same one understand each other's entries. */
export function layoutHashOf(specs: readonly MapSpec[]): string {
  const hash = createHash('sha256');
  for (const { number, name, kind, layoutHash } of specs) hash.update(`${number} ${name} ${kind} ${layoutHash}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** The memory that is there, to go on with; or why that cannot be done, in words. Throws MEMORY_UNUSABLE. */
export async function findMemory(calls: Calls, folder: string, wish: MemoryWish): Promise<OpenedMemory | string> {
  const found = readDescription(folder);
  const reason = await whyNot(found, layoutHashOf(wish.specs), wish.sizes(found?.sizes), wish.module);
  if (found === undefined || reason !== undefined) return reason ?? '';
  return { engine: await joinEngine(wish.module, mapMemoryFile(calls, memoryPath(folder), found.pages), wish.worker), description: found };
}

/**
 * Memory without entries, as a new file: whoever still has the old one keeps it. Only one process at a time may do this. Throws
 * MEMORY_UNUSABLE, SIZE_INVALID.
 */
export async function makeMemory(calls: Calls, folder: string, wish: MemoryWish): Promise<OpenedMemory> {
  const sizes = wish.sizes(readDescription(folder)?.sizes);
  rmSync(descriptionPath(folder), { force: true });
  const makePages = (pages: number): WebAssembly.Memory => {
    rmSync(memoryPath(folder), { force: true });
    makeMemoryFile(memoryPath(folder), pages);
    return mapMemoryFile(calls, memoryPath(folder), pages);
  };
  const engine = await startEngine(wish.module, wish.specs, sizes, randomBytes(8).readBigUInt64LE(), makePages);
  engine.exports.attachWorker(wish.worker);
  const description = {
    format: engine.exports.memoryFormat(),
    layoutHash: layoutHashOf(wish.specs),
    pages: engine.bytes.length / pageBytes,
    sizes,
    id: randomBytes(8).toString('hex'),
  };
  writeFileSync(`${descriptionPath(folder)}.new`, JSON.stringify(description), { mode: 0o600 });
  renameSync(`${descriptionPath(folder)}.new`, descriptionPath(folder));
  return { engine, description };
}

/** Undefined where there is none that was finished. */
export function readDescription(folder: string): MemoryDescription | undefined {
  try {
    const read = JSON.parse(readFileSync(descriptionPath(folder), 'utf8'));
    return typeof read?.pages === 'number' && typeof read?.sizes === 'object' && typeof read?.id === 'string' ? read : undefined;
  } catch {
    return undefined;
  }
}

function descriptionPath(folder: string): string {
  return join(folder, 'memory.json');
}

async function whyNot(
  found: MemoryDescription | undefined,
  layoutHash: string,
  sizes: Readonly<Record<string, number>>,
  module: WebAssembly.Module,
): Promise<string | undefined> {
  if (found === undefined) return 'there was none';
  if (found.layoutHash !== layoutHash) return 'entries had another layout';
  const changed = Object.keys(sizes).find((name) => sizes[name] !== found.sizes[name]);
  if (changed !== undefined) return `${changed} had ${found.sizes[changed]} entries and is to have ${sizes[changed]}`;
  if (found.format !== (await formatOf(module))) return 'maps had another format';
  return undefined;
}

/** Asked of an instance with a memory of its own, for it must not be tried on the other one. */
async function formatOf(module: WebAssembly.Module): Promise<number> {
  const pages = 642;
  const scratch = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  return (await joinEngine(module, scratch, 0)).exports.memoryFormat();
}
