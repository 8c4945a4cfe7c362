// Paths of OpenAPI documents: which operations a kind has, and which of the parameters that clients look for.
import type { Json } from '../object.ts';
import type { Resource } from '../resource.ts';
import { kindsOf } from './schemas.ts';

const writing = ['dryRun', 'fieldManager', 'fieldValidation'];
const parameters: Readonly<Record<string, readonly string[]>> = {
  get: [],
  list: [
    'allowWatchBookmarks',
    'continue',
    'fieldSelector',
    'labelSelector',
    'limit',
    'resourceVersion',
    'resourceVersionMatch',
    'timeoutSeconds',
    'watch',
  ],
  create: writing,
  update: writing,
  patch: [...writing, 'force'],
  delete: ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'],
  deletecollection: ['dryRun', 'fieldSelector', 'labelSelector', 'propagationPolicy'],
};
const methods: Readonly<Record<string, string>> = {
  get: 'get',
  list: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
};
const actions: Readonly<Record<string, string>> = { create: 'post', update: 'put' };

export function paths(resources: readonly Resource[], version: 2 | 3): Json {
  const all: Json = {};
  for (const resource of resources) {
    const { group, version: release, plural, namespaced, verbs } = resource;
    const base = `${group === '' ? '/api' : `/apis/${group}`}/${release}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}`;
    const of = (wanted: readonly string[]) => {
      const entries = verbs.filter((verb) => wanted.includes(verb)).map((verb) => [methods[verb], operation(resource, verb, version)]);
      return Object.fromEntries(entries);
    };
    all[base] = of(['list', 'create', 'deletecollection']);
    all[`${base}/{name}`] = of(['get', 'update', 'patch', 'delete']);
    if (resource.hasStatus) all[`${base}/{name}/status`] = of(['get', 'update', 'patch']);
  }
  return all;
}

function operation(resource: Resource, verb: string, version: 2 | 3): Json {
  return {
    operationId: `${verb}${resource.group.replaceAll('.', '')}${resource.version}${resource.kind}`,
    parameters: parameters[verb].map((name) => parameter(name, version)),
    responses: { '200': { description: 'OK' } },
    'x-kubernetes-action': actions[verb] ?? verb,
    'x-kubernetes-group-version-kind': kindsOf(resource)[0],
  };
}

function parameter(name: string, version: 2 | 3): Json {
  const type = /Seconds$|^limit$/.test(name)
    ? 'integer'
    : ['allowWatchBookmarks', 'watch', 'force', 'orphanDependents'].includes(name)
      ? 'boolean'
      : 'string';
  const base = { name, in: 'query', description: '', uniqueItems: true };
  return version === 2 ? { ...base, type } : { name, in: 'query', schema: { type, uniqueItems: true } };
}
