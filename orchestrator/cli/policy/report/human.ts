// Results of a run for people: what differs, with the reason, then one line of sums.

import type { Paint } from '../../paint.ts';
import { type Answer, answerText, type Mismatch, type Outcome, questionText, type Reporter, type Write } from './outcome.ts';

/** A run in which everything differs is told by its first differences. */
const shown = 50;

export function humanReporter(write: Write, paint: Paint): Reporter {
  let left = shown;
  let file = '';
  const tell = (mismatch: Mismatch) => {
    if (left-- > 0) write(describe(mismatch, paint));
  };
  return {
    outcome(outcome) {
      if (outcome.isTest) {
        if (outcome.file !== file) write(`${paint.strong(outcome.file)}\n`);
        write(testLine(outcome, paint));
      }
      file = outcome.file;
      outcome.mismatches.forEach(tell);
      outcome.disputed.forEach(tell);
    },
    end({ cases, probes, mismatches, disputed, engines, milliseconds }) {
      if (left < 0) write(`… ${-left} more (-o json has all)\n`);
      const counts = [`${count(cases, 'case')}, ${count(probes, 'probe')} on ${engines.join(', ')}`];
      counts.push(mismatches === 0 ? paint.good('no mismatch') : paint.bad(count(mismatches, 'mismatch', 'mismatches')));
      if (disputed > 0) counts.push(`${disputed} disputed`);
      write(`${counts.join('; ')} ${paint.faint(`(${(milliseconds / 1000).toFixed(1)} s)`)}\n`);
    },
  };
}

function testLine({ mismatches, title, id, probes }: Outcome, paint: Paint): string {
  const mark = mismatches.length === 0 ? paint.good('ok  ') : paint.bad('FAIL');
  return `  ${mark}  ${title || id} ${paint.faint(`(${count(probes, 'flow')})`)}\n`;
}

function describe(
  { file, line, column, title, engine, probe, disputed, expected, got, explanation, ...mismatch }: Mismatch,
  paint: Paint,
): string {
  const where = `${file}:${line}${column === undefined ? '' : `:${column}`}`;
  const name = title === '' || title === mismatch.case ? mismatch.case : `${mismatch.case}: ${title}`;
  const head = `${paint.faint(`${where}:`)} ${disputed === undefined ? paint.bad('mismatch') : 'disputed'}: ${name}`;
  const lines = [head + (engine === undefined ? '' : ` ${paint.faint(`[${engine}]`)}`)];
  if (probe !== undefined) lines.push(`    ${paint.strong(questionText(probe))}`);
  lines.push(`    expected  ${colourAnswer(expected, paint)}`, `    got       ${colourAnswer(got, paint)}`);
  if (disputed !== undefined) lines.push(`    disputed  ${disputed}`);
  if (explanation)
    lines.push(
      ...explanation
        .trimEnd()
        .split('\n')
        .map((text) => `      ${text}`),
    );
  return `${lines.join('\n')}\n`;
}

function colourAnswer(answer: Answer, paint: Paint): string {
  const text = answerText(answer);
  return text.replace(/\b(deny|reject|allow|accept|redirect)\b/, (word) =>
    word === 'deny' || word === 'reject' ? paint.bad(word) : paint.good(word),
  );
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
