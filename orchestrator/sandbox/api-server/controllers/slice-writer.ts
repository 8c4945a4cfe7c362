// Writing the slices of one service: as few writes as what is there allows.
import { randomUUID } from 'node:crypto';
import type { Context } from '../context.ts';
import { isSame, type KubeObject, type OwnerReference, timestamp } from '../object.ts';
import type { Stored } from '../storage/stored.ts';
import type { SliceGroup } from './slice-groups.ts';
import { type Content, pack } from './slice-packing.ts';

export const serviceLabel = 'kubernetes.io/service-name';
export const keeperLabel = 'endpointslice.kubernetes.io/managed-by';

export interface SliceOwner {
  readonly namespace: string;
  /** The service's. */
  readonly name: string;
  readonly owner: OwnerReference;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Slices by their names, as this writer knows them: what it wrote it knows before it is told. */
export type Slices = Map<string, Stored>;

/** Throws when somebody else wrote meanwhile; then it has to be done again with what is told of that. */
export async function writeSlices(context: Context, slices: Slices, owner: SliceOwner, groups: readonly SliceGroup[]): Promise<void> {
  const { storage, registry } = context;
  const resource = registry.own('endpointslices');
  const { changed, made, gone, kept } = pack([...slices.values()], groups);
  const relabelled = kept
    .filter(({ object }) => !isSame(object.metadata.labels, owner.labels))
    .map((old) => ({ old, content: contentOf(old) }));
  for (const { old, content } of [...changed, ...relabelled]) {
    const next = old.copyFor(resource);
    Object.assign(next, written(content));
    next.metadata.labels = { ...owner.labels };
    next.metadata.generation = (next.metadata.generation ?? 1) + 1;
    const result = await storage.update(resource, next, old);
    if (!('stored' in result)) throw new Error(`${old.key}: changed meanwhile`);
    slices.set(next.metadata.name, result.stored);
  }
  for (const content of made) {
    const object = begin(owner, content, context.now());
    const result = await storage.create(resource, object);
    if (!('stored' in result)) throw new Error(`${object.metadata.name}: exists`);
    slices.set(object.metadata.name, result.stored);
  }
  for (const old of gone) {
    if ((await storage.delete(resource, old)) === undefined) throw new Error(`${old.key}: changed meanwhile`);
    slices.delete(old.object.metadata.name);
  }
}

const contentOf = ({ object }: Stored): Content => ({
  addressType: String(object.addressType),
  ports: (object.ports ?? []) as Content['ports'],
  endpoints: (object.endpoints ?? []) as Content['endpoints'],
});

/** Of lists without anything in them a real server says null. */
const written = ({ addressType, ports, endpoints }: Content) => ({
  addressType,
  endpoints: endpoints.length === 0 ? null : endpoints,
  ports: ports.length === 0 ? null : ports,
});

function begin({ name, namespace, labels, annotations, owner }: SliceOwner, content: Content, now: number): KubeObject {
  const prefix = `${name}-`;
  return {
    metadata: {
      name: `${prefix}${randomUUID().slice(0, 5)}`,
      generateName: prefix,
      namespace,
      uid: randomUUID(),
      generation: 1,
      creationTimestamp: timestamp(now),
      labels: { ...labels },
      ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations: { ...annotations } }),
      ownerReferences: [owner],
    },
    ...written(content),
  };
}
