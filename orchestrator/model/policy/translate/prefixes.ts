// Prefixes: texts of CIDR rules as the agent takes them, and what of them can mean a packet at all.

import { containsPrefix, type Prefix, parsePrefix } from '../../../net/prefix.ts';
import type { Field } from './field.ts';
import { type Findings, quote } from './findings.ts';

/** `either`: an address alone is fine, too. */
export type PrefixForm = 'prefix' | 'either';

export function readPrefix(field: Field, findings: Findings, form: PrefixForm, kind = 'cidr'): Prefix | undefined {
  const text = findings.text(field);
  if (text === undefined) {
    if (!field.present) findings.error(field, kind, 'an address and a length such as 10.0.0.0/8 must stand here');
    return undefined;
  }
  const prefix = prefixOf(text);
  if (prefix === undefined)
    findings.error(field, kind, `${quote(text)} is no address and length: write it like 10.0.0.0/8 or 2001:db8::/32`);
  else if (form === 'prefix' && !text.includes('/')) findings.error(field, kind, `${quote(text)} has no length: write "${prefix.text}"`);
  else return prefix;
  return undefined;
}

export function readExcept(fields: readonly Field[], findings: Findings, within: Prefix | undefined, form: PrefixForm): Prefix[] {
  return fields.flatMap((field) => {
    const except = readPrefix(field, findings, form, 'cidr-except-syntax');
    if (except === undefined) return [];
    // An exception elsewhere takes nothing away. For CIDR sets the agent insists, for ipBlock the API server does.
    if (within === undefined || containsPrefix(within, except)) return isMeant(except) ? [except] : [];
    const message = `${except.text} lies not within ${within.text}, so it excepts nothing`;
    if (form === 'prefix') findings.error(field, 'cidr-except', message);
    else findings.warning(field, 'cidr-except', message);
    return [];
  });
}

/**
 * Packets have IPv4 addresses or IPv6 addresses, never IPv4-mapped ones: such prefixes select nobody. They must not go further, since
 * the datapath keeps IPv4 addresses in exactly that form.
 */
export function isMeant({ family, length, value }: Prefix): boolean {
  return !(family === 6 && length >= 96 && value >> 32n === 0xffffn);
}

function prefixOf(text: string): Prefix | undefined {
  try {
    return parsePrefix(text);
  } catch {
    return undefined;
  }
}
