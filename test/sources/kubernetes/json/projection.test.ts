// JSON in bytes against JSON.parse of its text: what a shape keeps is the same, and what one refuses the other refuses.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { ListBody } from '../../../../orchestrator/sources/kubernetes/json/list-body.ts';
import { Projection } from '../../../../orchestrator/sources/kubernetes/json/projection.ts';
import { mostDepth, NotJson } from '../../../../orchestrator/sources/kubernetes/json/scanner.ts';
import { fieldsShape, type Shape } from '../../../../orchestrator/sources/kubernetes/json/shape.ts';
import { bySeed, piecesOf, project, spoil } from './reference.ts';

const projection = new Projection();

/** What it is, or that it is none. */
function outcome(read: () => unknown): unknown {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof NotJson || error instanceof SyntaxError) return 'refused';
    throw error;
  }
}

const names = ['a', 'b', 'labels', 'ä', '__proto__', 'constructor', '0', ''];
const shapes: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Shape>('whole', 'nothing', { unless: 'string' }, { unless: 'list' }, { unless: 'strings' }),
    fc.record({ items: tie('shape') }),
    fc
      .tuple(fc.dictionary(fc.constantFrom(...names.filter((name) => name !== '__proto__')), tie('shape')), tie('shape'))
      .map(([fields, others]) => fieldsShape(fields, others)),
  ),
})).shape;
const texts: fc.Arbitrary<string> = fc
  .letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'ä', '\u2028', '😀', '\u0000')).map((text) => JSON.stringify(text)),
      fc.constantFrom(
        '"\\u0041"',
        '"\\ud800"',
        '"\\/\\b"',
        '-0',
        '1e400',
        '1E+2',
        '0.10',
        '-1.5e-3',
        'true',
        'false',
        'null',
        '123456789012345678',
      ),
      fc.array(tie('value'), { maxLength: 4 }).map((values) => `[${values.join(' , ')}]`),
      fc
        .array(fc.tuple(fc.constantFrom(...names.map((name) => JSON.stringify(name)), '"\\u0061"'), tie('value')), { maxLength: 5 })
        .map((fields) => `{${fields.map(([name, value]) => `${name}\n:${value}`).join('\t,')}}`),
    ),
  }))
  .value.map((text) => ` ${text}\r\n`);

t.test('what is kept of a text is what is kept of the value that JSON.parse makes of it', async () => {
  fc.assert(
    fc.property(texts, shapes, (text, shape) => {
      const wanted = outcome(() => project(JSON.parse(text), shape));
      return isDeepStrictEqual(
        outcome(() => projection.readAll(Buffer.from(text), shape)),
        wanted,
      );
    }),
    { numRuns: 4000 },
  );
});

t.test('bytes that were spoilt are refused exactly when JSON.parse refuses their text', async (t) => {
  const refused = [0, 0];
  fc.assert(
    fc.property(texts, shapes, fc.integer(), (text, shape, seed) => {
      const bytes = spoil(Buffer.from(text), bySeed(seed));
      const wanted = outcome(() => project(JSON.parse(bytes.toString('utf8')), shape));
      refused[wanted === 'refused' ? 1 : 0] += 1;
      return isDeepStrictEqual(
        outcome(() => projection.readAll(bytes, shape)),
        wanted,
      );
    }),
    { numRuns: 12_000 },
  );
  t.ok(refused[0] > 1000 && refused[1] > 1000, `${refused[0]} were taken, ${refused[1]} refused`);
});

t.test('what is not kept may be as deep as API servers take it, and no deeper', async (t) => {
  const nested = (depth: number) => Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)},"b":1}`);
  const shape = fieldsShape({ b: 'whole' });
  t.strictSame(projection.readAll(nested(mostDepth), shape), { b: 1 });
  t.throws(() => projection.readAll(nested(mostDepth + 1), shape), /deeper than/);
  t.throws(() => projection.readAll(nested(1_000_000), 'whole'), /deeper than/);
});

t.test('strings that repeat are one string, and long or many ones are right all the same', async (t) => {
  const text = JSON.stringify(Array.from({ length: 30_000 }, (_, i) => `value-${i % 20_000}-${'x'.repeat(i % 90)}`));
  t.strictSame(projection.readAll(Buffer.from(text), { items: 'whole' }), JSON.parse(text));
});

/** The items and the other fields that come of a body in these pieces. */
function readList(bytes: Buffer, sizes: () => number, shape: Shape, mostBytes = 1e6): unknown {
  const items: unknown[] = [];
  const body = new ListBody({ projection, shape, mostBytes, item: (item) => items.push(item) });
  for (const piece of piecesOf(bytes, sizes)) body.push(piece);
  body.finish();
  const { metadata } = Object.fromEntries(body.fields) as Record<string, unknown>;
  const listed = body.fields.get('items');
  return { metadata, items: Array.isArray(listed) ? items : listed };
}

t.test('a list in any pieces is what it is in one, item by item', async (t) => {
  const bodies = fc.tuple(fc.array(texts, { maxLength: 6 }), texts, fc.boolean());
  let refused = 0;
  fc.assert(
    fc.property(bodies, shapes, fc.integer(), fc.boolean(), ([items, other, isLast], shape, seed, isSpoilt) => {
      const random = bySeed(seed);
      const rest = `"metadata":${other},"kind":"PodList"`;
      const list = `"items" : [${items.join(',')}]`;
      const whole = Buffer.from(`{${isLast ? `${rest},${list}` : `${list},${rest}`}} \n`);
      const bytes = isSpoilt ? spoil(whole, random) : whole;
      const wanted = outcome(() => {
        const body = JSON.parse(bytes.toString('utf8'));
        if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new SyntaxError('no list');
        const kept = Array.isArray(body.items) ? body.items.map((item: unknown) => project(item, shape)) : body.items;
        return { metadata: body.metadata, items: kept };
      });
      if (wanted === 'refused') refused += 1;
      const size = 1 + Math.floor(random() * 40);
      return isDeepStrictEqual(
        outcome(() => readList(bytes, () => 1 + Math.floor(random() * size), shape)),
        wanted,
      );
    }),
    { numRuns: 4000 },
  );
  t.ok(refused > 500, `${refused} were refused`);
});

t.test('a list may be long, an item of it may not, and two lists of items are none', async (t) => {
  const items = Array.from({ length: 5000 }, (_, i) => ({ a: i, b: 'x'.repeat(100) }));
  const body = Buffer.from(JSON.stringify({ items, metadata: {} }));
  const shape = fieldsShape({ a: 'whole' });
  t.strictSame(
    readList(body, () => 65_536, shape, 1000),
    { metadata: {}, items: items.map(({ a }) => ({ a })) },
  );
  t.throws(() => readList(Buffer.from(`{"items":["${'x'.repeat(5000)}"]}`), () => 100, shape, 1000), /longer than 1000 bytes/);
  t.throws(() => readList(Buffer.from('{"items":[],"items":[1]}'), () => 100, shape), /twice/);
});

t.test('a long item in small pieces is not read again for each of them', async (t) => {
  const body = Buffer.from(`{"items":[{"a":"${'x'.repeat(4e6)}"}]}`);
  let read = 0;
  class Counting extends Projection {
    override read(shape: Shape): unknown {
      read += this.end - this.at;
      return super.read(shape);
    }
  }
  const list = new ListBody({ projection: new Counting(), shape: 'nothing', mostBytes: 8e6, item: () => {} });
  for (const piece of piecesOf(body, () => 1000)) list.push(piece);
  list.finish();
  t.ok(read < 4 * body.length, `${read} bytes were read of ${body.length}`);
});
