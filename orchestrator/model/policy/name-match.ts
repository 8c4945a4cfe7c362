// Names: matchName and matchPattern, checked, made canonical, and held against DNS names. toFQDNs and rules.dns mean the same by them.

import type { NameSelector } from './rule.ts';

/** What a user wrote; empty texts are as absent. */
export interface WrittenName {
  readonly matchName?: string;
  readonly matchPattern?: string;
}

export interface NameObjection {
  readonly class: 'fqdn-name' | 'fqdn-pattern' | 'fqdn-both';
  readonly field: keyof WrittenName;
  readonly message: string;
}

const longestPattern = 255;

/**
 * The selector of one element, or why it is none. An element without either is accepted by the agent (the schema refuses it): it
 * matches the root name only, as the empty pattern does.
 */
export function readName({ matchName = '', matchPattern = '' }: WrittenName): NameSelector | NameObjection {
  if (matchName !== '' && matchPattern !== '') {
    return {
      class: 'fqdn-both',
      field: 'matchPattern',
      message: 'matchName and matchPattern exclude each other: make two elements of them',
    };
  }
  if (matchName !== '') {
    if (!/^[-a-zA-Z0-9_.]+$/.test(matchName)) return objection('matchName', matchName, 'letters, digits and . - _');
    return selector('name', withoutDot(lower(matchName)));
  }
  if (matchPattern.length > longestPattern) {
    const message = `a pattern of ${matchPattern.length} characters: at most ${longestPattern} are allowed`;
    return { class: 'fqdn-pattern', field: 'matchPattern', message };
  }
  if (!/^[-a-zA-Z0-9_.*]*$/.test(matchPattern)) return objection('matchPattern', matchPattern, 'letters, digits and . - _ *');
  return selector('pattern', canonicalPattern(lower(matchPattern)));
}

/**
 * Names are compared in lower case and with a dot at their end. `*` stands for any part of one label, also for nothing; `**.` at the
 * beginning for one label or more; a pattern of stars alone for every name. Time is linear in the name: a pattern has 255 characters
 * at most, and no star is ever tried twice for one place.
 */
export function matchesName({ kind, value }: Pick<NameSelector, 'kind' | 'value'>, name: string): boolean {
  const asked = withDot(lower(name));
  if (kind === 'name') return asked === withDot(value);
  if (!/^[-a-z0-9_.]+$/.test(asked)) return false;
  const labels = asked.slice(0, -1).split('.');
  if (value === '*') return asked === '.' || labels.every((label) => label !== '');
  const anyDepth = value.startsWith('**.');
  const wanted = withDot(anyDepth ? value.slice(3) : value)
    .slice(0, -1)
    .split('.');
  const deeper = labels.length - wanted.length;
  if (anyDepth ? deeper < 1 || labels.slice(0, deeper).includes('') : deeper !== 0) return false;
  return wanted.every((pattern, index) => matchesLabel(pattern.split('*'), labels[deeper + index] ?? ''));
}

/** Parts between stars, each taken at its leftmost place: if that fails, no other would do. */
function matchesLabel([first = '', ...rest]: readonly string[], label: string): boolean {
  const last = rest.pop();
  if (last === undefined) return label === first;
  if (!label.startsWith(first) || !label.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = label.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= label.length;
}

/** Patterns that match the same have one text: no runs of stars, no dot at the end, a lone star for every name. */
function canonicalPattern(pattern: string): string {
  if (isEveryName(pattern)) return '*';
  const deep = /^\*\*+\./.test(pattern);
  const short = withoutDot((deep ? '**' : '') + pattern.slice(deep ? pattern.indexOf('.') : 0).replaceAll(/\*+/g, '*'));
  return isEveryName(short) ? `${short}.` : short;
}

function isEveryName(pattern: string): boolean {
  return /^\*+\.?$/.test(pattern);
}

function objection(field: keyof WrittenName, value: string, allowed: string): NameObjection {
  const hint = field === 'matchName' && value.includes('*') ? '; a name with * belongs into matchPattern' : '';
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return { class: field === 'matchName' ? 'fqdn-name' : 'fqdn-pattern', field, message: `"${shown}": only ${allowed} may occur${hint}` };
}

function selector(kind: NameSelector['kind'], value: string): NameSelector {
  return { kind, value, text: `${kind}:${value}` };
}

function withDot(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** Undone by `withDot`. */
function withoutDot(name: string): string {
  return /[^.]\.$/.test(name) ? name.slice(0, -1) : name;
}

/** DNS folds the case of ASCII letters only. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
