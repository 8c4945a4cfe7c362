// Pinned object: programs and maps that an earlier life left and that are today's. Then nothing has to be verified anew, which is what takes
// a second of a start. A mark among the pinned programs names the object that they were loaded from; it is there only while all of them are.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hooksOf } from './attach.ts';
import type { LoadedObject } from './elf.ts';
import type { Libc } from './libc.ts';
import type { Pins } from './pins.ts';
import { socketProgramNames } from './sockets.ts';

/** In front of the hash; no program is named like it. */
const markPrefix = '@';

/** Of a file that cannot be read: a mark that nothing has; who loads it says why. */
export function objectMark(path: string): string {
  try {
    return markPrefix + createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return `${markPrefix}unreadable`;
  }
}

/** undefined: something of it is missing or of another object. `mapPaths`: pins of the maps that are used on, by name. */
export function openPinned(
  { pins, libc }: { readonly pins: Pins; readonly libc: Libc },
  mark: string,
  mapPaths: ReadonlyMap<string, string>,
): LoadedObject | undefined {
  const hooks = Object.values(hooksOf).flat();
  if (![mark, ...hooks.map(({ name }) => name), ...socketProgramNames].every((name) => pins.has(pins.programPath(name)))) return undefined;
  const maps = new Map<string, number>();
  const programs = new Map<string, number>();
  const close = (): void => {
    for (const descriptor of [...maps.values(), ...programs.values()]) libc.close(descriptor);
  };
  const paths = pins.programs().filter(({ name }) => !name.startsWith(markPrefix));
  for (const [into, pinned] of [[maps, [...mapPaths].map(([name, path]) => ({ name, path }))] as const, [programs, paths] as const]) {
    for (const { name, path } of pinned) {
      const descriptor = pins.get(path);
      if (descriptor === undefined) {
        close();
        return undefined;
      }
      into.set(name, descriptor);
    }
  }
  return { maps, programs, [Symbol.dispose]: close };
}

/** From here on the pinned programs are of no object, until they are marked. */
export function unmarkPrograms(pins: Pins): void {
  for (const { name, path } of pins.programs()) if (name.startsWith(markPrefix)) pins.remove(path);
}

/** They all are of this one. */
export function markPrograms(pins: Pins, mark: string, { programs }: LoadedObject): void {
  const [first] = programs.values();
  if (first !== undefined) pins.put(pins.programPath(mark), first);
}
