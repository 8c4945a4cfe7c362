// Results of a run as JUnit XML: a suite per file, a case per case; a difference that is disputed is a case that was skipped.

import { answerText, type Mismatch, type Outcome, questionText, type Reporter, type Write } from './outcome.ts';

interface Totals {
  tests: number;
  failures: number;
  skipped: number;
  milliseconds: number;
}

export function junitReporter(write: Write): Reporter {
  // The counts of a suite stand before its cases, so a whole file has to be known; only the text of its cases is kept.
  const suites = new Map<string, Totals & { cases: string[] }>();
  return {
    outcome(outcome) {
      const none = { tests: 0, failures: 0, skipped: 0, milliseconds: 0, cases: [] };
      const suite = suites.get(outcome.file) ?? none;
      suites.set(outcome.file, suite);
      suite.tests++;
      suite.milliseconds += outcome.milliseconds;
      if (outcome.mismatches.length > 0) suite.failures++;
      else if (outcome.disputed.length > 0) suite.skipped++;
      suite.cases.push(caseElement(outcome));
    },
    end() {
      const all = [...suites.values()];
      const sum = (field: keyof Totals) => all.reduce((total, suite) => total + suite[field], 0);
      const total = { tests: sum('tests'), failures: sum('failures'), skipped: sum('skipped'), milliseconds: sum('milliseconds') };
      write(`<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="axoneme policy test"${counts(total)}>\n`);
      for (const [file, { cases, ...totals }] of suites) {
        write(`  <testsuite name=${quote(file)}${counts(totals)}>\n${cases.join('')}  </testsuite>\n`);
      }
      write('</testsuites>\n');
    },
  };
}

function counts({ tests, failures, skipped, milliseconds }: Totals): string {
  return ` tests="${tests}" failures="${failures}" errors="0" skipped="${skipped}" time="${seconds(milliseconds)}"`;
}

function caseElement({ id, title, file, mismatches, disputed, milliseconds }: Outcome): string {
  const name = title === '' || title === id ? id : `${id}: ${title}`;
  const open = `    <testcase classname=${quote(file)} name=${quote(name)} time="${seconds(milliseconds)}"`;
  if (mismatches.length > 0) {
    const message = mismatches.length === 1 ? '1 answer differs' : `${mismatches.length} answers differ`;
    return `${open}>\n      <failure message=${quote(message)}>${escapeXml(mismatches.map(describe).join('\n'))}</failure>\n    </testcase>\n`;
  }
  if (disputed.length > 0)
    return `${open}>\n      <skipped message=${quote(`disputed: ${disputed[0].disputed ?? ''}`)}/>\n    </testcase>\n`;
  return `${open}/>\n`;
}

function describe({ file, line, column, engine, probe, expected, got, explanation }: Mismatch): string {
  const where = `${file}:${line}${column === undefined ? '' : `:${column}`}`;
  const question = [engine && `[${engine}]`, probe && questionText(probe)].filter(Boolean).join(' ');
  return [`${where} ${question}`, `expected ${answerText(expected)}`, `got ${answerText(got)}`, explanation ?? ''].join('\n');
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3);
const quote = (text: string) =>
  `"${escapeXml(text)
    .replace(/"/g, '&quot;')
    .replace(/[\n\t]/g, ' ')}"`;

/** XML has no way to write most control characters and halves of pairs; they become "?". */
function escapeXml(text: string): string {
  const writable = text.toWellFormed().replace(/[^\t\n\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '?');
  return writable.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
