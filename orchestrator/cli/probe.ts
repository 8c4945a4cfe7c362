// axoneme probe: what this node allows, what was tried, and the mode that follows.

import type { Probe } from '../datapath/probe.ts';
import { type Paint, pad } from './paint.ts';

/** One line a capability, then the choice in a sentence. */
export function describeProbe({ capabilities, choice }: Probe, paint: Paint): string {
  const [width, answerWidth] = (['name', 'answer'] as const).map((field) => Math.max(...capabilities.map((row) => row[field].length)) + 2);
  const lines = capabilities.map(({ name, enables, works, answer, neededBy }) => {
    const mark = works ? paint.good('yes') : neededBy.length > 0 ? paint.bad('no ') : 'no ';
    return `  ${mark}  ${pad(name, width)}${pad(answer, answerWidth)}${paint.faint(enables)}`;
  });
  return `${lines.join('\n')}\n  ${choice.sentence}\n`;
}
