// RE2: whether a text is a regular expression of Go's and Envoy's syntax. It is never executed, so hostile ones cost their length only.

const longest = 4096;
const deepest = 1000;
const mostRepeats = 1000;

/** What is wrong with an expression; undefined when nothing is. */
export function objectionToExpression(text: string): string | undefined {
  if (text.length > longest) return `it has ${text.length} characters, more than ${longest}`;
  return new Reader(text).read();
}

class Reader {
  private at = 0;
  /** Of each group that is open: how often its innermost parts are repeated; Go multiplies nested counts. */
  private readonly levels = [1];
  private weight = 1;
  private repeatable = false;
  private repeated = false;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  read(): string | undefined {
    while (this.at < this.text.length) {
      const objection = this.step();
      if (objection !== undefined) return objection;
    }
    return this.levels.length > 1 ? 'a ( is not closed' : undefined;
  }

  private step(): string | undefined {
    const character = this.text[this.at] ?? '';
    if (character === '(') return this.open();
    if (character === ')') return this.close();
    if (character === '[') return this.set();
    if (character === '\\') return this.escape();
    if ('*+?'.includes(character)) return this.repeat(1);
    if (character === '{') return this.count();
    this.at += 1;
    this.atom(character !== '|');
    return undefined;
  }

  private atom(repeatable: boolean, weight = 1): void {
    this.repeatable = repeatable;
    this.repeated = false;
    this.weigh(weight);
  }

  private weigh(weight: number): void {
    this.weight = weight;
    this.levels.push(Math.max(this.levels.pop() ?? 1, weight));
  }

  private open(): string | undefined {
    const rest = this.text.slice(this.at, this.at + 80);
    const flags = /^\(\?(?:[imsU]*(?:-[imsU]+)?)([:)])/.exec(rest);
    const name = /^\(\?P?<[A-Za-z0-9_]+>/.exec(rest);
    if (rest.startsWith('(?') && !flags && !name) return `"${rest.slice(0, 4)}" is no group that is known: no looking ahead or behind`;
    this.at += flags?.[0].length ?? name?.[0].length ?? 1;
    // Flags alone, as (?i), open nothing.
    if (flags?.[1] === ')') {
      this.repeatable = false;
      return undefined;
    }
    this.levels.push(1);
    this.atom(false);
    return this.levels.length > deepest ? `groups are nested deeper than ${deepest}` : undefined;
  }

  private close(): string | undefined {
    if (this.levels.length === 1) return 'a ) closes nothing';
    this.at += 1;
    this.atom(true, this.levels.pop());
    return undefined;
  }

  private repeat(length: number): string | undefined {
    if (!this.repeatable) return `nothing stands before "${this.text[this.at]}" to be repeated`;
    if (this.repeated) return `"${this.text.slice(this.at - 1, this.at + 1)}" repeats a repetition`;
    this.at += length;
    if (this.text[this.at] === '?') this.at += 1;
    this.repeated = true;
    return undefined;
  }

  /** `{2}`, `{2,}` and `{2,5}`; any other { is a character. */
  private count(): string | undefined {
    const found = /^\{(\d{1,9})(?:(,)(\d{0,9}))?\}/.exec(this.text.slice(this.at, this.at + 24));
    if (found === null) {
      this.at += 1;
      this.atom(true);
      return undefined;
    }
    const [all, least, comma, most] = found;
    const last = comma === undefined || most === '' ? Number(least) : Number(most);
    if (Number(least) > mostRepeats || last > mostRepeats) return `"${all}" repeats more than ${mostRepeats} times`;
    if (last < Number(least)) return `"${all}" ends before it begins`;
    const objection = this.repeat(all.length);
    if (objection !== undefined) return objection;
    this.weigh(this.weight * Math.max(last, 1));
    return this.weight > mostRepeats ? `"${all}" repeats what is repeated already, more than ${mostRepeats} times in all` : undefined;
  }

  private escape(): string | undefined {
    const next = this.text[this.at + 1];
    if (next === undefined) return 'a \\ stands at its end';
    if (next === 'Q') {
      const end = this.text.indexOf('\\E', this.at + 2);
      const content = end < 0 ? this.text.length - this.at - 2 : end - this.at - 2;
      this.at = end < 0 ? this.text.length : end + 2;
      if (content > 0) this.atom(true);
      return undefined;
    }
    const length = escapeLength(this.text.slice(this.at, this.at + 80), /[AzbBdDsSwWaftnrv]/);
    if (length === undefined) return `"\\${next}" means nothing`;
    this.at += length;
    this.atom(true);
    return undefined;
  }

  private set(): string | undefined {
    let at = this.at + 1;
    if (this.text[at] === '^') at += 1;
    let low: number | undefined;
    let ranged = false;
    for (let first = true; first || this.text[at] !== ']'; first = false) {
      const rest = this.text.slice(at, at + 80);
      if (rest === '') return 'a [ is not closed';
      const named = /^\[:\^?([a-z]*):\]/.exec(rest);
      if (named && !posixClasses.has(named[1] ?? '')) return `"${named[0]}" is no class of characters`;
      const escaped = rest.startsWith('\\') ? escapeLength(rest, /[dDsSwWaftnrv]/) : undefined;
      if (rest.startsWith('\\') && escaped === undefined) return `"${rest.slice(0, 2)}" means nothing inside [ ]`;
      const length = named?.[0].length ?? escaped ?? ((rest.codePointAt(0) ?? 0) > 0xffff ? 2 : 1);
      const single = named === null && !/^\\[dDsSwWpP]/.test(rest) ? codeOf(rest.slice(0, length)) : undefined;
      if (ranged && (single === undefined || low === undefined || single < low))
        return `the range before "${rest.slice(0, length)}" is none`;
      at += length;
      if (ranged) {
        ranged = false;
        low = undefined;
      } else {
        low = single;
        ranged = single !== undefined && this.text[at] === '-' && this.text[at + 1] !== ']' && at + 1 < this.text.length;
        if (ranged) at += 1;
      }
    }
    this.at = at + 1;
    this.atom(true);
    return undefined;
  }
}

const posixClasses = new Set('alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '));

/** How long the escape is that a text begins with; undefined: it is none. */
function escapeLength(text: string, letters: RegExp): number | undefined {
  const property = /^\\[pP](?:\{\^?([A-Za-z_]+)\}|([A-Z]))/.exec(text);
  if (property) return isProperty(property[1] ?? property[2] ?? '') ? property[0].length : undefined;
  const special = /^\\(?:x[0-9a-fA-F]{2}|x\{(?:0?[0-9a-fA-F]{1,5}|10[0-9a-fA-F]{4})\}|[0-7]{2,3}|0)/.exec(text);
  if (special) return special[0].length;
  const next = text[1] ?? '';
  if (letters.test(next)) return 2;
  // Punctuation may be escaped, letters and digits must mean something.
  return /^[!-/:-@[-`{-~]$/.test(next) ? 2 : undefined;
}

/** Of Unicode: a general category or a script; this engine knows them, too. */
function isProperty(name: string): boolean {
  return [name, `Script=${name}`].some((property) => {
    try {
      return new RegExp(`\\p{${property}}`, 'u') !== undefined;
    } catch {
      return false;
    }
  });
}

function codeOf(text: string): number {
  const hexadecimal = /^\\x\{?([0-9a-fA-F]+)\}?$/.exec(text);
  if (hexadecimal) return Number.parseInt(hexadecimal[1] ?? '0', 16);
  const control = { '\\a': 7, '\\f': 12, '\\t': 9, '\\n': 10, '\\r': 13, '\\v': 11 }[text];
  return control ?? (text.startsWith('\\') ? text.codePointAt(1) : text.codePointAt(0)) ?? 0;
}
