// The part of JSONPath that columns use: `.a.b`, `['a']`, `[0]`, `[*]`, and filters like `[?(@.type=='Valid')]`.
import { isRecord } from '../object.ts';

// Dots in names are escaped, as in `.metadata.labels.a\.b/c`.
const step =
  /^(?:\.((?:[A-Za-z0-9_/-]|\\\.)+)|\[(-?\d+)\]|\[\*\]|\.\*|\['([^']+)'\]|\["([^"]+)"\]|\[\?\(@((?:\.[A-Za-z0-9_-]+)+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([^)]+?))\s*\)\])/;

/** All that the path leads to; nothing for a path of another form. */
export function readPath(object: unknown, path: string): unknown[] {
  let rest = path;
  let values: unknown[] = [object];
  while (rest !== '') {
    const match = step.exec(rest);
    if (match === null) return [];
    rest = rest.slice(match[0].length);
    values = values.flatMap((value) => follow(value, match)).filter((value) => value !== undefined && value !== null);
  }
  return values;
}

function follow(value: unknown, [whole, name, index, quoted, doubleQuoted, field, operator, ...literals]: RegExpExecArray): unknown[] {
  const key = name?.replaceAll('\\.', '.') ?? quoted ?? doubleQuoted;
  if (key !== undefined) return isRecord(value) && Object.hasOwn(value, key) ? [value[key]] : [];
  if (index !== undefined) return Array.isArray(value) ? [value.at(Number(index))] : [];
  if (whole === '[*]' || whole === '.*') return Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  if (!Array.isArray(value)) return [];
  const literal = literals.find((text) => text !== undefined) ?? '';
  return value.filter((item) => (String(readPath(item, field)[0]) === literal) === (operator === '=='));
}
