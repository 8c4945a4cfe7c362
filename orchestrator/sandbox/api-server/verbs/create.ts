// create, and what it shares with an update that makes its object.
import { randomUUID } from 'node:crypto';
import { type Context, surroundings } from '../context.ts';
import { invalid, invalidObject } from '../field-error.ts';
import type { Call, Reply } from '../http/call.ts';
import { type KubeObject, timestamp } from '../object.ts';
import { alreadyExists, StatusError } from '../status-error.ts';
import { keyOf } from '../storage/keys.ts';
import { encodeObject, Stored } from '../storage/stored.ts';
import { bodyObject, checkNamespace, checkObject, isDryRun, place } from './admit.ts';
import { answer } from './answer.ts';
import { createPart } from './parts.ts';
import { single } from './read.ts';

/** Letters of generated names: no vowels, so no words. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';
const attempts = 8;

export async function create(context: Context, call: Call): Promise<Reply> {
  if (call.name !== undefined) return createPart(context, call);
  const { object, warnings } = await bodyObject(call);
  place(object, call);
  if (call.resource.answer !== undefined) return answer(context, call, object);
  return insert(context, call, object, warnings);
}

/** Writes an object that is not there yet. */
export async function insert(context: Context, call: Call, object: KubeObject, warnings: readonly string[]): Promise<Reply> {
  const { metadata } = object;
  if (metadata.resourceVersion) throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created');
  await checkNamespace(context, call, metadata.name ?? '');
  const generated = !metadata.name && metadata.generateName ? metadata.generateName : undefined;
  for (let attempt = 1; ; attempt += 1) {
    const made = structuredClone(object);
    if (generated !== undefined) made.metadata.name = `${generated.slice(0, 58)}${suffix()}`;
    const stored = await tryInsert(context, call, made);
    if (stored !== undefined) return single(context, call, stored, 201, warnings);
    const clash = alreadyExists(call.resource, made.metadata.name);
    if (generated === undefined || attempt === attempts) throw clash;
  }
}

/** Undefined when the name is taken. */
async function tryInsert(context: Context, call: Call, object: KubeObject): Promise<Stored | undefined> {
  const { storage } = context;
  const { resource } = call;
  for (let attempt = 1; ; attempt += 1) {
    const made = structuredClone(object);
    begin(made, context.now());
    if (resource.countsGenerations) made.metadata.generation = 1;
    resource.prepare?.(made, undefined, surroundings(context));
    checkObject(context, resource, made, undefined);
    if (isDryRun(call.query)) {
      const there = await storage.get(resource, made.metadata.namespace, made.metadata.name);
      if (there !== undefined) return undefined;
      return new Stored(keyOf(storage.root, resource, made.metadata.namespace, made.metadata.name), 0n, encodeObject(made));
    }
    const result = await storage.create(resource, made);
    if ('stored' in result) return result.stored;
    if (result.refused === 'changed') return undefined;
    const asked = resource.claims?.(object).includes(result.claim);
    if (asked || attempt === attempts) throw claimed(call, made, result.claim);
  }
}

/** Metadata that only the server gives. */
function begin({ metadata }: KubeObject, now: number): void {
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.managedFields;
  delete metadata.generation;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(now);
}

/** An address or a port that another service holds. */
export function claimed({ resource }: Call, object: KubeObject, claim: string): StatusError {
  const [kind, value] = claim.split('/');
  const error =
    kind === 'serviceips'
      ? invalid('spec.clusterIPs', [value], `failed to allocate IP ${value}: provided IP is already allocated`)
      : invalid('spec.ports[0].nodePort', Number(value), 'provided port is already allocated');
  return invalidObject(resource, object.metadata.name, [error]);
}

function suffix(): string {
  let text = '';
  for (let index = 0; index < 5; index += 1) text += letters[Math.floor(Math.random() * letters.length)];
  return text;
}
