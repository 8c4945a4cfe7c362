// Arrays: every element is there, deletion is not, and a per-CPU array keeps a copy per worker.

import fc from 'fast-check';
import t from 'tap';
import { commands, numbered } from './commands.ts';
import { ERRNO, FLAG, Host, hostMemory, KIND, toHex } from './instance.ts';
import { hostModule } from './module.ts';

const module = await hostModule();
const memory = hostMemory();
const host = new Host(module, memory);
const map = 9;

function index(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

for (const [kind, valueSize] of [
  [KIND.array, 4],
  [KIND.array, 64],
  [KIND.percpuArray, 16],
]) {
  t.test(`kind ${kind}, values of ${valueSize} bytes: every answer is a plain array's`, async (t) => {
    const entries = 10;
    const property = fc.property(commands(12), (sequence) => {
      host.exports.reset();
      if (host.exports.create(map, kind, 4, valueSize, entries) !== 0) throw new Error('not created');
      const model = Array.from({ length: entries }, () => toHex(new Uint8Array(valueSize)));
      for (const command of sequence) {
        const { key } = command;
        if (command.do === 'update') {
          const value = numbered(command.value, valueSize);
          const result = updateResult(key, command.flags, entries);
          if (host.put(map, index(key), value, command.flags) !== result) throw new Error('update disagrees');
          if (result === 0) model[key] = toHex(value);
        } else if (command.do === 'delete') {
          if (host.remove(map, index(key)) !== ERRNO.EINVAL) throw new Error('delete disagrees');
        } else {
          const found = host.get(map, index(key), valueSize, command.do === 'use' ? 'lookup' : 'mapLookup');
          if ((found && toHex(found)) !== model[key]) throw new Error('lookup disagrees');
        }
      }
      const expected = model.map((value, key) => [toHex(index(key)), value]);
      if (JSON.stringify(host.entries(map, 4, valueSize)) !== JSON.stringify(expected)) throw new Error('iteration disagrees');
    });
    fc.assert(property, { numRuns: 60 });
    t.equal(host.exports.mapCount(map), entries);
  });
}

function updateResult(key: number, flags: number, entries: number): number {
  if (flags > FLAG.exist) return ERRNO.EINVAL;
  if (key >= entries) return ERRNO.E2BIG;
  return flags === FLAG.noExist ? ERRNO.EEXIST : 0;
}

t.test('an index beyond the end finds nothing', async (t) => {
  host.exports.reset();
  host.exports.create(map, KIND.array, 4, 8, 10);
  t.not(host.exports.lookupArray(map, 9), 0);
  for (const beyond of [10, 0x7fffffff, 0xffffffff]) t.equal(host.exports.lookupArray(map, beyond), 0);
  t.equal(host.exports.lookupNumber(map, 9), host.exports.lookupArray(map, 9));
});

t.test('in a per-CPU array each worker counts for itself, and a written value is the sum', async (t) => {
  const second = new Host(module, memory, 1);
  host.exports.reset();
  host.exports.create(map, KIND.percpuArray, 4, 16, 100);
  const sum = () => {
    host.bytes.set(index(7), host.key);
    const first = host.exports.mapLookup(map, host.key);
    const stride = host.exports.mapCopyStride(map);
    const copies = Array.from({ length: host.exports.mapCopies(map) }, (_, copy) => host.view.getUint32(first + copy * stride, true));
    return copies.reduce((total, each) => total + each, 0);
  };
  const count = (worker: Host) => {
    const address = worker.exports.lookupArray(map, 7);
    worker.view.setUint32(address, worker.view.getUint32(address, true) + 1, true);
  };
  for (let packet = 0; packet < 5; packet++) count(host);
  for (let packet = 0; packet < 6; packet++) count(second);
  t.not(host.exports.lookupArray(map, 7), second.exports.lookupArray(map, 7));
  t.equal(sum(), 11);
  host.put(map, index(7), Uint8Array.from([100, ...new Array(15).fill(0)]));
  t.equal(sum(), 100);
});
