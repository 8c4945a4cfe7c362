// Questions: what is read of a query, what is refused, and that nobody reads beyond the message or stumbles over what is in it.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import t from 'tap';
import { setMessageId } from '../../../orchestrator/dns/message/header.ts';
import { nameText, recentHashOf, recentNameOf, recentNameText, recentPlace } from '../../../orchestrator/dns/message/name.ts';
import { isAnswerTo, type QueryFault, Question, questionBytes } from '../../../orchestrator/dns/message/question.ts';
import { nameHash } from '../../../orchestrator/dns/name-table.ts';
import { mutated, someAnswer, someName, wire, within } from '../wire.ts';

function read(bytes: Uint8Array): [QueryFault | undefined, Question] {
  const question = new Question();
  return [question.read(bytes, 0, bytes.length), question];
}

const someQuery = fc.record({
  id: fc.integer({ min: 0, max: 65535 }),
  question: fc.record({ name: someName, type: fc.integer({ min: 0, max: 65535 }), class: fc.constantFrom(1, 3, 255) }),
  opt: fc.option(fc.constantFrom(0, 0x8000), { nil: undefined }),
});

t.test('a question is read as dns-packet reads it, with its name in lower case', async () => {
  fc.assert(
    fc.property(someQuery, (query) => {
      const bytes = wire(query);
      const [fault, question] = read(bytes);
      const [theirs] = decode(bytes).questions ?? [];
      equal(fault, undefined);
      equal(question.id, query.id);
      equal(question.name, `${theirs.name.toLowerCase()}.`);
      equal(question.type, query.question.type);
      equal(question.class, query.question.class);
      equal(question.end, wire({ ...query, opt: undefined }).length);
    }),
    { numRuns: 300 },
  );
});

t.test('the root, the longest names and strange bytes have texts of their own', async (t) => {
  const rows: [labels: string[], text: string][] = [
    [[], '.'],
    [['EXAMPLE', 'Com'], 'example.com.'],
    [['a.b', 'com'], 'a\\.b.com.'],
    [['a\\', 'com'], 'a\\\\.com.'],
    [['\0', ' ', '\xe9'], '\\000.\\032.\\233.'],
    [['x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63), 'x'.repeat(61)], `${`${'x'.repeat(63)}.`.repeat(3)}${'x'.repeat(61)}.`],
  ];
  const texts = new Set<string>();
  for (const [labels, text] of rows) {
    const name = Buffer.concat([...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])), Buffer.of(0)]);
    const [fault, question] = read(Buffer.concat([wire({ question: { name: '', type: 1 } }).subarray(0, 12), name, Buffer.of(0, 1, 0, 1)]));
    t.equal(fault, undefined, text);
    t.equal(question.name, text);
    texts.add(question.name);
  }
  t.equal(texts.size, rows.length);
});

t.test('what is no query is told apart', async (t) => {
  const good = wire({ question: { name: 'example.com', type: 1 } });
  const changed = (at: number, ...values: number[]): Buffer => {
    const bytes = Buffer.from(good);
    bytes.set(values, at);
    return bytes;
  };
  const rows: [bytes: Buffer, fault: QueryFault | undefined, why: string][] = [
    [good, undefined, 'as it should be'],
    [changed(2, 0x03), undefined, 'a truncated query is still one'],
    [good.subarray(0, 11), 'short', 'no header'],
    [Buffer.alloc(0), 'short', 'nothing'],
    [changed(2, 0x81), 'answer', 'QR'],
    [changed(2, 0x29), 'opcode', 'an update'],
    [changed(4, 0, 0), 'questions', 'no question'],
    [changed(4, 0, 2), 'questions', 'two questions'],
    [good.subarray(0, good.length - 1), 'name', 'the class is cut'],
    [changed(12, 0xc0, 0x0c), 'name', 'a pointer to itself'],
    [changed(12, 0xc0, 0x00), 'name', 'a pointer into the header'],
    [changed(20, 0xc0, 0x0c), 'name', 'a pointer to the beginning of its own name'],
    [changed(12, 0x40), 'name', 'a label of a reserved kind'],
    [changed(12, 0x3f), 'name', 'a label longer than the message'],
  ];
  for (const [bytes, fault, why] of rows) t.equal(read(bytes)[0], fault, why);
});

t.test('a name of 256 bytes is none', async (t) => {
  const labels = ['x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63)];
  t.equal(read(wire({ question: { name: [...labels, 'x'.repeat(61)].join('.'), type: 1 } }))[0], undefined);
  t.equal(read(wire({ question: { name: [...labels, 'x'.repeat(62)].join('.'), type: 1 } }))[0], 'name');
});

t.test('mutated queries: nothing is thrown, nothing outside plays a part, and what is accepted is what dns-packet reads', async (t) => {
  let accepted = 0;
  fc.assert(
    fc.property(
      mutated(fc.constantFrom(...fc.sample(fc.oneof(someQuery, someAnswer), 200).map(wire))),
      fc.nat({ max: 40 }),
      (message, before) => {
        const one = new Question();
        const other = new Question();
        const fault = one.read(within(message, before, 0x00), before, message.length);
        equal(other.read(within(message, before + 3, 0xff), before + 3, message.length), fault);
        if (fault !== undefined) return;
        deepEqual({ ...one }, { ...other });
        accepted += 1;
        if (one.name.includes('\\')) return;
        // Later sections may be broken: those are the server's to refuse.
        const head = Buffer.from(message.subarray(0, one.end));
        head.fill(0, 6, 12);
        const [theirs] = decode(head).questions ?? [];
        equal(one.name, theirs.name === '.' ? '.' : `${theirs.name.toLowerCase()}.`);
        equal(questionBytes(message, 0, message.length), one.end - 12);
      },
    ),
    { numRuns: 1000 },
  );
  t.ok(accepted > 100, `${accepted} were accepted`);
});

t.test('a name that came lately has its own text, and no other that was in its place', async (t) => {
  const wireName = (labels: readonly string[]): Buffer =>
    Buffer.concat([Buffer.alloc(12), ...labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label, 'latin1')]), Buffer.of(0)]);
  const long = 'x'.repeat(63);
  const names = [
    [],
    [long],
    [long, 'b'],
    [long, 'B'],
    ['a'],
    ['A'],
    ['a', 'b'],
    ['a.b'],
    ['a', 'b', 'c'],
    ['ab'],
    ['a\\'],
    ['a\\', 'b'],
    ['\xe9'],
    ['a', 'b'],
  ].map(wireName);
  // As if all of them had one hash.
  for (const first of names) {
    for (const second of names) {
      for (const bytes of [first, second, second]) {
        const text = nameText(bytes, 0, 12);
        t.equal(recentNameText(bytes, 0, 12, 7), text);
        for (const size of [bytes.length - 12, 0]) {
          const place = recentPlace(bytes, 0, 12, 7, size);
          t.same([recentNameOf(place), recentHashOf(place)], [text, nameHash(text)]);
        }
      }
    }
  }
});

t.test('an answer is one to a question only if it repeats it to the byte', async (t) => {
  const query = wire({ id: 7, question: { name: 'eXample.COM', type: 1 } });
  const size = questionBytes(query, 0, query.length);
  const isAnswer = (bytes: Uint8Array): boolean => isAnswerTo(bytes, 0, bytes.length, query, 12, size);
  const answer = wire({ id: 7, flags: 0x8180, question: { name: 'eXample.COM', type: 1 } });
  t.ok(isAnswer(answer));
  setMessageId(answer, 0, 0xbeef);
  t.equal(answer.readUInt16BE(0), 0xbeef);
  t.ok(isAnswer(answer), 'the id is for others to compare');
  t.notOk(isAnswer(query), 'a query');
  t.notOk(isAnswer(wire({ flags: 0x8180, question: { name: 'example.COM', type: 1 } })), 'another case');
  t.notOk(isAnswer(wire({ flags: 0x8180, question: { name: 'eXample.COM', type: 28 } })), 'another type');
  t.notOk(isAnswer(wire({ flags: 0xa980, question: { name: 'eXample.COM', type: 1 } })), 'another opcode');
  t.notOk(isAnswer(answer.subarray(0, answer.length - 1)), 'cut');
  t.notOk(isAnswerTo(answer, 0, answer.length - 1, query, 12, size), 'cut, with the rest of an earlier one behind it');
  fc.assert(
    fc.property(mutated(fc.constant(answer)), (bytes) => {
      const same = bytes.length >= answer.length && bytes.subarray(12, 12 + size).equals(query.subarray(12, 12 + size));
      if (isAnswer(bytes)) ok(same);
    }),
    { numRuns: 500 },
  );
});
