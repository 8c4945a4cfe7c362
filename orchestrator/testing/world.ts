// World: what a simulated cluster was told of itself. Nothing is worked out here; each kind of fact has a number that moves when it changes.

import type { NamedPort, ReservedName } from '../model/identity.ts';
import type { AddressFact, GroupFact, ServiceFact } from '../model/policy/references.ts';
import type { Policy } from '../model/policy/rule.ts';
import type { Place } from './place.ts';

export interface PodFact {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly ports: readonly NamedPort[];
  /** As declared: none, one, or one of each family. */
  readonly places: readonly Place[];
  /** Number of the endpoint; of no other pod of this cluster, ever. */
  readonly endpoint: number;
}

/** Nodes, and addresses of which more is known than that they exist. */
export interface OutsideFact {
  readonly name: string | undefined;
  readonly places: readonly Place[];
  readonly reserved: readonly ReservedName[];
}

export interface Answer {
  /** Key of the pod that asked; undefined: all of them did. */
  readonly pod: string | undefined;
  readonly name: string;
  readonly places: readonly Place[];
  /** Tick of the virtual clock; Infinity: never. */
  readonly expires: number;
}

export class World {
  readonly namespaces = new Map<string, Readonly<Record<string, string>>>();
  readonly pods = new Map<string, PodFact>();
  /** By their names, or the texts of their addresses. */
  readonly outside = new Map<string, OutsideFact>();
  readonly policies = new Map<string, Policy>();
  readonly services = new Map<string, ServiceFact>();
  readonly addresses = new Map<string, AddressFact>();
  readonly groups = new Map<string, GroupFact>();
  readonly answers: Answer[] = [];
  /** Ticks since the world began. */
  now = 0;
  /** Moved by whoever changes facts of that kind. */
  readonly versions = { places: 1, policies: 1, answers: 1 };
  private endpoints = 0;

  nextEndpoint(): number {
    this.endpoints += 1;
    return this.endpoints;
  }

  /** Labels of a namespace, with the one that the API server gives every namespace. */
  namespaceLabels(name: string): Readonly<Record<string, string>> {
    return { ...this.namespaces.get(name), 'kubernetes.io/metadata.name': name };
  }
}
