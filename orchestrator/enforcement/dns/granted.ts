// Granted: under which names an endpoint may reach an address now, and under which it might for a while.

import { currentTick } from '../../datapath/clock.ts';
import type { Datapath } from '../../datapath/datapath.ts';
import type { Grant } from '../../datapath/generated/layouts.ts';
import { grantsSpec } from '../../datapath/generated/maps.ts';
import { addressWords } from '../../net/words.ts';

/** Local identities, in the order of their places. */
export interface Granted {
  /** New connections may be made under them. */
  readonly live: readonly number[];
  /** Connections that were made before go on. */
  readonly expired: readonly number[];
}

const places = [0, 1, 2, 3] as const;
const nothing: Granted = { live: [], expired: [] };

/** As the map of grants says now: the proxy need not run. Rejects as `get` of the map does. */
export async function grantedTo(datapath: Pick<Datapath, 'map'>, endpoint: number, address: string): Promise<Granted> {
  const entry = await datapath.map(grantsSpec).get({ ...addressWords(address), endpoint });
  if (entry === undefined) return nothing;
  const now = currentTick();
  const identities = (isLive: boolean) =>
    places.flatMap((place) => {
      const [identity, expires] = placeOf(entry, place);
      // Ticks wrap.
      return identity !== 0 && (expires - now) << 0 > 0 === isLive ? [identity] : [];
    });
  return { live: identities(true), expired: identities(false) };
}

function placeOf(entry: Grant, place: (typeof places)[number]): readonly [identity: number, expires: number] {
  return [entry[`identity${place}`], entry[`expires${place}`]];
}
