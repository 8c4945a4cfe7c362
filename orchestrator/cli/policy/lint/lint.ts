// axoneme policy lint: every problem of manifests, with its place; and how many entries of the policy map they make.

import type { LocatedProblem } from '../../../manifests/problem-text.ts';
import { pathText } from '../../../model/policy/problem.ts';
import { readDocuments } from '../documents.ts';
import { readFlags, usageError } from '../flags.ts';
import { outputFlag, type Subcommand } from '../subcommand.ts';
import type { Status, Terminal } from '../terminal.ts';
import { type EntryEstimate, estimateEntries } from './entries.ts';
import { repeatedObjects } from './repeated.ts';

const flags = {
  strict: { sentence: 'warnings are findings too' },
  output: { ...outputFlag, choices: ['human', 'json'] },
} as const;

const notes = `
FILES are manifests in YAML or JSON, folders of them, or - for standard input. Read are CiliumNetworkPolicy,
CiliumClusterwideNetworkPolicy, NetworkPolicy, CiliumCIDRGroup, Pod, Namespace, Service, EndpointSlice and Node; pods are also made
of Deployments and the like. When there are pods, the entries that each endpoint gets in the policy map are estimated.
Status 1 on any error, with --strict on any warning.
`;

export const lint: Subcommand = {
  sentence: 'every problem of policy manifests, with its line, before a cluster sees them',
  usage: 'policy lint [FLAGS] FILES…',
  flags,
  notes,
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<Status> {
  const { values, operands } = readFlags('policy lint', flags, args);
  if (operands.length === 0) throw usageError('policy lint', 'no files were named');
  const documents = await readDocuments(operands);
  const problems = [...documents.flatMap((document) => document.problems), ...repeatedObjects(documents)];
  const sums = {
    files: new Set(documents.map(({ document }) => document.file)).size,
    documents: documents.length,
    policies: documents.filter(({ policy }) => policy !== undefined).length,
    errors: problems.filter(({ severity }) => severity === 'error').length,
    warnings: problems.filter(({ severity }) => severity === 'warning').length,
  };
  const entries = await estimateEntries(documents);
  if (values.output === 'json') {
    const told = problems.map((problem) => ({ ...problem, path: pathText(problem.path) }));
    terminal.write(`${JSON.stringify({ ...sums, problems: told, ...(entries && { entries }) }, undefined, 2)}\n`);
  } else tell(problems, sums, entries, terminal);
  return sums.errors > 0 || (values.strict && sums.warnings > 0) ? 1 : 0;
}

interface Sums {
  readonly files: number;
  readonly documents: number;
  readonly policies: number;
  readonly errors: number;
  readonly warnings: number;
}

function tell(problems: readonly LocatedProblem[], sums: Sums, entries: EntryEstimate | undefined, { write, paint }: Terminal): void {
  for (const { file, line, column, severity, path, message } of problems) {
    const place = pathText(path);
    const word = severity === 'error' ? paint.bad('error') : paint.strong('warning');
    write(`${file}:${line}:${column}: ${word}: ${place === '' ? '' : `${place}: `}${message}\n`);
  }
  if (entries !== undefined) write(describeEntries(entries));
  const read = `${count(sums.files, 'file')}, ${count(sums.documents, 'document')}, ${count(sums.policies, 'accepted policy', 'accepted policies')}`;
  const found = `${count(sums.errors, 'error')}, ${count(sums.warnings, 'warning')}`;
  write(`${read}: ${sums.errors > 0 ? paint.bad(found) : sums.warnings > 0 ? found : paint.good(found)}\n`);
}

function describeEntries({ endpoints, total, capacity, fits, largest }: EntryEstimate): string {
  const [most] = largest;
  const first = `policy map: ${count(total, 'entry', 'entries')} of ${capacity} for ${count(endpoints, 'endpoint')}`;
  const second = most === undefined ? '' : `; most has ${most.pod} with ${most.ingress} of ingress and ${most.egress} of egress`;
  return `${first}${second}${fits ? '' : ': they do not fit, and what does not fit stays closed'}\n`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
