// A diff in words, for people.

import type { Paint } from '../../paint.ts';
import type { ChangeKind } from './change.ts';
import type { FlowChange, FlowChanges } from './flow-changes.ts';
import type { PairGroup } from './grouping.ts';
import type { PairChanges } from './pairs.ts';
import type { Recording } from './recorded.ts';
import type { PolicyChanges } from './side.ts';

export interface DiffResult {
  readonly policies: PolicyChanges;
  readonly pods: number;
  readonly pairs: PairChanges;
  readonly groups: readonly PairGroup[];
  readonly flows: (FlowChanges & { readonly recording: Recording }) | undefined;
}

const kinds: readonly ChangeKind[] = ['opens', 'closes', 'proxies'];
/** Lines of each kind; -o json has all. */
const shown = 40;

export function describeDiff({ policies, pods, pairs, groups, flows }: DiffResult, paint: Paint): string {
  const lines = policyLines(policies, paint);
  if (flows !== undefined) lines.push('', ...flowLines(flows, paint));
  lines.push('', paint.strong('Possible flows'));
  if (pods === 0) lines.push('  no pods are known: name the files of the cluster with --cluster');
  else if (groups.length === 0) lines.push(`  nothing changes: ${count(pairs.asked, 'flow')} of ${count(pods, 'pod')} asked`);
  for (const kind of kinds)
    lines.push(
      ...pairLines(
        groups.filter((group) => group.kind === kind),
        kind,
        paint,
      ),
    );
  return `${lines.join('\n')}\n`;
}

function policyLines({ added, removed, changed }: PolicyChanges, paint: Paint): string[] {
  const rows = [
    ...added.map((name) => `  ${paint.good('+')} ${name}`),
    ...removed.map((name) => `  ${paint.bad('-')} ${name}`),
    ...changed.map((name) => `  ~ ${name}`),
  ];
  return [paint.strong('Policies'), ...(rows.length > 0 ? cut(rows) : ['  none differs'])];
}

function flowLines({ changes, unchanged, unknown, recorded, recording }: NonNullable<DiffResult['flows']>, paint: Paint): string[] {
  const { skipped } = recording;
  const lines = [
    paint.strong('Recorded flows'),
    `  ${count(recording.flows.length, 'flow')} of ${count(recording.lines, 'line')}; ${unchanged} unchanged`,
  ];
  for (const kind of kinds) {
    const ofKind = changes.filter((change) => change.kind === kind);
    if (ofKind.length === 0) continue;
    const times = ofKind.reduce((sum, { count: number }) => sum + number, 0);
    lines.push(`  ${kindWord(kind, paint)} ${count(ofKind.length, 'flow')}, recorded ${count(times, 'time')}`);
    lines.push(...cut(ofKind.map((change) => flowLine(change, paint))));
  }
  if (recorded.length > 0) lines.push(`  ${count(recorded.length, 'pod')} not in the files, taken with the labels that were recorded`);
  if (unknown.flows > 0) {
    lines.push(`  ${count(unknown.flows, 'flow')} not asked: nothing is known of ${cutList(unknown.pods)}`);
  }
  const left = Object.entries({
    reply: 'replies',
    event: 'events',
    protocol: 'other protocols',
    unreadable: 'unreadable',
  });
  const told = left.flatMap(([name, words]) =>
    skipped[name as keyof typeof skipped] > 0 ? [`${words} ${skipped[name as keyof typeof skipped]}`] : [],
  );
  if (told.length > 0) lines.push(`  lines left out: ${told.join(', ')}`);
  return lines;
}

function flowLine({ from, to, port, protocol, count: times, by, before, after }: FlowChange, paint: Paint): string {
  const verdicts = before === 'redirect' || after === 'redirect' ? ` ${before} → ${after}` : '';
  return `    ${from} → ${to} ${port}/${protocol}${times > 1 ? ` ×${times}` : ''}${verdicts}  ${paint.faint(cutList(by, 3))}`;
}

function pairLines(groups: readonly PairGroup[], kind: ChangeKind, paint: Paint): string[] {
  if (groups.length === 0) return [];
  const rows = groups.map(({ from, to, ports, by }) => {
    return `    ${cutList(from)} → ${cutList(to)}: ${cutList(ports, 12)}\n      ${paint.faint(cutList(by, 3))}`;
  });
  return [`  ${kindWord(kind, paint)}`, ...cut(rows)];
}

function kindWord(kind: ChangeKind, paint: Paint): string {
  if (kind === 'opens') return paint.good('opens');
  return kind === 'closes' ? paint.bad('closes') : 'passes still, but no longer the same way to a proxy:';
}

function cut(lines: readonly string[]): string[] {
  return lines.length <= shown ? [...lines] : [...lines.slice(0, shown), `    … ${lines.length - shown} more (-o json has all)`];
}

function cutList(texts: readonly string[], most = 6): string {
  return texts.length <= most ? texts.join(', ') : `${texts.slice(0, most).join(', ')} and ${texts.length - most} more`;
}

function count(number: number, one: string): string {
  return `${number} ${number === 1 ? one : `${one}s`}`;
}
