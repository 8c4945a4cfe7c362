// Results of a run as TAP 14: a test point per case; a difference that is disputed is a point "to do", which does not fail.

import { answerText, type Mismatch, type Outcome, questionText, type Reporter, type Write } from './outcome.ts';

export function tapReporter(write: Write): Reporter {
  let count = 0;
  write('TAP version 14\n');
  return {
    outcome(outcome) {
      count++;
      const { mismatches, disputed } = outcome;
      const todo = mismatches.length === 0 && disputed.length > 0 ? ` # TODO disputed: ${plain(disputed[0].disputed ?? '')}` : '';
      const isGood = mismatches.length === 0 && disputed.length === 0;
      write(`${isGood ? 'ok' : 'not ok'} ${count} - ${plain(nameOf(outcome))}${todo}\n`);
      if (!isGood) write(diagnostics([...mismatches, ...disputed]));
    },
    end({ probes, engines }) {
      write(`1..${count}\n# ${probes} probes on ${engines.join(', ')}\n`);
    },
  };
}

function nameOf({ id, title }: Outcome): string {
  return title === '' || title === id ? id : `${id}: ${title}`;
}

/** A YAML block; its texts are quoted as in JSON, which is YAML too. */
function diagnostics(mismatches: readonly Mismatch[]): string {
  const rows = mismatches.flatMap(({ file, line, column, engine, probe, expected, got, explanation }) => [
    `    - at: ${quote(`${file}:${line}${column === undefined ? '' : `:${column}`}`)}`,
    ...(engine === undefined ? [] : [`      engine: ${engine}`]),
    ...(probe === undefined ? [] : [`      probe: ${quote(questionText(probe))}`]),
    `      expected: ${quote(answerText(expected))}`,
    `      got: ${quote(answerText(got))}`,
    ...(explanation === undefined ? [] : [`      explanation: ${quote(explanation)}`]),
  ]);
  return `  ---\n  mismatches:\n${rows.join('\n')}\n  ...\n`;
}

const quote = (text: string) => JSON.stringify(text);

/** A description is one line, and "#" would begin a directive in it. */
function plain(text: string): string {
  return text
    .replace(/\\/g, '\\\\')
    .replace(/#/g, '\\#')
    .replace(/[\r\n]+/g, ' ');
}
