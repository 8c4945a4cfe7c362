// The engine against messages that nobody would send: from pods and from servers, valid ones with bytes changed, cut off and made up. It never
// throws, tells nobody what was not asked, and keeps no query for ever. DNS_FUZZ_MESSAGES makes it longer.

import { encode } from 'dns-packet';
import t from 'tap';
import type { MapChanges } from '../../orchestrator/dns/book/map-changes.ts';
import { AccessLog } from '../../orchestrator/dns/engine/access-log.ts';
import { addressKey } from '../../orchestrator/dns/engine/address-key.ts';
import { Counters } from '../../orchestrator/dns/engine/counters.ts';
import { Engine } from '../../orchestrator/dns/engine/engine.ts';
import { Learning } from '../../orchestrator/dns/engine/learning.ts';
import { Pods } from '../../orchestrator/dns/engine/pods.ts';
import { sweepGrants } from '../../orchestrator/dns/engine/sweep.ts';
import { readRecords } from '../../orchestrator/dns/log/log-record.ts';
import { Question } from '../../orchestrator/dns/message/question.ts';
import type { DnsRules } from '../../orchestrator/dns/rules.ts';
import { readName } from '../../orchestrator/model/policy/name-match.ts';
import type { NameSelector } from '../../orchestrator/model/policy/rule.ts';

t.setTimeout(0);
const messages = Number(process.env.DNS_FUZZ_MESSAGES ?? 60_000);
const pattern = readName({ matchPattern: '**.example.com' }) as NameSelector;
const pods = ['10.7.0.1', '10.7.0.2', 'fd07::3'];
const servers = ['10.8.0.53', 'fd08::53'];

const rules: DnsRules = {
  format: 1,
  generation: 1,
  reject: 'refused',
  endpoints: pods.map((address, index) => ({
    id: index + 1,
    namespace: 'shop',
    pod: `pod-${index + 1}`,
    identity: 1000 + index,
    labels: [],
    addresses: [address],
    set: 1,
  })),
  sets: [
    {
      set: 1,
      allowed: [{ identity: 0, protocol: 17, port: 53, portBits: 16, names: [pattern], rule: 'cnp/shop/web spec.egress[0]' }],
      granted: [{ name: pattern, identity: 0x1000001, minTtl: 0, grace: 0, each: true }],
    },
  ],
};

/** A map with room for so many entries. */
class Grants {
  readonly entriesByKey = new Map<string, string>();
  readonly room = 8000;

  apply({ removed, removedKeys, written, keys, values }: MapChanges): number {
    for (let index = 0; index < removed; index += 1) this.entriesByKey.delete(hex(removedKeys, index, 24));
    for (let index = 0; index < written; index += 1) {
      const key = hex(keys, index, 24);
      if (!this.entriesByKey.has(key) && this.entriesByKey.size >= this.room) return index;
      this.entriesByKey.set(key, hex(values, index, 32));
    }
    return written;
  }

  read(): undefined {}

  async *entries() {}
}

function hex(bytes: Uint8Array, index: number, size: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + index * size, size).toString('hex');
}

/** Numbers below `n`, the same ones for the same seed. */
function random(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** A message with some of its bytes changed, cut off, doubled, or nothing but noise. */
function spoil(message: Buffer, next: (n: number) => number): Buffer {
  const kind = next(8);
  if (kind < 2) return message;
  if (kind === 2) return message.subarray(0, next(message.length + 1));
  if (kind === 3) return Buffer.concat([message, Buffer.from(Array.from({ length: next(600) }, () => next(256)))]);
  if (kind === 4) return Buffer.from(Array.from({ length: next(600) }, () => next(256)));
  for (let changes = 1 + next(6); changes > 0; changes -= 1) {
    const at = kind === 5 ? next(12) : next(message.length);
    message[at] = [0, 0xff, 0xc0, 0x0c, 1, next(256)][next(6)] as number;
  }
  return message;
}

function query(next: (n: number) => number): Buffer {
  const labels = Array.from({ length: next(5) }, () => 'x'.repeat(1 + next(40)));
  const name = [...labels, ...(next(3) === 0 ? ['other.org'] : ['example.com'])].join('.');
  const additionals = next(2) === 0 ? [] : [{ type: 'OPT' as const, name: '.', udpPayloadSize: 1232, flags: 0x8000, options: [] }];
  return encode({
    type: 'query',
    id: next(65_536),
    flags: 0x100,
    questions: [{ type: next(2) === 0 ? 'A' : 'AAAA', name }],
    additionals: additionals as never,
  });
}

function reply(asked: Buffer, next: (n: number) => number): Buffer {
  const question = new Question();
  question.read(asked, 0, asked.length);
  const { name, end } = question;
  const alias = 'alias.example.net';
  const address = () => ({
    type: 'A' as const,
    name: next(3) === 0 ? alias : name,
    ttl: next(60),
    data: `192.0.${next(256)}.${next(256)}`,
  });
  const chain = next(2) === 0 ? [{ type: 'CNAME' as const, name, ttl: 60, data: alias }] : [];
  const answers = name.includes('\\') ? [] : [...chain, ...Array.from({ length: next(30) }, address)];
  const head = Buffer.from(asked.subarray(0, end));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(answers.length, 6);
  head.fill(0, 8, 12);
  return Buffer.concat([head, encode({ type: 'response', answers }).subarray(12)]);
}

t.test('hostile messages', async (t) => {
  const next = random(Number(process.env.DNS_FUZZ_SEED ?? 7));
  const counters = new Counters();
  const grants = new Grants();
  const tick = { now: 0 };
  const now = (): number => Math.floor(tick.now / 16.8);
  const learning = new Learning({ grants, counters, tick: now });
  const log = new AccessLog(1 << 20);
  const table = new Pods();
  const engine = new Engine<undefined>({ lanes: 2, pods: table, identities: { find: () => 2 }, learning, log, counters });
  await engine.setRules(rules);
  const reader = log.ring.reader('oldest');
  const buffer = Buffer.alloc(70_000);
  const lastAsked: { slot: number; bytes: Buffer; from: string; lane: number }[] = [];
  let released = 0;
  for (let count = 0; count < messages; count += 1) {
    tick.now += next(20);
    const isQuery = lastAsked.length === 0 || next(2) === 0;
    if (isQuery) {
      const bytes = spoil(query(next), next);
      bytes.copy(buffer, 100);
      buffer.fill(0xaa, 100 + bytes.length, 100 + bytes.length + 64);
      const server = servers[next(2)] as string;
      const lane = next(2);
      const pod = next(20) === 0 ? '10.7.0.99' : (pods[next(3)] as string);
      Object.assign(engine.asked, {
        protocol: 17,
        pod: addressKey(pod),
        podPort: 1024 + next(60_000),
        server: addressKey(server),
        serverPort: next(50) === 0 ? 54 : 53,
      });
      Object.assign(engine.asked, { bytes: buffer, start: 100, length: bytes.length });
      const slot = engine.ask(lane, undefined, tick.now);
      if (slot >= 0) {
        // Nothing but the id is another one.
        if (Buffer.compare(buffer.subarray(102, 100 + bytes.length), bytes.subarray(2)) !== 0) t.fail(`changed: ${bytes.toString('hex')}`);
        lastAsked.push({ slot, bytes: Buffer.from(buffer.subarray(100, 100 + bytes.length)), from: server, lane });
      } else if (engine.ownLength > 0) {
        if (engine.ownLength > bytes.length + 11 || (buffer[102] as number) < 0x80) t.fail(`own answer: ${bytes.toString('hex')}`);
      }
    } else {
      const asked = lastAsked[next(lastAsked.length)] as (typeof lastAsked)[number];
      const bytes = spoil(reply(asked.bytes, next), next);
      bytes.copy(buffer, 100);
      const from = next(10) === 0 ? (servers[next(2)] as string) : asked.from;
      const replied = {
        from: addressKey(from),
        port: next(50) === 0 ? 54 : 53,
        bytes: buffer,
        start: 100,
        length: bytes.length,
        now: tick.now,
      };
      const slot = engine.answer(asked.lane, replied);
      if (slot >= 0) {
        const known = lastAsked.findIndex((one) => one.slot === slot);
        if (known < 0 || lastAsked[known]?.from !== from || replied.port !== 53) t.fail(`nobody asked: ${bytes.toString('hex')}`);
        lastAsked.splice(known, 1);
        if (engine.isReleased) released += 1;
      }
    }
    for (let slot = engine.expire(tick.now); slot >= 0; slot = engine.expire(tick.now)) {
      lastAsked.splice(
        lastAsked.findIndex((one) => one.slot === slot),
        1,
      );
      if (engine.failureLength(slot) < 12) t.fail('a failure that is no message');
    }
    if (engine.size !== lastAsked.length) t.fail(`${engine.size} wait, not ${lastAsked.length}`);
    if (count % 1000 > 0) continue;
    for (const _ of readRecords(reader.read(1 << 20)));
    await sweepGrants(learning, table, { keys: async function* () {} }, now);
  }
  t.comment(JSON.stringify({ ...counters, latency: undefined }));
  t.ok(released > messages / 50, `${released} answers of ${messages} messages were told`);
  t.ok(grants.entriesByKey.size <= grants.room);
  const book = learning.counts();
  t.equal(book.addresses, grants.entriesByKey.size, 'the book has what the map has');
  while (engine.size === 0) {
    // All may have been answered: then one is asked that is not.
    const bytes = query(next);
    bytes.copy(buffer, 100);
    const asked = { pod: addressKey(pods[0] as string), server: addressKey(servers[0] as string), serverPort: 53, start: 100 };
    Object.assign(engine.asked, { ...asked, length: bytes.length });
    engine.ask(0, undefined, tick.now);
  }
  tick.now += 10_000;
  while (engine.expire(tick.now) >= 0);
  t.equal(engine.size, 0);
  for (const { outstanding } of table.all()) t.equal(outstanding, 0);
  for (const name of ['failedUnreadable', 'failedDeadline', 'malformed', 'answersStray', 'refused', 'queriesUnknown'] as const) {
    t.ok(counters[name] > 0, name);
  }
});
