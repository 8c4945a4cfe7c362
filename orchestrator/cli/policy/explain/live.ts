// axoneme policy explain --live: what a running agent says of a connection.

import type { ExplainedConnection, ExplainedEnd, ExplainedSide } from '../../../api/view.ts';
import { clientOf } from '../../agent/asking.ts';
import { isTelling } from '../../agent/flow-text.ts';
import type { Paint } from '../../paint.ts';
import { parsePortOrName } from '../peer.ts';
import type { Status, Terminal } from '../terminal.ts';

export interface LiveQuestion {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly socket: string | undefined;
  readonly output: string | undefined;
}

export async function explainLive({ from, to, port: text, socket, output }: LiveQuestion, terminal: Terminal): Promise<Status> {
  const { port, protocol } = parsePortOrName(text);
  const answer = (await clientOf({ socket }).get('/v1/explain', { from, to, port, protocol })) as ExplainedConnection;
  terminal.write(output === 'json' ? `${JSON.stringify(answer, undefined, 2)}\n` : liveText(answer, terminal.paint));
  return 0;
}

export function liveText({ from, to, port, protocol, verdict, sides, elsewhere }: ExplainedConnection, paint: Paint): string {
  const head = `${paint.strong(`${from.name} → ${to.name} ${port}/${protocol}`)}: ${painted(verdict, paint)}`;
  const blocks = (['egress', 'ingress'] as const).flatMap((direction) => [
    ...sides.filter((side) => side.direction === direction).flatMap((side) => sideLines(side, paint)),
    ...elsewhere
      .filter((side) => side.direction === direction)
      .map(({ pod, node }) => `  ${direction} of ${pod}: ${paint.faint(`node ${node} decides: ask the agent there`)}`),
  ]);
  return `${[head, endLine('from', from), endLine('to', to), ...blocks].join('\n')}\n`;
}

function endLine(word: string, { name, identity, labels }: ExplainedEnd): string {
  return `  ${word} ${name}: identity ${identity} ${labels.filter(isTelling).join(' ')}`.trimEnd();
}

function sideLines({ direction, pod, verdict, policies, rule, explanation }: ExplainedSide, paint: Paint): string[] {
  const selecting = policies.length === 0 ? 'no policy selects it' : `selected by ${policies.join(', ')}`;
  const deciding = rule === '' ? [] : [`the entry that decides is of ${rule}`];
  const sentences = [selecting, ...explanation, ...deciding].map((sentence) => `    ${sentence}`);
  return [`  ${direction} of ${pod}: ${painted(verdict, paint)}`, ...sentences];
}

function painted(verdict: ExplainedConnection['verdict'], { good, bad, strong }: Paint): string {
  if (verdict === 'audit') return strong('audit');
  return verdict === 'deny' ? bad(verdict) : good(verdict);
}
