// Names: how AssemblyScript names are spelled in C, and which of them C cannot take.
// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

/** `sourceHi` → `source_hi`, `FlowKey` → `flow_key`; names in capitals stay. */
export function snakeCase(name: string): string {
  if (/^[A-Z0-9_]+$/.test(name)) return name;
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** `NEXT_HOP` → `nextHop`. */
export function camelCase(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `next_hop` or `nextHop` → `NextHop`. */
export function pascalCase(name: string): string {
  const camel =
    /[_A-Z]/.test(name) && name === name.toUpperCase()
      ? camelCase(name)
      : name.replace(/[_-]([a-z0-9])/g, (_, l: string) => l.toUpperCase());
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

const reserved = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long register restrict return short ' +
    'signed sizeof static struct switch typedef union unsigned void volatile while asm typeof bool true false NULL linux unix ' +
    'u8 u16 u32 u64 i8 i16 i32 i64 rotl32 rotl64 SEC h host license'
  ).split(' '),
);

/** Whether a C name would mean something else: a keyword, a predefined macro, or a name that the generated code itself uses. */
export function isReservedInC(name: string): boolean {
  return reserved.has(name) || name.startsWith('__') || name.startsWith('inline_');
}

/** Name of what a function's callers in the core call: of one whose body they get, the body's. */
export function calledName({ name, inlined }: { readonly name: string; readonly inlined: boolean }): string {
  return inlined ? `inline_${snakeCase(name)}` : snakeCase(name);
}
