// Documents of the files that a command line names, checked: objects with their places, and every problem with its own.

import { type Document, locate } from '../../manifests/document.ts';
import { readManifestFiles } from '../../manifests/files.ts';
import type { LocatedProblem } from '../../manifests/problem-text.ts';
import { readManifests } from '../../manifests/read.ts';
import type { Policy } from '../../model/policy/rule.ts';
import { isPolicy, readPolicy } from '../../model/policy/translate/read-policy.ts';
import { checkObject } from '../../model/schema/kinds.ts';
import { expandOperands, manifestFile, readWhole } from './inputs.ts';
import { readOptions } from './read-options.ts';
import { podOfWorkload } from './workload.ts';

export interface CheckedDocument {
  readonly document: Document;
  readonly object: ManifestObject | undefined;
  /** Of a policy that is accepted. */
  readonly policy: Policy | undefined;
  readonly problems: readonly LocatedProblem[];
}

export interface ManifestObject {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown; readonly labels?: unknown };
  readonly spec?: unknown;
}

/** Throws INPUT_UNREADABLE for a file that is not there; what is wrong within one is among its documents' problems. */
export async function readDocuments(operands: readonly string[]): Promise<CheckedDocument[]> {
  const documents: CheckedDocument[] = [];
  for (const path of expandOperands(operands, manifestFile)) {
    const read = path === '-' ? readManifests(readWhole(path), { file: 'stdin' }) : await readManifestFiles([path]);
    documents.push(...read.map(checkDocument));
  }
  return documents;
}

export function checkDocument(document: Document): CheckedDocument {
  const { object, problems } = document;
  if (object === undefined) return { document, object: undefined, policy: undefined, problems };
  const isMap = typeof object === 'object' && object !== null && !Array.isArray(object);
  const read = isMap && isPolicy(object) ? readPolicy(object, readOptions) : { problems: checkObject(object).filter(isTold) };
  return {
    document,
    object: isMap ? (object as ManifestObject) : undefined,
    policy: 'policy' in read ? read.policy : undefined,
    problems: [...problems, ...locate(read.problems, document)],
  };
}

/** Files hold much that policy does not look at; a kind is worth a word only when it is nearly one that it does. */
function isTold({ class: name, message }: { readonly class: string; readonly message: string }): boolean {
  return name !== 'unknown-kind' || message.includes('did you mean');
}

/** `namespace/name` of pods, and of workloads, whose pods are named like them. */
export function podNames(documents: readonly CheckedDocument[]): string[] {
  return documents.flatMap(({ object }) => {
    const { name, namespace = 'default' } = object?.metadata ?? {};
    const isPod = object !== undefined && (object.kind === 'Pod' || podOfWorkload(object) !== undefined);
    return isPod && typeof name === 'string' ? [`${namespace}/${name}`] : [];
  });
}
