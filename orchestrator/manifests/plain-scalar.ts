// Plain scalars: what YAML's unquoted words are. As kubectl reads them, which is YAML 1.1 with Go's numbers, not YAML 1.2.

export type Plain = string | number | boolean | null;

const words = new Map<string, boolean | null>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);

/** The longest text that may be a number. */
const longestNumber = 100;

export function plainValue(text: string): Plain {
  const word = text.length <= 5 ? words.get(text) : undefined;
  if (word !== undefined) return word;
  if (!/^[-+.\d]/.test(text) || text.length > longestNumber) return text;
  const digits = text.replaceAll('_', '');
  return wholeNumber(digits) ?? fraction(digits) ?? text;
}

/** Plain numbers that say something else to readers of YAML 1.2: `0120` is 80 for kubectl. */
export function readsTwice(text: string, value: Plain): boolean {
  return typeof value === 'number' && value !== Number(text);
}

function wholeNumber(digits: string): number | undefined {
  const [, sign, number] = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9]\d*|0)$/.exec(digits) ?? [];
  if (number === undefined) return undefined;
  const value = /^0\d/.test(number) ? Number.parseInt(number, 8) : Number(number);
  return sign === '-' ? 0 - value : value;
}

function fraction(digits: string): number | undefined {
  return /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(digits) ? Number(digits) : undefined;
}
