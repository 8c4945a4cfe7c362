// Texts of YAML: plain, quoted and block scalars, with their lines folded. Each reader leaves the cursor behind the text.

import { type Cursor, isBlank, isFlowIndicator } from './yaml-cursor.ts';

/** Plain text from here; it goes on in lines that are indented more than `parent`. */
export function readPlain(cursor: Cursor, parent: number, flow: boolean): string {
  const parts: string[] = [];
  let start = cursor.offset;
  for (let breaks = 0; ; ) {
    const end = cursor.plainEnd(start, flow);
    parts.push(breaks === 0 ? '' : breaks === 1 ? ' ' : '\n'.repeat(breaks - 1), cursor.text.slice(start, end));
    cursor.offset = end;
    const next = nextLine(cursor);
    if (next === undefined || !goesOn(cursor, next, parent, flow)) return parts.join('');
    cursor.line = next.line;
    [start, breaks] = [next.offset, next.breaks];
    if (!flow && cursor.endsKey(cursor.plainEnd(start, flow), flow)) {
      cursor.stop('syntax', 'a name stands where a text goes on: the line is indented too much, or the text needs quotes', start);
    }
  }
}

interface NextLine {
  readonly offset: number;
  readonly line: number;
  readonly breaks: number;
}

/** The next line with anything in it, if nothing follows in this one. */
function nextLine(cursor: Cursor): NextLine | undefined {
  let [line, breaks] = [cursor.line, 0];
  for (let offset = cursor.offset; offset < cursor.end; offset++) {
    const code = cursor.code(offset);
    if (code === 10) {
      line = offset + 1;
      breaks++;
    } else if (!isBlank(code)) return breaks === 0 ? undefined : { offset, line, breaks };
  }
  return undefined;
}

function goesOn(cursor: Cursor, { offset, line }: NextLine, parent: number, flow: boolean): boolean {
  if (cursor.text[offset] === '#') return false;
  if (!flow) {
    let indent = 0;
    while (cursor.text[line + indent] === ' ') indent++;
    return indent > parent && offset > line + parent;
  }
  return !isFlowIndicator(cursor.code(offset)) && !cursor.endsKey(offset, flow);
}

/** Text in single or double quotes. */
export function readQuoted(cursor: Cursor): string {
  const start = cursor.offset;
  const quote = cursor.text[start];
  const end = quote === '"' ? closingDouble(cursor, start) : closingSingle(cursor, start);
  if (end < 0 || end >= cursor.end) cursor.stop('syntax', 'a quote that is never closed', start);
  const inner = cursor.text.slice(start + 1, end);
  cursor.offset = end + 1;
  const last = inner.lastIndexOf('\n');
  if (last >= 0) cursor.line = start + 1 + last + 1;
  if (quote === "'") return (last < 0 ? inner : fold(inner.split('\n'), false)).replaceAll("''", "'");
  const folded = last < 0 ? inner : fold(inner.split('\n'), true);
  return folded.includes('\\') ? withoutEscapes(cursor, folded, start) : folded;
}

function closingSingle(cursor: Cursor, start: number): number {
  let end = cursor.text.indexOf("'", start + 1);
  while (end >= 0 && cursor.text[end + 1] === "'") end = cursor.text.indexOf("'", end + 2);
  return end;
}

function closingDouble(cursor: Cursor, start: number): number {
  const stops = /[^"\\]*(?:\\[\s\S][^"\\]*)*/y;
  stops.lastIndex = start + 1;
  stops.test(cursor.text);
  return cursor.text[stops.lastIndex] === '"' ? stops.lastIndex : -1;
}

/** One line end is a blank, more are line ends but the first; a line that ends with an escape goes on without. */
function fold(lines: readonly string[], escapes: boolean): string {
  const parts: string[] = [];
  let breaks = 0;
  for (const [index, written] of lines.entries()) {
    const last = index === lines.length - 1;
    const line = index === 0 ? written : written.replace(/^[ \t\r]+/, '');
    const bare = last ? line : trimEnd(line);
    const escaped = escapes && !last && oddBackslashes(bare);
    const content = escaped ? (bare.length === line.replace(/\r$/, '').length ? bare.slice(0, -1) : `${bare} `) : bare;
    if (index > 0 && content === '' && !last && !escaped) {
      breaks++;
      continue;
    }
    if (index > 0) parts.push(breaks === 0 ? '' : breaks === 1 ? ' ' : '\n'.repeat(breaks - 1));
    parts.push(content);
    breaks = escaped && content === bare.slice(0, -1) ? 0 : 1;
  }
  return parts.join('');
}

function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && isBlank(line.charCodeAt(end - 1))) end--;
  return line.slice(0, end);
}

function oddBackslashes(line: string): boolean {
  let count = 0;
  while (line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

const escapes: Readonly<Record<string, string>> = {
  ...{ '0': '\0', a: '\x07', b: '\b', t: '\t', '\t': '\t', n: '\n', v: '\v', f: '\f', r: '\r', e: '\x1b', ' ': ' ' },
  ...{ '"': '"', '/': '/', '\\': '\\', N: '\x85', _: '\xa0', L: '\u2028', P: '\u2029' },
};

function withoutEscapes(cursor: Cursor, text: string, start: number): string {
  return text.replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g, (whole, x, u, long, letter) => {
    const number = Number.parseInt(x ?? u ?? long ?? '', 16);
    if (number <= 0x10ffff) return String.fromCodePoint(number);
    if (letter !== undefined && Object.hasOwn(escapes, letter)) return escapes[letter];
    return cursor.stop('syntax', `the text in quotes holds an escape that does not exist: ${whole}`, start);
  });
}

/** A block scalar, from its | or >. Its lines are indented more than `parent`. */
export function readBlockText(cursor: Cursor, parent: number): string {
  const header = /[|>](?:([+-])?([1-9])?|([1-9])([+-]))[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?(?=\n|$)/y;
  header.lastIndex = cursor.offset;
  const found = header.exec(cursor.text);
  if (found === null) return cursor.stop('syntax', 'after | or > only a digit, + or - and a comment may follow');
  const folded = found[0][0] === '>';
  const [chomp, digit] = [found[1] ?? found[4], found[2] ?? found[3]];
  cursor.offset = Math.min(header.lastIndex, cursor.end);
  const lines = blockLines(cursor, parent, digit === undefined ? undefined : Math.max(parent, 0) + Number(digit));
  let kept = lines.length;
  while (kept > 0 && lines[kept - 1] === '') kept--;
  const content = lines.slice(0, kept);
  const text = folded ? foldBlock(content) : content.join('\n');
  if (chomp === '+') return `${text}${'\n'.repeat(lines.length - kept + (kept > 0 ? 1 : 0))}`;
  return kept > 0 && chomp !== '-' ? `${text}\n` : text;
}

function blockLines(cursor: Cursor, parent: number, given: number | undefined): string[] {
  const lines: string[] = [];
  let indent = given;
  while (cursor.offset < cursor.end) {
    const start = cursor.offset + 1;
    if (start > cursor.end) break;
    const end = cursor.lineEnd(start);
    let first = start;
    while (first < end && cursor.code(first) === 32) first++;
    const empty = first === end || (cursor.code(first) === 13 && first + 1 === end);
    if (!empty) {
      indent ??= Math.max(first - start, parent + 1);
      if (first - start < indent) {
        if (cursor.code(first) === 9) cursor.stop('indentation', 'a tab cannot indent: use blanks', first);
        cursor.line = start;
        cursor.offset = start;
        return lines;
      }
    }
    const line = cursor.text.slice(Math.min(start + (indent ?? first - start), end), end);
    lines.push(line.endsWith('\r') ? line.slice(0, -1) : line);
    cursor.line = start;
    cursor.offset = end;
  }
  // What stands behind the last line's end is no line.
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
}

function foldBlock(lines: readonly string[]): string {
  const parts: string[] = [];
  let [breaks, deeper, first] = [0, false, true];
  for (const line of lines) {
    if (line === '') {
      breaks++;
      continue;
    }
    const more = line[0] === ' ' || line[0] === '\t';
    if (first) parts.push('\n'.repeat(breaks));
    else if (deeper || more) parts.push('\n'.repeat(breaks + 1));
    else parts.push(breaks === 0 ? ' ' : '\n'.repeat(breaks));
    parts.push(line);
    [breaks, deeper, first] = [0, more, false];
  }
  return parts.join('');
}
