// Config maps and secrets: data for pods; a secret's is in base64.
import { type FieldError, fieldForbidden, invalid, tooLong } from '../field-error.ts';
import { isRecord, isSame, type KubeObject, recordAt, textAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { ageColumn, nameColumn } from '../table/table.ts';

/** Bytes of all values. */
const most = 1024 * 1024;
const keyPattern = /^[-._a-zA-Z0-9]{1,253}$/;
const keySentence =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const dataColumn = {
  name: 'Data',
  type: 'string' as const,
  description: '',
  cell: (object: KubeObject) => Object.keys(recordAt(object, 'data')).length + Object.keys(recordAt(object, 'binaryData')).length,
};

export const configMaps = resource({
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  columns: [nameColumn, dataColumn, ageColumn],
  schema: definition('ConfigMap'),
  validate: (object, old) => [...dataErrors(object), ...immutableErrors(object, old, ['data', 'binaryData'])],
});

export const secrets = resource({
  kind: 'Secret',
  plural: 'secrets',
  columns: [
    nameColumn,
    {
      name: 'Type',
      type: 'string',
      description: 'Used to facilitate programmatic handling of secret data.',
      cell: (object) => textAt(object, 'type'),
    },
    dataColumn,
    ageColumn,
  ],
  selectable: { type: (object) => textAt(object, 'type') },
  schema: definition('Secret'),
  prepare(object) {
    object.type ||= 'Opaque';
    if (!isRecord(object.stringData)) return;
    const data = { ...recordAt(object, 'data') };
    for (const [key, value] of Object.entries(object.stringData)) data[key] = Buffer.from(String(value)).toString('base64');
    object.data = data;
    delete object.stringData;
  },
  validate: (object, old) => [
    ...dataErrors(object),
    ...immutableErrors(object, old, ['data']),
    ...(old !== undefined && object.type !== old.type ? [invalid('type', object.type, 'field is immutable')] : []),
  ],
});

function dataErrors(object: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const field of ['data', 'binaryData']) {
    for (const [key, value] of Object.entries(recordAt(object, field))) {
      if (!keyPattern.test(key)) errors.push(invalid(`${field}[${key}]`, key, keySentence));
      bytes += Buffer.byteLength(String(value));
    }
  }
  if (bytes > most) errors.push(tooLong('data', most));
  return errors;
}

function immutableErrors(object: KubeObject, old: KubeObject | undefined, fields: readonly string[]): FieldError[] {
  if (old?.immutable !== true) return [];
  const changed = fields.filter((field) => !isSame(object[field], old[field]));
  if (object.immutable !== true) changed.unshift('immutable');
  return changed.map((field) => fieldForbidden(field, 'field is immutable when `immutable` is set'));
}
