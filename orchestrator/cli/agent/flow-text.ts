// A flow in a line for people: when, what became of it, who to whom, why.

import type { Flow, FlowEnd, FlowLine } from '../../flows/flow.ts';
import type { Paint } from '../paint.ts';

/** `isWide`: with identities and labels of both ends below. */
export function flowText(line: FlowLine, paint: Paint, isWide: boolean): string {
  if (!('flow' in line)) {
    const { source, num_events_lost: count } = line.lost_events;
    const where = source === 'OBSERVER_EVENTS_QUEUE' ? 'more came than are told' : "the datapath's ring was full";
    return `${paint.faint(timeText(line.time))}  ${paint.bad('LOST'.padEnd(width))}  ${count} events: ${where}`;
  }
  const { flow, repeated } = line;
  const more = repeated === undefined ? '' : paint.faint(`  (${repeated.count} more until ${timeText(repeated.until)})`);
  const first = `${paint.faint(timeText(flow.time))}  ${verdictText(flow, paint)}  ${flow.Summary}${more}`;
  if (!isWide) return first;
  const end = (name: string, { identity, labels, ID }: FlowEnd) =>
    `    ${name} ${[`identity ${identity}`, ...(ID === undefined ? [] : [`endpoint ${ID}`]), ...(labels ?? []).filter(isTelling)].join(' ')}`;
  return [first, end('from', flow.source), end('to  ', flow.destination)].join('\n');
}

/** The cluster adds others to every pod, which say the same of all of a namespace; -o json has them. */
export function isTelling(label: string): boolean {
  return !label.startsWith('k8s:io.cilium.k8s.');
}

const width = 'REDIRECTED'.length;

function verdictText({ verdict }: Flow, paint: Paint): string {
  const text = verdict.padEnd(width);
  if (verdict === 'DROPPED' || verdict === 'ERROR') return paint.bad(text);
  return verdict === 'AUDIT' ? paint.strong(text) : paint.good(text);
}

/** `2026-11-23 03:00:12.345Z`: a log is read in another place and at another time. */
function timeText(time: string): string {
  return time.replace('T', ' ');
}
