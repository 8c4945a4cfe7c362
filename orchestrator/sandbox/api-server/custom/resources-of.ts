// The resources that a definition brings about: one for each version that it serves.
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { type Resource, resource, verbs } from '../resource.ts';
import type { Schema } from '../schema/schema.ts';
import { nameColumn } from '../table/table.ts';
import { customColumn, usualColumns } from './columns.ts';
import { applyDefaults } from './defaults.ts';
import { isEstablished } from './prepare.ts';
import { validateAgainst } from './validate.ts';

/** None when its names are another's. */
export function resourcesOf(definition: KubeObject): Resource[] {
  if (!isEstablished(definition)) return [];
  const spec = recordAt(definition, 'spec');
  const names = recordAt(spec, 'names');
  const versions = (listAt(spec, 'versions') as Json[]).filter(({ served }) => served === true);
  return versions.map((version) => {
    const schema = recordAt(version, 'schema', 'openAPIV3Schema') as Schema;
    const columns = listAt(version, 'additionalPrinterColumns') as Json[];
    return resource({
      group: textAt(spec, 'group'),
      version: textAt(version, 'name'),
      kind: textAt(names, 'kind'),
      plural: textAt(names, 'plural'),
      singular: textAt(names, 'singular'),
      shortNames: listAt(names, 'shortNames') as string[],
      categories: listAt(names, 'categories') as string[],
      namespaced: spec.scope === 'Namespaced',
      // Nothing new is made of a kind that is going.
      verbs: definition.metadata.deletionTimestamp === undefined ? verbs : verbs.filter((verb) => verb !== 'create'),
      hasStatus: recordAt(version, 'subresources').status !== undefined,
      unconditionalUpdate: false,
      countsGenerations: true,
      custom: true,
      columns: columns.length === 0 ? usualColumns : [nameColumn, ...columns.map(customColumn)],
      selectable: {},
      schema,
      prepare: (object) => applyDefaults(object, schema),
      validate: (object) => validateAgainst(object, schema),
    });
  });
}
