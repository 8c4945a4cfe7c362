// Reading of the rules' file: a value is of the kind that is wanted, or the file is refused with the field and what stands there.

import { isIP } from 'node:net';
import { AgentError } from '../errors.ts';
import { readName } from '../model/policy/name-match.ts';
import type { NameSelector } from '../model/policy/rule.ts';

type Fields = Readonly<Record<string, unknown>>;

export class Reading {
  private readonly path: string;
  /** By text: the same selector is one object. */
  private readonly selectors = new Map<string, NameSelector>();

  constructor(path: string) {
    this.path = path;
  }

  /** `field` is empty for the whole file. */
  refusal(field: string, why: string, found: unknown): AgentError {
    const where = field === '' ? this.path : `${this.path}: ${field}`;
    return new AgentError('DNS_RULES_INVALID', `DNS rules: ${where}: ${why}: ${shown(found)}`);
  }

  json(text: string): Fields {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new AgentError('DNS_RULES_INVALID', `DNS rules: ${this.path}: not JSON: ${(error as Error).message}`, { cause: error });
    }
  }

  object(value: unknown, at: string): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.refusal(at, 'not an object', value);
    return value as Fields;
  }

  /** An object with these fields and no others. */
  fields(value: unknown, at: string, names: readonly string[]): Fields {
    const found = this.object(value, at);
    const prefix = at === '' ? '' : `${at}.`;
    for (const name of names) if (!Object.hasOwn(found, name)) throw this.refusal(`${prefix}${name}`, 'missing', undefined);
    for (const name of Object.keys(found)) if (!names.includes(name)) throw this.refusal(`${prefix}${name}`, 'not known', name);
    return found;
  }

  list<Item>(value: unknown, at: string, read: (item: unknown, at: string) => Item): Item[] {
    if (!Array.isArray(value)) throw this.refusal(at, 'not a list', value);
    return value.map((item, index) => read(item, `${at}[${index}]`));
  }

  whole(value: unknown, at: string, least: number, most: number): number {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
    throw this.refusal(at, `not a whole number from ${least} to ${most}`, value);
  }

  text(value: unknown, at: string): string {
    if (typeof value !== 'string') throw this.refusal(at, 'not a text', value);
    return value;
  }

  truth(value: unknown, at: string): boolean {
    if (typeof value !== 'boolean') throw this.refusal(at, 'neither true nor false', value);
    return value;
  }

  address(value: unknown, at: string): string {
    if (typeof value !== 'string' || isIP(value) === 0) throw this.refusal(at, 'not an address', value);
    return value;
  }

  /** A selector by its canonical text. */
  name(value: unknown, at: string): NameSelector {
    const text = this.text(value, at);
    const known = this.selectors.get(text);
    if (known !== undefined) return known;
    const colon = text.indexOf(':');
    const written = text.slice(colon + 1);
    const field = { name: 'matchName', pattern: 'matchPattern' }[text.slice(0, Math.max(0, colon))];
    const selector = field === undefined ? undefined : readName({ [field]: written });
    // Canonical, or else two texts would mean the same.
    if (selector === undefined || 'class' in selector || selector.text !== text) throw this.refusal(at, 'not a name or pattern', text);
    this.selectors.set(text, selector);
    return selector;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
