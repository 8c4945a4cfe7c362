// Splitting: where the documents of a text begin and end. By markers alone, so that a broken document cannot swallow its neighbours.

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The documents of a stream. A line that starts with --- or ... is a marker wherever it stands: YAML forbids it inside of anything.
 * Spans of nothing but blanks, comments and directives are left out.
 */
export function splitDocuments(text: string): Span[] {
  const spans: Span[] = [];
  const markers = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm;
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (let marker = markers.exec(text); marker !== null; marker = markers.exec(text)) {
    addSpan(spans, text, start, marker.index);
    start = marker.index + 3;
  }
  addSpan(spans, text, start, text.length);
  return spans;
}

function addSpan(spans: Span[], text: string, start: number, end: number): void {
  const content = /(?:[ \t\r\n]+|#[^\n]*|(?<![^\n\ufeff])%[^\n]*)*/y;
  content.lastIndex = start;
  content.test(text);
  if (content.lastIndex < end) spans.push({ start, end });
}

export interface ListSpans {
  /** Each a list of one. */
  readonly items: readonly Span[];
  /** What stands around them. */
  readonly frame: readonly Span[];
}

/**
 * The elements of a list of objects in block style; undefined: it is not such a text. For lists that cannot be read as a whole, so that
 * the broken element alone is lost.
 */
export function splitItems(text: string, { start, end }: Span): ListSpans | undefined {
  const whole = text.slice(start, end);
  const head = /^items:[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)-[ \t\r\n]/m.exec(whole);
  if (head === null || !/^kind:[ \t]*["']?\w*List\b/m.test(whole)) return undefined;
  const element = new RegExp(`^ {${head[1].length}}-(?=[ \\t\\r\\n])`, 'gm');
  element.lastIndex = head.index;
  const starts: number[] = [];
  for (let found = element.exec(whole); found !== null; found = element.exec(whole)) starts.push(start + found.index);
  const behind = /^[A-Za-z"'}\]]/gm;
  behind.lastIndex = starts[starts.length - 1] - start;
  const last = start + (behind.exec(whole)?.index ?? whole.length);
  return {
    items: starts.map((from, index) => ({ start: from, end: starts[index + 1] ?? last })),
    frame: [
      { start, end: starts[0] },
      { start: last, end },
    ],
  };
}
