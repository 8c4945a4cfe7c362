// Random schedules in virtual time: pods are told things, time goes by, maps are full, rules change, processes are followed by others. At each
// step the map lets a pod go only where it was told to, and loses nothing that lives.

import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Book } from '../../../orchestrator/dns/book/book.ts';
import { bytesOf, GrantMap, grants, ticksPerSecond, told } from './told.ts';

const pods = [1, 2, 3];
const addresses = Array.from({ length: 9 }, (_, index) => (index % 3 === 2 ? `fd00::${index + 1}` : `1.0.0.${index + 1}`));
const limits = { addresses: 5, names: 3, links: 8, perName: 4, records: 8 };
/** A quarter of a second of rounding, in ticks. */
const slack = 16;

type Step =
  | {
      readonly do: 'tell';
      readonly pod: number;
      readonly at: readonly number[];
      readonly ttl: number;
      readonly under: readonly number[];
      readonly room: number;
    }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'sweep'; readonly used: readonly { readonly pod: number; readonly at: number }[] }
  | { readonly do: 'retain'; readonly pod: number; readonly identity: number }
  | { readonly do: 'remove' | 'restart'; readonly pod: number };

const pod = fc.constantFrom(...pods);
const at = fc.nat({ max: addresses.length - 1 });
const identity = fc.integer({ min: 101, max: 106 });
const someStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('tell' as const),
      pod,
      at: fc.array(at, { minLength: 1, maxLength: 4 }),
      ttl: fc.integer({ min: 0, max: 20 }),
      under: fc.array(identity, { minLength: 1, maxLength: 3 }),
      room: fc.oneof({ weight: 5, arbitrary: fc.constant(99) }, { weight: 1, arbitrary: fc.nat({ max: 3 }) }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const), used: fc.array(fc.record({ pod, at }), { maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retain' as const), pod, identity }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('remove' as const, 'restart' as const), pod }) },
);

/** The least that must hold: `pod address identity` → the end of what was told and granted; and the most: what was ever told of it. */
class Told {
  readonly granted = new Map<string, number>();
  readonly ever = new Map<string, number>();

  live(now: number): string[] {
    return [...this.granted].filter(([, end]) => end > now).map(([key]) => key);
  }

  forget(matches: (pod: number, address: string, identity: number) => boolean): void {
    for (const map of [this.granted, this.ever]) {
      for (const key of map.keys()) {
        const [pod, address, identity] = key.split(' ');
        if (matches(Number(pod), address, Number(identity))) map.delete(key);
      }
    }
  }
}

class Schedule {
  book = new Book(limits);
  readonly map = new GrantMap();
  readonly told = new Told();
  /** Ticks, of which the datapath sees the lowest 32 bits. */
  now: number;
  refusals = 0;

  constructor(start: number) {
    this.now = start;
  }

  run(step: Step): void {
    const { book, map } = this;
    if (step.do === 'wait') this.now += Math.ceil(step.seconds * ticksPerSecond);
    else if (step.do === 'tell') this.#tell(step);
    else if (step.do === 'sweep') {
      const before = new Set(map.entries.keys());
      book.beginSweep(this.now | 0);
      for (const { pod, at } of step.used) book.markInUse(pod, bytesOf(addresses[at]), 0);
      map.applyAll(book, book.endSweep(this.now | 0));
      for (const { pod, at } of step.used)
        equal(map.entries.has(`${pod} ${addresses[at]}`), before.has(`${pod} ${addresses[at]}`), 'in use');
      const used = new Set(step.used.map(({ pod, at }) => `${pod} ${addresses[at]}`));
      for (const [key, places] of map.entries) ok(used.has(key) || places.some(({ expires }) => ((expires - this.now) | 0) > 0), 'swept');
    } else if (step.do === 'retain') {
      this.told.forget((pod, _, identity) => pod === step.pod && identity === step.identity);
      map.applyAll(
        book,
        book.retain(step.pod, (identity) => identity !== step.identity),
      );
    } else if (step.do === 'remove') {
      this.told.forget((pod) => pod === step.pod);
      map.applyAll(book, book.remove(step.pod));
      ok([...map.entries.keys()].every((key) => !key.startsWith(`${step.pod} `)));
    } else this.#restart();
  }

  #tell({ pod, at, ttl, under, room }: Extract<Step, { do: 'tell' }>): void {
    const { book, map, now } = this;
    const wanted = at.map((index) => addresses[index]);
    const before = structuredClone(map.entries);
    const refusal = book.grant(pod, told(wanted, ttl), grants(...under), now | 0);
    this.#checkRefusal(refusal, pod, new Set(wanted), new Set(under));
    if (refusal !== undefined) {
      equal(book.changes.written + book.changes.removed, 0);
      this.refusals += 1;
      return;
    }
    const { written } = book.changes;
    const done = map.apply(book, room);
    if (done < written) book.undo(done);
    // What is in the map was told, also if the answer was not.
    const end = now + Math.ceil(Math.max(ttl, 1) * ticksPerSecond);
    for (const address of wanted) {
      for (const identity of under) {
        const key = `${pod} ${address} ${identity}`;
        if (done < written) raise(this.told.ever, key, end);
        else for (const ends of [this.told.granted, this.told.ever]) raise(ends, key, end);
      }
    }
    for (const [key, places] of before) if (!key.startsWith(`${pod} `)) deepEqual(map.entries.get(key), places, 'another pod');
  }

  /** A refusal is one only if living things leave no room. */
  #checkRefusal(refusal: string | undefined, pod: number, wanted: ReadonlySet<string>, under: ReadonlySet<number>): void {
    const tooMany = [...wanted].some((address) => new Set([...this.map.live(pod, address, this.now | 0), ...under]).size > 4);
    const stays = [...this.map.entries.keys()].filter((key) => {
      const [whose, address] = key.split(' ');
      return Number(whose) === pod && (wanted.has(address) || this.map.live(pod, address, this.now | 0).length > 0);
    });
    const missing = [...wanted].filter((address) => !this.map.entries.has(`${pod} ${address}`)).length;
    equal(refusal, tooMany ? 'names' : stays.length + missing > limits.addresses && missing > 0 ? 'full' : undefined);
  }

  /** Another process knows what the map says. */
  #restart(): void {
    this.book = new Book(limits);
    const value = new DataView(new ArrayBuffer(32));
    for (const [key, places] of this.map.entries) {
      const [pod, address] = key.split(' ');
      for (let at = 0; at < 4; at += 1) {
        value.setUint32(at * 8, places[at]?.identity ?? 0, true);
        value.setInt32(at * 8 + 4, places[at]?.expires ?? 0, true);
      }
      ok(this.book.takeOver(Number(pod), bytesOf(address), 0, value, 0));
    }
  }

  check(): void {
    const { map, told, now } = this;
    for (const key of told.live(now)) {
      const [pod, address, identity] = key.split(' ');
      ok(map.live(Number(pod), address, now | 0).includes(Number(identity)), `${key} lives`);
    }
    const sizes = new Map<string, number>();
    for (const key of map.entries.keys()) {
      const [pod, address] = key.split(' ');
      sizes.set(pod, (sizes.get(pod) ?? 0) + 1);
      const live = map.live(Number(pod), address, now | 0);
      for (const identity of live) ok((told.ever.get(`${key} ${identity}`) ?? 0) + slack > now, `${key} ${identity} was told to this pod`);
      deepEqual([...this.book.identities(Number(pod), bytesOf(address), 0, now | 0)].sort(), live, 'the book knows');
    }
    for (const size of sizes.values()) ok(size <= limits.addresses);
    equal(this.book.counts().addresses, map.entries.size);
  }
}

function raise(ends: Map<string, number>, key: string, end: number): void {
  ends.set(key, Math.max(ends.get(key) ?? 0, end));
}

t.test('no pod goes where it was not told to, nobody loses what lives, and limits hold', async (t) => {
  let [refusals, entries] = [0, 0];
  // Also where the clock of 32 bits begins anew, or its numbers become negative.
  const start = fc.constantFrom(1000, 2 ** 31 - 700, 2 ** 32 - 700);
  fc.assert(
    fc.property(start, fc.array(someStep, { minLength: 5, maxLength: 60, size: 'max' }), (from, steps) => {
      const schedule = new Schedule(from);
      for (const step of steps) {
        schedule.run(step);
        schedule.check();
      }
      refusals += schedule.refusals;
      entries += schedule.map.entries.size;
    }),
    { numRuns: 250 },
  );
  t.ok(refusals > 100 && entries > 400, `${refusals} refusals, ${entries} entries at the end`);
});
