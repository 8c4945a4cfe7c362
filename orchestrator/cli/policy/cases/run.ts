// Running a case: on every engine, as one outcome.

import { AgentError } from '../../../errors.ts';
import type { CaseRun, EngineName } from '../engines.ts';
import type { Mismatch, Outcome } from '../report/outcome.ts';
import { type Case, readCase, type VerdictCase } from './case.ts';
import { runPattern } from './pattern.ts';
import { runSanitize } from './sanitize.ts';
import { askProbes, buildWorld } from './verdict.ts';

interface Place {
  readonly file: string;
  readonly line: number;
}

type Difference = Omit<Mismatch, 'case' | 'title' | 'file' | 'line'>;

/** A line that is no case, or whose world cannot be, is a mismatch: nothing of it was shown. */
export async function runCase(text: string, place: Place, run: CaseRun): Promise<Outcome> {
  const started = performance.now();
  let read: Pick<Case, 'id' | 'title' | 'disputed'> = { id: `${place.file}:${place.line}`, title: '' };
  let probes = 0;
  let differences: Difference[];
  try {
    const found = readLine(text);
    read = found;
    probes = found.kind === 'verdict' ? found.probes.length : 1;
    differences = await differencesOf(found, run);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    differences = [{ expected: 'a case', got: error.message }];
  }
  const { id, title, disputed } = read;
  const all = differences.map((difference) => ({ case: id, title, ...place, ...(disputed !== undefined && { disputed }), ...difference }));
  return {
    ...place,
    id,
    title,
    isTest: false,
    probes,
    mismatches: all.filter((mismatch) => mismatch.disputed === undefined),
    disputed: all.filter((mismatch) => mismatch.disputed !== undefined),
    milliseconds: performance.now() - started,
  };
}

function readLine(text: string): Case {
  try {
    return readCase(text);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    throw new AgentError('INPUT_UNREADABLE', error.message, { cause: error });
  }
}

async function differencesOf(found: Case, run: CaseRun): Promise<Difference[]> {
  if (found.kind === 'pattern') return runPattern(found);
  if (found.kind === 'sanitize') return runSanitize(found);
  const all: Difference[] = [];
  for (const engine of run.engines.names) {
    for (const difference of await differencesOn(engine, found, run)) all.push({ engine, ...difference });
  }
  return all;
}

async function differencesOn(engine: EngineName, found: VerdictCase, run: CaseRun): Promise<Difference[]> {
  const { enforcement } = run;
  // What is recorded of mode `always` is of selectors that mean every cluster.
  const cluster = await run.engines.take(engine, { enforcement, stored: true, localCluster: enforcement !== 'always' });
  buildWorld(cluster, found);
  return [...askProbes(cluster, found, enforcement)];
}
