// What the library says is wrong, as a sentence that says what to do, with the path and the place where it begins.

import type { YAMLError } from 'yaml';
import type { FieldPath } from '../model/policy/problem.ts';
import { yamlLibrary } from './yaml-library.ts';

/** Its messages where they speak of the library's terms. Others are given as they are. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/^Tabs are not allowed/, 'a tab cannot indent: use blanks'],
  [
    /^Nested mappings are not allowed in compact/,
    'a name within a value: the value needs quotes, or the name a line of its own, indented like its fellows',
  ],
  [/^Implicit keys need to be on a single line/, 'a name of several lines: a line is indented wrongly, or the text needs quotes'],
  [/^Implicit map keys need to be followed/, 'a word where a field is expected: its ":" is missing, or the line is indented wrongly'],
  [/^Plain value cannot start with reserved character (.)/, 'a value cannot start with $1: it needs quotes'],
  [/^All (?:mapping|sequence) items must start/, 'the line is indented otherwise than the fields or elements before it'],
  [/^The : indicator must be at most 1024/, 'the name of a field is longer than 1024 characters'],
  [/^Unexpected scalar at node end/, 'this follows a value that has ended: it is indented wrongly, or the text needs quotes'],
];

interface Place {
  readonly path: FieldPath;
  /** Where the value at the path starts. */
  readonly start: number | undefined;
  /** The innermost list or map in brackets around the place. */
  readonly flow: Pick<Place, 'path' | 'start'> | undefined;
}

/** Of what is never closed, the place is where it was opened. */
export function sentenceOf(error: YAMLError, contents: unknown, text: string): { path: FieldPath; offset: number; message: string } {
  const offset = Math.min(error.pos[0], text.length);
  const { path, start = offset, flow } = placeOf(contents, offset);
  if (error.message.startsWith('Missing closing')) return { path, offset: start, message: 'a quote that is never closed' };
  if (/^Flow (?:sequence|map) .*end with/.test(error.message) && flow?.start !== undefined) {
    const message = `${text[flow.start]} is never closed, or goes on in a line that is not indented`;
    return { path: flow.path, offset: flow.start, message };
  }
  const [pattern, sentence = ''] = sentences.find(([pattern]) => pattern.test(error.message)) ?? [];
  const own = pattern?.exec(error.message)?.[0].replace(pattern, sentence);
  return { path, offset, message: own ?? `${error.message[0]?.toLowerCase()}${error.message.slice(1, 200)}` };
}

/** What stands around a place: the last that starts before it, from map to map. */
export function placeOf(contents: unknown, offset: number): Place {
  const { isMap, isSeq } = yamlLibrary();
  const path: (string | number)[] = [];
  let node = contents;
  let start: number | undefined;
  let flow: Place['flow'];
  for (;;) {
    start = startOf(node) ?? start;
    if ((isMap(node) || isSeq(node)) && node.flow === true) flow = { path: path.slice(), start };
    if (isMap(node)) {
      const pair = node.items.findLast(({ key }) => (startOf(key) ?? Number.POSITIVE_INFINITY) <= offset);
      const key = pair?.key as { value?: unknown; range?: readonly number[] } | undefined;
      if (pair === undefined || offset < (key?.range?.[1] ?? 0)) break;
      path.push(String(key?.value ?? ''));
      node = pair.value;
    } else if (isSeq(node)) {
      const index = node.items.findLastIndex((item) => (startOf(item) ?? Number.POSITIVE_INFINITY) <= offset);
      if (index < 0) break;
      path.push(index);
      node = node.items[index];
    } else break;
    if ((startOf(node) ?? Number.POSITIVE_INFINITY) > offset) break;
  }
  return { path, start, flow };
}

function startOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] } | null)?.range?.[0];
}
