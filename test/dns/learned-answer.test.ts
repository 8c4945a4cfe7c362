// Learned answers: which addresses an answer teaches, along which names, for how long; and that nothing else does.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import t from 'tap';
import { LearnedAnswer } from '../../orchestrator/dns/learned-answer.ts';
import { Question } from '../../orchestrator/dns/message/question.ts';
import { privateKind } from '../../orchestrator/dns/private-address.ts';
import { formatAddress, fromMapped, parseAddress, toMapped } from '../../orchestrator/net/address.ts';
import { manyMutations, mutated, quad, someAnswer, type WireMessage, type WireRecord, wire, within } from './wire.ts';

type Taught = readonly [address: string, ttl: number, depth: number];

function taught(learned: LearnedAnswer): Taught[] {
  return Array.from({ length: learned.count }, (_, index) => [
    formatAddress(fromMapped(learned.addresses.slice(index * 16, index * 16 + 16))),
    learned.ttls[index],
    learned.depths[index],
  ]);
}

function learn(
  message: Omit<WireMessage, 'question'> & { readonly asked?: string },
  refusePrivate = false,
): [string | undefined, LearnedAnswer] {
  const learned = new LearnedAnswer();
  const bytes = wire({ flags: 0x8180, question: { name: message.asked ?? 'www.example.com', type: 1 }, ...message });
  return [learned.read(bytes, 0, bytes.length, refusePrivate), learned];
}

const a = (name: string, address: string, ttl = 60): WireRecord => ({ name, type: 'A', ttl, data: quad(address) });
const cname = (name: string, data: string, ttl = 60): WireRecord => ({ name, type: 'CNAME', ttl, data });

t.test('addresses of the name itself, with or without pointers, whatever the case', async (t) => {
  for (const compress of [false, true]) {
    const answers = [a('www.example.com', '1.2.3.4', 30), a('WWW.Example.com', '1.2.3.5', 40)];
    const [fault, learned] = learn({ answers, compress });
    t.equal(fault, undefined);
    t.same(taught(learned), [
      ['1.2.3.4', 30, 0],
      ['1.2.3.5', 40, 0],
    ]);
    t.equal(learned.ttl, 30);
    t.same(learned.aliases, []);
  }
});

t.test('a chain is followed, whatever the order; its least TTL holds', async (t) => {
  const answers = [cname('www.example.com', 'a.cdn.net', 300), cname('A.cdn.net', 'b.cdn.net', 20), a('b.CDN.net', '1.2.3.4', 100)];
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [0, 2, 1],
  ]) {
    const [fault, learned] = learn({ answers: order.map((index) => answers[index]), compress: true });
    t.equal(fault, undefined);
    t.same(taught(learned), [['1.2.3.4', 20, 2]]);
    t.same(learned.aliases, ['a.cdn.net.', 'b.cdn.net.']);
    t.equal(learned.ttl, 20);
  }
});

t.test('addresses of other owners are not learned', async (t) => {
  const answers = [a('www.example.com', '1.2.3.4'), a('evil.example.com', '6.6.6.6'), a('example.com', '6.6.6.7')];
  t.same(taught(learn({ answers })[1]), [['1.2.3.4', 60, 0]]);
  t.same(taught(learn({ answers: [cname('other.com', 'x.net'), a('x.net', '6.6.6.6')] })[1]), []);
});

t.test('other classes, other types, failures and empty answers teach nothing', async (t) => {
  t.same(taught(learn({ answers: [{ ...a('www.example.com', '1.2.3.4'), class: 3 }] })[1]), []);
  t.same(taught(learn({ answers: [{ ...a('www.example.com', '1.2.3.4'), class: 0x8001 }] })[1]), [], 'that bit means nothing here');
  t.same(taught(learn({ answers: [{ name: 'www.example.com', type: 'TXT', ttl: 1, data: '1.2.3.4' }] })[1]), []);
  const [fault, failed] = learn({ flags: 0x8183, answers: [a('www.example.com', '1.2.3.4')] });
  t.same([fault, failed.section.rcode, failed.count], [undefined, 3, 0]);
  t.same(learn({})[0], undefined);
  const [, missing] = learn({ flags: 0x8183, answers: [cname('www.example.com', 'a.com', 7), a('a.com', '1.2.3.4')] });
  t.same([missing.count, missing.aliases, missing.ttl], [0, ['a.com.'], 7], 'the chain is told');
  const [none, loop] = learn({ flags: 0x8182, answers: [cname('www.example.com', 'www.example.com')] });
  t.same([none, loop.aliases, loop.ttl], [undefined, [], 0], 'a failure is passed on as it is');
});

t.test('loops, chains without end and names that are two others are faults', async (t) => {
  t.equal(learn({ answers: [cname('www.example.com', 'WWW.example.com')] })[0], 'loop');
  t.equal(learn({ answers: [cname('www.example.com', 'a.com'), cname('a.com', 'b.com'), cname('b.com', 'a.com')] })[0], 'loop');
  t.equal(learn({ answers: [cname('www.example.com', 'a.com'), cname('www.example.com', 'b.com')] })[0], 'ambiguous');
  t.equal(
    learn({ answers: [cname('www.example.com', 'a.com', 9), cname('www.example.com', 'A.com', 5), a('a.com', '1.1.1.1')] })[1].ttl,
    5,
  );
  const chain = (length: number): WireRecord[] =>
    Array.from({ length }, (_, index) => cname(index === 0 ? 'www.example.com' : `n${index}`, `n${index + 1}`));
  t.equal(learn({ answers: [...chain(32), a('n32', '1.1.1.1')] })[1].count, 1);
  const [fault, long] = learn({ answers: [...chain(33), a('n33', '1.1.1.1')] });
  t.same([fault, long.count, long.aliases], ['long', 0, []]);
});

t.test('data that is not what its type says is a fault', async (t) => {
  const rows: [type: 'A' | 'AAAA' | 'CNAME', data: number[], fault: string | undefined][] = [
    ['A', [1, 2, 3], 'record'],
    ['A', [1, 2, 3, 4, 5], 'record'],
    ['AAAA', [1, 2, 3, 4], 'record'],
    ['CNAME', [1, 97, 0], undefined],
    ['CNAME', [1, 97, 0, 0], 'record'],
    ['CNAME', [1, 97], 'record'],
    ['CNAME', [0xff, 0xff], 'record'],
    ['CNAME', [], 'record'],
  ];
  for (const [type, data, fault] of rows) {
    const answers = [a('www.example.com', '1.2.3.4'), { name: 'other.com', type, ttl: 1, data }];
    t.equal(learn({ answers })[0], fault, `${type} ${data}`);
    t.equal(learn({ answers })[1].count, fault === undefined ? 1 : 0);
  }
});

t.test('a TTL with its highest bit set is 0, and none is longer than a week', async (t) => {
  const answers = [a('www.example.com', '1.1.1.1', 0x80000000), a('www.example.com', '1.1.1.2', 0x7fffffff)];
  t.same(taught(learn({ answers })[1]), [
    ['1.1.1.1', 0, 0],
    ['1.1.1.2', 604_800, 0],
  ]);
});

t.test('more addresses than are kept are a fault; what a truncated message has whole is learned', async (t) => {
  const answers = Array.from({ length: 1025 }, (_, index) => a('www.example.com', `1.2.${index >> 8}.${index & 255}`));
  t.equal(learn({ answers: answers.slice(1) })[1].count, 1024);
  t.same([learn({ answers })[0], learn({ answers })[1].count], ['many', 0]);
  const learned = new LearnedAnswer();
  for (const [flags, fault, count] of [
    [0x8180, 'record', 0],
    [0x8380, undefined, 2],
  ] as const) {
    const whole = wire({ flags, question: { name: 'www.example.com', type: 1 }, answers: answers.slice(0, 3) });
    t.equal(learned.read(whole, 0, whole.length - 1), fault);
    t.equal(learned.count, count);
  }
});

t.test('private addresses: of every kind, told apart, and refused by option whoever owns them', async (t) => {
  const rows: [address: string, kind: string | undefined][] = [
    ['1.1.1.1', undefined],
    ['172.32.0.1', undefined],
    ['100.128.0.1', undefined],
    ['2001:db8::1', undefined],
    ['2606:4700::1111', undefined],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['127.9.9.9', 'loopback'],
    ['::1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd00::1', 'private'],
    ['fc12::1', 'private'],
    ['fec0::1', 'private'],
    ['169.254.0.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['192.0.0.192', 'metadata'],
    ['64:ff9b::a00:1', 'private'],
    ['64:ff9b::808:808', undefined],
    ['2002:7f00:1::', 'loopback'],
    ['::a00:1', 'private'],
  ];
  for (const [address, kind] of rows) {
    t.equal(privateKind(toMapped(parseAddress(address)), 0), kind, address);
    const bytes = parseAddress(address);
    const record: WireRecord = { name: 'www.example.com', type: bytes.length === 4 ? 'A' : 'AAAA', ttl: 1, data: [...bytes] };
    t.equal(learn({ answers: [a('www.example.com', '1.1.1.1'), record] }, true)[0], kind, address);
    t.equal(
      learn({ answers: [a('www.example.com', '1.1.1.1'), { ...record, name: 'other.com' }] }, true)[0],
      kind,
      `${address} of another`,
    );
    t.equal(learn({ answers: [record] })[1].count, 1, `${address}: without the option`);
  }
});

/** What an answer teaches, said once more and slowly, over what dns-packet reads of it. */
function model(bytes: Buffer): Taught[] | 'fault' {
  const { questions = [], answers = [] } = decode(bytes);
  const fold = (name: string): string => name.toLowerCase().replace(/\.$/, '');
  // What it takes for multicast DNS's flush bit is another class (RFC 1035).
  const isInternet = (record: object): boolean => 'class' in record && record.class === 'IN' && !('flush' in record && record.flush);
  const records = answers.flatMap((record) => ('ttl' in record && 'data' in record && isInternet(record) ? [record] : []));
  const aliases = records.filter(({ type }) => type === 'CNAME');
  const chain = [{ name: fold(questions[0].name), ttl: Number.POSITIVE_INFINITY }];
  for (;;) {
    const { name, ttl } = chain[chain.length - 1];
    const next = aliases.filter((record) => fold(record.name) === name);
    if (next.length === 0) break;
    const target = fold(String(next[0].data));
    if (next.some(({ data }) => fold(String(data)) !== target) || chain.some((known) => known.name === target)) return 'fault';
    chain.push({ name: target, ttl: Math.min(ttl, ...next.map((record) => life(record.ttl))) });
  }
  return records.flatMap((record): Taught[] => {
    const depth = chain.findIndex(({ name }) => name === fold(record.name));
    if (depth < 0 || (record.type !== 'A' && record.type !== 'AAAA')) return [];
    const address = formatAddress(fromMapped(toMapped(parseAddress(String(record.data)))));
    return [[address, Math.min(life(record.ttl), chain[depth].ttl), depth]];
  });
}

function life(ttl: number | undefined): number {
  return (ttl ?? 0) > 0x7fffffff ? 0 : Math.min(ttl ?? 0, 604_800);
}

t.test('any answer teaches what a slow reading of dns-packet teaches', async (t) => {
  const learned = new LearnedAnswer();
  let [count, chains] = [0, 0];
  fc.assert(
    fc.property(someAnswer, (message) => {
      const bytes = wire(message);
      const fault = learned.read(bytes, 0, bytes.length);
      deepEqual(fault === undefined ? taught(learned) : 'fault', model(bytes));
      count += learned.count;
      chains += learned.aliases.length;
    }),
    { numRuns: 500 },
  );
  t.ok(count > 100 && chains > 100, `${count} addresses, ${chains} CNAMEs`);
});

t.test('an answer whose question is known teaches the same', async (t) => {
  const [plain, known] = [new LearnedAnswer(), new LearnedAnswer()];
  const question = new Question();
  const originals = fc.constantFrom(...fc.sample(someAnswer, 200).map(wire));
  let count = 0;
  fc.assert(
    fc.property(mutated(originals), (bytes) => {
      // As it was asked; who was asked may play with nothing of it.
      const query = Buffer.from(bytes);
      if (query.length >= 12) query.writeUInt16BE(0x0100, 2);
      if (question.read(query, 0, query.length) !== undefined) return;
      equal(known.read(bytes, 0, bytes.length, false, question), plain.read(bytes, 0, bytes.length));
      deepEqual([taught(known), known.aliases, known.ttl], [taught(plain), plain.aliases, plain.ttl]);
      count += known.count;
    }),
    { numRuns: 1000 },
  );
  t.ok(count > 100, `${count} addresses`);
});

t.test('mutated answers: nothing is thrown, nothing outside plays a part, and what is learned is what dns-packet reads', async (t) => {
  const [one, other] = [new LearnedAnswer(), new LearnedAnswer()];
  const originals = fc.constantFrom(...fc.sample(someAnswer, 200).map(wire));
  let compared = 0;
  fc.assert(
    fc.property(mutated(originals), fc.nat({ max: 20 }), (bytes, before) => {
      const fault = one.read(within(bytes, before, 0), before, bytes.length);
      equal(other.read(within(bytes, before + 1, 0xc0), before + 1, bytes.length), fault);
      deepEqual([taught(other), other.aliases, other.ttl], [taught(one), one.aliases, one.ttl]);
      if (fault !== undefined) equal(one.count, 0);
      if (one.count === 0) return;
      ok(bytes.readUInt16BE(6) > 0);
      let wanted: ReturnType<typeof model>;
      try {
        // Sections behind the answers are nobody's business, and a cut answer is read as far as it goes.
        if (one.section.truncated) return;
        const head = Buffer.from(bytes);
        head.fill(0, 8, 12);
        wanted = model(head);
      } catch {
        return;
      }
      if (one.aliases.some((alias) => alias.includes('\\'))) return;
      deepEqual(taught(one), wanted);
      compared += 1;
    }),
    { numRuns: 1500 },
  );
  t.ok(compared > 80, `${compared} were compared`);
});

t.test('mutations by the ten thousand end, whatever they point to, and alike in any surroundings', async (t) => {
  const [one, other] = [new LearnedAnswer(), new LearnedAnswer()];
  const originals = fc.sample(someAnswer, 200).map(wire);
  let learned = 0;
  for (const bytes of manyMutations(originals, 30_000, 20_180_601)) {
    const fault = one.read(bytes, 0, bytes.length);
    equal(other.read(within(bytes, 3, 0xc0), 3, bytes.length), fault);
    equal(other.count, one.count);
    ok(one.words.subarray(0, one.count * 4).every((word, index) => other.words[index] === word));
    deepEqual(other.aliases, one.aliases);
    learned += one.count;
  }
  t.ok(learned > 1000, `${learned} addresses`);
});
