// Kinds: which schema an object is checked against, by its apiVersion and kind.

import type { FieldPath, Problem } from '../policy/problem.ts';
import { ciliumCidrGroup } from './cidr-group.ts';
import { ciliumClusterwideNetworkPolicy, ciliumNetworkPolicy } from './cilium-policy.ts';
import { endpointSlice, endpoints, namespace, node, pod, service } from './cluster-objects.ts';
import { networkPolicy } from './network-policy.ts';
import type { Schema } from './schema.ts';
import { nearest } from './suggestion.ts';
import { show, type ValidateOptions, validate } from './validate.ts';

const schemas: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  CiliumNetworkPolicy: { 'cilium.io/v2': ciliumNetworkPolicy },
  CiliumClusterwideNetworkPolicy: { 'cilium.io/v2': ciliumClusterwideNetworkPolicy },
  CiliumCIDRGroup: { 'cilium.io/v2': ciliumCidrGroup, 'cilium.io/v2alpha1': ciliumCidrGroup },
  NetworkPolicy: { 'networking.k8s.io/v1': networkPolicy },
  Pod: { v1: pod },
  Namespace: { v1: namespace },
  Service: { v1: service },
  EndpointSlice: { 'discovery.k8s.io/v1': endpointSlice },
  Endpoints: { v1: endpoints },
  Node: { v1: node },
};

/** Groups that had these kinds once, or have them in other versions: there the kind means the same, and silence would be dangerous. */
const relatives = new Set(['cilium.io', 'networking.k8s.io', 'extensions', 'discovery.k8s.io', '']);

/** Kinds that are read here, each with the apiVersions that are. */
export const knownKinds: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(schemas).map(([kind, versions]) => [kind, Object.keys(versions)]),
);

/**
 * All problems of an object against the schema of its kind. A kind that nobody here reads is a warning `unknown-kind`; a known kind of
 * a version that is not read is an error `api-version`.
 */
export function checkObject(object: unknown, options: ValidateOptions = {}): Problem[] {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    return [error('type', [], `must be a map with apiVersion and kind, not ${Array.isArray(object) ? 'a list' : show(object)}`)];
  }
  const { apiVersion, kind } = object as Record<string, unknown>;
  if (typeof kind !== 'string' || kind === '')
    return [error('no-kind', kind === undefined ? [] : ['kind'], 'the object does not say its kind')];
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    const known = Object.hasOwn(knownKinds, kind) ? `: ${knownKinds[kind].join(' or ')}` : '';
    const path = apiVersion === undefined ? [] : ['apiVersion'];
    return [error('api-version', path, `the object of kind ${show(kind)} does not say its apiVersion${known}`)];
  }
  if (!Object.hasOwn(schemas, kind)) return [unknownKind(apiVersion, kind)];
  const versions = schemas[kind];
  if (Object.hasOwn(versions, apiVersion)) return validate(object, versions[apiVersion], options);
  if (!relatives.has(apiVersion.includes('/') ? apiVersion.split('/', 1)[0] : '')) return [unknownKind(apiVersion, kind)];
  return [
    error('api-version', ['apiVersion'], `${kind} of ${show(apiVersion)} is not read here: known are ${Object.keys(versions).join(', ')}`),
  ];
}

function unknownKind(apiVersion: string, kind: string): Problem {
  const meant = nearest(kind, Object.keys(schemas));
  const hint = meant === undefined || meant === kind ? '' : `: did you mean ${meant}?`;
  const message = `${show(kind)} of ${show(apiVersion)} is not read here${hint}`;
  return { severity: 'warning', class: 'unknown-kind', path: ['kind'], message };
}

function error(name: string, path: FieldPath, message: string): Problem {
  return { severity: 'error', class: name, path, message };
}
