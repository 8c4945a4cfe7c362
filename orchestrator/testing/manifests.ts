// Manifests: objects of Kubernetes as facts of the world. What is wrong with one is kept with its place, and never hides another.

import type { Document } from '../manifests/document.ts';
import { locate } from '../manifests/document.ts';
import { type LocatedProblem, problemText } from '../manifests/problem-text.ts';
import { acceptPolicy } from '../model/policy/accept.ts';
import { type Problem, pathText } from '../model/policy/problem.ts';
import { readReference } from '../model/policy/references.ts';
import { type PolicyKind, refText } from '../model/policy/rule.ts';
import { isPolicy, readPolicy } from '../model/policy/translate/read-policy.ts';
import { checkObject } from '../model/schema/kinds.ts';
import { readNode, readPod } from './cluster-objects.ts';
import type { World } from './world.ts';

export interface ManifestOptions {
  readonly clusterName: string;
  readonly localCluster: boolean;
  readonly stored: boolean;
}

/** What is wrong with a manifest. `line` is 0 for an object that no text was read for. */
export interface ManifestProblem extends LocatedProblem {
  /** `policies/shop.yaml:12:7: spec.egress[1]: …`, or the object's name in the place of the file. */
  readonly text: string;
}

interface Named {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

const clusterWide = new Set(['Namespace', 'Node', 'CiliumClusterwideNetworkPolicy', 'CiliumCIDRGroup']);
/** EndpointSlice, and its older form. */
const references: Readonly<Record<string, string>> = { Service: '', EndpointSlice: 'slice ', Endpoints: 'endpoints ', CiliumCIDRGroup: '' };

export class Manifests {
  private readonly world: World;
  private readonly options: ManifestOptions;
  private readonly found = new Map<string, readonly ManifestProblem[]>();

  constructor(world: World, options: ManifestOptions) {
    this.world = world;
    this.options = options;
  }

  /** Of all objects as they were applied last. */
  get problems(): ManifestProblem[] {
    return [...this.found.values()].flat();
  }

  /** Takes an object in, if it can be; returns what is wrong with it. */
  apply(document: Document): readonly ManifestProblem[] {
    const { object } = document;
    const named = nameOf(object);
    const key = named === undefined ? `${document.file} ${this.found.size}` : keyOf(named);
    const problems = object === undefined ? [] : isPolicy(object) ? this.applyPolicy(object, named) : this.applyFact(object);
    const located = [...document.problems, ...locate(problems, document)].map((problem) => told(problem, named));
    if (located.length > 0) this.found.set(key, located);
    else this.found.delete(key);
    return located;
  }

  /** False: there was none. */
  remove({ kind, namespace, name }: Named): boolean {
    const { world } = this;
    const scoped = clusterWide.has(kind) ? name : `${namespace ?? 'default'}/${name}`;
    this.found.delete(keyOf({ kind, namespace: clusterWide.has(kind) ? undefined : (namespace ?? 'default'), name }));
    if (kind === 'Pod') return this.moved('places', world.pods.delete(scoped));
    if (kind === 'Namespace') return this.moved('places', world.namespaces.delete(name));
    if (kind === 'Node') return this.moved('places', world.outside.delete(name));
    const prefix = references[kind];
    if (prefix !== undefined) {
      const tables = [world.services, world.addresses, world.groups] as const;
      const table = tables[kind === 'Service' ? 0 : kind === 'CiliumCIDRGroup' ? 2 : 1];
      return this.moved('policies', table?.delete(`${prefix}${scoped}`) ?? false);
    }
    const ref = { kind: kind as PolicyKind, namespace: clusterWide.has(kind) ? undefined : (namespace ?? 'default'), name };
    return this.moved('policies', world.policies.delete(refText(ref)));
  }

  private applyPolicy(object: unknown, named: Named | undefined): readonly Problem[] {
    const reading = readPolicy(object, this.options);
    const key = named === undefined ? undefined : refText({ ...named, kind: named.kind as PolicyKind });
    const previous = key === undefined ? undefined : this.world.policies.get(key);
    const { policy } = acceptPolicy(previous, reading, object);
    if (policy !== undefined && policy !== previous) {
      this.world.policies.set(refText(policy.ref), policy);
      this.world.versions.policies += 1;
    }
    return reading.problems;
  }

  private applyFact(object: unknown): readonly Problem[] {
    const problems = checkObject(object, { stored: this.options.stored });
    if (problems.some(({ severity, class: name }) => severity === 'error' || name === 'unknown-kind')) return problems;
    const { world } = this;
    const { kind, metadata } = object as { kind: string; metadata: { name: string; labels?: Record<string, string> } };
    if (kind === 'Namespace') world.namespaces.set(metadata.name, metadata.labels ?? {});
    else if (kind === 'Pod') return [...problems, ...readPod(world, object as Parameters<typeof readPod>[1])];
    else if (kind === 'Node') readNode(world, object as Parameters<typeof readNode>[1]);
    else this.applyReference(object);
    world.versions.places += 1;
    return problems;
  }

  private applyReference(object: unknown): void {
    const reference = readReference(object);
    if (reference?.table === 'services') this.world.services.set(reference.key, reference.fact);
    if (reference?.table === 'addresses') this.world.addresses.set(reference.key, reference.fact);
    if (reference?.table === 'groups') this.world.groups.set(reference.key, reference.fact);
    if (reference !== undefined) this.world.versions.policies += 1;
  }

  private moved(kind: keyof World['versions'], isMoved: boolean): boolean {
    if (isMoved) this.world.versions[kind] += 1;
    return isMoved;
  }
}

function nameOf(object: unknown): Named | undefined {
  const { kind, metadata } = (object ?? {}) as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } };
  if (typeof kind !== 'string' || typeof metadata?.name !== 'string') return undefined;
  const namespace = typeof metadata.namespace === 'string' && metadata.namespace !== '' ? metadata.namespace : 'default';
  return { kind, namespace: clusterWide.has(kind) ? undefined : namespace, name: metadata.name };
}

function keyOf({ kind, namespace, name }: Named): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function told(problem: LocatedProblem, named: Named | undefined): ManifestProblem {
  if (problem.line > 0) return { ...problem, text: problemText(problem) };
  const where = [named === undefined ? 'object' : keyOf(named), pathText(problem.path)].filter((part) => part !== '');
  return { ...problem, text: `${where.join(': ')}: ${problem.message}` };
}
