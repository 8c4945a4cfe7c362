// Field selectors: `metadata.name=a,spec.nodeName!=b`, of the fields that a kind names.
import type { KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { badRequest } from '../status-error.ts';

export interface FieldSelector {
  readonly matches: (object: KubeObject) => boolean;
  /** The one name that can match, when the selector says so. */
  readonly name: string | undefined;
}

/** Undefined when the query asks for everything. */
export function parseFieldSelector(text: string | null, resource: Resource): FieldSelector | undefined {
  if (text === null || text.trim() === '') return undefined;
  const terms = split(text).map((term) => {
    const match = /^((?:\\.|[^\\=!])*)(==|!=|=)((?:\\.|[^\\])*)$/s.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field, operator, value] = match;
    return { field, equal: operator !== '!=', value: value.replace(/\\(.)/g, '$1'), read: reader(field, resource) };
  });
  return {
    matches: (object) => terms.every(({ read, equal, value }) => (read(object) === value) === equal),
    name: terms.find(({ field, equal }) => field === 'metadata.name' && equal)?.value,
  };
}

/** At commas that are not escaped. */
function split(text: string): string[] {
  return (text.match(/(?:\\.|[^\\,])+/gs) ?? []).map((term) => term.trim());
}

function reader(field: string, resource: Resource): (object: KubeObject) => string {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name;
  if (field === 'metadata.namespace' && resource.namespaced) return ({ metadata }) => metadata.namespace ?? '';
  const known = resource.selectable[field];
  if (known !== undefined && Object.hasOwn(resource.selectable, field)) return known;
  throw badRequest(`field label not supported: ${field}`);
}
