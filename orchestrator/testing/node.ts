// Node: one state of everything, worked out of the world when it is needed. All pods of a simulated cluster are local to it: each is
// under its own policy, wherever it would run.

import type { Identity } from '../model/identity.ts';
import { LocalIdentities } from '../model/local-identities.ts';
import type { Enforcement, View } from '../model/policy/evaluate/question.ts';
import { Resolver } from '../model/policy/resolve/resolver.ts';
import { type GrantedName, Grants, grantEntry } from './grants.ts';
import { IdentityBook } from './identity-book.ts';
import type { Machine } from './machine.ts';
import type { Family, Place } from './place.ts';
import { type Pod, Pods } from './pods.ts';
import { Policies } from './policies.ts';
import { SparePlaces } from './spare-places.ts';
import { Surroundings } from './surroundings.ts';
import { type Known, Tables } from './tables.ts';
import type { World } from './world.ts';

export interface NodeOptions {
  readonly machines: readonly Machine[];
  readonly clusterName: string;
  readonly enforcement: Enforcement;
}

/** A place that stands for another one, or for an identity. */
interface Stand {
  readonly place: Place;
  readonly identity: () => number;
  /** The place whose names it has too. */
  readonly of?: Place;
}

export class Node {
  /** For the reference; another object after every change. */
  view: View;
  readonly pods: Pods;
  private readonly world: World;
  private readonly machines: readonly Machine[];
  private readonly resolver: Resolver | undefined;
  private readonly tables: Tables | undefined;
  private readonly policies: Policies;
  private readonly surroundings: Surroundings;
  private readonly grants: Grants;
  private readonly spare = new SparePlaces();
  private readonly stands = new Map<string, Stand>();
  private settled = { places: 0, policies: 0, answers: 0 };
  private settledMode: Enforcement = 'default';
  private mode: Enforcement;
  /** What the machines hold is not what it should be: nothing may be asked any more. */
  private failure: unknown;

  constructor(world: World, { machines, clusterName, enforcement }: NodeOptions) {
    this.world = world;
    this.machines = machines;
    this.mode = enforcement;
    const resolver = machines.length > 0 ? new Resolver() : undefined;
    this.resolver = resolver;
    this.tables = resolver && new Tables(machines, resolver);
    const book = new IdentityBook(resolver);
    const locals = new LocalIdentities();
    this.pods = new Pods(book, resolver, this.spare, clusterName);
    this.policies = new Policies(resolver, clusterName);
    this.surroundings = new Surroundings(locals, book);
    this.grants = new Grants(locals, book);
    this.view = { policies: [], pods: [], enforcement };
  }

  set enforcement(mode: Enforcement) {
    this.mode = mode;
  }

  /** Works out what has changed in the world since the last time, and tells the machines. Throws MAP_FULL when they have no room for it. */
  settle(): void {
    if (this.failure !== undefined) throw this.failure;
    try {
      this.bringUpToDate();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  /** Every machine as empty as it was found. */
  clear(): void {
    for (const machine of this.machines) machine.forgetFlows();
    this.tables?.clear();
  }

  identityOf(place: Place): Identity {
    return this.surroundings.identityOf(place);
  }

  /** Names that the pod was told of an address: those that count, and those that have expired. */
  namesOf(pod: Pod, place: Place): { readonly live: readonly Identity[]; readonly expired: readonly Identity[] } {
    const names = this.grants.forPod(pod.fact.key, place);
    if (names.length === 0) return noNames;
    const identities = (some: readonly GrantedName[]) => some.map(({ identity }) => identity);
    const isLive = ({ expires }: GrantedName) => expires > this.world.now;
    return { live: identities(names.filter(isLive)), expired: identities(names.filter((name) => !isLive(name))) };
  }

  ruleText(number: number): string | undefined {
    return this.resolver?.ruleText(number);
  }

  /** A place in the other family with the identity and the names of this one. */
  twinOf(place: Place): Place {
    const family = place.family === 4 ? 6 : 4;
    return this.stand(`twin ${place.text}`, family, () => this.identityOf(place).number, place);
  }

  /** A place with this identity that no policy is enforced on. */
  shadowOf({ number }: Identity, family: Family): Place {
    return this.stand(`shadow ${number} ${family}`, family, () => number);
  }

  /** Written anew after every tick too: a machine whose clock is not the virtual one has to be told what has expired. */
  tellGrants(): void {
    const { tables, world, grants, stands } = this;
    if (tables === undefined) return;
    const places = [...stands.values()].flatMap(({ place, of }) => (of === undefined ? [] : [{ place, of }]));
    const named = [...grants.places()].map((place) => ({ place, of: place }));
    const pods = [...this.pods.byKey.values()];
    tables.setGrants(function* (machine) {
      const expiry = (at: number): number => machine.expiry(at === Number.POSITIVE_INFINITY ? never : at - world.now);
      for (const { place, of } of [...named, ...places]) {
        for (const { fact } of pods) {
          const names = grants.forPod(fact.key, of);
          if (names.length > 0) yield grantEntry(place, fact.endpoint, names, expiry);
        }
      }
    });
  }

  private bringUpToDate(): void {
    const { versions } = this.world;
    const isModeNew = this.mode !== this.settledMode;
    const arePlacesNew = versions.places !== this.settled.places;
    const arePoliciesNew = versions.policies !== this.settled.policies;
    const areNamesNew = arePoliciesNew || arePlacesNew || versions.answers !== this.settled.answers;
    if (!isModeNew && !areNamesNew) return;
    this.settled = { ...versions };
    this.settledMode = this.mode;
    if (isModeNew) this.resolver?.setEnforcement(this.mode);
    if (arePlacesNew) this.pods.settle(this.world);
    if (arePoliciesNew) this.policies.settle(this.world);
    if (arePlacesNew || arePoliciesNew) this.surroundings.settle(this.world, this.policies.prefixes);
    this.grants.settle(this.world, this.policies.names, this.pods.byKey.values());
    const subjects = [...this.pods.byKey.values()].map(({ subject }) => subject);
    this.view = { policies: [...this.policies.bound.values()], pods: subjects, enforcement: this.mode };
    this.tables?.settle(this.pods.byKey.values(), this.known());
    this.tellGrants();
  }

  private stand(key: string, family: Family, identity: () => number, of?: Place): Place {
    const known = this.stands.get(key);
    if (known !== undefined) return known.place;
    const place = this.spare.next('stand', family, (text) => this.pods.byAddress.has(text) || this.world.outside.has(text));
    this.stands.set(key, { place, identity, ...(of && { of }) });
    this.tables?.putKnown({ text: place.text, identity: identity() });
    if (of !== undefined) this.tellGrants();
    return place;
  }

  private *known(): Iterable<Known> {
    for (const { prefix, identity } of this.surroundings.rows()) yield { text: prefix.text, identity };
    for (const { place, identity } of this.stands.values()) yield { text: place.text, identity: identity() };
  }
}

const noNames = { live: [], expired: [] };
/** Ticks: more than a year, and less than the difference that would wrap. */
const never = 1 << 30;
