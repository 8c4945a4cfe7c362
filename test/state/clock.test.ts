// Clocks, bells and what waits by them.

import { getEventListeners } from 'node:events';
import t from 'tap';
import { delayAfter } from '../../orchestrator/state/backoff.ts';
import { Bell } from '../../orchestrator/state/bell.ts';
import { realClock, sleep } from '../../orchestrator/state/clock.ts';
import { DueQueue } from '../../orchestrator/state/parts/due-queue.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';

t.test('a virtual clock fires timers at their time and in their order, each after what the one before set going', async (t) => {
  const clock = new VirtualClock();
  const told: string[] = [];
  const tell = (what: string) => async () => {
    told.push(`${what} at ${clock.now()}`);
    await null;
    told.push(`after ${what}`);
  };
  clock.timer(20, tell('second'));
  clock.timer(10, tell('first'));
  const cancel = clock.timer(15, tell('never'));
  clock.timer(20, () => clock.timer(5, tell('third')));
  cancel();
  cancel();
  await clock.advance(24);
  t.same(told, ['first at 10', 'after first', 'second at 20', 'after second']);
  t.equal(clock.pendingTimers, 1);
  await clock.advance(1);
  t.same(told.slice(4), ['third at 25', 'after third']);
  t.same([clock.now(), clock.pendingTimers], [25, 0]);
});

t.test('a loop that does not wait is an error of the virtual clock', async (t) => {
  const clock = new VirtualClock();
  const loop = () => void clock.timer(0, loop);
  loop();
  await t.rejects(clock.advance(1), /something loops without waiting/);
});

t.test('the same seed is the same chance, spread over all of it', async (t) => {
  const [one, other] = [new VirtualClock(7), new VirtualClock(7)];
  const drawn = Array.from({ length: 1000 }, () => one.random());
  t.same(
    drawn,
    Array.from({ length: 1000 }, () => other.random()),
  );
  t.ok(drawn.every((value) => value >= 0 && value < 1));
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  t.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`);
});

t.test('the real clock goes on, fires, and cancels also what is due in months', async (t) => {
  const from = realClock.now();
  await new Promise<void>((resolve) => realClock.timer(5, resolve));
  t.ok(realClock.now() - from >= 4);
  let fired = false;
  const cancel = realClock.timer(2 ** 31 + 1000, () => {
    fired = true;
  });
  await sleep(realClock, 5);
  t.equal(fired, false);
  cancel();
});

t.test('sleep ends at its time or with the signal, and leaves nothing behind', async (t) => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const ended: string[] = [];
  const naps = [
    sleep(clock, 10, stop.signal).then(() => ended.push('short')),
    sleep(clock, 100, stop.signal).then(() => ended.push('long')),
  ];
  await clock.advance(10);
  t.same(ended, ['short']);
  stop.abort();
  await Promise.all(naps);
  t.same(ended, ['short', 'long']);
  await sleep(clock, 100, stop.signal);
  t.same([clock.pendingTimers, getEventListeners(stop.signal, 'abort').length], [0, 0]);
});

t.test('a bell wakes once for many rings, remembers a ring, and ends with time or signal', async (t) => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const { signal } = stop;
  const bell = new Bell();
  bell.ring();
  bell.ring();
  await bell.wait({ signal });
  let woken = 0;
  const wait = async (until?: number) => {
    await bell.wait({ signal, clock, until });
    woken += 1;
  };
  const timed = wait(50);
  await t.rejects(bell.wait({ signal }), /two loops wait/);
  await clock.advance(49);
  t.equal(woken, 0);
  await clock.advance(1);
  await timed;
  t.equal(woken, 1);
  const rung = wait(1000);
  bell.ring();
  t.equal(woken, 1, 'nothing runs under the one who rings');
  await rung;
  const aborted = wait();
  stop.abort();
  await aborted;
  t.equal(woken, 3);
  t.same([clock.pendingTimers, getEventListeners(signal, 'abort').length], [0, 0]);
});

t.test('delays double up to the maximum, and half of each is chance', async (t) => {
  const clock = new VirtualClock();
  const backoff = { minMs: 100, maxMs: 5000 };
  for (let attempts = 1; attempts < 2000; attempts++) {
    const most = Math.min(100 * 2 ** (attempts - 1), 5000);
    const ms = delayAfter(attempts, backoff, clock);
    if (!(ms >= most / 2 && ms <= most)) t.fail(`${ms} ms after ${attempts}`);
  }
  const delays = new Set(Array.from({ length: 100 }, () => delayAfter(3, backoff, clock)));
  t.equal(delays.size, 100);
});

t.test('a queue gives what is due, by time and then by turn', async (t) => {
  const clock = new VirtualClock(3);
  const queue = new DueQueue<number>();
  const times = Array.from({ length: 500 }, () => Math.floor(clock.random() * 50));
  for (const [place, at] of times.entries()) queue.push(at, place);
  const expected = [...times.keys()].sort((a, b) => (times[a] as number) - (times[b] as number) || a - b);
  const early = expected.filter((place) => (times[place] as number) <= 20);
  const drain = (now: number) => {
    const found: number[] = [];
    for (let next = queue.shift(now); next !== undefined; next = queue.shift(now)) found.push(next);
    return found;
  };
  t.same(drain(20), early);
  t.ok(queue.nextAt > 20);
  t.same(drain(50), expected.slice(early.length));
  t.equal(queue.nextAt, Number.POSITIVE_INFINITY);
});
