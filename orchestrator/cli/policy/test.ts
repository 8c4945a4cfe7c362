// axoneme policy test: runs case files and users' suites, and tells what was answered otherwise than expected.

import { AgentError } from '../../errors.ts';
import { runCase } from './cases/run.ts';
import { isRecording } from './diff/recorded.ts';
import { type CaseRun, type EngineName, Engines, engineNames } from './engines.ts';
import { readFlags, usageError } from './flags.ts';
import { expandOperands, isLinesName, readLines, showName } from './inputs.ts';
import { humanReporter } from './report/human.ts';
import { jsonReporter } from './report/json.ts';
import { junitReporter } from './report/junit.ts';
import type { Outcome, Reporter } from './report/outcome.ts';
import { tapReporter } from './report/tap.ts';
import { outputFlag, type Subcommand } from './subcommand.ts';
import { runSuite } from './suite/run.ts';
import type { Status, Terminal } from './terminal.ts';

const flags = {
  engine: {
    value: 'ENGINE',
    choices: [...engineNames, 'all'],
    sentence: 'who answers: the rules themselves, or the datapath (default wasm)',
  },
  enforcement: { value: 'MODE', choices: ['default', 'always'], sentence: 'always: pods without a policy are closed too (case files)' },
  output: { ...outputFlag, choices: ['human', 'json', 'tap', 'junit'] },
} as const;

const notes = `
FILES are case files (.jsonl, .jsonl.gz: one JSON object a line), suites (YAML), folders with *.policytest.yaml and case files, or -
for standard input. Status 1 on any mismatch; differences in cases that are marked as disputed are told and do not count.
--engine kernel and all need the right to use BPF: without it, status 2 and nothing is run.
`;

export const test: Subcommand = {
  sentence: 'runs recorded cases and your own suites against the datapath',
  usage: 'policy test [FLAGS] FILES…',
  flags,
  notes,
  run,
};

const wanted = /\.(jsonl|ndjson)(\.gz)?$|\.policytest\.(ya?ml|json)$/;

async function run(args: readonly string[], terminal: Terminal): Promise<Status> {
  const started = performance.now();
  const { values, operands } = readFlags('policy test', flags, args);
  if (operands.length === 0) throw usageError('policy test', 'no files were named');
  const paths = await withoutRecordings(expandOperands(operands, wanted), operands);
  const names: readonly EngineName[] = values.engine === 'all' ? engineNames : [(values.engine as EngineName | undefined) ?? 'wasm'];
  const enforcement = values.enforcement === 'always' ? 'always' : 'default';
  const sums = { cases: 0, probes: 0, mismatches: 0, disputed: 0 };
  await using engines = await Engines.open(names);
  const reporter = openReporter(values.output, terminal);
  const take = (outcome: Outcome) => {
    sums.cases++;
    sums.probes += outcome.probes;
    sums.mismatches += outcome.mismatches.length;
    sums.disputed += outcome.disputed.length;
    reporter.outcome(outcome);
  };
  for (const path of paths) await runFile(path, { engines, enforcement }, take);
  reporter.end({ ...sums, engines: names, milliseconds: performance.now() - started });
  return sums.mismatches === 0 ? 0 : 1;
}

/** A folder may hold the flows that `policy diff` reads, which are no cases; a file that is named is taken at its word. */
async function withoutRecordings(paths: readonly string[], named: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const path of paths) {
    if (named.includes(path) || !isLinesName(path) || !(await isRecording(path))) kept.push(path);
  }
  if (kept.length === 0)
    throw new AgentError('INPUT_UNREADABLE', `${named.join(', ')}: there are recorded flows, but no cases and no suite`);
  return kept;
}

function openReporter(output: string | undefined, { write, paint }: Terminal): Reporter {
  if (output === 'json') return jsonReporter(write);
  if (output === 'tap') return tapReporter(write);
  return output === 'junit' ? junitReporter(write) : humanReporter(write, paint);
}

type Take = (outcome: Outcome) => void;

/** A file that breaks off, or that holds nothing to run, is a mismatch: what was to be shown is not, and the other files go on. */
async function runFile(path: string, run: CaseRun, take: Take): Promise<void> {
  let count = 0;
  const fail = (got: string) => take(brokenFile(showName(path), got));
  try {
    await runLines(path, run, (outcome) => {
      count++;
      take(outcome);
    });
    if (count === 0) fail('nothing to run is in it');
  } catch (error) {
    if (!(error instanceof AgentError) || error.code !== 'INPUT_UNREADABLE') throw error;
    fail(error.message);
  }
}

function brokenFile(file: string, got: string): Outcome {
  const mismatch = { case: file, title: '', file, line: 1, expected: 'cases or a suite', got };
  return { file, line: 1, id: file, title: '', isTest: false, probes: 0, mismatches: [mismatch], disputed: [], milliseconds: 0 };
}

/** Standard input is told by its first line: an object is a case, anything else the beginning of a suite. */
async function runLines(path: string, run: CaseRun, take: Take): Promise<void> {
  let isCases = path === '-' ? undefined : isLinesName(path);
  const texts: string[] = [];
  for await (const { number, text } of readLines(path)) {
    isCases ??= text.trim() === '' ? undefined : text.startsWith('{') && text.trimEnd().endsWith('}');
    if (isCases !== true) texts.push(text);
    else if (text.trim() !== '') take(await runCase(text, { file: showName(path), line: number }, run));
  }
  if (isCases !== true) for await (const outcome of runSuite(texts.join('\n'), path, run)) take(outcome);
}
