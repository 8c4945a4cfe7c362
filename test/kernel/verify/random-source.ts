// Random AssemblyScript functions over all integer widths, with branches and loops, for comparing executors with real machines.
import type { Random } from '../../../kernel/verify/cases/random.ts';

const types = ['u8', 'u16', 'u32', 'u64', 'i8', 'i16', 'i32', 'i64'];

/** (a: u32, b: u64, c: u8, d: i32) => u64, under the given name. */
export function randomFunction(name: string, random: Random): string {
  const lines: string[] = [];
  for (const type of types) lines.push(`let v_${type}: ${type} = ${expression(type, 2, random)};`);
  for (let i = 0; i < 6; i++) lines.push(statement(random, i));
  const sum = types.map((type) => `<u64>v_${type}`).join(' ^ ');
  return `export function ${name}(a: u32, b: u64, c: u8, d: i32): u64 {\n  ${lines.join('\n  ')}\n  return ${sum};\n}\n`;
}

function statement(random: Random, index: number): string {
  const type = random.pick(types);
  const assign = `v_${type} = ${expression(type, 3, random, true)};`;
  const kind = random.below(4);
  if (kind === 0) return assign;
  if (kind === 1) return `if (${condition(2, random)}) { ${assign} } else { v_u32 ^= ${expression('u32', 1, random, true)}; }`;
  if (kind === 2)
    return `for (let i${index}: u32 = 0; i${index} < ${1 + random.below(4)}; i${index}++) { ${assign} if (${condition(1, random)}) break; }`;
  return `if (${condition(2, random)} && ${condition(1, random)}) { ${assign} }`;
}

function atom(type: string, random: Random, locals: boolean): string {
  const kind = random.below(locals ? 6 : 5);
  if (kind === 5) return `<${type}>v_${random.pick(types)}`;
  if (kind === 4) return `<${type}>${random.pick(['0', '1', '3', '127', '128', '255', '65535', '0x80000000', '0xdeadbeef'])}`;
  return `<${type}>${random.pick(['a', 'b', 'c', 'd'])}`;
}

function expression(type: string, depth: number, random: Random, locals = false): string {
  if (depth === 0) return atom(type, random, locals);
  const a = expression(type, depth - 1, random, locals);
  const b = expression(type, depth - 1, random, locals);
  const kind = random.below(10);
  if (kind < 3) return `<${type}>(${a} ${random.pick(['+', '-', '*'])} ${b})`;
  if (kind < 5) return `<${type}>(${a} ${random.pick(['&', '|', '^'])} ${b})`;
  if (kind === 5) return `<${type}>(${a} ${random.pick(['<<', '>>'])} ${b})`;
  if (kind === 6) return `(${condition(depth - 1, random, locals)} ? ${a} : ${b})`;
  if (kind === 7 && type.startsWith('u')) return `<${type}>(${b} == 0 ? ${a} : ${a} ${random.pick(['/', '%'])} ${b})`;
  if (kind === 8 && (type === 'u32' || type === 'u64')) return `rotl<${type}>(${a}, ${random.below(40)})`;
  return `<${type}>(${expression(random.pick(types), depth - 1, random, locals)})`;
}

function condition(depth: number, random: Random, locals = false): string {
  const type = random.pick(types);
  return `(${expression(type, depth, random, locals)} ${random.pick(['<', '<=', '>', '>=', '==', '!='])} ${expression(type, depth, random, locals)})`;
}
