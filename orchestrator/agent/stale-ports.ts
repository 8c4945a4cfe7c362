// Stale ports: pods' ports that the datapath process still has, of interfaces that went while no agent was there to say so.

import { firstPodPort } from '../datapath/wasm/port.ts';
import type { SharedDatapath } from '../datapath/wasm/shared-datapath.ts';
import type { InterfaceTable } from '../endpoints/interfaces.ts';

/** `interfaces` is complete: everything on disk is restored. */
export async function dropStalePorts(datapath: Pick<SharedDatapath, 'status' | 'detach'>, interfaces: InterfaceTable): Promise<number[]> {
  const { ports, missing } = await datapath.status();
  const kept = new Set([...interfaces.rows()].map(({ port }) => port));
  const known = new Set([...ports, ...missing].map(({ number }) => number));
  const stale = [...known].filter((number) => number >= firstPodPort && !kept.has(number));
  for (const number of stale) await datapath.detach(number);
  return stale;
}
