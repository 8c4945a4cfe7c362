// What a shape keeps, said of values that JSON.parse has made; and bytes that are spoilt by chance.
import type { Shape } from '../../../../orchestrator/sources/kubernetes/json/shape.ts';

/** Undefined when nothing is kept. */
export function project(value: unknown, shape: Shape): unknown {
  if (shape === 'whole') return value;
  if (shape === 'nothing') return undefined;
  if ('unless' in shape) return isOf(value, shape.unless) ? undefined : value;
  if (Array.isArray(value)) return 'items' in shape ? value.map((one) => project(one, shape.items) ?? null) : [];
  if (typeof value !== 'object' || value === null) return value;
  if (!('fields' in shape)) return {};
  const kept = Object.entries(value).map(([name, one]) => [name, project(one, shape.fields.get(name) ?? shape.others)]);
  return Object.fromEntries(kept.filter(([, one]) => one !== undefined));
}

function isOf(value: unknown, type: 'string' | 'list' | 'strings'): boolean {
  if (type === 'string') return typeof value === 'string';
  if (type === 'list') return Array.isArray(value);
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap && Object.values(value).every((one) => typeof one === 'string');
}

export function* piecesOf(bytes: Buffer, size: () => number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const length = size();
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function bySeed(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const likely = [...Buffer.from('{}[]",:\\u0019.eE+-tfn \n\t'), 0x00, 0x1f, 0x7f, 0x80, 0xc3, 0xe2, 0xff, 0xef, 0xbb, 0xbf];

/** One to three bytes changed, left out, doubled or put in, or the end cut off. */
export function spoil(bytes: Buffer, random: () => number): Buffer {
  let spoilt = bytes;
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    const at = Math.floor(random() * (spoilt.length + 1));
    const other = Buffer.from([likely[Math.floor(random() * likely.length)]]);
    const [before, after] = [spoilt.subarray(0, at), spoilt.subarray(at)];
    const way = Math.floor(random() * 5);
    if (way === 0) spoilt = Buffer.concat([before, other, after.subarray(1)]);
    else if (way === 1) spoilt = Buffer.concat([before, after.subarray(1)]);
    else if (way === 2) spoilt = Buffer.concat([before, after.subarray(0, 1), after]);
    else if (way === 3) spoilt = Buffer.concat([before, other, after]);
    else spoilt = random() < 0.3 ? before : spoilt;
  }
  return spoilt;
}
