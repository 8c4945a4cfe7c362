// Lines of a stream: whole ones, however they come, and none that is too long.

import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import t from 'tap';
import { longestAnswer, longestRequest, readLines } from '../../orchestrator/processes/lines.ts';
import { processorMs } from '../support/processor-time.ts';

function reading(longest: number): { readonly stream: PassThrough; readonly lines: string[] } {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, longest, (line) => lines.push(line));
  return { stream, lines };
}

t.test('lines come whole and in their order, wherever the bytes were cut; the rest waits for its end', async () => {
  const line = fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\n', ' '));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 10 }), line, fc.array(fc.nat(400), { maxLength: 10 }), async (told, rest, cuts) => {
      const { stream, lines } = reading(1000);
      const bytes = Buffer.from(`${told.map((text) => `${text}\n`).join('')}${rest}`);
      let at = 0;
      for (const cut of cuts.toSorted((a, b) => a - b)) {
        stream.write(bytes.subarray(at, cut));
        at = Math.max(at, Math.min(cut, bytes.length));
      }
      stream.end(bytes.subarray(at));
      for (let turns = 0; turns < 3; turns += 1) await turn();
      t.strictSame(
        lines,
        told.map((text) => Buffer.from(text).toString()),
      );
    }),
    { numRuns: 100 },
  );
});

t.test('a line that is too long ends the stream, with its end or without; what came before it counts', async (t) => {
  for (const end of ['', '\n', '\nafter\n']) {
    const { stream, lines } = reading(10);
    stream.write(`before\n${'x'.repeat(11)}${end}`);
    await turn();
    t.same([lines, stream.destroyed], [['before'], true], JSON.stringify(end));
  }
  const { stream, lines } = reading(10);
  stream.write(`${'x'.repeat(10)}\n${'y'.repeat(10)}`);
  await turn();
  t.same([lines, stream.destroyed], [['x'.repeat(10)], false]);
});

t.test('who hangs up at a line is told of none behind it', async (t) => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, longestRequest, (line) => {
    lines.push(line);
    stream.destroy();
  });
  stream.write('one\ntwo\n');
  await turn();
  t.same(lines, ['one']);
});

t.test('a long answer takes no more than its length', async (t) => {
  const { stream, lines } = reading(longestAnswer);
  const [chunk, chunks] = [Buffer.alloc(8 << 10, 'x'), 4096];
  const before = process.cpuUsage();
  for (let count = 0; count < chunks; count += 1) {
    stream.write(chunk);
    if (count % 16 === 0) await turn();
  }
  stream.end('\n');
  while (lines.length === 0) await turn();
  t.equal(lines[0].length, chunk.length * chunks);
  t.ok(processorMs(before) < 3000, `${processorMs(before)} ms`);
});
