// Run: what a decided packet leaves in the maps, the metrics and the ring.
import t from 'tap';
import * as enums from '../../../orchestrator/datapath/generated/enums.ts';
import { type Event, eventCodec, metricCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import { conntrackSpec, metricsSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import { firstValue, type Machine, readRecord, startMachine } from './machine.ts';
import { addresses, CLIENT, SERVER, send, startWorld } from './world.ts';

const { [CLIENT]: client, [SERVER]: server } = addresses.ipv4;
const TAIL = 64;
const RING = 128;

function udp(sourcePort: number, payload = 'datagram'): Packet {
  return { source: client, destination: server, transport: { protocol: 'udp', sourcePort, destinationPort: 53, payload } };
}
const answer: Packet = {
  source: server,
  destination: client,
  transport: { protocol: 'udp', sourcePort: 53, destinationPort: 4000, payload: 'x' },
};
const broken = { ...udp(1), present: 20 };

function events(machine: Machine): { head: number; lost: number; capacity: number; at(index: number): Event } {
  const base = machine.call.eventsPointer!();
  const capacity = machine.call.eventCapacity!();
  return {
    head: machine.view.getUint32(base, true),
    lost: machine.view.getUint32(base + 4, true),
    capacity,
    at: (index) => eventCodec.decode(machine.view, base + RING + (index % capacity) * eventCodec.size),
  };
}

function metric(machine: Machine, reason: number, direction: number): { packets: bigint; bytes: bigint } {
  const key = machine.call.inputBuffer!();
  machine.view.setUint32(key, reason * 2 + direction, true);
  return metricCodec.decode(machine.view, machine.call.mapLookup!(metricsSpec.number, key));
}

t.test('a flow has one entry, which counts the packets of both sides', async (t) => {
  const machine = startWorld();
  t.same(send(machine, CLIENT, udp(4000)), { nextHop: enums.NEXT_HOP_LOCAL, reason: 0 });
  send(machine, CLIENT, udp(4000));
  send(machine, SERVER, answer);
  t.equal(machine.call.mapCount!(conntrackSpec.number), 1);
  const entry = firstValue(machine, conntrackSpec)!;
  t.match(entry, { originPackets: 2n, originBytes: 72n, responderPackets: 1n, responderBytes: 29n });
  t.equal(entry.flags & enums.CONNTRACK_REPLIED, enums.CONNTRACK_REPLIED);
});

t.test('an entry is given more time only when that moves its end by a second', async (t) => {
  const machine = startWorld();
  send(machine, CLIENT, udp(4000), 1000);
  const first = firstValue(machine, conntrackSpec)!.expires;
  send(machine, CLIENT, udp(4000), 1000 + enums.EXPIRY_GRANULARITY - 1);
  t.equal(firstValue(machine, conntrackSpec)!.expires, first);
  send(machine, CLIENT, udp(4000), 1000 + enums.EXPIRY_GRANULARITY);
  t.equal(firstValue(machine, conntrackSpec)!.expires, first + enums.EXPIRY_GRANULARITY);
});

t.test('a map that is full drops the packet and says which one', async (t) => {
  const machine = startWorld({ conntrackKind: 'hash', flows: 2 });
  const results = [1, 2, 3, 1].map((port) => send(machine, CLIENT, udp(port)).reason);
  t.same(results, [0, 0, enums.REASON_MAP_FULL, 0]);
  const { head, at } = events(machine);
  const told = at(head - 1);
  t.match(told, { kind: enums.EVENT_OVERFLOW, reason: enums.REASON_MAP_FULL, backend: conntrackSpec.number, port: CLIENT });
  t.equal(metric(machine, enums.REASON_MAP_FULL, enums.DIRECTION_EGRESS).packets, 1n);
});

t.test('a map that was never made refuses as a full one does', async (t) => {
  const machine = startWorld({ flows: 0 });
  t.same(send(machine, CLIENT, udp(1)), { nextHop: enums.NEXT_HOP_DROP, reason: enums.REASON_MAP_FULL });
});

t.test('a malformed packet is dropped, told and counted with the bytes that came', async (t) => {
  const machine = startWorld();
  t.same(send(machine, CLIENT, broken), { nextHop: enums.NEXT_HOP_DROP, reason: enums.REASON_INVALID_PACKET });
  t.match(events(machine).at(0), {
    kind: enums.EVENT_DROP,
    reason: enums.REASON_INVALID_PACKET,
    length: 20,
    family: 4,
    hook: enums.HOOK_FROM_POD,
  });
  t.same(metric(machine, enums.REASON_INVALID_PACKET, enums.DIRECTION_EGRESS), { packets: 1n, bytes: 20n });
  t.equal(readRecord(machine).rewrite, 0);
});

t.test('forwarded packets are counted under reason 0', async (t) => {
  const machine = startWorld();
  for (let port = 1; port <= 5; port += 1) send(machine, CLIENT, udp(port));
  t.same(metric(machine, 0, enums.DIRECTION_EGRESS), { packets: 5n, bytes: 180n });
});

t.test('a full ring loses events, counts them, and goes on when it is read', async (t) => {
  const machine = startWorld();
  const bytes = buildPacket(broken);
  const { capacity } = events(machine);
  for (let round = 0; round < capacity + 50; round += 1) send(machine, CLIENT, bytes, round + 1);
  t.match(events(machine), { head: capacity, lost: 50 });
  t.equal(events(machine).at(capacity - 1).now, capacity);
  machine.view.setUint32(machine.call.eventsPointer!() + TAIL, capacity - 10, true);
  for (let round = 0; round < capacity; round += 1) send(machine, CLIENT, bytes, 10_000 + round);
  const after = events(machine);
  t.match(after, { head: capacity * 2 - 10, lost: 60 });
  t.same([after.at(capacity - 1).now, after.at(capacity).now], [capacity, 10_000]);
});

t.test('the counters of the ring may wrap', async (t) => {
  const machine = startWorld();
  const base = machine.call.eventsPointer!();
  for (const offset of [0, TAIL]) machine.view.setUint32(base + offset, 0xffffffff, true);
  for (let round = 0; round < 3; round += 1) send(machine, CLIENT, broken, 100 + round);
  t.match(events(machine), { head: 2, lost: 0 });
  t.same([events(machine).at(events(machine).capacity - 1).now, events(machine).at(0).now], [100, 101]);
});

t.test('workers have areas of their own and one conntrack', async (t) => {
  const memory = new WebAssembly.Memory({ initial: 1024, maximum: 1024, shared: true });
  const [first, second] = [startWorld({ memory }), startMachine(memory)];
  t.equal(second.call.attachWorker!(1), 0);
  t.equal(second.call.attachWorker!(32), 1);
  for (const pointer of ['factsPointer', 'recordPointer', 'scratchPointer', 'eventsPointer', 'inputBuffer']) {
    t.equal(second.call[pointer]!() - first.call[pointer]!(), 0x140000, pointer);
  }
  send(first, CLIENT, udp(4000));
  send(second, SERVER, answer);
  send(second, CLIENT, broken);
  t.match(firstValue(first, conntrackSpec), { originPackets: 1n, responderPackets: 1n });
  t.same([events(first).head, events(second).head], [0, 1]);
});
