// Source text: what a file says, and where in it a character stands.

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters of UTF-16. */
  readonly column: number;
}

export class SourceText {
  readonly file: string;
  readonly text: string;
  /** Offsets at which lines start; made when first asked for. */
  private lines: number[] | undefined;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  position(offset: number): Position {
    this.lines ??= lineStarts(this.text);
    let [low, high] = [0, this.lines.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.lines[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - this.lines[low] + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}
