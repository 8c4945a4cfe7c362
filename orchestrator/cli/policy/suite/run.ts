// Running a suite: every test in an empty cluster of its own, on every engine; each answer held against what the user expects.

import { AgentError } from '../../../errors.ts';
import type { LocatedProblem } from '../../../manifests/problem-text.ts';
import { pathText } from '../../../model/policy/problem.ts';
import type { CaseRun, EngineName } from '../engines.ts';
import { showName } from '../inputs.ts';
import { parseSeconds } from '../peer.ts';
import type { Mismatch, Outcome } from '../report/outcome.ts';
import { countFlows, flowsOf, objection } from './flow-step.ts';
import { type PlacedTest, type ReadSuite, readSuite } from './read.ts';
import type { Step } from './schema.ts';
import { applyManifest, buildWorld, removeObject, SuiteFiles, type World } from './world.ts';

export async function* runSuite(text: string, path: string, run: CaseRun): AsyncGenerator<Outcome> {
  const suite = readSuite(text, showName(path));
  const errors = suite.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) yield unreadable(showName(path), errors);
  const files = new SuiteFiles(path);
  for (const test of suite.tests) {
    const started = performance.now();
    const mismatches: Mismatch[] = [];
    for (const engine of run.engines.names) mismatches.push(...(await runTest(test, suite, files, engine, run)));
    const { line } = test.document.at(test.path);
    yield {
      file: test.document.file,
      line,
      id: test.name,
      title: '',
      isTest: true,
      probes: test.flows.reduce((sum, step) => sum + countFlows(step), 0),
      mismatches,
      disputed: [],
      milliseconds: performance.now() - started,
    };
  }
}

function unreadable(file: string, errors: readonly LocatedProblem[]): Outcome {
  const mismatches = errors.map((problem) => ({ ...refused(problem), case: file }));
  return { file, line: errors[0].line, id: file, title: '', isTest: true, probes: 0, mismatches, disputed: [], milliseconds: 0 };
}

async function runTest(test: PlacedTest, suite: ReadSuite, files: SuiteFiles, engine: EngineName, run: CaseRun): Promise<Mismatch[]> {
  const enforcement = test.enforcement ?? run.enforcement;
  const cluster = await run.engines.take(engine, { enforcement });
  const world = { cluster, files, test };
  const mismatches: Mismatch[] = [];
  const add = (found: readonly Partial<Mismatch>[], step?: number) => {
    const at = test.document.at(step === undefined ? test.path : [...test.path, 'flows', step]);
    const place = { case: test.name, title: '', file: test.document.file, engine, ...at, expected: '', got: '' };
    mismatches.push(...found.map((mismatch) => ({ ...place, ...mismatch })));
  };
  const problems = await attempt(() => buildWorld(world, suite.manifests));
  add(problems);
  for (const [index, step] of test.flows.entries()) add(await attempt(() => take(world, step, index)), index);
  return mismatches;
}

/** What cannot be (a pod that nobody declared, a port that is none) is a mismatch of its step, not the end of the run. */
async function attempt(act: () => Promise<readonly (LocatedProblem | Partial<Mismatch>)[]>): Promise<Partial<Mismatch>[]> {
  try {
    return (await act()).map((found) => ('severity' in found ? refused(found) : found));
  } catch (error) {
    if (!(error instanceof AgentError || error instanceof TypeError)) throw error;
    return [{ expected: 'a step that can be taken', got: error.message }];
  }
}

function refused({ file, line, column, path, message }: LocatedProblem): Omit<Mismatch, 'case'> {
  return {
    title: '',
    file,
    line,
    column,
    expected: 'accept',
    got: 'reject',
    explanation: [pathText(path), message].filter(Boolean).join(': '),
  };
}

async function take(world: World, step: Step, index: number): Promise<(LocatedProblem | Partial<Mismatch>)[]> {
  const { cluster, test } = world;
  if (step.advance !== undefined) cluster.advance(parseSeconds(String(step.advance)));
  else if (step.answer !== undefined) cluster.answer(step.answer);
  else if (step.apply !== undefined) return applyManifest(world, step.apply, [...test.path, 'flows', index, 'apply']);
  else if (step.remove !== undefined) removeObject(cluster, step);
  else {
    return flowsOf(step).flatMap((probe) => {
      const flow = cluster.flow(probe);
      const found = objection(step, flow);
      return found === undefined ? [] : [{ ...found, probe, explanation: flow.explanation }];
    });
  }
  return [];
}
