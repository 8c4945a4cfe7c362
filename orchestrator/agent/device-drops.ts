// Device drops: packets of the host that found no room in a device: the kernel tells nobody else.

import { readFileSync } from 'node:fs';

/** Of this process's namespace. Behind a name and a colon: eight columns of what came, and those of what went, of which one is this. */
const path = '/proc/self/net/dev';
const [sentFrom, dropped] = [8, 3];

/** Since the device was made; 0 where there is none of that name. */
export function deviceDrops(name: string, text = readFileSync(path, 'utf8')): number {
  const line = text.split('\n').find((row) => row.trimStart().startsWith(`${name}:`));
  const columns =
    line
      ?.slice(line.indexOf(':') + 1)
      .trim()
      .split(/\s+/) ?? [];
  return Number(columns[sentFrom + dropped] ?? 0);
}
