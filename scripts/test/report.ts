// Turns a TAP stream into one line a file, the failures in full, the reasons of what was skipped, and the counts.
import { Parser, type Result } from 'tap-parser';

export interface Report {
  write(chunk: string | Buffer): void;
  end(): { passed: number; failed: number; skipped: number; summary: string };
}

interface FileCounts {
  passed: number;
  failed: number;
  skipped: number;
}

export function openReport({ write, colour }: { write: (text: string) => void; colour: boolean }): Report {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const total: FileCounts = { passed: 0, failed: 0, skipped: 0 };
  const reasons = new Map<string, number>();
  const parser = new Parser();

  parser.on('child', (child: Parser) => {
    const counts: FileCounts = { passed: 0, failed: 0, skipped: 0 };
    countLeaves(child, counts, (result) => {
      if (typeof result.skip === 'string') reasons.set(result.skip, (reasons.get(result.skip) ?? 0) + 1);
      if (isFailure(result)) write(`${paint(31, 'not ok')} ${result.fullname || result.name}\n${indent(describe(result.diag))}`);
    });
    perFile.set(child.name, counts);
  });
  const perFile = new Map<string, FileCounts>();
  parser.on('assert', (result: Result) => {
    const counts = perFile.get(result.name) ?? { passed: 0, failed: 0, skipped: 0 };
    // A file may fail as a whole (exit code, signal, time limit) though none of its assertions did.
    if (isFailure(result) && counts.failed === 0) {
      counts.failed = 1;
      write(`${paint(31, 'not ok')} ${result.name} ended badly\n${indent(describe(result.diag))}`);
    }
    if (result.skip && counts.passed + counts.failed + counts.skipped === 0) {
      counts.skipped = 1;
      if (typeof result.skip === 'string') reasons.set(result.skip, (reasons.get(result.skip) ?? 0) + 1);
    }
    for (const key of ['passed', 'failed', 'skipped'] as const) total[key] += counts[key];
    const seconds = result.time === null ? '' : ` ${(result.time / 1000).toFixed(1)} s`;
    write(`${result.ok ? paint(32, 'ok') : paint(31, 'not ok')} ${result.name} ${paint(90, `(${phrase(counts)})${seconds}`)}\n`);
  });

  return {
    write: (chunk) => void parser.write(chunk),
    end() {
      parser.end();
      if (parser.results?.ok === false && total.failed === 0) {
        total.failed = 1;
        write(`${paint(31, 'not ok')} the run was cut off before it had told everything\n`);
      }
      for (const [reason, times] of reasons) write(`skipped${times > 1 ? ` ${times} times` : ''}: ${reason}\n`);
      return { ...total, summary: `${total.passed} passed, ${total.failed} failed` };
    },
  };
}

/** Test points that are not the closing line of a subtest, at every depth. A subtest that fails though no leaf of it did is one. */
function countLeaves(parser: Parser, counts: FileCounts, seen: (result: Result) => void) {
  let failedBefore = 0;
  parser.on('child', (child: Parser) => {
    failedBefore = counts.failed;
    countLeaves(child, counts, seen);
  });
  parser.on('assert', (result: Result) => {
    if (result.closingTestPoint && (result.ok || counts.failed > failedBefore) && !result.skip) return;
    if (isFailure(result)) counts.failed++;
    else if (result.skip || result.todo) counts.skipped++;
    else counts.passed++;
    seen(result);
  });
}

function isFailure(result: Result) {
  return !result.ok && !result.skip && !result.todo;
}

function phrase({ passed, failed, skipped }: FileCounts) {
  return [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(Boolean).join(', ');
}

/** TAP diagnostics as text: the difference and the place before the rest. */
function describe(diag: Record<string, unknown> | null): string {
  if (!diag) return '';
  const { diff, stack, source, ...rest } = diag;
  const blocks = [diff ?? source, stack].filter((block) => typeof block === 'string').map((block) => String(block).trimEnd());
  return [...blocks, ...(Object.keys(rest).length > 0 ? [JSON.stringify(rest)] : [])].join('\n');
}

function indent(text: string) {
  return text === '' ? '' : text.replace(/^/gm, '    ') + '\n';
}
