// Settings: the kernel's network settings under /proc/sys/net, of the namespace that this thread is in.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const folder = '/proc/sys/net';

/** undefined when this kernel has no such setting. */
export function readSetting(name: string): string | undefined {
  const path = `${folder}/${name}`;
  if (!existsSync(path)) return undefined;
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}

/** What stood in the way, as an error's name; undefined when it is written. */
export function writeSetting(name: string, value: string): string | undefined {
  try {
    writeFileSync(`${folder}/${name}`, value);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}

/** Devices that have settings of a family. */
export function settingDevices(family: 'ipv4' | 'ipv6'): string[] {
  const path = `${folder}/${family}/conf`;
  return existsSync(path) ? readdirSync(path).filter((name) => name !== 'all' && name !== 'default') : [];
}
