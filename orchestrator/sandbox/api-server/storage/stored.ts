// Stored objects: JSON that begins with its metadata, so that a revision and a version are put in front without reading the rest.
import type { KvEntry } from '../../../state/kv-store.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf, type Resource } from '../resource.ts';

const opening = '{"metadata":{';

export function encodeObject(object: KubeObject): Buffer {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const { resourceVersion: _revision, managedFields: _managed, selfLink: _link, ...kept } = metadata;
  return Buffer.from(JSON.stringify({ metadata: kept, ...rest }));
}

/** The bytes as they are, not a copy of them. */
export const viewOf = (value: Uint8Array): Buffer => Buffer.from(value.buffer, value.byteOffset, value.byteLength);

const textOf = (value: Uint8Array): string => viewOf(value).toString();

/** An object at one of its revisions. Its text is read only by those who look inside. */
export class Stored {
  readonly key: string;
  readonly revision: bigint;
  readonly value: Uint8Array;
  private parsed: KubeObject | undefined;

  constructor(key: string, revision: bigint, value: Uint8Array) {
    this.key = key;
    this.revision = revision;
    this.value = value;
  }

  static of(entry: KvEntry): Stored {
    return new Stored(entry.key, entry.revision, entry.value);
  }

  /** To be read only: watchers share it. */
  get object(): KubeObject {
    if (this.parsed === undefined) {
      this.parsed = JSON.parse(textOf(this.value)) as KubeObject;
      this.parsed.metadata.resourceVersion = String(this.revision);
    }
    return this.parsed;
  }

  /** A copy to change, with its version and kind. */
  copyFor(resource: Resource): KubeObject {
    const { metadata, ...rest } = JSON.parse(textOf(this.value)) as KubeObject;
    return {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata: { ...metadata, resourceVersion: String(this.revision) },
      ...rest,
    };
  }

  /** JSON of it as a member of a list: only custom objects say their kind there. */
  item(resource: Resource): Buffer {
    return this.text(resource.custom ? resource : undefined);
  }

  /** JSON of it alone. */
  whole(resource: Resource): Buffer {
    return this.text(resource);
  }

  private text(resource: Resource | undefined): Buffer {
    const head =
      resource === undefined ? '' : `"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(apiVersionOf(resource))},`;
    return Buffer.concat([Buffer.from(`{${head}"metadata":{"resourceVersion":"${this.revision}",`), this.value.subarray(opening.length)]);
  }
}
