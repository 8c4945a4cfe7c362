// Reading manifests: a text of YAML or JSON becomes documents, each with its own problems.

import { type Document, TextDocument } from './document.ts';
import { JsonReader } from './json.ts';
import { mostBytes, mostDocuments } from './limits.ts';
import { Reading, type TextProblem, unreadable } from './reading.ts';
import { SourceText } from './source-text.ts';
import { type ListSpans, type Span, splitDocuments, splitItems } from './split.ts';
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
  const strange = /[^\P{Cc}\t\r\n\x7f-\x9f]|\ufffd/u.exec(source.text.slice(span.start, span.end));
  if (strange !== null) return [refusal(source, span.start + strange.index, 'text', `not a text: it holds ${named(strange[0])}`)];
  const first = /[^ \t\r\n]/g;
  first.lastIndex = span.start;
  const begin = first.exec(source.text)?.index ?? span.start;
  if (source.text[begin] === '{') {
    const documents = readJson(source, { start: begin, end: span.end });
    const flow = documents[0]?.object === undefined && !/^\{\s*["}]/.test(source.text.slice(begin, begin + 1000));
    if (!flow) return documents;
  }
  const { documents } = readOne(source, span.start, (reading) => readYaml(source.text, span.start, span.end, reading));
  const list = documents.length === 1 && documents[0].object === undefined ? splitItems(source.text, span) : undefined;
  return list === undefined ? documents : readList(source, list, documents[0]);
}

/** A list that cannot be read as a whole, element by element. */
function readList(source: SourceText, { items, frame }: ListSpans, whole: Document): Document[] {
  const reading = new Reading();
  const read = ({ start, end }: Span) => attempt(reading, start, () => readYaml(source.text, start, end, reading));
  const parts = frame.map(read).map((tree) => (tree === undefined ? {} : treeValue(tree)));
  const list: List = Object.assign({}, ...parts.filter(isMap));
  const documents = items.slice(0, mostDocuments).flatMap((item) => readItem(source, item, list));
  if (items.length > mostDocuments)
    documents.push(refusal(source, items[mostDocuments].start, 'too-large', `at most ${mostDocuments} elements are read`));
  if (reading.failed) documents.unshift(new TextDocument(source, frame[0].start, undefined, reading.problems, () => undefined));
  // What is wrong is neither in an element nor around them: between them.
  else if (!tooLarge(whole) && documents.every(({ object }) => object !== undefined)) documents.unshift(whole);
  return documents;
}

function tooLarge({ problems }: Document): boolean {
  return problems.some((problem) => problem.class === 'too-large');
}

/** An element of a list: a list of one for YAML. */
function readItem(source: SourceText, { start, end }: Span, list: List): Document[] {
  const read = (reading: Reading) => {
    const inner = new Reading();
    const tree = attempt(inner, start, (inner) => readYaml(source.text, start, end, inner));
    for (const problem of inner.problems) reading.add({ ...problem, path: problem.path.slice(1) });
    return tree?.kind === 'list' ? tree.items[0] : tree;
  };
  return readOne(source, start, read, list).documents;
}

/** JSON values one after the other. What follows a broken one is looked for where a line starts with a brace. */
function readJson(source: SourceText, { start, end }: Span): Document[] {
  const documents: Document[] = [];
  for (let offset = start; offset < end && documents.length <= mostDocuments; ) {
    const from = offset;
    let reader: JsonReader | undefined;
    const made = readOne(source, from, (reading) => {
      reader = new JsonReader(source.text, from, end, reading);
      return reader.whole();
    });
    documents.push(...made.documents);
    if (reader === undefined || (made.failed && !reader.closed)) {
      const brace = source.text.indexOf('\n{', reader?.offset ?? from);
      offset = brace < 0 ? end : brace + 1;
    } else offset = reader.done ? end : reader.offset;
  }
  return documents;
}

interface Read {
  readonly documents: Document[];
  readonly failed: boolean;
}

function readOne(source: SourceText, start: number, read: (reading: Reading) => Tree | undefined, within?: List): Read {
  const reading = new Reading();
  const tree = attempt(reading, start, read);
  const { failed } = reading;
  if (tree === undefined) {
    return { documents: failed ? [new TextDocument(source, start, undefined, reading.problems, () => undefined)] : [], failed };
  }
  let last: WeakRef<Tree> | undefined;
  const again = () => {
    const tree = last?.deref() ?? attempt(new Reading(), start, read);
    last = tree && new WeakRef(tree);
    return tree;
  };
  const value = within === undefined ? treeValue(tree) : itemOf(treeValue(tree), within);
  const items = listItems(value);
  if (items === undefined) return { documents: [makeDocument(source, tree.offset, value, reading.problems, again)], failed };
  const documents = items.map((item, index) => {
    const problems = reading.problems.filter(({ path }) => path[0] === 'items' && path[1] === index);
    const itsTree = () => {
      const whole = again();
      return whole && findTree(whole, ['items', index]).tree;
    };
    return makeDocument(source, findTree(tree, ['items', index]).key, item, problems.map(withoutItem), itsTree);
  });
  const others = reading.problems.filter(({ path }) => path[0] !== 'items' || path.length < 2);
  if (others.length > 0) documents.unshift(new TextDocument(source, start, undefined, others, again));
  return { documents, failed };
}

/** An object whose text is wrong in places, as with a field that is there twice, is none: nobody knows which of both was meant. */
function makeDocument(
  source: SourceText,
  start: number,
  value: unknown,
  problems: readonly TextProblem[],
  tree: () => Tree | undefined,
): Document {
  const object = problems.some(({ severity }) => severity === 'error') ? undefined : value;
  return new TextDocument(source, start, object, problems, tree);
}

function attempt(reading: Reading, start: number, read: (reading: Reading) => Tree | undefined): Tree | undefined {
  try {
    return read(reading);
  } catch (error) {
    if (error instanceof RangeError) reading.refuse('too-deep', start, 'maps and lists are too deep to be read');
    else if (error !== unreadable) throw error;
    return undefined;
  }
}

interface List {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly items?: unknown;
}

function listItems(value: unknown): unknown[] | undefined {
  if (!isMap(value)) return undefined;
  const { kind, items } = value as List;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return undefined;
  return items.map((item) => itemOf(item, value));
}

/** The elements of a list of objects; in lists of one kind they need not say it. */
function itemOf(item: unknown, { apiVersion, kind }: List): unknown {
  if (typeof kind !== 'string' || kind === 'List' || !isMap(item) || 'kind' in item) return item;
  return { apiVersion, kind: kind.slice(0, -4), ...item };
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutItem(problem: TextProblem): TextProblem {
  return { ...problem, path: problem.path.slice(2) };
}

function named(character: string): string {
  return character === '\ufffd'
    ? 'bytes that are not UTF-8'
    : `the control character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}
