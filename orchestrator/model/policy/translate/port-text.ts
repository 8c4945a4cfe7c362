// Port texts: names of services, or numbers in the bases that Go tells apart by their beginnings.

export type PortText = { readonly name: string } | { readonly number: number };

/** Undefined: neither a name nor a number that fits 16 bits. "0120" is octal 80, "0x50" a name. */
export function parsePortText(text: string): PortText | undefined {
  if (isServiceName(text)) return { name: text.toLowerCase() };
  const number = parseNumber(text);
  return number === undefined ? undefined : { number };
}

/** What to write instead of a text that is no port; empty when there is no guess. */
export function portHint(text: string): string {
  const range = /^(\d{1,5})\s*[-:]\s*(\d{1,5})$/.exec(text);
  if (range) return `: for a range write port "${range[1]}" and endPort ${range[2]}`;
  if (/^0\d{1,6}$/.test(text)) return `: a leading 0 makes it octal, write "${Number(text)}"`;
  return /^\s*\d{1,5}\s*$/.test(text) && Number(text) <= 0xffff ? `: write "${Number(text)}"` : '';
}

/** RFC 6335: 1-15 letters, digits and single hyphens between them, a letter among them. */
export function isServiceName(text: string): boolean {
  return text.length <= 15 && /^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$/.test(text) && /[a-zA-Z]/.test(text);
}

const bases: readonly [prefix: RegExp, base: number][] = [
  [/^0[xX](?=.)/, 16],
  [/^0[oO](?=.)/, 8],
  [/^0[bB](?=.)/, 2],
  [/^0/, 8],
  [/^/, 10],
];

function parseNumber(text: string): number | undefined {
  // Longest number of 16 bits: 16 binary digits, a prefix, underscores between all; leading zeros could make it any length.
  if (text.length === 0 || text.length > 64) return undefined;
  const [prefix, base] = bases.find(([beginning]) => beginning.test(text)) ?? [/^/, 10];
  const digits = text.replace(prefix, '');
  if (digits === '') return 0;
  // An underscore stands between digits; the prefix, also the octal 0, counts as one.
  const hasPrefix = base !== 10;
  if (!/^(_?[0-9a-fA-F]+)(_[0-9a-fA-F]+)*$/.test(digits) || (digits.startsWith('_') && !hasPrefix)) return undefined;
  let number = 0;
  for (const digit of digits.replaceAll('_', '')) {
    const value = Number.parseInt(digit, 16);
    if (value >= base) return undefined;
    number = number * base + value;
    if (number > 0xffff) return undefined;
  }
  return number;
}
