// Where C would mean something else than AssemblyScript: a sentence, and a function "f" whose result shows it. Every function's last
// parameter is the random programs' Fields.

export const semantics: readonly { name: string; text: string }[] = [
  { name: 'narrow sums wrap at their own width', text: 'export function f(a: u8, b: u8, c: u8, p: Fields): bool { return a + b < c; }' },
  {
    name: 'narrow products of u16 do not overflow an int',
    text: 'export function f(a: u16, b: u16, c: u16, p: Fields): u32 { return <u32>(a * b) + c; }',
  },
  {
    name: 'shift counts are masked to the width',
    text: 'export function f(a: u8, b: u8, c: u64, p: Fields): u64 { return (c << <u64>b) ^ <u64>(a << b) ^ <u64>(p.word >> <u32>c); }',
  },
  {
    name: '>> keeps the sign',
    text: 'export function f(a: i32, b: i32, c: i64, p: Fields): i64 { return <i64>(a >> b) + (c >> 3); }',
  },
  {
    name: '>>> shifts zeros into signed words',
    text: 'export function f(a: i32, b: i32, c: i64, p: Fields): i64 { return <i64>(a >>> b) + (c >>> 7); }',
  },
  {
    name: 'a choice keeps its sign',
    text: 'export function f(a: i64, b: u32, c: bool, p: Fields): bool { return (c ? <i64>0 : a) >= <i64>-5; }',
  },
  {
    name: 'signed sums wrap',
    text: 'export function f(a: i32, b: i32, c: i64, p: Fields): i64 { return <i64>(a + b) * c - <i64>(a * b); }',
  },
  {
    name: 'equality of different signs compares bits',
    text: 'export function f(a: u32, b: i32, c: u32, p: Fields): u32 { return (a == b ? 1 : 0) + (c == <i32>p.word ? 2 : 0); }',
  },
  {
    name: 'a narrow load in a wide context is narrow',
    text: 'export function f(a: u32, b: u64, c: u8, p: Fields): u64 { return b + load<u8>(changetype<usize>(p), 29) + load<u16>(changetype<usize>(p), 24); }',
  },
  {
    name: 'compound assignments wrap',
    text: 'export function f(a: u8, b: u16, c: i32, p: Fields): u64 { a += 200; b *= b; c -= 2147483647; p.half <<= 9; p.octetBeside *= 3; a <<= <u8>b; return <u64>a + b + <u64>c; }',
  },
  {
    name: 'negation and complement wrap',
    text: 'export function f(a: u8, b: u16, c: i32, p: Fields): i64 { return <i64>(-a) + (~b) + (-c) + <i64>(~p.octet); }',
  },
  {
    name: 'a cast to bool asks whether it is not zero',
    text: 'export function f(a: u64, b: u8, c: u32, p: Fields): u8 { return <u8>(<bool>a) + <u8>(<bool>(b & 2)); }',
  },
  {
    name: 'literals of 64 bits are whole',
    text: 'export function f(a: u64, b: i64, c: u64, p: Fields): u64 { return (a ^ 0xdeadbeefcafef00d) + <u64>(b - -9223372036854775808) + (c << 40) + (1 << 33); }',
  },
  {
    name: 'constants have their own type',
    text: 'const NARROW: u8 = 200;\nconst WIDE: u64 = 1 << 40;\nconst MINUS: i64 = -3;\nexport function f(a: u8, b: i64, c: u64, p: Fields): u64 { return (a + NARROW < a ? WIDE : c) + <u64>(b * MINUS); }',
  },
  {
    name: 'rotations take any count',
    text: 'export function f(a: u32, b: u64, c: u32, p: Fields): u64 { return rotl<u64>(b, <u64>a) ^ <u64>rotl<u32>(a, c); }',
  },
  {
    name: 'loops count, end early and go on',
    text: 'export function f(a: u32, b: u32, c: u8, p: Fields): u32 { let s: u32 = 0; for (let i: u32 = 0; i < 9; i += 2) { if (i == a) continue; if (s > b) break; s += i ^ c; } return s; }',
  },
  {
    name: 'dead branches are left out',
    text: 'export function f(a: u32, b: u32, c: u32, p: Fields): u32 { if (false) { return 1; } else { a += 3; } return true ? a : b; }',
  },
  {
    name: 'a struct inside a struct is reached in place',
    text: `@unmanaged class Half { first: u32; second: u32; }
function half(q: Fields): Half { return changetype<Half>(changetype<usize>(q) + offsetof<Fields>('word')); }
export function f(a: u32, b: u32, c: u64, p: Fields): u64 { const inner = half(p); inner.first += a; inner.second = b; return inner.first ^ c; }`,
  },
];
