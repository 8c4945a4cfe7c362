// Definitions: the CRDs of the policies that we read, made where they are missing and upgraded where they are ours and older.

import { type CustomResourceDefinition, crds } from '../../model/schema/crds.ts';
import { type Clock, sleep } from '../../state/clock.ts';
import { KubeError } from './failure.ts';
import { pathOf, resources } from './resource.ts';
import type { Transport } from './transport.ts';

/** Grows with every change of `crds()`, which a test sees to: of two agents of different age the younger one's definition stays. */
export const schemaVersion = 1;
export const schemaVersionLabel = 'axoneme.io/schema-version';

/**
 * foreign: somebody else's definition of the same name, which is left as it is: its objects are read all the same. newer: written by a
 * later version of us.
 */
export type DefinitionOutcome = 'created' | 'upgraded' | 'current' | 'newer' | 'foreign';

export interface DefinitionOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For the server to serve what was made. */
  readonly deadlineMs?: number;
}

interface Stored {
  readonly metadata: { readonly labels?: Record<string, string>; readonly resourceVersion: string; readonly [field: string]: unknown };
  readonly status?: { readonly conditions?: readonly { readonly type?: string; readonly status?: string; readonly message?: string }[] };
}

/** Returns when every definition is served; throws KubeError, and may be repeated then. By name, what was done. */
export async function ensureDefinitions(options: DefinitionOptions): Promise<Map<string, DefinitionOutcome>> {
  const outcomes = new Map<string, DefinitionOutcome>();
  for (const definition of crds()) outcomes.set(definition.metadata.name, await ensure(definition, options));
  for (const name of outcomes.keys()) await established(name, options);
  return outcomes;
}

async function ensure(definition: CustomResourceDefinition, options: DefinitionOptions): Promise<DefinitionOutcome> {
  const { transport, signal } = options;
  const { name } = definition.metadata;
  const labels = { [schemaVersionLabel]: String(schemaVersion) };
  for (let attempt = 1; ; attempt += 1) {
    const stored = await find(name, options);
    const outcome = outcomeOf(stored);
    if (outcome !== 'created' && outcome !== 'upgraded') return outcome;
    try {
      if (stored === undefined) {
        const body = { ...definition, metadata: { name, labels } };
        await transport.json({ method: 'POST', path: pathOf(resources.definitions), body, signal });
      } else {
        const metadata = { ...stored.metadata, labels: { ...stored.metadata.labels, ...labels } };
        await transport.json({ method: 'PUT', path: pathOf(resources.definitions, { name }), body: { ...definition, metadata }, signal });
      }
      return outcome;
    } catch (error) {
      // Somebody else was faster: what they made is looked at.
      if (!(error instanceof KubeError) || error.status !== 409 || attempt >= mostAttempts) throw error;
    }
  }
}

const mostAttempts = 5;

function outcomeOf(stored: Stored | undefined): DefinitionOutcome {
  if (stored === undefined) return 'created';
  const label = stored.metadata.labels?.[schemaVersionLabel];
  if (label === undefined) return 'foreign';
  if (Number(label) === schemaVersion) return 'current';
  return Number(label) > schemaVersion ? 'newer' : 'upgraded';
}

async function find(name: string, { transport, signal }: DefinitionOptions): Promise<Stored | undefined> {
  try {
    return (await transport.json({ path: pathOf(resources.definitions, { name }), signal })) as Stored;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  }
}

async function established(name: string, options: DefinitionOptions): Promise<void> {
  const { clock, signal, deadlineMs = 30_000 } = options;
  const end = clock.now() + deadlineMs;
  for (;;) {
    const conditions = (await find(name, options))?.status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return;
    if (clock.now() >= end || signal.aborted) {
      const refused = conditions.find(({ type, status }) => type === 'NamesAccepted' && status === 'False');
      throw new KubeError(
        'KUBE_TIMEOUT',
        `definition ${name}: not served after ${deadlineMs} ms: ${refused?.message ?? 'no reason given'}`,
      );
    }
    await sleep(clock, 250, signal);
  }
}
