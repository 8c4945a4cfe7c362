// The log's ring: what is written is read as it was, by readers that nobody waits for.

import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { LearnedAnswer } from '../../../orchestrator/dns/learned-answer.ts';
import { type DnsVerdict, LogEntry } from '../../../orchestrator/dns/log/log-entry.ts';
import { type DnsRecord, readRecords } from '../../../orchestrator/dns/log/log-record.ts';
import { LogRing } from '../../../orchestrator/dns/log/log-ring.ts';
import { formatAddress, fromMapped, parseAddress, toMapped } from '../../../orchestrator/net/address.ts';
import { quad, someAnswer, type WireMessage, wire } from '../wire.ts';
import { sample } from './sample.ts';

/** What is told for it to be read as `sample`. */
function entry(fields: Partial<LogEntry> = {}): LogEntry {
  const { time, endpoint, podPort, serverIdentity, name, type, rule } = sample;
  const [pod, server] = [sample.pod, sample.server].map((text) => toMapped(parseAddress(text)));
  return Object.assign(new LogEntry(), { time, endpoint, pod, podPort, server, serverIdentity, name, type, rule, ...fields });
}

function learned(message: WireMessage): LearnedAnswer {
  const answer = new LearnedAnswer();
  const bytes = wire(message);
  answer.read(bytes, 0, bytes.length);
  return answer;
}

function readAll(ring: LogRing): DnsRecord[] {
  const reader = ring.reader('oldest');
  const found: DnsRecord[] = [];
  for (let bytes = reader.read(); bytes.length > 0; bytes = reader.read()) found.push(...readRecords(bytes));
  return found;
}

t.test('a request and its answer are read as they were told', async (t) => {
  const ring = new LogRing(4096);
  const time = 1_700_000_000_123.25;
  ring.write(entry({ time }));
  const answers = [
    { name: 'example.com', type: 'CNAME', ttl: 300, data: 'x.cdn.net' },
    { name: 'x.cdn.net', type: 'A', ttl: 20, data: quad('1.2.3.4') },
    { name: 'x.cdn.net', type: 'AAAA', ttl: 20, data: [0xfd, ...new Array<number>(14).fill(0), 1] },
    { name: 'x.cdn.net', type: 'TXT', ttl: 20, data: 'hello' },
  ] as const;
  const answer = learned({ flags: 0x8180, question: { name: 'example.com', type: 1 }, answers });
  ring.write(
    entry({ isAnswer: true, verdict: 'error', reason: 'map full', latencyNs: 6_123_456_789, rcode: 2, learned: answer, protocol: 6 }),
  );
  const [request, response] = readAll(ring);
  t.same(request, { ...sample, time });
  t.match(response, { kind: 'response', verdict: 'error', reason: 'map full', latencyNs: 6_123_456_789, rcode: 2, protocol: 6, ttl: 20 });
  t.same([response.addresses, response.aliases, response.seenTypes], [['1.2.3.4', 'fd00::1'], ['x.cdn.net.'], [5, 1, 28, 16]]);
});

const someEntry = fc.record({
  verdict: fc.constantFrom<DnsVerdict>('forwarded', 'dropped', 'error'),
  isAnswer: fc.boolean(),
  pod: fc.constantFrom('10.0.1.2', 'fd00::2'),
  server: fc.constantFrom('10.96.0.10', 'fd00::10'),
  name: fc.constantFrom('.', 'a.', 'www.example.com.', 'a\\.b.c.', `${'x'.repeat(63)}.example.com.`),
  rule: fc.constantFrom('', 'cnp/shop/web spec.egress[0]', 'ccnp/all spec'),
  serverIdentity: fc.integer({ min: 0, max: 0xffffffff }),
  message: fc.option(someAnswer, { nil: undefined }),
});

t.test('any entries are read as they were written, in their order; what was overwritten is counted, and nothing else', async (t) => {
  let lost = 0;
  const entries = fc.sample(someEntry, 80);
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.constantFrom(...entries), { maxLength: 60, size: 'max' }), { maxLength: 6, size: 'max' }),
      fc.integer({ min: 200, max: 6000 }),
      (rounds, most) => {
        const ring = new LogRing(4096);
        const reader = ring.reader('newest');
        const written: DnsRecord[] = [];
        let seen = 0;
        const read = (): void => {
          for (let bytes = reader.read(most); bytes.length > 0; bytes = reader.read(most)) {
            for (const record of readRecords(bytes)) {
              deepEqual(record, written[reader.lost + seen]);
              seen += 1;
            }
          }
        };
        for (const round of rounds) {
          for (const { pod, server, message, ...rest } of round) {
            const answer = message === undefined ? undefined : learned(message);
            const fields = { ...rest, pod: toMapped(parseAddress(pod)), server: toMapped(parseAddress(server)), learned: answer };
            ring.write(entry({ ...fields, time: written.length }));
            written.push(recordOf({ ...rest, pod, server, time: written.length }, answer));
          }
          read();
          equal(reader.lost + seen, written.length);
        }
        lost += reader.lost;
        equal(ring.written, written.length);
        const last = readAll(ring);
        deepEqual(last, written.slice(written.length - last.length));
      },
    ),
    { numRuns: 60 },
  );
  t.ok(lost > 100, `${lost} were lost`);
});

function recordOf(
  fields: Pick<DnsRecord, 'verdict' | 'pod' | 'server' | 'name' | 'rule' | 'serverIdentity' | 'time'> & { isAnswer: boolean },
  answer: LearnedAnswer | undefined,
): DnsRecord {
  const { isAnswer, ...rest } = fields;
  const addresses = Array.from({ length: answer?.count ?? 0 }, (_, at) =>
    formatAddress(fromMapped((answer as LearnedAnswer).addresses.slice(at * 16, at * 16 + 16))),
  );
  return {
    ...sample,
    ...rest,
    kind: isAnswer ? 'response' : 'request',
    ttl: answer?.ttl ?? 0,
    addresses: [
      ...addresses.filter((address) => !address.includes(':') || address.startsWith('::ffff:')),
      ...addresses.filter((address) => address.includes(':')),
    ],
    aliases: [...(answer?.aliases ?? [])],
    seenTypes: [...(answer?.section.seenTypes.slice(0, answer.section.seenCount) ?? [])],
  };
}

t.test('a reader that comes late begins with what is there, or with what comes', async (t) => {
  const ring = new LogRing(4096);
  for (let index = 0; index < 100; index += 1) ring.write(entry({ time: index }));
  const [oldest, newest] = [ring.reader('oldest'), ring.reader('newest')];
  t.equal(newest.read().length, 0);
  ring.write(entry({ time: 100 }));
  t.same(
    [...readRecords(newest.read())].map(({ time }) => time),
    [100],
  );
  const [first] = [...readRecords(oldest.read())];
  t.ok(first.time > 50);
  t.ok(oldest.lost <= 1 && newest.lost === 0);
});

t.test('records that fill the ring to its end are read to there, and from its beginning', async (t) => {
  const ring = new LogRing(4096);
  const reader = ring.reader('newest');
  const name = `${'x'.repeat(128 - 54 - 8 - 1)}.`;
  for (let index = 0; index < 32; index += 1) ring.write(entry({ time: index, name, rule: '' }));
  t.equal(reader.read(128).length, 128);
  ring.write(entry({ time: 32, name, rule: '' }));
  const times: number[] = [];
  for (let bytes = reader.read(); bytes.length > 0; bytes = reader.read()) times.push(...[...readRecords(bytes)].map(({ time }) => time));
  t.same(
    times,
    Array.from({ length: 32 }, (_, index) => index + 1),
  );
  t.equal(reader.lost, 0);
});

t.test('a record that no ring of that size holds is counted, and left out', async (t) => {
  const ring = new LogRing(4096);
  ring.write(entry({ name: `${'x'.repeat(2000)}.` }));
  ring.write(entry());
  t.equal(ring.tooLong, 1);
  t.equal(readAll(ring).length, 1);
});

t.test('bytes that are no records are read as far as they are', async () => {
  const ring = new LogRing(8192);
  for (let index = 0; index < 10; index += 1) ring.write(entry({ time: index }));
  const bytes = ring.reader('oldest').read();
  fc.assert(
    fc.property(fc.nat({ max: bytes.length }), fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (end, at, value) => {
      const broken = Buffer.from(bytes);
      broken[at] = value;
      ok([...readRecords(broken.subarray(0, end))].length <= 300);
    }),
    { numRuns: 1000 },
  );
});
