// Namespaces: a finalizer of their own keeps them until their content is gone.
import { recordAt, textAt } from '../object.ts';
import { resource, verbs } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { ageColumn, nameColumn } from '../table/table.ts';

export const namespaces = resource({
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  nameRule: 'label',
  hasStatus: true,
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  returnsDeleted: true,
  verbs: verbs.filter((verb) => verb !== 'deletecollection'),
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'The status of the namespace', cell: (object) => textAt(object, 'status', 'phase') },
    ageColumn,
  ],
  selectable: { 'status.phase': (object) => textAt(object, 'status', 'phase') },
  schema: definition('Namespace'),
  prepare(object, old) {
    const { metadata } = object;
    metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
    if (old !== undefined) return;
    const { finalizers } = recordAt(object, 'spec');
    const others = Array.isArray(finalizers) ? finalizers.filter((name) => name !== 'kubernetes') : [];
    object.spec = { finalizers: [...others, 'kubernetes'] };
    object.status = { phase: 'Active' };
  },
});
