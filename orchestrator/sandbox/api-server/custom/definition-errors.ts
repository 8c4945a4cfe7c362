// What is wrong with the definition of a custom resource.
import { type FieldError, invalid, required, unsupported } from '../field-error.ts';
import { type Json, type KubeObject, listAt, recordAt, textAt } from '../object.ts';
import { nameProblem } from '../validation/names.ts';

export function definitionErrors(object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const spec = recordAt(object, 'spec');
  const group = textAt(spec, 'group');
  const plural = textAt(spec, 'names', 'plural');
  const errors: FieldError[] = [];
  if (object.metadata.name !== `${plural}.${group}`) {
    errors.push(invalid('metadata.name', object.metadata.name, `must be spec.names.plural+"."+spec.group`));
  }
  if (group === '') errors.push(required('spec.group'));
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  if (!['Cluster', 'Namespaced'].includes(textAt(spec, 'scope'))) {
    errors.push(textAt(spec, 'scope') === '' ? required('spec.scope') : unsupported('spec.scope', spec.scope, ['Cluster', 'Namespaced']));
  }
  for (const field of ['plural', 'singular', 'kind', 'listKind']) {
    const name = textAt(spec, 'names', field);
    const problem = nameProblem(name.toLowerCase(), 'rfc1035');
    if (name === '') errors.push(required(`spec.names.${field}`));
    else if (problem !== undefined) errors.push(invalid(`spec.names.${field}`, name, problem));
  }
  errors.push(...versionErrors(listAt(spec, 'versions') as Json[]));
  if (old === undefined) return errors;
  for (const path of [['group'], ['names', 'plural'], ['scope']]) {
    const [was, is] = [textAt(old, 'spec', ...path), textAt(spec, ...path)];
    if (was !== is) errors.push(invalid(`spec.${path.join('.')}`, is, 'field is immutable'));
  }
  return errors;
}

function versionErrors(versions: readonly Json[]): FieldError[] {
  const errors: FieldError[] = [];
  if (versions.length === 0) errors.push(required('spec.versions'));
  const stored = versions.filter(({ storage }) => storage === true).length;
  if (stored !== 1 && versions.length > 0) {
    errors.push(invalid('spec.versions', `${versions.length} versions`, 'must have exactly one version marked as storage version'));
  }
  for (const [index, version] of versions.entries()) {
    const at = `spec.versions[${index}]`;
    const problem = nameProblem(textAt(version, 'name'), 'rfc1035');
    if (problem !== undefined) errors.push(invalid(`${at}.name`, version.name ?? '', problem));
    const schema = recordAt(version, 'schema', 'openAPIV3Schema');
    if (Object.keys(schema).length === 0) errors.push(required(`${at}.schema.openAPIV3Schema`, 'schemas are required'));
    else errors.push(...structuralErrors(schema, `${at}.schema.openAPIV3Schema`));
  }
  return errors;
}

/** A structural schema says the type of everything that it describes. */
function structuralErrors(schema: Json, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const free = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (!schema.type && !free) errors.push(required(`${at}.type`, 'must not be empty for specified object fields'));
  for (const [name, member] of Object.entries(recordAt(schema, 'properties')))
    errors.push(...structuralErrors(member as Json, `${at}.properties[${name}]`));
  if (Object.keys(recordAt(schema, 'items')).length > 0) errors.push(...structuralErrors(recordAt(schema, 'items'), `${at}.items`));
  else if (schema.type === 'array') errors.push(required(`${at}.items`, 'must be specified'));
  const rest = recordAt(schema, 'additionalProperties');
  if (Object.keys(rest).length > 0) errors.push(...structuralErrors(rest, `${at}.additionalProperties`));
  return errors;
}
