// Reading a topology file: YAML or JSON, checked, every problem with its place.

import { readFile } from 'node:fs/promises';
import { AgentError } from '../../errors.ts';
import { locate } from '../../manifests/document.ts';
import { type LocatedProblem, problemText } from '../../manifests/problem-text.ts';
import { readManifests } from '../../manifests/read.ts';
import { validate } from '../../model/schema/validate.ts';
import { type Topology, topologySchema } from './schema.ts';

/** Throws TOPOLOGY_INVALID with a line for each problem. */
export async function readTopologyFile(file: string): Promise<Topology> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new AgentError('INPUT_UNREADABLE', `topology: ${file}: ${(error as Error).message}`, { cause: error });
  }
  return readTopology(text, file);
}

export function readTopology(text: string, file: string): Topology {
  const documents = readManifests(text, { file });
  const problems = documents.flatMap((document) => document.problems).filter(({ severity }) => severity === 'error');
  if (documents.length !== 1) problems.push(refusal(file, `${documents.length} documents: a topology is one`));
  else if (problems.length === 0) problems.push(...locate(validate(documents[0].object, topologySchema), documents[0]));
  if (problems.length > 0) throw new AgentError('TOPOLOGY_INVALID', `topology: ${problems.map(problemText).join('\n  ')}`);
  return documents[0].object as Topology;
}

/** For topologies that no file says. Throws TOPOLOGY_INVALID. */
export function checkTopology(value: unknown): Topology {
  return readTopology(JSON.stringify(value), 'topology');
}

function refusal(file: string, message: string): LocatedProblem {
  return { severity: 'error', class: 'documents', path: [], message, file, line: 1, column: 1 };
}
