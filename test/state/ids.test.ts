// Small numbers for keys: stable while held, rested before anybody else gets them.

import fc from 'fast-check';
import t from 'tap';
import { Ids } from '../../orchestrator/state/ids.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';

const reuseAfterMs = 1000;
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');

class World {
  readonly clock = new VirtualClock();
  ids = new Ids({ first: 3, last: 8, reuseAfterMs, clock: this.clock });
}

/** Who holds what, and who had a number last and until when nobody else may have it. */
interface Model {
  readonly held: Map<string, number>;
  readonly rests: Map<number, { readonly key: string; readonly until: number }>;
  refused: number;
  reused: number;
}

class Take implements fc.AsyncCommand<Model, World> {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, { ids, clock }: World): Promise<void> {
    const id = ids.take(this.key);
    const held = model.held.get(this.key);
    if (held !== undefined && id !== held) throw new Error(`${this.key} held ${held} and got ${id}`);
    const resting = [...model.rests].filter(([, { until }]) => until > clock.now());
    const own = resting.find(([, rest]) => rest.key === this.key)?.[0];
    if (own !== undefined && id !== own) throw new Error(`${this.key} came back in time for ${own} and got ${id}`);
    if (id === undefined) {
      model.refused += 1;
      if (model.held.size + resting.length < 6) throw new Error('refused while a number is free');
      return;
    }
    if (id < 3 || id > 8) throw new Error(`${id} is out of range`);
    const rest = model.rests.get(id);
    if (rest !== undefined && rest.key !== this.key) {
      if (rest.until > clock.now()) throw new Error(`${id} is given again ${rest.until - clock.now()} ms too early`);
      model.reused += 1;
    }
    for (const [other, taken] of model.held) if (taken === id && other !== this.key) throw new Error(`${id} is held by ${other} too`);
    model.held.set(this.key, id);
    model.rests.delete(id);
  }
  toString(): string {
    return `take ${this.key}`;
  }
}

class Release implements fc.AsyncCommand<Model, World> {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, { ids, clock }: World): Promise<void> {
    ids.release(this.key);
    const id = model.held.get(this.key);
    if (id !== undefined) model.rests.set(id, { key: this.key, until: clock.now() + reuseAfterMs });
    model.held.delete(this.key);
  }
  toString(): string {
    return `release ${this.key}`;
  }
}

class Wait implements fc.AsyncCommand<Model, World> {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
  check(): boolean {
    return true;
  }
  async run(_: Model, { clock }: World): Promise<void> {
    await clock.advance(this.ms);
  }
  toString(): string {
    return `wait ${this.ms} ms`;
  }
}

const acts = fc.commands(
  [
    key.map((name) => new Take(name)),
    key.map((name) => new Take(name)),
    key.map((name) => new Release(name)),
    fc.constantFrom(1, 400, 999, 1000).map((ms) => new Wait(ms)),
  ],
  { maxCommands: 60, size: 'max' },
);

t.test('no number is ever held twice or reused early, and a key that comes back in time has its own', async (t) => {
  let [refused, reused] = [0, 0];
  await fc.assert(
    fc.asyncProperty(acts, async (history) => {
      const model: Model = { held: new Map(), rests: new Map(), refused: 0, reused: 0 };
      await fc.asyncModelRun(() => ({ model, real: new World() }), history);
      refused += model.refused;
      reused += model.reused;
    }),
    { numRuns: 300 },
  );
  t.ok(refused > 50 && reused > 50, `${refused} were refused, ${reused} reused`);
});

t.test('numbers of an earlier life stay with their keys, and the others skip them', async (t) => {
  const clock = new VirtualClock();
  const held = [
    ['b', 2],
    ['d', 4],
  ] as const;
  const ids = new Ids({ first: 1, last: 5, reuseAfterMs, clock, held });
  t.same(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ids.take(name)),
    [1, 2, 3, 4, 5, undefined],
  );
  ids.retain(new Set(['a', 'b', 'c', 'e']));
  t.equal(ids.take('f'), undefined, 'the number of d rests');
  await clock.advance(reuseAfterMs);
  t.equal(ids.take('f'), 4);
  t.equal(ids.take('g'), undefined, 'a restored number is not given out twice');
  t.same(ids.size, 5);
});

t.test('an earlier life that cannot have been is refused', async (t) => {
  const clock = new VirtualClock();
  const restore = (held: readonly (readonly [string, number])[]) => () => new Ids({ first: 1, last: 5, reuseAfterMs, clock, held });
  t.throws(restore([['a', 6]]), /ids: cannot restore 6 for "a"/);
  t.throws(
    restore([
      ['a', 1],
      ['b', 1],
    ]),
    RangeError,
  );
});

t.test('a cautious successor gives no number out for the first time that lies below those of the earlier life', async (t) => {
  const held = [
    ['a', 2],
    ['b', 5],
  ] as const;
  const options = { first: 1, last: 8, reuseAfterMs, clock: new VirtualClock(), held };
  t.equal(new Ids(options).take('c'), 1);
  const ids = new Ids({ ...options, isCautious: true });
  t.same([ids.take('c'), ids.take('d'), ids.take('e'), ids.take('f')], [6, 7, 8, undefined]);
  t.equal(new Ids({ ...options, held: [], isCautious: true }).take('c'), 1);
});
