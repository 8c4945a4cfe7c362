// Mutation: manifests spoilt in the ways that people, templates and attackers spoil them. The same seed spoils the same way.

import { stringify } from 'yaml';

/** A generator of whole numbers below a limit. */
export type Random = (limit: number) => number;

export function random(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)];

const hostile = [
  '(a+)+$'.repeat(50),
  `${'a'.repeat(5000)}!`,
  `${'a.'.repeat(3000)}!`,
  '*'.repeat(300),
  `${'**.'.repeat(80)}a`,
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '-'.repeat(10_000),
  '0'.repeat(10_000),
  `${'1.'.repeat(5000)}/8`,
  `${':'.repeat(10_000)}/0`,
  '(?<=x)',
  '[',
  '\\',
  '\u0000',
  '__proto__',
  'ü'.repeat(300),
  '{5}',
];
const strange: unknown[] = [null, true, 0, -1, 1.5, 1e308, 65536, '', [], {}, [null], [[]], { a: null }, 'x', ...hostile];
const names = 'spec specs endpointSelector ingress egress toPorts ports port rules http dns toFQDNs __proto__ constructor toString'.split(
  ' ',
);

function deep(random: Random): unknown {
  let value: unknown = 'bottom';
  for (let depth = 20 + random(200); depth > 0; depth--) value = random(2) === 0 ? [value] : { [pick(random, names)]: value };
  return value;
}

/** An object like the given one, but wrong somewhere. */
export function spoilObject(given: unknown, random: Random): unknown {
  const object = structuredClone(given);
  for (let times = 1 + random(3); times > 0; times--) {
    const [parent, key] = anywhere(object, random);
    if (parent === undefined) continue;
    const was = parent[key];
    // Not twice much of much: what is too large is refused before it is interesting.
    const much = Math.floor((random(10) === 0 ? 2_000_000 : 100_000) / (1 + (JSON.stringify(was)?.length ?? 0)));
    const how = random(7);
    if (how === 0) parent[key] = pick(random, strange);
    else if (how === 1) delete parent[key];
    else if (how === 2) parent[pick(random, names)] = structuredClone(was);
    else if (how === 3) parent[key] = Array(Math.min(much, random(random(4) === 0 ? 20_000 : 100))).fill(was);
    else if (how === 4) parent[key] = deep(random);
    else if (how === 5) parent[`${key}${pick(random, ['s', '', ' ', 'X'])}`] = was;
    else parent[key] = Object.fromEntries(Array.from({ length: Math.min(much, random(3000)) }, (_, index) => [`k${index}`, was]));
  }
  return object;
}

/** A place in an object: its parent and its name there. */
function anywhere(object: unknown, random: Random): [Record<string, unknown> | undefined, string] {
  let [parent, key]: [Record<string, unknown> | undefined, string] = [undefined, ''];
  let value = object;
  while (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    if (parent !== undefined && random(4) === 0) break;
    parent = value as Record<string, unknown>;
    key = pick(random, Object.keys(parent));
    value = parent[key];
  }
  return [parent, key];
}

const splinters = [
  ' ',
  '\n',
  '  ',
  '\t',
  '- ',
  ': ',
  '#',
  '"',
  "'",
  '[',
  ']',
  '{',
  '}',
  ',',
  '&a ',
  '*a',
  '|\n',
  '>',
  '!!x ',
  '%',
  '\\',
  '\r',
  '\0',
  '\ufffd',
  '\ufeff',
];

/** A text like the given one, but wrong somewhere. */
export function spoilText(given: string, random: Random): string {
  let text = given;
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(text.length + 1);
    const how = random(6);
    if (how === 0) text = text.slice(0, at) + pick(random, splinters) + text.slice(at);
    else if (how === 1) text = text.slice(0, at) + text.slice(at + 1 + random(10));
    else if (how === 2) text = text.slice(0, at);
    else if (how === 3) text = doubleLine(text, at);
    else if (how === 4) text = text.slice(0, at) + String.fromCharCode(...Array.from({ length: 20 }, () => random(256))) + text.slice(at);
    else text = text.slice(0, at) + pick(random, splinters).repeat(1 + random(2000)) + text.slice(at);
  }
  return text;
}

/** The line of a place once more: a field that is there twice. */
function doubleLine(text: string, at: number): string {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  if (end < 0) return text;
  return text.slice(0, end + 1) + text.slice(start);
}

const longest = 10_000_000;

export function write(object: unknown, random: Random): string {
  if (random(4) === 0) return (JSON.stringify(object, null, pick(random, [0, 2])) ?? 'null').slice(0, longest);
  return stringify(object, { collectionStyle: pick(random, ['any', 'any', 'flow']), aliasDuplicateObjects: random(2) === 0 }).slice(
    0,
    longest,
  );
}
