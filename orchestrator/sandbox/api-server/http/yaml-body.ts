// Bodies in YAML: one document, with kubectl's values.
import { readManifests } from '../../../manifests/read.ts';
import { badRequest } from '../status-error.ts';

export function parseYaml(body: Buffer, kind: string): unknown {
  const documents = readManifests(body.toString(), { file: 'body' });
  const [document] = documents;
  if (documents.length === 1 && document !== undefined && document.problems.length === 0) return document.object;
  const why = document?.problems[0]?.message ?? 'one document is needed';
  throw badRequest(`the object provided is unrecognized (must be of type ${kind}): yaml: ${why}`);
}
