// Applying manifests, as `kubectl apply` does: what is new is made, what is there is changed where the manifest says so, and fields
// that an earlier manifest had and this one has not are taken away.

import { AgentError } from '../../errors.ts';
import type { Document } from '../../manifests/document.ts';
import { problemText } from '../../manifests/problem-text.ts';
import { readManifests } from '../../manifests/read.ts';
import { KubeAnswer, type KubeClient, type KubeObject, unless } from './client.ts';

export interface AppliedObject {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly outcome: 'created' | 'configured' | 'unchanged';
}

/** What kubectl leaves too, so that both may be used in turn. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const firstKinds = ['Namespace', 'CustomResourceDefinition', 'ServiceAccount', 'ConfigMap', 'Secret'];

/** Throws MANIFEST_REFUSED with a line for each problem. */
export function objectsOf(documents: readonly Document[]): KubeObject[] {
  const problems = documents.flatMap((document) => document.problems).filter(({ severity }) => severity === 'error');
  const lines = problems.map(problemText);
  const objects = documents.map(({ object }) => object).filter((object) => object !== undefined && object !== null);
  for (const document of documents) {
    const object = document.object as Partial<KubeObject> | undefined;
    if (object === undefined || object === null || (object.apiVersion && object.kind && object.metadata?.name)) continue;
    lines.push(
      problemText({
        severity: 'error',
        class: 'object',
        path: [],
        message: 'needs apiVersion, kind and metadata.name',
        file: document.file,
        ...document.at([]),
      }),
    );
  }
  if (lines.length > 0) throw new AgentError('MANIFEST_REFUSED', `manifests: ${lines.join('\n  ')}`);
  return objects as KubeObject[];
}

export function readObjects(manifests: string | readonly object[], file = 'manifests'): KubeObject[] {
  return typeof manifests === 'string' ? objectsOf(readManifests(manifests, { file })) : (manifests as KubeObject[]);
}

/** Namespaces and definitions first; the rest several at a time. Throws KubeAnswer for the first that is refused. */
export async function applyObjects(kube: KubeClient, objects: readonly KubeObject[]): Promise<AppliedObject[]> {
  const outcomes = new Map<KubeObject, AppliedObject>();
  for (const group of inOrder(objects)) {
    await Promise.all(group.map(async (object) => outcomes.set(object, await applyObject(kube, object))));
  }
  return objects.map((object) => outcomes.get(object)!);
}

export async function deleteObjects(kube: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  for (const group of inOrder(objects).toReversed()) {
    await Promise.all(group.map(async (object) => kube.delete(await kube.pathOf(object)).catch(unless(404))));
  }
}

function inOrder(objects: readonly KubeObject[]): KubeObject[][] {
  const groups = firstKinds.map((kind) => objects.filter((object) => object.kind === kind));
  const rest = objects.filter(({ kind = '' }) => !firstKinds.includes(kind));
  return [...groups, rest].filter((group) => group.length > 0);
}

async function applyObject(kube: KubeClient, manifest: KubeObject): Promise<AppliedObject> {
  const told = JSON.stringify(manifest);
  const annotations = { ...manifest.metadata.annotations, [lastApplied]: `${told}\n` };
  const object: KubeObject = { ...manifest, metadata: { ...manifest.metadata, annotations } };
  const { kind = '', metadata } = manifest;
  const say = (outcome: AppliedObject['outcome']) => ({ kind, namespace: metadata.namespace, name: metadata.name, outcome });
  const path = await pathWhenServed(kube, manifest);
  const there = await create(kube, path, object);
  if (there === undefined) return say('created');
  const before = there.metadata.annotations?.[lastApplied];
  const patch = { ...withoutGone(before === undefined ? {} : parse(before), object), apiVersion: undefined, kind: undefined };
  const after = await kube.patch(path, patch);
  return say(after.metadata.resourceVersion === there.metadata.resourceVersion ? 'unchanged' : 'configured');
}

/** What is there already, when something is. */
async function create(kube: KubeClient, path: string, object: KubeObject): Promise<KubeObject | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await kube.create(path.slice(0, path.lastIndexOf('/')), object);
      return undefined;
    } catch (error) {
      // Of a service that is there already, its own node port is said to be taken.
      if (!(error instanceof KubeAnswer) || (error.status !== 409 && error.status !== 422)) throw error;
      const there = await kube.find(path);
      if (there !== undefined && there.metadata.deletionTimestamp === undefined) return there;
      if (error.status === 422) throw error;
      // The one before it is still going.
      if (attempt === 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The objects of a definition that was made just now are served in a moment. */
async function pathWhenServed(kube: KubeClient, object: KubeObject): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await kube.pathOf(object);
    } catch (error) {
      if (!(error instanceof KubeAnswer) || attempt === 60) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A merge patch: the new object, and null for what was said before and is said no more. */
function withoutGone(before: unknown, now: unknown): Record<string, unknown> {
  const [old, patch] = [before as Record<string, unknown>, { ...(now as Record<string, unknown>) }];
  for (const [key, value] of Object.entries(old)) {
    if (!(key in patch)) patch[key] = null;
    else if (isMap(value) && isMap(patch[key])) patch[key] = withoutGone(value, patch[key]);
  }
  return patch;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
