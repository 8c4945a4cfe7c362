// Metadata of objects: names, labels, annotations, finalizers, owners, and what may not change.
import { type FieldError, fieldForbidden, invalid, required, tooLong } from '../field-error.ts';
import { isSame, type KubeObject, type Metadata } from '../object.ts';
import type { Resource } from '../resource.ts';
import { keyProblem, nameProblem, valueProblem } from './names.ts';

/** Bytes of all annotations of an object. */
const mostAnnotations = 256 * 1024;

export function metadataErrors(
  { metadata }: KubeObject,
  old: KubeObject | undefined,
  { nameRule = 'subdomain', namespaced }: Resource,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!metadata.name) errors.push(required('metadata.name', 'name or generateName is required'));
  else if (old === undefined) {
    const problem = nameProblem(metadata.name, nameRule);
    if (problem !== undefined) errors.push(invalid('metadata.name', metadata.name, problem));
  }
  if (namespaced && !metadata.namespace) errors.push(required('metadata.namespace'));
  errors.push(...labelErrors(metadata.labels ?? {}, 'metadata.labels'), ...annotationErrors(metadata), ...ownerErrors(metadata));
  for (const finalizer of metadata.finalizers ?? []) {
    const problem = keyProblem(finalizer);
    if (problem !== undefined) errors.push(invalid('metadata.finalizers', finalizer, problem));
  }
  return old === undefined ? errors : [...errors, ...changeErrors(metadata, old.metadata)];
}

export function labelErrors(labels: Readonly<Record<string, string>>, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    const wrongKey = keyProblem(key);
    if (wrongKey !== undefined) errors.push(invalid(field, key, wrongKey));
    const wrongValue = valueProblem(value);
    if (wrongValue !== undefined) errors.push(invalid(field, value, wrongValue));
  }
  return errors;
}

function annotationErrors({ annotations = {} }: Metadata): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    const problem = keyProblem(key.toLowerCase());
    if (problem !== undefined) errors.push(invalid('metadata.annotations', key, problem));
  }
  if (bytes > mostAnnotations) errors.push(tooLong('metadata.annotations', mostAnnotations));
  return errors;
}

function ownerErrors({ ownerReferences = [] }: Metadata): FieldError[] {
  const errors: FieldError[] = [];
  for (const owner of ownerReferences) {
    const at = 'metadata.ownerReferences';
    if (!owner.apiVersion) errors.push(invalid(`${at}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'));
    if (!owner.kind) errors.push(invalid(`${at}.kind`, owner.kind ?? '', 'must not be empty'));
    if (!owner.name) errors.push(invalid(`${at}.name`, owner.name ?? '', 'must not be empty'));
    if (!owner.uid) errors.push(invalid(`${at}.uid`, owner.uid ?? '', 'must not be empty'));
  }
  const controllers = ownerReferences.filter(({ controller }) => controller === true).map(({ name, kind }) => `${kind}/${name}`);
  if (controllers.length > 1) {
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]} and ${controllers[1]}`;
    errors.push(invalid('metadata.ownerReferences', controllers, detail));
  }
  return errors;
}

function changeErrors(metadata: Metadata, old: Metadata): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (!isSame(metadata[field], old[field])) errors.push(invalid(`metadata.${field}`, metadata[field] ?? null, 'field is immutable'));
  }
  if (old.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter((finalizer) => !(old.finalizers ?? []).includes(finalizer));
    const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
    if (added.length > 0) {
      errors.push(
        fieldForbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
        ),
      );
    }
  }
  return errors;
}
