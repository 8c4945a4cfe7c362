// Packets that are read and written together: of every length, whole, in their order, and counted. Between sockets of this host, which keep the
// bounds of datagrams as devices do those of packets.

import fc from 'fast-check';
import t, { type Test } from 'tap';
import { type Calls, openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { joinEngine, readModule } from '../../../orchestrator/datapath/wasm/engine.ts';
import { Batch, slotBytes } from '../../../orchestrator/datapath/wasm/process/batch.ts';
import { counter, makePortTable, sumCounters } from '../../../orchestrator/datapath/wasm/process/port-table.ts';

const calls = await openCalls();
const module = await readModule();
const [pages, longest, port] = [800, 65_000, 16];
const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
const engine = await joinEngine(module, memory, 0);
const openBatch = (use: Calls = calls) => {
  const table = makePortTable(1);
  return { batch: new Batch({ engine, calls: use, table, worker: 0 }), counters: () => sumCounters(table, port) };
};

/** SO_RCVBUFFORCE: a socket's own room is too little for the longest packets. */
function makeRoom(descriptor: number): boolean {
  return calls.setsockopt(descriptor, 1, 33, calls.address(Int32Array.of(16 << 20)), 4) === 0;
}

function roomSkip(): string | false {
  const descriptor = calls.socket(2, 2 | 0x800, 0);
  const isMade = makeRoom(descriptor);
  calls.close(descriptor);
  return isMade ? false : 'sockets may not have more room here (needs CAP_NET_ADMIN)';
}

/** A socket of this host at that port, which sends to that other one. */
function openSocket(t: Test, own: number, other: number): number {
  const descriptor = calls.socket(2, 2 | 0x800, 0);
  t.teardown(() => calls.close(descriptor));
  makeRoom(descriptor);
  for (const [number, bind] of [
    [own, true],
    [other, false],
  ] as const) {
    const address = new Uint8Array(16);
    new DataView(address.buffer).setUint16(0, 2, true);
    new DataView(address.buffer).setUint16(2, number);
    address.set([127, 0, 0, 1], 4);
    if ((bind ? calls.bind : calls.connect)(descriptor, calls.address(address), 16) < 0) throw new Error(`errno ${calls.errno()}`);
  }
  return descriptor;
}

/** Bytes that no other packet has. */
const packetOf = (length: number, seed: number) => new Uint8Array(length).map((_, at) => (at * 31 + (at >> 8) * 17 + seed * 101) & 255);

function send(descriptor: number, packets: readonly Uint8Array[]): void {
  for (const packet of packets)
    if (calls.write(descriptor, calls.address(packet), packet.length) < 0) throw new Error(`errno ${calls.errno()}`);
}

function receive(descriptor: number): Uint8Array[] {
  const [found, buffer] = [[] as Uint8Array[], new Uint8Array(70_000)];
  for (let length = 1; length > 0; ) {
    length = calls.read(descriptor, calls.address(buffer), buffer.length);
    if (length > 0) found.push(buffer.slice(0, length));
  }
  return found;
}

/** As a worker does: reads until there is no more, and sends on what lies there, together where that may be. */
function forward(batch: Batch, from: number, to: number): void {
  for (let came = -1; came !== 0; ) {
    came = batch.read(from, batch.room);
    for (let index = 0; index < came; index += 1) {
      const length = batch.open(index);
      engine.bytes[batch.packet] = (engine.bytes[batch.packet] as number) ^ 255;
      if (batch.packet === batch.current) batch.write(port, to, length);
      else calls.write(to, calls.address(engine.bytes) + batch.packet, length);
    }
  }
  batch.flush();
}

const turned = (packet: Uint8Array) => packet.map((byte, at) => (at === 0 ? byte ^ 255 : byte));

t.test('packets of every length come through whole and in their order', { skip: roomSkip() }, async (t) => {
  const [sender, input] = [openSocket(t, 18_480, 18_481), openSocket(t, 18_481, 18_480)];
  const [output, receiver] = [openSocket(t, 18_482, 18_483), openSocket(t, 18_483, 18_482)];
  const { batch, counters } = openBatch();
  t.ok(batch.room > 0, 'this machine has it');
  const length = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 200 }) },
    { weight: 2, arbitrary: fc.integer({ min: slotBytes - 2, max: slotBytes + 2 }) },
    { weight: 2, arbitrary: fc.integer({ min: slotBytes, max: longest }) },
  );
  const small = { count: 0, bytes: 0 };
  fc.assert(
    fc.property(fc.array(length, { maxLength: 100 }), (lengths) => {
      const packets = lengths.map(packetOf);
      send(sender, packets);
      forward(batch, input, output);
      const [got, wanted] = [receive(receiver), packets.map(turned)];
      if (got.length !== wanted.length) throw new Error(`${got.length} of ${wanted.length}`);
      for (const [index, packet] of got.entries()) {
        if (Buffer.compare(packet, wanted[index] as Uint8Array) !== 0) throw new Error(`packet ${index} of ${packet.length} bytes`);
      }
    }),
    { numRuns: 100 },
  );
  const before = counters();
  send(
    sender,
    Array.from({ length: 50 }, (_, seed) => packetOf(100, seed)),
  );
  forward(batch, input, output);
  small.count = (counters()[counter.sent] as number) - (before[counter.sent] as number);
  small.bytes = (counters()[counter.sentBytes] as number) - (before[counter.sentBytes] as number);
  t.same(small, { count: 50, bytes: 5000 });
});

t.test('what is not taken is counted, and those behind it are written', async (t) => {
  const [sender, input] = [openSocket(t, 18_484, 18_485), openSocket(t, 18_485, 18_484)];
  const [output, receiver] = [openSocket(t, 18_486, 18_487), openSocket(t, 18_487, 18_486)];
  const { batch, counters } = openBatch();
  send(
    sender,
    Array.from({ length: 10 }, (_, seed) => packetOf(100, seed)),
  );
  t.equal(batch.read(input, batch.room), 10);
  const [none, pipe] = [1 << 20, calls.eventfd(0, 0x800)];
  t.teardown(() => calls.close(pipe));
  // A descriptor that is none is refused before it is tried, one that takes no such bytes afterwards.
  for (let index = 0; index < 10; index += 1) {
    batch.open(index);
    batch.write(port, index === 3 || index === 4 ? none : index === 7 ? pipe : output, index === 7 ? 4 : 100);
  }
  batch.flush();
  t.same([counters()[counter.sent], counters()[counter.refused]], [7, 3]);
  t.equal(receive(receiver).length, 7);
  t.equal(batch.read(none, batch.room), 0);
  send(sender, [packetOf(10, 1)]);
  t.equal(batch.read(input, batch.room), 1, 'and it goes on');
});

t.test('where the host does not allow it there is no room for a batch', async (t) => {
  t.equal(openBatch({ ...calls, ioSetup: () => -1 }).batch.room, 0);
  t.equal(openBatch({ ...calls, ioSubmit: () => -1 }).batch.room, 0);
  t.equal(openBatch({ ...calls, ioSetup: () => -1 }).batch.read(0, 32), 0);
});
