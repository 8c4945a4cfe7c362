// Random programs in the subset: functions over every integer type, with a struct that they read and write. The same seed gives the
// same program.

import type { Scalar } from '../../../kernel/codegen/tree.ts';

export interface Program {
  readonly name: string;
  readonly parameters: readonly Scalar[];
  readonly returns: Scalar;
  readonly text: string;
}

/** Every program's last parameter is one of these; 32 bytes. */
export const fields: readonly { readonly name: string; readonly type: Scalar; readonly offset: number }[] = [
  { name: 'wide', type: 'u64', offset: 0 },
  { name: 'wideSigned', type: 'i64', offset: 8 },
  { name: 'word', type: 'u32', offset: 16 },
  { name: 'wordBeside', type: 'u32', offset: 20 },
  { name: 'half', type: 'u16', offset: 24 },
  { name: 'halfBeside', type: 'u16', offset: 26 },
  { name: 'octet', type: 'u8', offset: 28 },
  { name: 'octetBeside', type: 'u8', offset: 29 },
  { name: 'last', type: 'u16', offset: 30 },
];

/** What every program may call and read. */
export const prelude = `@unmanaged class Fields { ${fields.map(({ name, type }) => `${name}: ${type}; `).join('')}}
function twist(a: u8, b: i32, c: u64): u16 { return <u16>(a ^ <u8>b) * 3 + <u16>(c >> 5); }
function clamp(a: i32): i32 { if (a > 100) return 100; if (a < -100) return -100; return a; }
`;

const integers: readonly Scalar[] = ['u8', 'u16', 'u32', 'u64', 'i32', 'i64'];

function width(type: Scalar): number {
  return type === 'bool' ? 1 : Number(type.slice(1));
}

/** A generator of 32-bit numbers (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

class Author {
  readonly #random: () => number;
  readonly #scopes: { name: string; type: Scalar }[][] = [];
  readonly #counters: string[] = [];
  #names = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  below(limit: number): number {
    return this.#random() % limit;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** A local, parameter or field of `type`, or another one cast to it. */
  place(type: Scalar): string {
    const locals = this.#scopes.flat().filter((local) => local.type === type);
    const own = [...locals.map(({ name }) => name), ...fields.filter((field) => field.type === type).map(({ name }) => `p.${name}`)];
    if (own.length > 0 && this.below(8) > 0) return this.pick(own);
    const other = this.pick([...this.#scopes.flat().map(({ name }) => name), ...fields.map(({ name }) => `p.${name}`), ...this.#counters]);
    return `<${type}>${other}`;
  }

  literal(type: Scalar): string {
    const magnitude = this.pick([0, 1, 2, 3, 7, 31, 64, 127, 100]);
    return type.startsWith('i') && this.below(3) === 0 ? `<${type}>-${magnitude}` : `<${type}>${magnitude}`;
  }

  condition(depth: number): string {
    const kind = this.below(6);
    if (depth > 0 && kind === 0) return `(${this.condition(depth - 1)} && ${this.condition(depth - 1)})`;
    if (depth > 0 && kind === 1) return `(${this.condition(depth - 1)} || ${this.condition(depth - 1)})`;
    if (depth > 0 && kind === 2) return `!(${this.condition(depth - 1)})`;
    const type = this.pick(integers);
    const like = integers.filter((other) => other.charAt(0) === type.charAt(0));
    const left =
      this.below(2) === 0
        ? this.place(type)
        : `(${this.place(type)} ${this.pick(['+', '-', '*', '^'])} ${this.expression(type, depth - 1)})`;
    // In parentheses: the compiler takes `name < (` for the start of a generic call.
    if (kind === 3) return `(${left} ${this.pick(['==', '!='])} ${this.expression(this.pick(integers), depth - 1)})`;
    return `((${left}) ${this.pick(['<', '<=', '>', '>=', '==', '!='])} ${this.expression(this.pick(like), depth - 1)})`;
  }

  /** An expression whose type is `type`, whatever its surroundings want. */
  expression(type: Scalar, depth: number): string {
    if (type === 'bool') return this.condition(depth);
    if (depth <= 0) return this.below(4) === 0 ? this.literal(type) : this.place(type);
    const inner = (of: Scalar = type) => this.expression(of, depth - 1);
    const narrower = integers.filter((other) => width(other) <= width(type));
    const isUnsigned = type.startsWith('u');
    switch (this.below(14)) {
      case 0:
      case 1:
        return `<${type}>(${this.expression(this.pick([...integers, 'bool']), depth - 1)})`;
      case 2:
      case 3:
        return `(${inner()} ${this.pick(['+', '-', '*', '&', '|', '^'])} ${inner(this.pick(narrower))})`;
      case 4:
        return `(${inner(this.pick(narrower))} ${this.pick(['+', '-', '*'])} ${inner()} ${this.pick(['+', '^'])} ${inner()})`.replace(
          /^\(/,
          `<${type}>(`,
        );
      case 5:
      case 6:
        return `(${inner()} ${this.pick(['<<', '>>'])} ${inner()})`;
      case 7:
        return isUnsigned || width(type) >= 32 ? `(${inner()} >>> ${inner()})` : `(-${this.place(type)})`;
      case 8:
        return `(${this.condition(depth - 1)} ? ${inner()} : ${inner(this.pick(narrower))})`.replace(/^\(/, `<${type}>(`);
      case 9:
        return `(${this.pick(['-', '~'])}(${inner()}))`;
      case 10:
        return isUnsigned
          ? `(${inner()} ${this.pick(['/', '%'])} <${type}>${this.pick([1, 2, 3, 7, 100])})`
          : `<${type}>clamp(${inner('i32')})`;
      case 11:
        return this.builtin(type, depth);
      case 12:
        return `<${type}>twist(${inner('u8')}, ${inner('i32')}, ${inner('u64')})`;
      default:
        return this.load(type);
    }
  }

  builtin(type: Scalar, depth: number): string {
    const value = this.expression(type, depth - 1);
    if (type === 'u32' || type === 'u64') {
      return this.below(2) === 0 ? `rotl<${type}>(${value}, ${this.expression(type, depth - 1)})` : `bswap<${type}>(${value})`;
    }
    return type === 'u16'
      ? `bswap<u16>(${value})`
      : `select<${type}>(${value}, ${this.expression(type, depth - 1)}, ${this.condition(depth - 1)})`;
  }

  load(type: Scalar): string {
    const memory = this.pick(integers.filter((integer) => integer !== 'i32'));
    const bytes = width(memory) / 8;
    return `<${type}>load<${memory}>(changetype<usize>(p), ${this.below(32 / bytes) * bytes})`;
  }

  target(): { name: string; type: Scalar } {
    const locals = this.#scopes.flat();
    if (this.below(3) > 0) return this.pick(locals);
    const { name, type } = this.pick(fields);
    return { name: `p.${name}`, type };
  }

  statement(depth: number): string {
    const kind = this.below(depth > 0 ? 9 : 6);
    if (kind <= 1) {
      const type = this.pick([...integers, 'bool'] as const);
      const name = `v${this.#names++}`;
      const text = `let ${name}: ${type} = ${this.expression(type, 3)};`;
      this.#scopes.at(-1)!.push({ name, type });
      return text;
    }
    if (kind === 2) {
      const { name, type } = this.target();
      return `${name} = ${this.expression(type, 3)};`;
    }
    if (kind <= 4) {
      const { name, type } = this.target();
      if (type === 'bool') return `${name} = ${this.condition(2)};`;
      if (this.below(6) === 0) return `${name}${this.pick(['++', '--'])};`;
      if (this.below(3) === 0)
        return `${name} ${this.pick(['<<=', '>>='])} ${this.below(2) === 0 ? this.below(70) % width(type) : this.expression(type, 2)};`;
      const narrower = integers.filter((other) => width(other) <= width(type));
      return `${name} ${this.pick(['+=', '-=', '*=', '&=', '|=', '^='])} ${this.expression(this.pick(narrower), 2)};`;
    }
    if (kind === 5) {
      const memory = this.pick(integers);
      const bytes = width(memory) / 8;
      return `store<${memory}>(changetype<usize>(p), ${this.expression(memory, 2)}, ${this.below(32 / bytes) * bytes});`;
    }
    if (kind === 6) {
      const counter = `turn${this.#names++}`;
      this.#counters.push(counter);
      const body = this.block(depth - 1);
      this.#counters.pop();
      return `for (let ${counter}: u32 = 0; ${counter} < ${this.below(5) + 1}; ${counter}++) ${body}`;
    }
    const otherwise = this.below(2) === 0 ? '' : ` else ${this.block(depth - 1)}`;
    return `if (${this.condition(2)}) ${this.block(depth - 1)}${otherwise}`;
  }

  block(depth: number): string {
    this.#scopes.push([]);
    const lines = Array.from({ length: this.below(3) + 1 }, () => this.statement(depth));
    this.#scopes.pop();
    return `{ ${lines.join(' ')} }`;
  }

  program(name: string): Program {
    const parameters = ['a', 'b', 'c'].map((parameter) => ({ name: parameter, type: this.pick([...integers, 'bool'] as const) }));
    const returns = this.pick([...integers, 'bool'] as const);
    this.#scopes.push([...parameters]);
    const lines = Array.from({ length: this.below(5) + 2 }, () => this.statement(2));
    const list = parameters.map((parameter) => `${parameter.name}: ${parameter.type}`).join(', ');
    const text = `export function ${name}(${list}, p: Fields): ${returns} {\n  ${lines.join('\n  ')}\n  return ${this.expression(returns, 3)};\n}\n`;
    return { name, parameters: parameters.map(({ type }) => type), returns, text };
  }
}

export function randomProgram(name: string, seed: number): Program {
  return new Author(seed).program(name);
}
