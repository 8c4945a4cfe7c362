// The header: how the core reads in C, and that C itself objects when bytes are elsewhere.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { functionText, headerText } from './core-text.ts';
import { hostCompiler } from './two-machines.ts';

const pair = '@unmanaged class FlowPair { lowPort: u16; highPort: u16; count: u32; }\n';
const host = { 'host.ts': 'export function askCount(key: u32): u32 { return 0; }' };
const asks = "import { askCount } from './host';\n";

t.test('an exported function is a subprogram, another one is part of its callers', async (t) => {
  const header = await headerText(
    'export function outer(a: u32): u32 { return inner(a) + 1; }\nfunction inner(a: u32): u32 { return a * 2; }',
  );
  t.match(header, '/* from datapath-as/core/exports.ts:1 */\n__hidden __noinline u32 outer(u32 a)\n{\n\treturn inner(a) + 1;\n}\n');
  t.match(header, '/* from datapath-as/core/exports.ts:2 */\nstatic __always_inline u32 inner(u32 a)\n{\n\treturn a * 2;\n}\n');
  t.ok(header.indexOf('u32 inner(u32 a)\n') < header.indexOf('u32 outer(u32 a)\n'), 'callees come first');
});

t.test('an inlined function is a subprogram for itself and a body for its callers', async (t) => {
  const files = {
    ...host,
    'small.ts': `${asks}export function small(a: u32): u32 { return askCount(a); }`,
    'inlined.ts': "export { small } from './small';",
  };
  const header = await headerText(
    "import { small } from './small';\nexport * from './inlined';\nexport function big(a: u32): u32 { return small(a); }",
    files,
  );
  t.match(header, 'static __always_inline u32 inline_small(struct host *h, u32 a)\n{\n\treturn ask_count(h, a);\n}\n');
  t.match(header, '__hidden __noinline u32 small(struct host *h, u32 a)\n{\n\treturn inline_small(h, a);\n}\n');
  t.match(header, '__hidden __noinline u32 big(struct host *h, u32 a)\n{\n\treturn inline_small(h, a);\n}\n');
});

t.test('what nobody reaches is not in the header', async (t) => {
  t.notMatch(await headerText('export function f(): u32 { return 1; }\nfunction unreached(): u32 { return 2; }'), 'unreached');
});

t.test('whoever reaches the host gets it as a hidden first parameter, and passes it on', async (t) => {
  const text = `${asks}export function f(a: u32): u32 { return g(a); }\nfunction g(a: u32): u32 { return askCount(a); }\nexport function pure(a: u32): u32 { return a; }`;
  const header = await headerText(text, host);
  t.match(header, 'static __always_inline u32 ask_count(struct host *h, u32 key);\n');
  t.match(header, '__hidden __noinline u32 f(struct host *h, u32 a)\n{\n\treturn g(h, a);\n}\n');
  t.match(header, 'u32 g(struct host *h, u32 a)\n{\n\treturn ask_count(h, a);\n}\n');
  t.match(header, 'u32 pure(u32 a)\n');
});

t.test('structs, fields and locals are in snake case, constants keep their names and types', async (t) => {
  const text = `${pair}const FIRST_BIT: u32 = 1;\nconst LOW_MASK: u64 = 0xffff0000ffff;\nexport function f(pairOf: FlowPair): u64 { const lowPort = pairOf.lowPort; return (LOW_MASK & lowPort) | FIRST_BIT; }`;
  t.equal(
    await functionText(text, 'f'),
    '__hidden __noinline u64 f(struct flow_pair *pair_of)\n{\n\tconst u16 low_port = pair_of->low_port;\n\treturn (LOW_MASK & low_port) | FIRST_BIT;\n}\n',
  );
  const header = await headerText(text);
  t.match(header, '#define FIRST_BIT 1U\n');
  t.match(header, '#define LOW_MASK 0xffff0000ffffULL\n');
  t.match(header, 'struct flow_pair {\n\tu16 low_port;\n\tu16 high_port;\n\tu32 count;\n};\n');
});

t.test('bytes are named where a field names them', async (t) => {
  const load = (of: string, offset: number) =>
    functionText(`${pair}export function f(p: FlowPair): ${of} { return load<${of}>(changetype<usize>(p), ${offset}); }`, 'f');
  t.match(await load('u32', 4), 'return p->count;');
  t.match(await load('u64', 0), 'return core_at(u64, p, 0);');
  const store = `${pair}export function f(p: FlowPair): void { store<u32>(changetype<usize>(p), 7, offsetof<FlowPair>('count')); store<u8>(changetype<usize>(p), 1, 3); }`;
  t.match(await functionText(store, 'f'), '\tp->count = 7;\n\tcore_at(u8, p, 3) = 1;\n');
});

t.test('branches read like branches', async (t) => {
  const text = 'export function f(a: u32): u32 { if (a == 1) return 2; else if (a > 5) { a -= 3; a <<= 2; } else { a++; } return a; }';
  t.equal(
    await functionText(text, 'f'),
    '__hidden __noinline u32 f(u32 a)\n{\n\tif (a == 1) {\n\t\treturn 2;\n\t} else if (a > 5) {\n\t\ta -= 3;\n\t\ta <<= 2;\n\t} else {\n\t\ta++;\n\t}\n\treturn a;\n}\n',
  );
});

t.test('the same core makes the same header', async (t) => {
  const text = `${pair}export function f(p: FlowPair): u32 { return p.count; }`;
  t.equal(await headerText(text), await headerText(text));
});

t.test(
  'C refuses a struct whose bytes are elsewhere',
  { skip: hostCompiler() === undefined ? 'no C compiler for this host' : false },
  async (t) => {
    const header = readFileSync(join(import.meta.dirname, '../../../kernel/generated/core.h'), 'utf8').split('/* What the core asks')[0]!;
    const check = (input: string) =>
      spawnSync(hostCompiler()!, ['-x', 'c', '-fsyntax-only', '-'], { input: input.replace('#pragma once', ''), encoding: 'utf8' });
    t.equal(check(header).status, 0, check(header).stderr);
    for (const [from, to] of [
      ['\tu32 epoch;\n', '\tu64 epoch;\n'],
      ['\tu32 hints;\n};', '\tu32 hints;\n\tu32 more;\n};'],
      ['\tu16 source_port;\n\tu16 destination_port;', '\tu16 destination_port;\n\tu16 source_port;'],
    ] as const) {
      t.ok(header.includes(from), from);
      const { status, stderr } = check(header.replace(from, to));
      t.not(status, 0, to);
      t.match(stderr, /static.assert/i);
    }
  },
);

t.test('the example of the README is what it says', async (t) => {
  const readme = readFileSync(join(import.meta.dirname, '../../../kernel/codegen/README.md'), 'utf8');
  const [, source = '', result] = /```ts\n(.*?)```\n```c\n(.*?)```/s.exec(readme) ?? [];
  t.equal(await functionText(source, 'spread'), result);
});
