// Maglev tables: the same as those of the AssemblyScript, which other nodes may use, and even.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import fc from 'fast-check';
import t from 'tap';
import { fillMaglev, type MaglevBackend, sizesFor } from '../../../orchestrator/datapath/reconcile/maglev-table.ts';
import { addressWords, swapPort } from '../../../orchestrator/net/words.ts';

const root = join(import.meta.dirname, '../../..');
const [rowBytes, rowsAt] = [32, 1 << 16];

/** `fillMaglev` of datapath-as, compiled by itself. */
async function compiled(): Promise<(backends: readonly MaglevBackend[], size: number) => number[]> {
  let binary: Uint8Array | undefined;
  const entry = `export { fillMaglev } from './datapath-as/maglev/table';`;
  const options = '--runtime stub --noAssert -O3 --initialMemory 32 --outFile maglev.wasm'.split(' ');
  const { error, stderr } = await asc.main(['entry.ts', ...options], {
    readFile: (name) => (name === 'entry.ts' ? entry : readSource(join(root, name))),
    writeFile: (_name, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error || binary === undefined) throw new Error(`maglev: not compiled: ${error?.message}\n${stderr.toString()}`);
  const { exports } = await WebAssembly.instantiate(new WebAssembly.Module(binary as Uint8Array<ArrayBuffer>), { env: { abort() {} } });
  const memory = exports.memory as WebAssembly.Memory;
  const fill = exports.fillMaglev as (rows: number, count: number, slots: number, size: number) => number;
  return (backends, size) => {
    const view = new DataView(memory.buffer);
    const rows = backends.map(({ address, protocol, port, id }) => ({
      ...addressWords(address),
      place: swapPort(port) | (protocol << 16),
      id,
    }));
    rows.sort((a, b) => (a.hi !== b.hi ? (a.hi < b.hi ? -1 : 1) : a.lo !== b.lo ? (a.lo < b.lo ? -1 : 1) : a.place - b.place));
    for (const [index, { hi, lo, place, id }] of rows.entries()) {
      const at = rowsAt + index * rowBytes;
      view.setBigUint64(at, hi, true);
      view.setBigUint64(at + 8, lo, true);
      view.setUint32(at + 16, place, true);
      view.setUint32(at + 20, id, true);
    }
    const slotsAt = rowsAt + rows.length * rowBytes;
    if (fill(rowsAt, rows.length, slotsAt, size) !== 0) throw new Error('refused');
    return Array.from({ length: size }, (_, index) => view.getUint32(slotsAt + index * 4, true));
  };
}

/** The product's options are not for this module. */
function readSource(path: string): string | null {
  if (path.endsWith('asconfig.json')) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

const address = fc.oneof(
  fc.ipV4(),
  fc.tuple(fc.nat(0xffff), fc.nat(0xffff)).map(([a, b]) => `fd00::${a.toString(16)}:${b.toString(16)}`),
);
const backends = fc
  .uniqueArray(fc.record({ address, protocol: fc.constantFrom(6, 17, 132), port: fc.integer({ min: 1, max: 65535 }) }), {
    selector: ({ address, protocol, port }) => `${address} ${protocol} ${port}`,
    maxLength: 60,
  })
  .map((list) => list.map((backend, index) => ({ ...backend, id: index + 1 })));

t.test('a table is the one that the AssemblyScript makes of the same backends, in any order', async (t) => {
  const reference = await compiled();
  fc.assert(
    fc.property(backends, fc.constantFrom(31, 251, 1021), (list, size) => {
      const table = [...fillMaglev([...list].reverse(), size)];
      if (`${table}` !== `${reference(list, size)}`) throw new Error('they differ');
    }),
    { numRuns: 200 },
  );
  t.same([...fillMaglev([], 31)], new Array(31).fill(0));
});

t.test('shares differ by one slot at most, and a backend that goes moves few others', async (t) => {
  const list = Array.from({ length: 10 }, (_, index) => ({ address: `10.1.0.${index + 1}`, protocol: 6, port: 80, id: index + 1 }));
  const table = fillMaglev(list, 1021);
  const counts = new Map<number, number>();
  for (const id of table) counts.set(id, (counts.get(id) ?? 0) + 1);
  t.ok(Math.max(...counts.values()) - Math.min(...counts.values()) <= 1);
  const rest = fillMaglev(list.slice(1), 1021);
  const moved = table.filter((id, index) => id !== 1 && id !== rest[index]).length;
  t.ok(moved < 1021 / 5, `${moved} of ${1021 - (counts.get(1) ?? 0)} slots moved`);
});

t.test('tables are as large as there are backends, and smaller ones only stand in', async (t) => {
  t.same(sizesFor(1), [1021, 251, 31]);
  t.same(sizesFor(10), [1021, 251, 31]);
  t.same(sizesFor(11), [16381, 1021, 251, 31]);
  t.same(sizesFor(100), [16381, 1021, 251]);
  t.same(sizesFor(164), [131071, 16381, 1021, 251]);
  t.same(sizesFor(2000), [131071, 16381]);
});
