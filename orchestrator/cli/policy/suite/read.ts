// Reading a suite: one YAML document says what is tested; documents beside it that have an apiVersion are manifests.

import { basename } from 'node:path';
import { type Document, locate } from '../../../manifests/document.ts';
import type { LocatedProblem } from '../../../manifests/problem-text.ts';
import { readManifests } from '../../../manifests/read.ts';
import type { FieldPath } from '../../../model/policy/problem.ts';
import { validate } from '../../../model/schema/validate.ts';
import { type Given, type Step, type Suite, suiteSchema } from './schema.ts';

export interface ReadSuite {
  readonly tests: readonly PlacedTest[];
  /** Manifests in the suite's own file. */
  readonly manifests: readonly Document[];
  readonly problems: readonly LocatedProblem[];
}

/** A test, with the place of everything it says. */
export interface PlacedTest {
  readonly name: string;
  readonly enforcement: Suite['enforcement'];
  /** The suite's own world, then the test's. */
  readonly given: readonly { readonly facts: Given; readonly path: FieldPath }[];
  readonly flows: readonly Step[];
  readonly document: Document;
  /** Of the test in the document, and of its flows. */
  readonly path: FieldPath;
}

export function readSuite(text: string, file: string): ReadSuite {
  const documents = readManifests(text, { file });
  const isManifest = ({ object }: Document) => typeof object === 'object' && object !== null && 'apiVersion' in object;
  const suites = documents.filter((document) => document.object !== undefined && !isManifest(document));
  const problems = documents.flatMap((document) => document.problems);
  const checked = suites.flatMap((document) => {
    const found = locate(validate(document.object, suiteSchema), document).map((problem) => ({ ...problem, severity: 'error' as const }));
    problems.push(...found);
    return found.length > 0 ? [] : [document];
  });
  if (suites.length === 0 && problems.length === 0) {
    const message = 'no suite: a suite has "tests" or "flows"';
    problems.push({ severity: 'error', class: 'no-suite', path: [], message, file, line: 1, column: 1 });
  }
  return { tests: checked.flatMap(testsOf), manifests: documents.filter(isManifest), problems };
}

function testsOf(document: Document): PlacedTest[] {
  const suite = document.object as Suite;
  const own = { facts: suite, path: [] };
  const common = { document, enforcement: suite.enforcement };
  const named = (suite.tests ?? []).map((test, index): PlacedTest => {
    const path = ['tests', index];
    const given = [own, { facts: test, path }];
    return { ...common, name: test.name, enforcement: test.enforcement ?? suite.enforcement, given, flows: test.flows, path };
  });
  if (suite.flows === undefined) return named;
  return [{ ...common, name: suite.name ?? basename(document.file), given: [own], flows: suite.flows, path: [] }, ...named];
}
