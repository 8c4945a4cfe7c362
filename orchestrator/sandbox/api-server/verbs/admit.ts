// Admission: what an object must be before it is written, whoever writes it.
import { type Context, surroundings } from '../context.ts';
import { invalidObject, unsupported } from '../field-error.ts';
import type { Call } from '../http/call.ts';
import { parseJson } from '../http/request-body.ts';
import { parseYaml } from '../http/yaml-body.ts';
import { isRecord, type Json, type KubeObject, textAt } from '../object.ts';
import { apiVersionOf, type Resource } from '../resource.ts';
import { decode } from '../schema/decode.ts';
import { badRequest, forbidden, notFound, unsupportedMediaType } from '../status-error.ts';
import { metadataErrors } from '../validation/metadata.ts';
import { parseProtobuf, protobuf } from '../wire/decode.ts';

const accepted = ['application/json', 'application/yaml', protobuf];

/** The object in the body, of the resource's kind, without what its schema does not know. */
export async function bodyObject(call: Call): Promise<{ object: KubeObject; warnings: string[] }> {
  const { resource } = call;
  const type = call.contentType;
  if (!['', '*/*', ...accepted].includes(type)) throw unsupportedMediaType(accepted);
  const bytes = await call.body();
  const value = parse(bytes, type, resource.kind);
  return objectOf(value, call);
}

function parse(bytes: Buffer, type: string, kind: string): unknown {
  if (type === protobuf) return parseProtobuf(bytes, accepted);
  return type === 'application/yaml' ? parseYaml(bytes, kind) : parseJson(bytes, kind);
}

/** Checks a value that is to be an object of the resource: its kind, its shape, its place. */
export function objectOf(value: unknown, call: Call): { object: KubeObject; warnings: string[] } {
  const { resource } = call;
  if (!isRecord(value)) {
    const found = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    throw badRequest(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    );
  }
  checkKind(value, resource);
  const { object, warnings } = decode(value, resource, validation(call.query.get('fieldValidation')));
  if (!isRecord(object.metadata)) object.metadata = {} as KubeObject['metadata'];
  return { object: object as KubeObject, warnings };
}

type Strictness = 'Ignore' | 'Warn' | 'Strict';

function validation(text: string | null): Strictness {
  if (text === null || text === '') return 'Warn';
  if (text === 'Ignore' || text === 'Warn' || text === 'Strict') return text;
  const errors = [unsupported('fieldValidation', text, ['', 'Ignore', 'Strict', 'Warn'])];
  throw invalidObject({ group: 'meta.k8s.io', plural: '', kind: 'CreateOptions' }, '', errors);
}

function checkKind(value: Json, resource: Resource): void {
  const expected = apiVersionOf(resource);
  const apiVersion = textAt(value, 'apiVersion');
  const kind = textAt(value, 'kind');
  if (resource.custom && (apiVersion === '' || kind === '')) {
    const missing = kind === '' ? 'Kind' : 'APIVersion';
    throw badRequest(`Object '${missing}' is missing in '${JSON.stringify(value).slice(0, 200)}'`);
  }
  if (apiVersion !== '' && apiVersion !== expected) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${expected})`);
  }
  if (kind !== '' && kind !== resource.kind) {
    throw badRequest(
      `${kind} in version ${JSON.stringify(expected)} cannot be handled as a ${resource.kind}: converting to ${resource.kind}: unknown conversion`,
    );
  }
  value.apiVersion = expected;
  value.kind = resource.kind;
}

export function place(object: KubeObject, { resource, namespace }: Call): void {
  const { metadata } = object;
  if (!resource.namespaced) {
    if (metadata.namespace) throw badRequest('namespace may not be set on objects of this kind: they are in no namespace');
    delete metadata.namespace;
    return;
  }
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = namespace;
}

/** Throws the 422 that names everything that is wrong. */
export function checkObject(context: Context, resource: Resource, object: KubeObject, old: KubeObject | undefined): void {
  const errors = [...metadataErrors(object, old, resource), ...(resource.validate?.(object, old, surroundings(context)) ?? [])];
  if (errors.length > 0) throw invalidObject(resource, object.metadata.name ?? '', errors);
}

/** New objects need a namespace that is there and means to stay. */
export async function checkNamespace({ storage, registry }: Context, { resource, namespace }: Call, name: string): Promise<void> {
  if (!resource.namespaced) return;
  const namespaces = registry.own('namespaces');
  const stored = await storage.get(namespaces, undefined, namespace);
  if (stored === undefined) throw notFound(namespaces, namespace);
  if (stored.object.metadata.deletionTimestamp === undefined) return;
  throw forbidden(resource, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' },
  ]);
}

/** Whether the write is only tried. */
export function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  const strange = values.find((value) => value !== 'All');
  if (strange === undefined) return values.length > 0;
  throw invalidObject({ group: 'meta.k8s.io', plural: '', kind: 'CreateOptions' }, '', [unsupported('dryRun', strange, ['All'])]);
}
