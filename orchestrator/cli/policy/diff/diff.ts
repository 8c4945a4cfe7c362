// axoneme policy diff: which flows a change of policies opens or closes, of those that were recorded and of all that are possible.

import type { Policy } from '../../../model/policy/rule.ts';
import { openCluster } from '../../../testing/cluster.ts';
import { type CheckedDocument, podNames, readDocuments } from '../documents.ts';
import { type EngineName, engineNames } from '../engines.ts';
import { readFlags, usageError } from '../flags.ts';
import { showName } from '../inputs.ts';
import { outputFlag, type Subcommand } from '../subcommand.ts';
import type { Status, Terminal } from '../terminal.ts';
import { type FlowChanges, flowChanges } from './flow-changes.ts';
import { groupPairs } from './grouping.ts';
import { concernOf, pairChanges, type Side } from './pairs.ts';
import { type Recording, readRecording } from './recorded.ts';
import { type DiffInputs, documentsOf, fill, policyChanges } from './side.ts';
import { type DiffResult, describeDiff } from './text.ts';

const flags = {
  flows: { value: 'FILE', sentence: 'recorded flows: JSON lines of ours, or of hubble observe -o json' },
  cluster: { value: 'FILES', repeats: true, sentence: 'pods, namespaces, services of the cluster, the same before and after' },
  engine: { value: 'ENGINE', choices: engineNames, sentence: 'who answers (default wasm: the compiled datapath)' },
  enforcement: { value: 'MODE', choices: ['default', 'always'], sentence: 'always: pods without a policy are closed too' },
  'exit-code': { sentence: 'status 1 when a flow or pair changes, as git diff has it' },
  output: { ...outputFlag, choices: ['human', 'json'] },
} as const;

const notes = `
OLD and NEW are files or folders of manifests, or - for standard input. Pods come from them and from --cluster. A recorded flow of
ours is {"from":"shop/web","to":"203.0.113.10","protocol":"tcp","port":443}; more fields do no harm. Status 0, also when something
changes, unless --exit-code is given.
`;

export const diff: Subcommand = {
  sentence: 'which flows a change of policies opens or closes',
  usage: 'policy diff OLD NEW [FLAGS]',
  flags,
  notes,
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<Status> {
  const { values, operands } = readFlags('policy diff', flags, args);
  if (operands.length !== 2) throw usageError('policy diff', `two files or folders are needed, OLD and NEW: ${operands.length} were given`);
  if (operands[0] === '-' && operands[1] === '-') throw usageError('policy diff', 'standard input can be one of the two');
  const [old, fresh, cluster] = [
    await readDocuments([operands[0]]),
    await readDocuments([operands[1]]),
    await readDocuments(values.cluster),
  ];
  const inputs = { old, new: fresh, cluster };
  const recording = values.flows === undefined ? undefined : await readRecording(values.flows, showName(values.flows));
  const enforcement = values.enforcement === 'always' ? 'always' : 'default';
  const options = { engine: (values.engine as EngineName | undefined) ?? 'wasm', enforcement } as const;
  complain(inputs, recording, terminal);
  await using before = await openCluster(options);
  await using after = await openCluster(options);
  const sides = [sideOf(inputs, 'old', before), sideOf(inputs, 'new', after)] as const;
  const pods = [...new Set(sides.flatMap(({ documents }) => podNames(documents)))];
  const pairs = pairChanges(...sides, concernOf(old, fresh));
  const flows = recording && { ...flowChanges([before, after], recording.flows, pods), recording };
  const result: DiffResult = { policies: policyChanges(inputs), pods: pods.length, pairs, groups: groupPairs(pairs.changes), flows };
  if (values.output === 'json') terminal.write(`${JSON.stringify(diffJson(result), undefined, 2)}\n`);
  else terminal.write(describeDiff(result, terminal.paint));
  const isChanged = pairs.changes.length > 0 || (flows?.changes.length ?? 0) > 0;
  return values['exit-code'] && isChanged ? 1 : 0;
}

function sideOf(inputs: DiffInputs, side: 'old' | 'new', cluster: Side['cluster']): Side {
  const documents = documentsOf(inputs, side);
  fill(cluster, documents);
  return { cluster, documents, policies: acceptedPolicies(documents) };
}

function acceptedPolicies(documents: readonly CheckedDocument[]): Policy[] {
  return documents.flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
}

function complain({ old, new: fresh, cluster }: DiffInputs, recording: Recording | undefined, terminal: Terminal): void {
  for (const { problems } of [...old, ...fresh, ...cluster]) {
    for (const { severity, file, line, column, message } of problems) {
      if (severity === 'error') terminal.complain(`axoneme: ${file}:${line}:${column}: ${message}: it is not in force as it stands\n`);
    }
  }
  for (const problem of recording?.problems ?? []) terminal.complain(`axoneme: ${problem}\n`);
}

function diffJson({ policies, pods, pairs, groups, flows }: DiffResult): object {
  const ofKind = <T extends { readonly kind: string }>(changes: readonly T[], kind: string) =>
    changes.filter((change) => change.kind === kind).map(({ kind: _, ...rest }) => rest);
  const kinds = <T extends { readonly kind: string }>(changes: readonly T[]) => ({
    opens: ofKind(changes, 'opens'),
    closes: ofKind(changes, 'closes'),
    proxies: ofKind(changes, 'proxies'),
  });
  return {
    policies,
    pods,
    pairs: { identities: pairs.identities, asked: pairs.asked, ...kinds(groups) },
    ...(flows && { flows: flowsJson(flows, kinds) }),
  };
}

function flowsJson(
  { changes, unchanged, unknown, recorded, recording }: FlowChanges & { recording: Recording },
  kinds: (changes: FlowChanges['changes']) => object,
): object {
  const { lines, skipped } = recording;
  return { lines, flows: recording.flows.length, ...kinds(changes), unchanged, unknown, recorded, skipped };
}
