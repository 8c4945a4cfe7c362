// Generated files: stale ones are named, codecs spell what the other machine's memory holds, specs say what core/maps.ts says.
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { maps } from '../../../datapath-as/core/maps.ts';
import { checkMaps } from '../../../kernel/codegen/maps.ts';
import { describe, Violations } from '../../../kernel/codegen/violations.ts';
import {
  CONNTRACK_HAIRPIN,
  ConntrackFlag,
  NextHop,
  nextHopName,
  REASON_INVALID_SOURCE,
  Reason,
  reasonName,
} from '../../../orchestrator/datapath/generated/enums.ts';
import * as layouts from '../../../orchestrator/datapath/generated/layouts.ts';
import { conntrackSpec, maps as specs } from '../../../orchestrator/datapath/generated/maps.ts';
import type { Codec } from '../../../orchestrator/datapath/layout.ts';
import { wasmOf } from './two-machines.ts';

const root = join(import.meta.dirname, '../../..');
const files = [
  'datapath-as/host/generated/maps.ts',
  'kernel/generated/core.h',
  'kernel/generated/maps.h',
  'orchestrator/datapath/generated/enums.ts',
  'orchestrator/datapath/generated/layouts.ts',
  'orchestrator/datapath/generated/maps.ts',
];

function generate(folder: string, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['kernel/codegen/main.ts', '--root', folder, ...options], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, lines: `${stdout}${stderr}`.trim().split('\n').filter(Boolean).sort() };
}

t.test('--check names what is stale and writes nothing; without it, exactly that is written', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'generated-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const room of ['core', 'host']) cpSync(join(root, 'datapath-as', room), join(folder, 'datapath-as', room), { recursive: true });
  rmSync(join(folder, 'datapath-as/host/generated'), { recursive: true });
  const stale = (path: string) => `${path}: stale: the core says something else; hint: npm run generate`;
  t.same(generate(folder, '--check'), { status: 1, lines: files.map(stale) });
  t.notOk(files.some((path) => existsSync(join(folder, path))));
  t.same(generate(folder), { status: 0, lines: files.map((path) => `${path}: written`) });
  t.same(generate(folder, '--check'), { status: 0, lines: [] });
  for (const path of files)
    t.equal(
      readFileSync(join(folder, path), 'utf8').includes('Generated from datapath-as/core by kernel/codegen (npm run generate)'),
      true,
      path,
    );

  appendFileSync(join(folder, files[2]!), '\n');
  t.same(generate(folder, '--check'), { status: 1, lines: [stale(files[2]!)] });
  t.same(generate(folder), { status: 0, lines: [`${files[2]}: written`] });

  writeFileSync(
    join(folder, 'datapath-as/core/time.ts'),
    'export function hasExpired(expires: u32, now: u32): bool { return <i32>now / 2 > <i32>expires; }\n',
  );
  const refused = generate(folder);
  t.equal(refused.status, 1);
  t.same(refused.lines, [
    'datapath-as/core/time.ts:1:67: signed division is outside the subset: eBPF has no such instruction before cpu v4; hint: cast to unsigned',
  ]);
  t.match(
    readFileSync(join(folder, files[1]!), 'utf8'),
    readFileSync(join(root, files[1]!), 'utf8').slice(0, 200),
    'nothing was half written',
  );
});

type AnyCodec = Codec<Record<string, number | bigint>>;
const codecs = Object.entries(layouts).filter(([name]) => name !== 'u32Codec') as unknown as [string, AnyCodec][];

t.test('every codec spells what AssemblyScript reads', async (t) => {
  t.ok(codecs.length >= 28);
  const folders = ['config', 'conntrack', 'endpoint', 'packet', 'policy', 'scratch', 'service', 'socket', 'tuple'];
  const sources = folders.map((name) =>
    readFileSync(join(root, `datapath-as/core/layout/${name}.ts`), 'utf8').replace(/^import .*$/gm, ''),
  );
  const values = (codec: AnyCodec) => {
    const zeros = codec.decode(new DataView(new ArrayBuffer(codec.size)), 0);
    return Object.entries(zeros).map(([name, zero], i) => [name, typeof zero === 'bigint' ? BigInt(i + 1) << 40n : i + 1] as const);
  };
  const className = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replace('Codec', '');
  const fillers = codecs.map(([name, codec]) => {
    const lines = values(codec).map(([field, value]) => `x.${field} = ${value};`);
    return `export function fill_${name}(x: ${className(name)}): u32 { ${lines.join(' ')} return offsetof<${className(name)}>(); }\n`;
  });
  const { exports } = await wasmOf([...sources, ...fillers].join('\n'), '-O0');
  const memory = (exports.memory as { readonly buffer: ArrayBuffer }).buffer;
  for (const [name, codec] of codecs) {
    new Uint8Array(memory).fill(0);
    const fill = exports[`fill_${name}`] as (address: number) => number;
    t.equal(fill(4096), codec.size, `${name} has the size of its class`);
    const expected = Object.fromEntries(values(codec));
    t.same(codec.decode(new DataView(memory), 4096), expected, `${name} decodes`);
    const encoded = new Uint8Array(codec.size).fill(0xff);
    codec.encode(expected, new DataView(encoded.buffer), 0);
    t.same(encoded, new Uint8Array(memory, 4096, codec.size), `${name} encodes, padding as zeros`);
  }
});

t.test('numbers have names in both directions', async (t) => {
  t.equal(Reason.invalidSource, REASON_INVALID_SOURCE);
  t.equal(reasonName(132), 'invalidSource');
  t.equal(reasonName(1), undefined);
  t.equal(nextHopName(NextHop.overlay), 'overlay');
  t.equal(ConntrackFlag.hairpin, CONNTRACK_HAIRPIN);
});

t.test('specs are the maps of the core, by number', async (t) => {
  t.same(
    specs.map(({ number, name, kind, entries, writer, sentence }) => ({ number, name, kind, entries, writer, sentence })),
    maps.map(({ name, kind, entries, writer, sentence }, number) => ({ number, name, kind, entries, writer, sentence })),
  );
  t.equal(conntrackSpec.key, layouts.flowKeyCodec);
  t.equal(conntrackSpec.value, layouts.conntrackCodec);
  t.match(conntrackSpec.layoutHash, /^[0-9a-f]{16}$/);
  const kept = specs.filter(({ kind }) => kind !== 'array' && kind !== 'percpu-array' && kind !== 'ring');
  t.equal(new Set(kept.map(({ layoutHash }) => layoutHash)).size, kept.length, 'different layouts have different hashes');
});

t.test('each kind of map has the kernel definition that suits it', async (t) => {
  const header = readFileSync(join(root, 'kernel/generated/maps.h'), 'utf8');
  const definition = (name: string) =>
    new RegExp(`struct \\{\\n([^}]*)\\} ${name} SEC\\("\\.maps"\\);`).exec(header)?.[1]?.replace(/\s+/g, ' ').trim();
  t.equal(
    definition('endpoints'),
    '__uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 65536); __type(key, struct address); __type(value, struct endpoint); __uint(map_flags, BPF_F_NO_PREALLOC);',
  );
  t.equal(
    definition('conntrack'),
    '__uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 786432); __type(key, struct flow_key); __type(value, struct conntrack);',
  );
  t.equal(
    definition('ipcache'),
    '__uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 512000); __type(key, struct prefix_key); __type(value, struct prefix); __uint(map_flags, BPF_F_NO_PREALLOC);',
  );
  t.equal(
    definition('config'),
    '__uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct config);',
  );
  t.equal(
    definition('metrics'),
    '__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 512); __type(key, u32); __type(value, struct metric);',
  );
  t.equal(
    definition('maglev'),
    '__uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4194304); __type(key, u32); __type(value, struct maglev_slot); __uint(map_flags, BPF_F_MMAPABLE);',
  );
  t.equal(definition('events'), '__uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1048576);');
});

t.test('a map of classes that the core has not, or that do not suit it, is refused', async (t) => {
  const violations = new Violations();
  const at = { file: 'maps.ts', line: 1, column: 1 };
  const pair = {
    at,
    name: 'Pair',
    size: 8,
    fields: [
      { name: 'length', type: 'u32', offset: 0 },
      { name: 'word', type: 'u32', offset: 4 },
    ],
  } as const;
  const map = { entries: 1, writer: 'datapath', sentence: '' } as const;
  const structs = new Map([['Pair', pair]]);
  checkMaps(
    [
      { ...map, name: 'one', kind: 'hash', key: 'Pair', value: 'Absent' },
      { ...map, name: 'two', kind: 'array', key: 'Pair', value: 'Pair' },
      { ...map, name: 'three', kind: 'lpm', key: 'Pair', value: 'Pair' },
      { ...map, name: 'four', kind: 'hash', key: 'Pair', value: 'Pair', isMapped: true },
    ],
    structs,
    at,
    violations,
  );
  t.same(
    violations
      .list()
      .map(describe)
      .map((line) => line.split('; ')[0]),
    [
      'maps.ts:1:1: value Absent of map one is no class of the core',
      'maps.ts:1:1: map two is found by index, its key is Pair',
      'maps.ts:1:1: key Pair of map three does not start with its prefix length',
      'maps.ts:1:1: map four is mapped and no array',
    ],
  );
});
