// What the server knows of one kind of objects: everything that differs between kinds is here as data, and the verbs are written once.
import type { Authentication } from './authentication/authentication.ts';
import type { User } from './authentication/user.ts';
import type { FieldError } from './field-error.ts';
import type { Json, KubeObject } from './object.ts';
import type { Schema } from './schema/schema.ts';

/** A column of `kubectl get`; columns of a priority above 0 are shown with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean' | 'number';
  readonly description: string;
  readonly format?: string;
  readonly priority?: number;
  /** `now` is in milliseconds. */
  readonly cell: (object: KubeObject, now: number) => unknown;
}

/** What preparing an object may need to know of the world. */
export interface Surroundings {
  readonly now: number;
  /** Serves the addresses and ports that services claim. */
  readonly serviceNetwork: ServiceNetwork;
  /** Custom kinds that are served now. */
  readonly customResources: () => readonly Resource[];
}

export interface ServiceNetwork {
  /** First and number of addresses of each family that is served, the preferred one first. */
  readonly families: readonly {
    readonly family: 'IPv4' | 'IPv6';
    readonly address: (index: number) => string;
    readonly size: number;
    readonly contains: (address: string) => boolean;
    readonly text: string;
  }[];
  readonly nodePorts: readonly [first: number, last: number];
}

/** What a question about users is answered from. */
export interface Inquiry {
  readonly user: User;
  readonly authentication: Authentication;
}

/** A part of an object with a path of its own. Group and version are those of what is sent, where it is of another kind. */
export interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update')[];
}

export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** Has `/status`, so that writers of one half leave the other as it is. */
  readonly hasStatus: boolean;
  /** Its other parts. */
  readonly subresources: readonly Subresource[];
  /** Prefix of its keys below the server's root; two versions of one kind share it. */
  readonly storageName: string;
  /** An update may leave out the revision that it is based on. */
  readonly unconditionalUpdate: boolean;
  /** PUT of what is not there makes it. */
  readonly createOnUpdate: boolean;
  /** The answer to a delete is the object, not a status. */
  readonly returnsDeleted: boolean;
  /** `metadata.generation` counts changes of what its owner wants. */
  readonly countsGenerations: boolean;
  readonly custom: boolean;
  readonly columns: readonly Column[];
  /** Fields that `fieldSelector` knows besides metadata.name and metadata.namespace. */
  readonly selectable: Readonly<Record<string, (object: KubeObject) => string>>;
  readonly schema: Schema | undefined;
  /** What is there once deleting begins: seconds that the object may still take, 0 for none. Absent where objects just go. */
  readonly gracePeriod?: (object: KubeObject, asked: number | undefined) => number;
  /** Fills what clients leave out, in place. `old` is absent when it is made. */
  readonly prepare?: (object: KubeObject, old: KubeObject | undefined, around: Surroundings) => void;
  readonly validate?: (object: KubeObject, old: KubeObject | undefined, around: Surroundings) => FieldError[];
  /** Nothing of it is kept: what is sent comes back with this status. */
  readonly answer?: (object: KubeObject, inquiry: Inquiry) => Promise<Json>;
  /** What a name may be; a DNS subdomain when absent. */
  readonly nameRule?: 'subdomain' | 'label' | 'rfc1035' | 'path';
  /** Names (below `ranges/`) of which no two objects may hold the same. */
  readonly claims?: (object: KubeObject) => string[];
}

export const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;
export type Verb = (typeof verbs)[number];

/** All parts with paths of their own, the status among them. */
export function partsOf({ subresources, hasStatus, kind }: Resource): readonly Subresource[] {
  return hasStatus ? [...subresources, { name: 'status', kind, verbs: ['get', 'patch', 'update'] }] : subresources;
}

/** A resource of which only what is unusual has to be said. */
export function resource(unusual: Pick<Resource, 'kind' | 'plural'> & Partial<Resource>): Resource {
  const group = unusual.group ?? '';
  return {
    group,
    version: 'v1',
    singular: unusual.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs,
    hasStatus: false,
    subresources: [],
    storageName: group === '' ? unusual.plural : `${group}/${unusual.plural}`,
    unconditionalUpdate: true,
    createOnUpdate: false,
    returnsDeleted: false,
    countsGenerations: false,
    custom: false,
    columns: [],
    selectable: {},
    schema: undefined,
    ...unusual,
  };
}

export const apiVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>) => (group === '' ? version : `${group}/${version}`);
