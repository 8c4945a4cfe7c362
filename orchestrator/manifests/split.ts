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
  const content = /(?:[ \t\r\n]+|#[^\n]*|^%[^\n]*)*/my;
  content.lastIndex = start;
  content.test(text);
  if (content.lastIndex < end) spans.push({ start, end });
}
