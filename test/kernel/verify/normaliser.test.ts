// The normaliser is part of what is trusted: every term that it makes has the value that plain arithmetic gives.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Random } from '../../../kernel/verify/cases/random.ts';
import { type Assignment, evaluateAll } from '../../../kernel/verify/terms/evaluate.ts';
import { add, carry, divide, multiply, negate, remainder, subtract } from '../../../kernel/verify/terms/normalise-arithmetic.ts';
import {
  bitAnd,
  bitOr,
  bitXor,
  rotateLeft,
  shiftLeft,
  shiftRight,
  shiftRightSigned,
} from '../../../kernel/verify/terms/normalise-bitwise.ts';
import { and, bit, ite, not, or } from '../../../kernel/verify/terms/normalise-boolean.ts';
import { atMost, atMostSigned, equal, less, lessSigned } from '../../../kernel/verify/terms/normalise-compare.ts';
import { byteSwap, concat, extract, signExtend, zeroExtend } from '../../../kernel/verify/terms/normalise-slices.ts';
import { openSolver } from '../../../kernel/verify/terms/solver.ts';
import { Substitution } from '../../../kernel/verify/terms/substitute.ts';
import { apply, constant, forgetTerms, type Term, token, truth, variable } from '../../../kernel/verify/terms/terms.ts';

const samples = 6;
const widths = [1, 8, 16, 32, 64];
const edges = [0n, 1n, 2n, 5n, 0x7fn, 0x80n, 0xffn, 0xffffn, 0x10000n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0xffffffff00000000n, ~0n];

/** A term, and the values that it must have under each assignment, computed without it. */
interface Known {
  readonly term: Term;
  readonly values: readonly bigint[];
}

const u = BigInt.asUintN;
const s = BigInt.asIntN;

type Operation = readonly [make: (a: Term, b: Term) => Term, value: (a: bigint, b: bigint, width: number) => bigint];

const binary: readonly Operation[] = [
  [add, (a, b) => a + b],
  [subtract, (a, b) => a - b],
  [multiply, (a, b) => a * b],
  [bitAnd, (a, b) => a & b],
  [bitOr, (a, b) => a | b],
  [bitXor, (a, b) => a ^ b],
  [(a, b) => shiftLeft(a, bitAnd(b, constant(b.width, b.width - 1))), (a, b, w) => a << (b & BigInt(w - 1))],
  [(a, b) => shiftRight(a, bitAnd(b, constant(b.width, b.width - 1))), (a, b, w) => a >> (b & BigInt(w - 1))],
  [(a, b) => shiftRightSigned(a, bitAnd(b, constant(b.width, b.width - 1))), (a, b, w) => s(w, a) >> (b & BigInt(w - 1))],
  [rotateLeft, (a, b, w) => (a << (b % BigInt(w))) | (a >> (BigInt(w) - (b % BigInt(w))))],
  [(a, b) => ite(equal(b, constant(b.width, 0)), constant(a.width, 0), divide(a, b)), (a, b) => (b === 0n ? 0n : a / b)],
  [remainder, (a, b) => (b === 0n ? a : a % b)],
  [divide, (a, b) => (b === 0n ? ~0n : a / b)],
];

const comparisons: readonly Operation[] = [
  [equal, (a, b) => BigInt(a === b)],
  [less, (a, b) => BigInt(a < b)],
  [atMost, (a, b) => BigInt(a <= b)],
  [lessSigned, (a, b, w) => BigInt(s(w, a) < s(w, b))],
  [atMostSigned, (a, b, w) => BigInt(s(w, a) <= s(w, b))],
  [(a, b) => equal(carry(a, b), constant(1, 1)), (a, b, w) => (a + b) >> BigInt(w)],
  [(a, b) => less(add(a, b), a), (a, b, w) => BigInt(u(w, a + b) < a)],
];

/** One more term over those there are. */
function grown(words: readonly Known[], truths: readonly Known[], random: Random): { word?: Known; truth?: Known } {
  const a = random.pick(words);
  const { width } = a.term;
  const b = random.pick(words.filter((each) => each.term.width === width));
  const at = (compute: (i: number) => bigint, bits: number): bigint[] =>
    Array.from({ length: samples }, (_, i) => u(bits || 1, compute(i)));
  const kind = random.below(9);
  if (kind < 3) {
    const [make, value] = random.pick(binary);
    return { word: { term: make(a.term, b.term), values: at((i) => value(a.values[i]!, b.values[i]!, width), width) } };
  }
  if (kind === 3) {
    const [make, value] = random.pick(comparisons);
    return { truth: { term: make(a.term, b.term), values: at((i) => value(a.values[i]!, b.values[i]!, width), 0) } };
  }
  if (kind === 4) {
    const c = random.pick(truths);
    return { word: { term: ite(c.term, a.term, b.term), values: at((i) => (c.values[i] === 1n ? a.values[i]! : b.values[i]!), width) } };
  }
  if (kind === 5) return resized(a, random, at);
  if (kind === 6) return logic(random.pick(truths), random.pick(truths), random, at);
  if (kind === 7) {
    const wide = random.pick([32, 64]);
    const c = random.pick(truths);
    return { word: { term: bit(c.term, wide), values: at((i) => c.values[i]!, wide) } };
  }
  if (random.once(2)) return { word: { term: negate(a.term), values: at((i) => -a.values[i]!, width) } };
  const swapped = (value: bigint): bigint =>
    BigInt(
      `0x${value
        .toString(16)
        .padStart(width / 4, '0')
        .match(/../g)!
        .reverse()
        .join('')}`,
    );
  return width < 8 ? {} : { word: { term: byteSwap(a.term), values: at((i) => swapped(a.values[i]!), width) } };
}

function resized(a: Known, random: Random, at: (compute: (i: number) => bigint, bits: number) => bigint[]): { word?: Known } {
  const { width } = a.term;
  const wider = widths.filter((each) => each > width);
  const narrower = widths.filter((each) => each < width);
  if (wider.length > 0 && (narrower.length === 0 || random.once(2))) {
    const to = random.pick(wider);
    if (random.once(2)) return { word: { term: zeroExtend(to, a.term), values: at((i) => a.values[i]!, to) } };
    return { word: { term: signExtend(to, a.term), values: at((i) => s(width, a.values[i]!), to) } };
  }
  const to = random.pick(narrower);
  const low = random.below(width - to + 1);
  if (random.once(2)) return { word: { term: extract(low + to - 1, low, a.term), values: at((i) => a.values[i]! >> BigInt(low), to) } };
  const high = extract(width - 1, to, a.term);
  return {
    word: {
      term: concat(extract(to - 1, 0, a.term), high),
      values: at((i) => (a.values[i]! << BigInt(width - to)) | (a.values[i]! >> BigInt(to)), width),
    },
  };
}

function logic(a: Known, b: Known, random: Random, at: (compute: (i: number) => bigint, bits: number) => bigint[]): { truth: Known } {
  const kind = random.below(3);
  if (kind === 0) return { truth: { term: and(a.term, b.term), values: at((i) => a.values[i]! & b.values[i]!, 0) } };
  if (kind === 1) return { truth: { term: or(a.term, b.term), values: at((i) => a.values[i]! | b.values[i]!, 0) } };
  return { truth: { term: not(a.term), values: at((i) => 1n - a.values[i]!, 0) } };
}

function anyValue(width: number, random: Random): bigint {
  if (random.once(2)) return u(width, random.pick(edges));
  return u(width, (BigInt(random.word()) << 32n) | BigInt(random.word()));
}

function start(random: Random): Known[] {
  const list: Known[] = [];
  for (const width of widths) {
    for (const name of ['x', 'y', 'z']) {
      list.push({ term: variable(`${name}${width}`, width), values: Array.from({ length: samples }, () => anyValue(width, random)) });
    }
    const value = anyValue(width, random);
    list.push({ term: constant(width, value), values: Array(samples).fill(value) });
  }
  return list;
}

t.test('random terms have the values of plain arithmetic', async (t) => {
  let checked = 0;
  for (let seed = 1; seed <= 400; seed++) {
    const random = new Random(seed);
    forgetTerms();
    const inputs = start(random);
    const words = [...inputs];
    const truths: Known[] = [];
    truths.push({
      term: equal(words[0]!.term, words[1]!.term),
      values: words[0]!.values.map((value, i) => BigInt(value === words[1]!.values[i])),
    });
    for (let i = 0; i < 40; i++) {
      const { word, truth } = grown(words, truths, random);
      if (word) words.push(word);
      if (truth) truths.push(truth);
    }
    for (let i = 0; i < samples; i++) {
      const assignment: Assignment = {
        variable: (name) => inputs.find(({ term }) => term.name === name)!.values[i]!,
        result: () => 0n,
      };
      const values = evaluateAll(
        [...words, ...truths].map(({ term }) => term),
        assignment,
      );
      for (const known of [...words, ...truths]) {
        checked++;
        if (values.get(known.term.id) === known.values[i]) continue;
        t.fail(`seed ${seed}: a term is ${values.get(known.term.id)} instead of ${known.values[i]}`, { op: known.term.op });
        return;
      }
    }
  }
  t.ok(checked > 100_000, `${checked} values compared`);
});

t.test('the solver means by a term what evaluation means', async (t) => {
  const solver = await openSolver();
  for (let seed = 1; seed <= 25; seed++) {
    const random = new Random(seed);
    forgetTerms();
    const inputs = start(random);
    const words = [...inputs];
    const truths: Known[] = [];
    truths.push({ term: truth(true), values: Array(samples).fill(1n) });
    for (let i = 0; i < 30; i++) {
      const { word, truth: condition } = grown(words, truths, random);
      if (word) words.push(word);
      if (condition) truths.push(condition);
    }
    const given = and(...inputs.map(({ term, values }) => equal(term, constant(term.width, values[0]!))));
    const wrong = words.map(({ term, values }) => not(equal(term, constant(term.width, values[0]!))));
    wrong.push(...truths.map(({ term, values }) => (values[0] === 1n ? not(term) : term)));
    t.equal((await solver.ask(and(given, or(...wrong)), 20_000, 'exact')).verdict, 'impossible', `seed ${seed}`);
    t.equal((await solver.ask(and(given, not(or(...wrong))), 20_000, 'exact')).verdict, 'possible', `seed ${seed}`);
  }
});

t.test('equal terms written differently are one term', async (t) => {
  forgetTerms();
  const x = variable('x', 32);
  const y = variable('y', 32);
  t.equal(subtract(add(x, y), x), y);
  t.equal(bitOr(shiftLeft(x, constant(32, 13)), shiftRight(x, constant(32, 19))), rotateLeft(x, constant(32, 13)));
  t.equal(less(add(x, y), x), less(add(x, y), y), 'an overflow of x + y');
  t.equal(remainder(x, y), subtract(x, multiply(divide(x, y), y)));
  t.equal(and(equal(x, y), not(and(equal(x, y), less(x, y)))), and(equal(x, y), not(less(x, y))));
  t.equal(concat(extract(31, 16, x), extract(15, 0, x)), x);
});

t.test('results of a replaced token become those of the tokens that stand for it, each under its guard', async (t) => {
  forgetTerms();
  const x = variable('x', 32);
  const guard = less(x, constant(32, 5));
  const [a, b, c] = [token('call f', [x]), token('call f', [add(x, x)]), token('call f', [constant(32, 9)])];
  const substitution = new Substitution();
  substitution.replace(c!, [
    { guard, token: a! },
    { guard: not(guard), token: b! },
  ]);
  const sum = (of: Term): Term => add(apply('result', 32, of), x);
  t.equal(substitution.of(sum(c!)), add(ite(guard, apply('result', 32, a!), apply('result', 32, b!)), x));
  t.equal(substitution.of(sum(a!)), sum(a!));
});

t.test('the example of the README is what it says', async (t) => {
  forgetTerms();
  const readme = readFileSync(new URL('../../../kernel/verify/README.md', import.meta.url), 'utf8');
  const [first = '', second = ''] = /```js\n([\s\S]*?)```/.exec(readme)![1]!.trim().split('\n');
  const run = new Function('variable', 'add', 'shiftLeft', 'constant', `${first}\nreturn ${second}`);
  t.equal(run(variable, add, shiftLeft, constant), true);
});

// The solver's threads would keep the process alive.
t.teardown(() => setImmediate(() => process.exit()));
