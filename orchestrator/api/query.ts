// Queries: what stands behind a path's question mark, as its route's parameters say; anything else is refused with what there is.

import { Problem } from './problem.ts';
import type { Parameter, QueryValues } from './route.ts';

export function readQuery(path: string, search: string, parameters: Readonly<Record<string, Parameter>>): QueryValues {
  const given = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(search)) {
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) throw unknown(path, name, Object.keys(parameters));
    const values = given.get(name) ?? [];
    if (values.length > 0 && !parameter.repeats) throw new Problem(400, `${path}: ${name}: given twice: ${JSON.stringify(value)}`);
    check(`${path}: ${name}`, value, parameter);
    given.set(name, [...values, value]);
  }
  for (const [name, { required }] of Object.entries(parameters)) {
    if (required && !given.has(name)) throw new Problem(400, `${path}: ${name}: is missing`);
  }
  const text = (name: string) => given.get(name)?.[0];
  return {
    text,
    texts: (name) => given.get(name) ?? [],
    number: (name) => (text(name) === undefined ? undefined : Number(text(name))),
    isSet: (name) => given.has(name) && text(name) !== 'false',
  };
}

function unknown(path: string, name: string, known: readonly string[]): Problem {
  const hint = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`;
  return new Problem(400, `${path}: no such parameter: ${JSON.stringify(name)}`, { hint });
}

function check(where: string, value: string, { type, choices, least, most }: Parameter): void {
  const shown = JSON.stringify(value);
  if (choices && !choices.includes(value)) throw new Problem(400, `${where}: not one of ${choices.join(', ')}: ${shown}`);
  if (type === 'boolean' && !['', 'true', 'false'].includes(value)) throw new Problem(400, `${where}: not true or false: ${shown}`);
  if (type !== 'integer') return;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number)) throw new Problem(400, `${where}: not a whole number: ${shown}`);
  if (number < (least ?? 0) || number > (most ?? Number.MAX_SAFE_INTEGER)) {
    throw new Problem(400, `${where}: not from ${least ?? 0} to ${most ?? Number.MAX_SAFE_INTEGER}: ${shown}`);
  }
}
