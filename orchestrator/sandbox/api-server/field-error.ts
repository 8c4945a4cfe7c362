// Complaints about fields of an object, collected before any is sent: one answer names all that is wrong.
import { type Cause, type ResourceName, StatusError } from './status-error.ts';

export interface FieldError {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** A value as Go prints it in messages: texts in quotes, the rest as JSON. */
function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
  field,
});

export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shown(value)}: ${detail}`,
  field,
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${shown(value)}`,
  field,
});

export const unsupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${shown(value)}: supported values: ${supported.map((word) => JSON.stringify(word)).join(', ')}`,
  field,
});

export const fieldForbidden = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
  field,
});

export const tooLong = (field: string, most: number): FieldError => ({
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${most} bytes`,
  field,
});

export const wrongType = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueTypeInvalid',
  message: `Invalid value: ${shown(value)}: ${detail}`,
  field,
});

/** An object of a few megabytes may be wrong in a million places. */
const mostErrors = 1000;

/** The 422 that tells all of them. `kind` is the object's, not the resource's plural. */
export function invalidObject(resource: ResourceName & { readonly kind: string }, name: string, all: readonly FieldError[]): StatusError {
  const errors = all.slice(0, mostErrors);
  const lines = errors.map(({ field, message }) => `${field}: ${message}`);
  const subject = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  const causes: Cause[] = errors.map(({ reason, message, field }) => ({ reason, message, field }));
  return new StatusError(422, 'Invalid', `${subject} "${name}" is invalid: ${lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`}`, {
    name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.kind,
    causes,
  });
}
