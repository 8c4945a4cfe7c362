// Own answers: what a pod gets that is refused, or whose question nobody could answer.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import t from 'tap';
import { rcode } from '../../../orchestrator/dns/message/header.ts';
import { longestOwnAnswer, writeOwnAnswer } from '../../../orchestrator/dns/message/own-answer.ts';
import { mutated, someAnswer, someName, wire, within } from '../wire.ts';

function own(query: Buffer, code: number): Buffer {
  const into = Buffer.alloc(longestOwnAnswer + 7, 0xaa);
  const length = writeOwnAnswer(query, 0, query.length, code, into, 5);
  return into.subarray(5, 5 + length);
}

t.test('it is an answer to the question as it was asked, with its id, its case and its wishes', async (t) => {
  for (const [word, code] of Object.entries({
    REFUSED: rcode.refused,
    NXDOMAIN: rcode.nxDomain,
    SERVFAIL: rcode.servFail,
    FORMERR: rcode.formErr,
  })) {
    for (const flags of [0x0100, 0x0000, 0x0110]) {
      const query = wire({ id: 0x1234, flags, question: { name: 'WwW.eXample.com', type: 28 } });
      const answer = decode(own(query, code));
      t.equal(answer.id, 0x1234);
      t.equal(answer.type, 'response');
      t.equal((answer as { rcode?: string }).rcode, word);
      t.same(answer.questions, [{ name: 'WwW.eXample.com', type: 'AAAA', class: 'IN' }]);
      t.equal(answer.flag_rd, (flags & 0x0100) !== 0);
      t.equal(answer.flag_cd, (flags & 0x0010) !== 0);
      t.equal(answer.flag_ra, true);
      t.notOk(answer.flag_tc || answer.flag_aa || answer.flag_ad);
      t.same([answer.answers, answer.authorities, answer.additionals], [[], [], []]);
    }
  }
});

t.test('who speaks EDNS is spoken to so, and DO is copied', async (t) => {
  for (const opt of [0, 0x8000]) {
    const answer = decode(own(wire({ question: { name: 'example.com', type: 1 }, opt }), rcode.refused));
    const [record] = answer.additionals ?? [];
    t.match(record, { type: 'OPT', udpPayloadSize: 1232, ednsVersion: 0, flag_do: opt !== 0 });
    t.equal(answer.additionals?.length, 1);
  }
});

t.test('flags of EDNS that nobody knows are not repeated', async (t) => {
  const answer = own(wire({ question: { name: 'example.com', type: 1 }, opt: 0xc0de }), rcode.refused);
  t.equal(answer.readUInt16BE(answer.length - 4), 0x8000);
});

t.test('the answer may be written over its query', async () => {
  fc.assert(
    fc.property(someName, fc.option(fc.constantFrom(0, 0x8000), { nil: undefined }), (name, opt) => {
      const query = wire({ id: 99, question: { name, type: 1 }, opt });
      const wanted = own(query, rcode.servFail);
      const room = Buffer.concat([query, Buffer.alloc(longestOwnAnswer)]);
      const length = writeOwnAnswer(room, 0, query.length, rcode.servFail, room, 0);
      deepEqual(room.subarray(0, length), wanted);
    }),
    { numRuns: 100 },
  );
});

t.test('whatever the query is, the answer fits, can be read, and does not depend on what lies around the query', async () => {
  const message = mutated(
    fc.oneof(
      someAnswer.map(wire),
      someName.map((name) => wire({ question: { name, type: 1 }, opt: 0 })),
    ),
  );
  fc.assert(
    fc.property(message, (bytes) => {
      if (bytes.length < 12) return;
      const into = Buffer.alloc(longestOwnAnswer);
      const length = writeOwnAnswer(within(bytes, 9, 0), 9, bytes.length, rcode.formErr, into, 0);
      ok(length >= 12 && length <= longestOwnAnswer);
      const other = Buffer.alloc(longestOwnAnswer);
      equal(writeOwnAnswer(within(bytes, 2, 0xff), 2, bytes.length, rcode.formErr, other, 0), length);
      deepEqual(into, other);
      const answer = decode(into.subarray(0, length));
      equal(answer.id, bytes.readUInt16BE(0));
      equal(answer.type, 'response');
    }),
    { numRuns: 700 },
  );
});
