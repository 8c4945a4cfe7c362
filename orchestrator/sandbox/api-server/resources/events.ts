// Events: what happened to an object, told by whoever saw it. They are kept until they are deleted.
import { type FieldError, invalid } from '../field-error.ts';
import { type KubeObject, textAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { age } from '../table/age.ts';
import { nameColumn } from '../table/table.ts';

const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const events = resource({
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  createOnUpdate: true,
  columns: [
    {
      name: 'Last Seen',
      type: 'string',
      description: 'The time at which the most recent occurrence of this event was recorded.',
      cell: (object, now) => age(textAt(object, 'lastTimestamp') || textAt(object, 'eventTime') || textAt(object, 'firstTimestamp'), now),
    },
    {
      name: 'Type',
      type: 'string',
      description: 'Type of this event (Normal, Warning), new types could be added in the future',
      cell: (object) => textAt(object, 'type'),
    },
    {
      name: 'Reason',
      type: 'string',
      description:
        "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
      cell: (object) => textAt(object, 'reason'),
    },
    {
      name: 'Object',
      type: 'string',
      description: 'The object that this event is about.',
      cell: (object) => `${textAt(object, 'involvedObject', 'kind').toLowerCase()}/${textAt(object, 'involvedObject', 'name')}`,
    },
    { name: 'Subobject', type: 'string', priority: 1, description: '', cell: (object) => textAt(object, 'involvedObject', 'fieldPath') },
    { name: 'Source', type: 'string', priority: 1, description: '', cell: source },
    {
      name: 'Message',
      type: 'string',
      description: 'A human-readable description of the status of this operation.',
      cell: (object) => textAt(object, 'message').trim(),
    },
    {
      name: 'First Seen',
      type: 'string',
      priority: 1,
      description: '',
      cell: (object, now) => age(textAt(object, 'firstTimestamp') || textAt(object, 'eventTime'), now),
    },
    { name: 'Count', type: 'integer', priority: 1, description: '', cell: (object) => object.count ?? 1 },
    { ...nameColumn, priority: 1 },
  ],
  selectable: {
    ...Object.fromEntries(
      involved.map((field) => [`involvedObject.${field}`, (object: KubeObject) => textAt(object, 'involvedObject', field)]),
    ),
    reason: (object) => textAt(object, 'reason'),
    reportingComponent: (object) => textAt(object, 'reportingComponent'),
    source: (object) => textAt(object, 'source', 'component'),
    type: (object) => textAt(object, 'type'),
  },
  schema: definition('Event'),
  validate: eventErrors,
});

function source(object: KubeObject): string {
  const component = textAt(object, 'source', 'component') || textAt(object, 'reportingComponent');
  const host = textAt(object, 'source', 'host');
  return host === '' ? component : `${component}, ${host}`;
}

/** An event about a cluster-wide object lies in the namespace default. */
function eventErrors(object: KubeObject): FieldError[] {
  const about = textAt(object, 'involvedObject', 'namespace');
  const { namespace } = object.metadata;
  if (about === namespace || (about === '' && namespace === 'default')) return [];
  return [invalid('involvedObject.namespace', about, 'does not match event.namespace')];
}
