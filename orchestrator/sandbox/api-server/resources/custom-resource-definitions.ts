// Definitions of custom resources, as objects. What they bring about is in custom/.

import { definitionErrors } from '../custom/definition-errors.ts';
import { prepareDefinition } from '../custom/prepare.ts';
import { textAt } from '../object.ts';
import { resource } from '../resource.ts';
import { definition } from '../schema/definitions.ts';
import { nameColumn } from '../table/table.ts';

export const customResourceDefinitions = resource({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  hasStatus: true,
  unconditionalUpdate: false,
  countsGenerations: true,
  columns: [
    nameColumn,
    {
      name: 'Created At',
      type: 'date',
      description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
      cell: ({ metadata }) => metadata.creationTimestamp ?? '',
    },
  ],
  selectable: { 'spec.group': (object) => textAt(object, 'spec', 'group') },
  schema: definition('CustomResourceDefinition'),
  prepare: prepareDefinition,
  validate: definitionErrors,
});
