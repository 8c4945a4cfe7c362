// The subset: each thing that is outside of it is named with its place, the reason and a hint.
import t from 'tap';
import { violationsOf } from './core-text.ts';

const order =
  'the result depends on the order of evaluation, which C leaves open; hint: put the calls into const locals, one after the other';
const counted = 'for (let i: u32 = 0; i < BOUND; i++) with at most 256 turns';
const walked = 'a loop without a constant bound is outside the subset: the eBPF verifier walks every turn';
const address = "an address is changetype<usize>(reference), or that + offsetof<S>('field'), or + a constant";
const statement = 'inside an expression is outside the subset: C promises no order; hint: make it a statement of its own';
const divisor =
  'this divisor may be 0: WASM traps where eBPF goes on; hint: return early when it is 0, and divide by a const local or parameter';
const pair = '@unmanaged class Pair { a: u32; b: u32; }\n';
const set = 'function set(p: Pair): u32 { p.a = 1; return 2; }\n';
const host = { 'host.ts': 'export function ask(key: u32): u32 { return 0; }' };
const asks = "import { ask } from './host';\n";

const refused: readonly { name: string; text: string; says: string; files?: Record<string, string> }[] = [
  {
    name: 'signed division',
    text: 'export function f(a: i32): i32 { return a / 3; }',
    says: 'exports.ts:1:41: signed division is outside the subset: eBPF has no such instruction before cpu v4; hint: cast to unsigned',
  },
  {
    name: 'signed remainder in an assignment',
    text: 'export function f(a: i64): i64 { a %= 3; return a; }',
    says: 'exports.ts:1:34: signed division is outside the subset: eBPF has no such instruction before cpu v4; hint: cast to unsigned',
  },
  {
    name: 'division by what may be 0',
    text: 'export function f(a: u32, b: u32): u32 { return a / b; }',
    says: `exports.ts:1:53: ${divisor}`,
  },
  {
    name: 'division by a local that changed after it was checked',
    text: 'export function f(a: u32, b: u32): u32 { if (b == 0) return 0; b -= 1; return a % b; }',
    says: `exports.ts:1:83: ${divisor}`,
  },
  {
    name: 'recursion through another function',
    text: 'export function f(a: u32): u32 { return g(a); }\nfunction g(a: u32): u32 { return f(a); }',
    says: 'exports.ts:1:1: f calls itself, straight or through others; hint: use a bounded loop',
  },
  {
    name: 'a reference cast to a number',
    text: `${pair}export function f(p: Pair): u32 { return <u32>changetype<usize>(p); }`,
    says: `exports.ts:2:47: a reference became a number outside an address; hint: ${address}`,
  },
  {
    name: 'an address that is not constant',
    text: `${pair}export function f(p: Pair, i: u32): u32 { return load<u32>(changetype<usize>(p) + i); }`,
    says: `exports.ts:2:83: the offset of an address must be known at compile time; hint: ${address}`,
  },
  {
    name: 'a load behind the struct',
    text: `${pair}export function f(p: Pair): u64 { return load<u64>(changetype<usize>(p), 8); }`,
    says: 'exports.ts:2:52: bytes 8 to 16 reach outside Pair, which has 8; hint: stay inside the struct',
  },
  {
    name: 'a load that is not aligned',
    text: `${pair}export function f(p: Pair): u32 { return load<u32>(changetype<usize>(p), 2); }`,
    says: 'exports.ts:2:52: a u32 at byte 2 is not aligned; hint: the eBPF verifier refuses it: choose an aligned offset or a narrower type',
  },
  {
    name: 'an embedded struct that does not fit',
    text: `${pair}export function f(p: Pair): u32 { return changetype<Pair>(changetype<usize>(p) + 4).a; }`,
    says: 'exports.ts:2:42: Pair at byte 4 reaches outside Pair, which has 8 bytes; hint: stay inside the struct',
  },
  {
    name: 'a while loop',
    text: 'export function f(a: u32): u32 { while (a > 1) a >>= 1; return a; }',
    says: `exports.ts:1:34: ${walked}; hint: for (let i: u32 = 0; i < BOUND; i++)`,
  },
  {
    name: 'a loop whose bound is a parameter',
    text: 'export function f(a: u32): u32 { let s: u32 = 0; for (let i: u32 = 0; i < a; i++) s += i; return s; }',
    says: `exports.ts:1:50: ${walked}; hint: ${counted}`,
  },
  {
    name: 'a loop of too many turns',
    text: 'export function f(): u32 { let s: u32 = 0; for (let i: u32 = 0; i < 300; i++) s += i; return s; }',
    says: `exports.ts:1:44: this loop takes more than 256 turns; hint: ${counted}`,
  },
  {
    name: 'a loop that changes its counter',
    text: 'export function f(a: u32): u32 { for (let i: u32 = 0; i < 8; i++) { if (a == i) i = 0; } return a; }',
    says: "exports.ts:1:81: the loop's own counter i changes inside; hint: count in another local",
  },
  {
    name: 'floating point',
    text: 'export function f(a: f64): u32 { return <u32>a; }',
    says: 'exports.ts:1:19: floating point is outside the subset: eBPF has none; hint: use integers',
  },
  {
    name: 'a string',
    text: "export function f(): u32 { return 'abc'.length; }",
    says: 'exports.ts:1:35: a string or other managed literal is outside the subset; hint: the core computes with integers only',
  },
  {
    name: 'a managed class',
    text: 'class Held { a: u32 = 0; }\nexport function f(p: Held): u32 { return p.a; }',
    says: 'exports.ts:1:1: class Held is managed by a garbage collector, which the kernel has not; hint: mark it @unmanaged',
  },
  {
    name: 'an allocation',
    text: `${pair}export function f(): u32 { const p = new Pair(); return p.a; }`,
    says: 'exports.ts:2:38: an allocation is outside the subset; hint: use the scratch',
  },
  {
    name: 'a variable of the module',
    text: 'let count: u32 = 0;\nexport function f(): u32 { return count; }',
    says: 'exports.ts:1:5: count is a variable of the module: the core keeps no state; hint: make it a const, or a field of the scratch',
  },
  {
    name: 'an assignment in an expression',
    text: 'export function f(a: u32): u32 { let b: u32 = 0; return (b = a) + b; }',
    says: `exports.ts:1:58: an assignment ${statement}`,
  },
  { name: 'a step in an expression', text: 'export function f(a: u32): u32 { return a++ + a; }', says: `exports.ts:1:41: ++ ${statement}` },
  {
    name: 'padding without a name',
    text: '@unmanaged class Gap { a: u8; b: u32; }\nexport function f(p: Gap): u32 { return p.b; }',
    says: 'exports.ts:1:1: Gap has unnamed padding before b, bytes 1 to 4; hint: name it: pad0, pad1, ...',
  },
  {
    name: 'a struct that C makes longer',
    text: '@unmanaged class Tail { a: u64; b: u32; }\nexport function f(p: Tail): u32 { return p.b; }',
    says: 'exports.ts:1:1: Tail has 12 bytes, C makes it 16; hint: name the padding at its end',
  },
  {
    name: 'a reference in a struct',
    text: `${pair}@unmanaged class Link { next: Pair; }\nexport function f(p: Link): u32 { return 0; }`,
    says: 'exports.ts:2:25: field Link.next is outside the subset; hint: fields are bool, u8 to u64 or i64',
  },
  {
    name: 'a signed word in memory',
    text: '@unmanaged class Word { a: i32; }\nexport function f(p: Word): u64 { return <u64>(<u32>p.a); }',
    says: 'exports.ts:1:1: Word.a is an i32 in memory: the WASM optimizer forgets that a cast took its sign away; hint: make it a u32 and cast what is read',
  },
  {
    name: 'a signed word loaded',
    text: `${pair}export function f(p: Pair): i32 { return load<i32>(changetype<usize>(p)); }`,
    says: 'exports.ts:2:42: load<i32>: the WASM optimizer forgets that a cast took its sign away; hint: load a u32 and cast it',
  },
  {
    name: 'a method',
    text: '@unmanaged class Own { a: u32; get(): u32 { return this.a; } }\nexport function f(p: Own): u32 { return p.a; }',
    says: 'exports.ts:1:32: Own.get is no field; hint: layouts have fields only; write a function of the core',
  },
  {
    name: 'one reference passed twice',
    text: `${pair}function g(p: Pair, q: Pair): void { p.a = q.b; }\nexport function f(p: Pair): void { g(p, p); }`,
    says: 'exports.ts:3:36: this call passes the same bytes by two references; hint: pass the outer reference alone',
  },
  {
    name: 'a reference passed with a block of itself, under another name',
    text: `${pair}@unmanaged class Two { a: u64; b: u64; }
function second(t: Two): Pair { return changetype<Pair>(changetype<usize>(t) + offsetof<Two>('b')); }
function g(t: Two, q: Pair): void { t.b = q.b; }
export function f(t: Two): void { const q = second(t); g(t, q); }`,
    says: 'exports.ts:5:56: this call passes the same bytes by two references; hint: pass the outer reference alone',
  },
  {
    name: 'a write beside a read in one expression',
    text: `${pair}${set}export function f(p: Pair): u32 { return p.a + set(p); }`,
    says: `exports.ts:3:42: ${order}`,
  },
  {
    name: 'a write beside a compound target',
    text: `${pair}${set}export function f(p: Pair): void { p.a += set(p); }`,
    says: `exports.ts:3:36: ${order}`,
  },
  {
    name: 'two questions to the host in one expression',
    text: `${asks}export function f(a: u32): u32 { return ask(a) - ask(1); }`,
    says: `exports.ts:2:41: ${order}`,
    files: host,
  },
  {
    name: 'a question to the host in a select',
    text: `${asks}export function f(a: u32): u32 { return select<u32>(ask(a), 0, a != 0); }`,
    says: 'exports.ts:2:41: select computes both values, C only the chosen one; hint: use ? :',
    files: host,
  },
  {
    name: 'more parameters than registers',
    text: 'export function f(a: u32, b: u32, c: u32, d: u32, e: u32, g: u32): u32 { return a + b + c + d + e + g; }',
    says: 'exports.ts:1:1: f has 6 parameters: an eBPF call has five registers; hint: put some into the scratch',
  },
  {
    name: 'more parameters than registers with the host',
    text: `${asks}export function f(a: u32, b: u32, c: u32, d: u32, e: u32): u32 { return ask(a + b + c + d + e); }`,
    says: 'exports.ts:2:1: f has 6 parameters, with the host that it reaches: an eBPF call has five registers; hint: put some into the scratch',
    files: host,
  },
  {
    name: 'an exported function that returns a reference',
    text: `${pair}export function f(p: Pair): Pair { return p; }`,
    says: 'exports.ts:2:1: f is exported and returns a reference; hint: exported functions return numbers',
  },
  {
    name: 'a comparison of signed with unsigned',
    text: 'export function f(a: u32, b: i32): bool { return a < b; }',
    says: "exports.ts:1:50: AssemblyScript refuses this: Operator '<' cannot be applied to types 'u32' and 'i32'.; hint: the core must compile to WASM first",
  },
  {
    name: 'a comparison of references',
    text: `${pair}export function f(p: Pair, q: Pair): bool { return p == q; }`,
    says: 'exports.ts:2:52: two references are compared: they have no order and no number on both machines; hint: compare with null, or compare keys',
  },
  {
    name: 'a narrow signed number',
    text: 'export function f(a: i8): u32 { return 0; }',
    says: 'exports.ts:1:19: i8 is outside the subset: AssemblyScript does not wrap it everywhere; hint: use i32',
  },
  {
    name: 'a sum of truth values',
    text: 'export function f(a: bool, b: bool): bool { return a + b; }',
    says: 'exports.ts:1:52: + of truth values; hint: use && and ||, or cast to a number',
  },
  {
    name: '|| that picks a number',
    text: 'export function f(a: u32, b: u32): u32 { return a || b; }',
    says: 'exports.ts:1:49: || of other than truth values picks a value; hint: compare with 0 or null, or use ? :',
  },
  {
    name: 'a local that hides another',
    text: 'export function f(a: u32): u32 { if (a > 1) { const a: u32 = 2; return a; } return a; }',
    says: 'exports.ts:1:53: a hides another local; hint: give it a name of its own: C would read its own initializer',
  },
  {
    name: 'a name that C keeps for itself',
    text: 'export function f(short: u32): u32 { return short; }',
    says: 'exports.ts:1:1: short means something else in C; hint: choose another name',
  },
  {
    name: 'two names that are one in C',
    text: 'export function fooBar(): u32 { return 1; }\nexport function foo_bar(): u32 { return 2; }',
    says: 'exports.ts:2:1: foo_bar is foo_bar in C, and so is fooBar; hint: choose another name',
  },
  {
    name: 'rotl of a narrow number',
    text: 'export function f(a: u16): u16 { return rotl<u16>(a, 3); }',
    says: 'exports.ts:1:41: rotl of other than u32 and u64 is outside the subset; hint: write rotl<u32> or rotl<u64>',
  },
  {
    name: 'a builtin that only WASM has',
    text: 'export function f(a: u32): u32 { return clz<u32>(a); }',
    says: 'exports.ts:1:41: clz is outside the subset; hint: builtins of the subset: load, store, changetype, offsetof, rotl, bswap, select; casts are <T>x',
  },
  {
    name: 'a number as wide as a pointer',
    text: 'export function f(a: usize): u32 { return 0; }',
    says: 'exports.ts:1:19: usize outside an address is outside the subset: pointers are wider in the kernel; hint: use u32 or u64, or a reference to an @unmanaged class',
  },
  {
    name: 'a switch',
    text: 'export function f(a: u32): u32 { switch (a) { case 1: return 2; } return 3; }',
    says: 'exports.ts:1:34: switch is outside the subset; hint: use if and else',
  },
  {
    name: 'dead code',
    text: 'export function f(a: u32): u32 { return a; a += 1; }',
    says: 'exports.ts:1:44: the compiler found this code dead; hint: remove it',
  },
  {
    name: 'a function of another room',
    text: "import { g } from '../other';\nexport function f(): u32 { return g(); }",
    says: 'exports.ts:2:35: g is no function of the core; hint: the core calls its own functions and those of core/host.ts',
    files: { '../other.ts': 'export function g(): u32 { return 1; }' },
  },
];

for (const { name, text, says, files } of refused) {
  t.test(`${name} is refused`, async (t) => t.same(await violationsOf(text, files), [says]));
}

t.test('all violations of a run are told at once, in the order of the source', async (t) => {
  const text =
    'export function f(a: i32): i32 { return a / 3; }\nexport function g(a: u32): u32 { while (a > 1) a >>= 1; return clz<u32>(a); }';
  t.same(
    (await violationsOf(text)).map((line) => line.split(': ')[0]),
    ['exports.ts:1:41', 'exports.ts:2:34', 'exports.ts:2:64'],
  );
});

const accepted: readonly { name: string; text: string; files?: Record<string, string> }[] = [
  { name: 'division by a constant', text: 'const THREE: u32 = 3;\nexport function f(a: u32): u32 { return a / THREE + a % 7; }' },
  { name: 'division after an early return', text: 'export function f(a: u32, b: u32): u32 { if (b == 0) return 0; return a % b; }' },
  { name: 'division in the branch that is not zero', text: 'export function f(a: u64, b: u64): u64 { return b != 0 ? a / b : a; }' },
  {
    name: 'a loop that also ends early',
    text: 'export function f(a: u32): u32 { let s: u32 = 0; for (let i: u32 = 0; i < 8 && s < a; i++) { if (a == 3) break; s += i; } return s; }',
  },
  {
    name: 'one question to the host after the other',
    text: `${asks}export function f(a: u32): u32 { const b = ask(a); return b - ask(1); }`,
    files: host,
  },
  {
    name: 'two blocks of one struct',
    text: `${pair}@unmanaged class Two { a: u64; b: u64; }
function g(p: Pair, q: Pair): void { p.a = q.b; }
export function f(t: Two): void { g(changetype<Pair>(changetype<usize>(t)), changetype<Pair>(changetype<usize>(t) + offsetof<Two>('b'))); }`,
  },
];

for (const { name, text, files } of accepted) {
  t.test(`${name} is accepted`, async (t) => t.same(await violationsOf(text, files), []));
}
