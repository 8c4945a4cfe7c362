// What a restarted agent finds: interfaces with their devices, interfaces whose devices are gone, files that cannot be believed, and devices
// that no file speaks of.

import type { RoomLog } from '../log.ts';
import type { StoredInterface } from './interface-file.ts';
import { attachmentKey, type PodInterface } from './interfaces.ts';
import type { AddressPool } from './pool.ts';
import type { BrokenFile, Store } from './store.ts';

export interface RestoreOptions {
  readonly store: Store;
  readonly log: RoomLog;
  /** Holds the addresses of all interfaces afterwards. */
  readonly pool: AddressPool;
  readonly devices: readonly { readonly device: string; readonly port: number }[];
}

export interface Restored {
  readonly rows: PodInterface[];
  readonly gone: StoredInterface[];
  /** Their numbers. */
  readonly broken: number[];
  readonly strays: string[];
  readonly problems: string[];
}

export async function restore({ store, log, pool, devices }: RestoreOptions): Promise<Restored> {
  const ports = new Map(devices.map(({ device, port }) => [device, port]));
  const { rows: stored, mended, broken } = await store.load();
  const { kept, clashing } = withoutClashes(stored, pool);
  const setAside = [...broken, ...clashing];
  const known = new Set(kept.map(({ device }) => device));
  const strays = devices.map(({ device }) => device).filter((device) => !known.has(device));
  for (const file of mended) await mend(file, kept, store, log);
  const problems: string[] = [];
  for (const file of setAside) problems.push(await putAside(file, store, log, strays));
  const rows = kept.flatMap((row) => (ports.has(row.device) ? [{ ...row, port: ports.get(row.device) as number }] : []));
  const gone = kept.filter(({ device }) => !ports.has(device));
  for (const { endpoint } of gone) log.info('an interface whose device is gone is dropped', { endpoint });
  return { rows, gone, broken: setAside.map(({ endpoint }) => endpoint), strays, problems };
}

/** Of two files that claim the same, the one with the lower number is believed. */
function withoutClashes(rows: readonly StoredInterface[], pool: AddressPool): { kept: StoredInterface[]; clashing: BrokenFile[] } {
  const kept = new Map<string, StoredInterface>();
  const clashing: BrokenFile[] = [];
  for (const row of rows) {
    const key = attachmentKey(row);
    const refused = kept.has(key) ? ['its container'] : pool.hold(row.addresses, key);
    if (refused.length === 0) kept.set(key, row);
    else clashing.push({ endpoint: row.endpoint, device: row.device, reason: `${refused.join(', ')}: claimed by another file too` });
  }
  return { kept: [...kept.values()], clashing };
}

/** The next time there are two again. */
async function mend({ endpoint, device, reason }: BrokenFile, rows: readonly StoredInterface[], store: Store, log: RoomLog): Promise<void> {
  const error = `${store.pathOf(endpoint)}: ${reason}; device ${device}`;
  log.warn('the file of an interface was spoilt, and is made anew from its copy', { endpoint, error });
  const row = rows.find((row) => row.endpoint === endpoint);
  if (row !== undefined) await store.write(row).catch((error) => log.warn('a file could not be made anew', { endpoint, error }));
}

async function putAside({ endpoint, device, reason }: BrokenFile, store: Store, log: RoomLog, strays: readonly string[]): Promise<string> {
  const cutOff = device ?? `one of ${strays.length > 0 ? strays.join(', ') : 'none that is here'}`;
  const problem = `${store.pathOf(endpoint)}: ${reason}; its pod has no network until it is started anew: device ${cutOff}`;
  log.warn('the file of an interface cannot be believed and was moved aside', { endpoint, error: problem });
  await store.setAside(endpoint).catch((error) => log.warn('a file could not be moved aside', { endpoint, error }));
  return problem;
}
