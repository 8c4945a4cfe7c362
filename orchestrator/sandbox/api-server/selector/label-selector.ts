// Label selectors as they stand in a query: `a=b,c!=d,e in (f,g),!h`.
import { badRequest } from '../status-error.ts';

export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;

type Token = { readonly kind: 'word' | 'sign'; readonly text: string };

const keyPattern = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const valuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Undefined when the query asks for everything. */
export function parseLabelSelector(text: string | null): LabelSelector | undefined {
  if (text === null || text.trim() === '') return undefined;
  const parser = new Parser(text);
  const requirements: LabelSelector[] = [];
  do requirements.push(parser.requirement());
  while (parser.another());
  return (labels) => requirements.every((holds) => holds(labels));
}

class Parser {
  private readonly text: string;
  private readonly tokens: Token[];
  private next = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = [...text.matchAll(/\s*(==|!=|[=!<>(),]|[^\s=!<>(),]+)/g)].map(([, token]) => ({
      kind: /^[=!<>(),]/.test(token) ? 'sign' : 'word',
      text: token,
    }));
  }

  /** Whether a comma, and so another requirement, follows. */
  another(): boolean {
    if (this.next === this.tokens.length) return false;
    if (this.tokens[this.next].text !== ',') this.refuse(`found '${this.tokens[this.next].text}', expected: ',' or 'end of string'`);
    this.next += 1;
    return true;
  }

  requirement(): LabelSelector {
    if (this.take('!')) {
      const absent = this.key();
      return (labels) => !Object.hasOwn(labels, absent);
    }
    const key = this.key();
    const operator = this.tokens[this.next]?.text;
    if (operator === undefined || operator === ',') return (labels) => Object.hasOwn(labels, key);
    this.next += 1;
    if (operator === '=' || operator === '==') return this.equals(key, true);
    if (operator === '!=') return this.equals(key, false);
    if (operator === 'in' || operator === 'notin') return this.among(key, operator === 'in');
    if (operator === '<' || operator === '>') return this.compares(key, operator);
    return this.refuse(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  private equals(key: string, equal: boolean): LabelSelector {
    const value = this.value();
    return (labels) => (labels[key] === value) === equal;
  }

  private among(key: string, inside: boolean): LabelSelector {
    if (!this.take('(')) this.refuse(`found '${this.tokens[this.next]?.text ?? ''}', expected: '('`);
    const values = new Set<string>();
    do values.add(this.value());
    while (this.take(','));
    if (!this.take(')')) this.refuse(`found '${this.tokens[this.next]?.text ?? ''}', expected: ',' or ')'`);
    return (labels) => (Object.hasOwn(labels, key) && values.has(labels[key])) === inside;
  }

  private compares(key: string, operator: string): LabelSelector {
    const bound = this.value();
    if (!/^-?\d+$/.test(bound))
      this.refuse(`values[0][${key}]: Invalid value: "${bound}": for 'Gt', 'Lt' operators, the value must be an integer`);
    return (labels) => {
      if (!/^-?\d+$/.test(labels[key] ?? '')) return false;
      return operator === '>' ? BigInt(labels[key]) > BigInt(bound) : BigInt(labels[key]) < BigInt(bound);
    };
  }

  private key(): string {
    const token = this.tokens[this.next];
    if (token?.kind !== 'word') this.refuse(`found '${token?.text ?? ''}', expected: !, identifier, or 'end of string'`);
    this.next += 1;
    if (!keyPattern.test(token.text))
      this.refuse(
        `key: Invalid value: "${token.text}": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      );
    return token.text;
  }

  /** An empty value is allowed: `a=` or `a in (,b)`. */
  private value(): string {
    const token = this.tokens[this.next];
    if (token === undefined || (token.kind === 'sign' && (token.text === ',' || token.text === ')'))) return '';
    if (token.kind === 'sign') this.refuse(`found '${token.text}', expected: identifier`);
    this.next += 1;
    if (!valuePattern.test(token.text))
      this.refuse(
        `values[0]: Invalid value: "${token.text}": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
      );
    return token.text;
  }

  private take(sign: string): boolean {
    if (this.tokens[this.next]?.text !== sign) return false;
    this.next += 1;
    return true;
  }

  private refuse(why: string): never {
    throw badRequest(`unable to parse requirement: ${why}`);
  }
}
