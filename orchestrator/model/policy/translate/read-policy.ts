// Reading: a manifest as a policy, or what is wrong with it. The door of this folder.

import { checkObject } from '../../schema/kinds.ts';
import { lintPolicy } from '../lint/lint.ts';
import type { Problem } from '../problem.ts';
import type { Policy, PolicyKind, PolicyRef, Section } from '../rule.ts';
import { readCiliumPolicy } from './cilium-policy.ts';
import { Field } from './field.ts';
import { Findings } from './findings.ts';
import { readNetworkPolicy } from './network-policy.ts';
import type { ReadOptions, Scope } from './scope.ts';

export interface PolicyReading {
  /** Undefined when a problem is an error. */
  readonly policy?: Policy;
  readonly problems: readonly Problem[];
}

interface Kind {
  readonly apiVersion: string;
  readonly namespaced: boolean;
  readonly read: (root: Field, scope: Scope) => Section[];
}

const kinds: Readonly<Record<PolicyKind, Kind>> = {
  CiliumNetworkPolicy: { apiVersion: 'cilium.io/v2', namespaced: true, read: readCiliumPolicy },
  CiliumClusterwideNetworkPolicy: { apiVersion: 'cilium.io/v2', namespaced: false, read: readCiliumPolicy },
  NetworkPolicy: { apiVersion: 'networking.k8s.io/v1', namespaced: true, read: readNetworkPolicy },
};

const defaults: ReadOptions = { clusterName: 'default', localCluster: true };

/** Whether it is a manifest that `readPolicy` reads. */
export function isPolicy(object: unknown): boolean {
  return kindOf(new Field(object)) !== undefined;
}

/**
 * The policy that an object means: refused when the API server's schema or the agent would refuse it. With `stored` the schema only
 * warns of what has the right type. References to services and CIDR groups are left for binding. Never throws; linear in the object.
 */
export function readPolicy(object: unknown, options: ReadOptions = defaults): PolicyReading {
  const root = new Field(object);
  const kind = kindOf(root);
  const findings = new Findings();
  // Built-in objects are checked by the API server itself, by rules that are not a schema's.
  const stored = options.stored === true || kind === 'NetworkPolicy';
  const checked = checkObject(object, { stored }).filter(({ path }) => !(stored && path.some(isRequires)));
  if (kind === undefined) {
    const message = `not one of ${Object.keys(kinds).join(', ')}`;
    findings.error(root.get('kind'), 'not-a-policy', message);
    return { problems: merge(findings.problems, checked) };
  }
  const ref = readRef(root, kind, findings);
  const policy: Policy = { ref, sections: kinds[kind].read(root, { ...options, ref, findings }) };
  const refused = findings.refused || checked.some(({ severity }) => severity === 'error');
  if (refused) return { problems: merge(findings.problems, checked) };
  const linted = (options.lint ?? !options.stored) ? lintPolicy(object, policy) : [];
  return { policy, problems: merge([...findings.problems, ...linted], checked) };
}

export function readRef(root: Field, kind: PolicyKind, findings: Findings): PolicyRef {
  const metadata = findings.object(root.get('metadata'));
  const name = findings.text(metadata.get('name')) ?? '';
  if (name === '') findings.error(metadata.get('name'), 'no-name', 'a policy must have a name');
  const namespace = findings.text(metadata.get('namespace')) || 'default';
  return { kind, namespace: kinds[kind].namespaced ? namespace : undefined, name };
}

export function kindOf(root: Field): PolicyKind | undefined {
  const kind = root.get('kind').text as PolicyKind | undefined;
  if (kind === undefined || !Object.hasOwn(kinds, kind)) return undefined;
  return root.get('apiVersion').value === kinds[kind].apiVersion ? kind : undefined;
}

/** Once these were selectors, and are read as such; today's schema knows them as empty only. */
function isRequires(step: string | number): boolean {
  return step === 'fromRequires' || step === 'toRequires';
}

/** The reader knows more of a place than the schema: there its word is enough. Errors come first. */
function merge(own: readonly Problem[], checked: readonly Problem[]): Problem[] {
  const places = new Set(own.map(({ path }) => JSON.stringify(path)));
  const all = [...own, ...checked.filter(({ path, severity }) => severity === 'error' || !places.has(JSON.stringify(path)))];
  const errors = all.filter(({ severity }) => severity === 'error');
  const spoken = new Set<string>();
  const firstOfPlace = errors.filter(({ path }) => !spoken.has(JSON.stringify(path)) && spoken.add(JSON.stringify(path)));
  return [...firstOfPlace, ...all.filter(({ severity }) => severity === 'warning')];
}
