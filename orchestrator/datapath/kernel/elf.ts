// Elf: opens the datapath's object, fits its maps (their sizes, or the descriptors of maps that exist already) and has the kernel
// verify and load it.

import { AgentError } from '../../errors.ts';
import { errnoText } from './errno.ts';
import { type Libbpf, openLibbpf, type Pointer } from './libbpf.ts';

/** What becomes of one map of the object: the map that exists, or a new one of that many entries. */
export type Fitting = { readonly descriptor: number } | { readonly entries: number };

/** A loaded object. Descriptors belong to it and are closed with it; what is pinned or attached by then lives on. */
export interface LoadedObject extends Disposable {
  /** Descriptors by name as in the C sources. */
  readonly maps: ReadonlyMap<string, number>;
  readonly programs: ReadonlyMap<string, number>;
}

/** Lines of libbpf's account that go into the error; the last ones tell where the verifier stopped. */
const toldLines = 12;

/**
 * Maps without a fitting are created as the object says; programs that are left out are not shown to the kernel. Throws OBJECT_REFUSED with the
 * verifier's last words.
 */
export async function loadObject(
  path: string,
  fit: (name: string) => Fitting | undefined,
  leftOut: readonly string[] = [],
): Promise<LoadedObject> {
  const libbpf = await openLibbpf();
  const { result: object, words } = libbpf.listen(() => libbpf.openFile(path));
  if (object === null) throw refusal(`object ${path}: not opened`, words);
  try {
    for (const [name, map] of members(libbpf.nextMap, libbpf.mapName, object)) fitMap(libbpf, name, map, fit(name));
    for (const [name, program] of members(libbpf.nextProgram, libbpf.programName, object)) {
      if (leftOut.includes(name)) libbpf.setAutoload(program, false);
    }
    const loaded = libbpf.listen(() => libbpf.load(object));
    if (loaded.result < 0) throw refusal(`object ${path}: ${errnoText(loaded.result)}`, loaded.words);
    return {
      maps: descriptors(members(libbpf.nextMap, libbpf.mapName, object), libbpf.mapDescriptor),
      programs: descriptors(members(libbpf.nextProgram, libbpf.programName, object), libbpf.programDescriptor),
      [Symbol.dispose]: () => libbpf.close(object),
    };
  } catch (error) {
    libbpf.close(object);
    throw error;
  }
}

function fitMap(libbpf: Libbpf, name: string, map: Pointer, fitting: Fitting | undefined): void {
  if (fitting === undefined) return;
  const result = 'descriptor' in fitting ? libbpf.reuseDescriptor(map, fitting.descriptor) : libbpf.setMaxEntries(map, fitting.entries);
  if (result < 0) throw new AgentError('OBJECT_REFUSED', `object: map ${name}: ${errnoText(result)}`);
}

function* members(
  next: (object: Pointer, previous: Pointer) => Pointer,
  nameOf: (member: Pointer) => string,
  object: Pointer,
): Iterable<[string, Pointer]> {
  for (let member = next(object, null); member !== null; member = next(object, member)) yield [nameOf(member), member];
}

function descriptors(found: Iterable<[string, Pointer]>, descriptorOf: (member: Pointer) => number): Map<string, number> {
  const all = Array.from(found, ([name, member]) => [name, descriptorOf(member)] as const);
  return new Map(all.filter(([, descriptor]) => descriptor >= 0));
}

function refusal(what: string, words: string): AgentError {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  return new AgentError('OBJECT_REFUSED', [what, ...lines.slice(-toldLines)].join('\n  '), { cause: words });
}
