// Shared strings: what is said again and again, such as names of namespaces and nodes, is kept once. It forgets what it has not seen
// lately, so it never grows.

const slots = 8192;
/** Longer texts are rarely the same. */
const longest = 64;

export class SharedStrings {
  readonly #strings: (string | undefined)[] = new Array(slots).fill(undefined);

  /** The text of ASCII bytes. */
  textOf(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length === 0) return '';
    if (length > longest) return bytes.toString('latin1', from, to);
    let hash = length;
    for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + bytes[at]) | 0;
    const slot = (hash ^ (hash >>> 13)) & (slots - 1);
    const known = this.#strings[slot];
    if (known !== undefined && known.length === length && isSame(known, bytes, from)) return known;
    const text = bytes.toString('latin1', from, to);
    this.#strings[slot] = text;
    return text;
  }
}

function isSame(text: string, bytes: Buffer, from: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[from + at]) return false;
  return true;
}
