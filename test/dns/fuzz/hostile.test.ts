// Hostile messages of pods and of servers through the engine, and hostile frames. AXONEME_FUZZ_RUNS messages of AXONEME_SEED; ten million take some
// minutes.

import t from 'tap';
import { FrameReader, frame } from '../../../orchestrator/dns/process/tcp-frames.ts';
import { sequence } from '../../bench/sequence.ts';
import { longest, pick } from './hostile.ts';
import { UnderFire } from './under-fire.ts';

const runs = Number(process.env.AXONEME_FUZZ_RUNS ?? 40_000);
const seed = Number(process.env.AXONEME_SEED ?? Date.now() % 1_000_000_000);
const lot = 20_000;
const tellEvery = 500_000;
t.setTimeout(30_000 + runs);

t.test('no message harms the engine, and no address is told that was not granted', async (t) => {
  t.comment(`seed ${seed}`);
  const fire = await UnderFire.start(seed);
  for (let left = runs; left > 0; left -= lot) {
    fire.run(Math.min(left, lot));
    await fire.sweep();
    const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
    if (fire.messages % tellEvery === 0)
      t.comment(`${fire.messages} messages, ${fire.released} told, ${fire.granted} grants looked at, ${megabytes} MB`);
    if (megabytes > 700) t.fail(`${megabytes} MB`);
  }
  await fire.end();
  const { latency, latencySum, ...counts } = fire.counters;
  t.comment(JSON.stringify(counts));
  t.equal(fire.messages, runs);
  for (const count of ['malformed', 'refused', 'forwarded', 'answersStray', 'failedUnreadable', 'failedDeadline'] as const) {
    t.ok(counts[count] > 0, count);
  }
  t.ok(fire.released > runs / 20 && fire.granted > runs / 20);
});

t.test('frames come out as they went in, whatever the pieces are', async (t) => {
  const next = sequence(seed);
  for (let round = 0; round < 60; round += 1) {
    const messages = Array.from({ length: 1 + pick(next, 20) }, () =>
      Buffer.alloc(pick(next, 30) === 0 ? longest : pick(next, 600), next() & 255),
    );
    const stream = Buffer.concat(messages.map((message) => frame(message)));
    const reader = new FrameReader();
    const found: Buffer[] = [];
    for (let at = 0; at < stream.length; ) {
      const size = 1 + pick(next, pick(next, 3) === 0 ? 4 : 3000);
      reader.push(Buffer.from(stream.subarray(at, at + size)), (message) => found.push(Buffer.from(message)));
      at += size;
    }
    t.ok(found.length === messages.length && found.every((message, index) => message.equals(messages[index] as Buffer)));
    t.equal(reader.pending, 0);
  }
});

t.test('a frame of 65,535 bytes that comes byte by byte takes no more than it has brought, and is whole in the end', async (t) => {
  const message = Buffer.alloc(longest, 7);
  const reader = new FrameReader();
  const found: Buffer[] = [];
  for (const byte of frame(message)) {
    reader.push(Buffer.of(byte), (whole) => found.push(whole));
    if (reader.pending > longest + 2) t.fail(`${reader.pending} bytes wait`);
  }
  t.same(
    found.map((whole) => whole.equals(message)),
    [true],
  );
});
