// Messages for tests, as bytes: what dns-packet does not write: pointers, wrong counts, records that end too early.

import fc from 'fast-check';

export interface WireRecord {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'TXT';
  readonly ttl: number;
  /** 4 or 16 bytes as numbers, a name, or a text. */
  readonly data: readonly number[] | string;
  readonly class?: number;
}

export interface WireMessage {
  readonly id?: number;
  readonly flags?: number;
  readonly question: { readonly name: string; readonly type: number; readonly class?: number };
  readonly answers?: readonly WireRecord[];
  /** An OPT record in the additional section, with these flags. */
  readonly opt?: number;
  /** Names are written with pointers to what came before. */
  readonly compress?: boolean;
}

export const types = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 } as const;

/** The bytes of a message; a query unless `flags` say otherwise. */
export function wire({ id = 1, flags = 0x0100, question, answers = [], opt, compress = false }: WireMessage): Buffer {
  const bytes: number[] = [];
  const word = (value: number): number => bytes.push((value >> 8) & 255, value & 255);
  const known = new Map<string, number>();
  const name = (text: string): void => {
    const labels = text.split('.').filter((label) => label !== '');
    for (let index = 0; index < labels.length; index += 1) {
      const rest = labels.slice(index).join('.');
      const place = known.get(rest);
      if (compress && place !== undefined) {
        word(0xc000 | place);
        return;
      }
      if (bytes.length < 0x4000) known.set(rest, bytes.length);
      const label = Buffer.from(labels[index], 'latin1');
      bytes.push(label.length, ...label);
    }
    bytes.push(0);
  };
  for (const value of [id, flags, 1, answers.length, 0, opt === undefined ? 0 : 1]) word(value);
  name(question.name);
  word(question.type);
  word(question.class ?? 1);
  for (const record of answers) {
    name(record.name);
    word(types[record.type]);
    word(record.class ?? 1);
    word(Math.floor(record.ttl / 65536));
    word(record.ttl % 65536);
    const lengthAt = bytes.length;
    word(0);
    if (typeof record.data !== 'string') bytes.push(...record.data);
    else if (record.type === 'CNAME') name(record.data);
    else bytes.push(record.data.length, ...Buffer.from(record.data, 'latin1'));
    const length = bytes.length - lengthAt - 2;
    bytes[lengthAt] = length >> 8;
    bytes[lengthAt + 1] = length & 255;
  }
  if (opt !== undefined) bytes.push(0, 0, 41, 0x04, 0xd0, 0, 0, opt >> 8, opt & 255, 0, 0);
  return Buffer.from(bytes);
}

export function quad(text: string): number[] {
  return text.split('.').map(Number);
}

/** Few labels, so that names meet. */
const label = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'B', 'c-d', '_srv', 'www', 'WWW', 'example', 'Com') },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-zA-Z0-9_-]{1,63}$/) },
);

export const someName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

const someTtl = fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 0xffffffff }));

export function someRecord(name: fc.Arbitrary<string>): fc.Arbitrary<WireRecord> {
  const owner = { name, ttl: someTtl };
  const byte = fc.integer({ min: 0, max: 255 });
  return fc.oneof(
    fc.record({ ...owner, type: fc.constant('A' as const), data: fc.array(byte, { minLength: 4, maxLength: 4 }) }),
    fc.record({ ...owner, type: fc.constant('AAAA' as const), data: fc.array(byte, { minLength: 16, maxLength: 16 }) }),
    fc.record({ ...owner, type: fc.constant('CNAME' as const), data: name }),
    fc.record({ ...owner, type: fc.constant('TXT' as const), data: fc.constantFrom('', 'hello', 'x'.repeat(40)) }),
  );
}

/** Answers whose owners are often of the question's chain. */
export const someAnswer: fc.Arbitrary<WireMessage> = fc.array(someName, { minLength: 1, maxLength: 4 }).chain((names) =>
  fc.record({
    id: fc.integer({ min: 0, max: 65535 }),
    flags: fc.constant(0x8180),
    question: fc.record({ name: fc.constant(names[0]), type: fc.constantFrom(1, 28, 5, 65, 255) }),
    answers: fc
      .tuple(fc.nat({ max: names.length - 1 }), fc.array(someRecord(fc.constantFrom(...names)), { maxLength: 6 }), fc.nat())
      .map(([aliases, records, turn]) => turned([...chain(names, aliases), ...records], turn)),
    opt: fc.option(fc.constantFrom(0, 0x8000), { nil: undefined }),
    compress: fc.boolean(),
  }),
);

function chain(names: readonly string[], length: number): WireRecord[] {
  return names.slice(0, length).map((name, index) => ({ name, type: 'CNAME', ttl: 60 + index, data: names[index + 1] }));
}

function turned<Item>(list: readonly Item[], by: number): Item[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

/** The same bytes with some of them changed, cut out or put in. */
export function mutated(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const change = fc.record({
    how: fc.constantFrom('set', 'flip', 'cut', 'insert', 'end', 'pointer'),
    at: fc.nat({ max: 65535 }),
    value: fc.integer({ min: 0, max: 255 }),
  });
  return fc.tuple(bytes, fc.array(change, { maxLength: 4 })).map(([original, changes]) => {
    let message = Buffer.from(original);
    for (const { how, at, value } of changes) {
      const place = message.length === 0 ? 0 : at % message.length;
      if (how === 'cut') message = Buffer.concat([message.subarray(0, place), message.subarray(place + 1 + (value & 7))]);
      else if (how === 'insert') message = Buffer.concat([message.subarray(0, place), Buffer.from([value]), message.subarray(place)]);
      else if (how === 'end') message = message.subarray(0, place);
      else if (how === 'pointer' && place + 1 < message.length) message.writeUInt16BE(0xc000 | value, place);
      else if (how === 'set' && message.length > 0) message[place] = value;
      else if (how === 'flip' && message.length > 0) message[place] ^= 1 << (value & 7);
    }
    return message;
  });
}

/** A message at a place within other bytes: whoever reads beyond it sees something else each time. */
export function within(message: Uint8Array, before: number, fill: number): Buffer {
  return Buffer.concat([Buffer.alloc(before, fill), message, Buffer.alloc(64, fill)]);
}

/** Mutations by the ten thousand, faster than a generator that can also shrink them: each message comes in a buffer of its own length. */
export function* manyMutations(originals: readonly Buffer[], count: number, seed: number): Iterable<Buffer> {
  let state = seed | 1;
  const random = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  for (let index = 0; index < count; index += 1) {
    const original = originals[random(originals.length)];
    const message = Buffer.from(original.subarray(0, random(4) === 0 ? random(original.length + 1) : original.length));
    for (let changes = message.length === 0 ? 0 : 1 + random(4); changes > 0; changes -= 1) {
      const at = random(message.length);
      if (random(3) > 0) message[at] = random(256);
      else if (at + 1 < message.length) message.writeUInt16BE(0xc000 | random(message.length), at);
    }
    yield message;
  }
}
