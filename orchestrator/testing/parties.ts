// Parties: whom the names in a question mean.

import { AgentError } from '../errors.ts';
import type { Protocol } from './message.ts';
import type { Node } from './node.ts';
import { type Family, isAddress, type Place, parsePlace } from './place.ts';
import type { Pod } from './pods.ts';
import type { World } from './world.ts';

export interface Party {
  /** As explanations say it. */
  readonly name: string;
  /** Undefined: no policy of ours is over it. */
  readonly pod: Pod | undefined;
  /** Declared ones; a pod has more, which nobody declared. */
  readonly places: readonly Place[];
}

/** Addresses of a question, both of one family. */
export interface Ends {
  readonly family: Family;
  readonly source: Place;
  readonly destination: Place;
}

/** Names that are remembered; a user may ask about every address there is. */
const mostRemembered = 4096;

export class Parties {
  private readonly world: World;
  private readonly node: Node;
  private readonly known = new Map<string, Party>();

  constructor(world: World, node: Node) {
    this.world = world;
    this.node = node;
  }

  /** Forgets what names meant. */
  clear(): void {
    this.known.clear();
  }

  /** Throws WORLD_INVALID for a name that nobody has. `where` is the field of the question. */
  find(name: string, where: string): Party {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const party = this.look(name, where);
    if (this.known.size >= mostRemembered) this.known.clear();
    this.known.set(name, party);
    return party;
  }

  /** Addresses to ask with: declared ones where there are, else one that stands for the side in the family that is needed. */
  ends(from: Party, to: Party, protocol: Protocol, wanted: Family | undefined): Ends {
    const family = protocol === 'icmp' ? 4 : protocol === 'icmpv6' ? 6 : (wanted ?? commonFamily(from, to));
    return { family, source: this.placeOf(from, family), destination: this.placeOf(to, family) };
  }

  private placeOf({ pod, places }: Party, family: Family): Place {
    if (pod !== undefined) return pod.places[family];
    return places.find((place) => place.family === family) ?? this.node.twinOf(places[0] as Place);
  }

  private look(name: string, where: string): Party {
    const outside = this.world.outside.get(name);
    if (outside !== undefined) return { name, pod: undefined, places: outside.places };
    const pod = this.node.pods.byKey.get(name.includes('/') ? name : `default/${name}`);
    if (pod !== undefined) return { name: pod.fact.key, pod, places: pod.fact.places };
    if (!isAddress(name)) throw new AgentError('WORLD_INVALID', `flow: ${where}: no pod, node or address of that name: "${name}"`);
    const place = parsePlace(name);
    const owner = this.node.pods.byAddress.get(place.text);
    if (owner !== undefined) return { name: owner.fact.key, pod: owner, places: owner.fact.places };
    return { name: place.text, pod: undefined, places: [place] };
  }
}

/** Pods have both families; of others only what is declared counts. IPv4 first. */
function commonFamily(from: Party, to: Party): Family {
  const declared = ({ places }: Party, family: Family) => places.some((place) => place.family === family);
  const has = (party: Party, family: Family) => party.pod !== undefined || declared(party, family);
  const both = ([4, 6] as const).filter((family) => has(from, family) && has(to, family));
  return both.find((family) => declared(from, family) && declared(to, family)) ?? both[0] ?? 4;
}
