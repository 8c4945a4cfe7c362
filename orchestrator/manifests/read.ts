// Reading manifests: a text of YAML or JSON becomes documents, each with its own problems.

import { type Document, TextDocument } from './document.ts';
import { JsonReader } from './json.ts';
import { mostBytes, mostCharacters, mostDocuments } from './limits.ts';
import { Reading, type TextProblem, Unreadable } from './reading.ts';
import { SourceText } from './source-text.ts';
import { type Span, splitDocuments } from './split.ts';
import { findTree, type Tree, treeValue } from './tree.ts';
import { readYaml } from './yaml.ts';

/**
 * The documents of a text, in their order; objects of kind List are read as their items. Never throws: what cannot be read is a
 * document without an object, and its problems say why.
 */
export function readManifests(text: string, { file }: { file: string }): Document[] {
  const source = new SourceText(text, file);
  if (text.length > mostBytes)
    return [refusal(source, 0, 'too-large', `the text has ${text.length} characters: at most ${mostBytes} are read`)];
  const spans = splitDocuments(text);
  const documents = spans.slice(0, mostDocuments).flatMap((span) => readSpan(source, span));
  if (spans.length <= mostDocuments) return documents;
  return [...documents, refusal(source, spans[mostDocuments].start, 'too-large', `at most ${mostDocuments} documents are read`)];
}

export function refusal(source: SourceText, offset: number, name: string, message: string): Document {
  return new TextDocument(source, offset, undefined, [{ severity: 'error', class: name, path: [], message, offset }], () => undefined);
}

function readSpan(source: SourceText, span: Span): Document[] {
  const first = /[^ \t\r\n]/g;
  first.lastIndex = span.start;
  const begin = first.exec(source.text)?.index ?? span.start;
  if (source.text[begin] === '{') {
    const documents = readJson(source, { start: begin, end: span.end });
    const flow = documents.length === 1 && documents[0].object === undefined && !/^\{\s*["}]/.test(source.text.slice(begin, begin + 1000));
    if (!flow) return documents;
  }
  return readOne(source, span.start, (reading) => {
    const strange = /[^\P{Cc}\t\r\n]|\ufffd/u.exec(source.text.slice(span.start, span.end));
    if (strange !== null) reading.stop('text', span.start + strange.index, `not a text: it holds ${codePoint(strange[0])}`);
    if (span.end - span.start > mostCharacters) {
      const size = span.end - span.start;
      reading.stop('too-large', begin, `the document has ${size} characters: at most ${mostCharacters} are read of one in YAML`);
    }
    return readYaml(source.text.slice(span.start, span.end), span.start, reading);
  });
}

/** JSON values one after the other; what follows a broken one is not found. */
function readJson(source: SourceText, { start, end }: Span): Document[] {
  const documents: Document[] = [];
  let offset = start;
  do {
    const from = offset;
    let next = end;
    const made = readOne(source, from, (reading) => {
      const reader = new JsonReader(source.text, from, end, reading);
      const tree = reader.value();
      next = reader.done ? end : reader.offset;
      return tree;
    });
    documents.push(...made);
    offset = next;
  } while (offset < end);
  return documents;
}

function readOne(source: SourceText, start: number, read: (reading: Reading) => Tree | undefined): Document[] {
  const reading = new Reading();
  const tree = attempt(reading, start, read);
  if (tree === undefined && !reading.failed) return [];
  if (tree === undefined || reading.failed) return [new TextDocument(source, start, undefined, reading.problems, () => tree)];
  const again = () => attempt(new Reading(), start, read);
  const value = treeValue(tree);
  const items = listItems(value);
  if (items === undefined) return [new TextDocument(source, start, value, reading.problems, again)];
  return items.map((item, index) => {
    const problems = reading.problems.filter(({ path }) => path[0] === 'items' && path[1] === index);
    const reread = () => {
      const whole = again();
      return whole === undefined ? undefined : findTree(whole, ['items', index]).tree;
    };
    return new TextDocument(source, start, item, problems.map(withoutItem), reread);
  });
}

function attempt(reading: Reading, start: number, read: (reading: Reading) => Tree | undefined): Tree | undefined {
  try {
    return read(reading);
  } catch (error) {
    if (error instanceof RangeError) reading.refuse('too-deep', start, 'maps and lists are too deep to be read');
    else if (!(error instanceof Unreadable)) throw error;
    return undefined;
  }
}

function listItems(value: unknown): unknown[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items : undefined;
}

function withoutItem(problem: TextProblem): TextProblem {
  return { ...problem, path: problem.path.slice(2) };
}

function codePoint(character: string): string {
  return character === '\ufffd'
    ? 'bytes that are not UTF-8'
    : `the control character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
