// Parser: every kind of packet gives the facts that its bytes say, and every malformed one the first problem in header order.
import t from 'tap';
import { parseAddress, toMapped } from '../../../orchestrator/net/address.ts';
import type { Packet } from '../../../orchestrator/net/packet.ts';
import { addressWords, parsePacket, readField, reasonName, startMachine, VIRTIO } from './machine.ts';
import { parseCases } from './parse-cases.ts';

const machine = startMachine();
/** Raw network-order words on the wire. */
const swapped = new Set(['sourcePort', 'destinationPort', 'icmpId']);
const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >> 8);

function fact(facts: number, field: string): number {
  const value = Number(readField(machine, 'Facts', facts, field));
  if (field === 'fragmentId') return value > 0xffff ? new DataView(Uint32Array.of(value).buffer).getUint32(0) : swap16(value);
  return swapped.has(field) ? swap16(value) : value;
}

t.test('facts and reasons', async (t) => {
  for (const { name, packet, offload, invalid, facts: expected = {} } of parseCases) {
    const facts = parsePacket(machine, packet, offload);
    const found = Object.fromEntries(Object.keys(expected).map((field) => [field, fact(facts, field)]));
    t.same({ invalid: reasonName(fact(facts, 'invalid')), ...found }, { invalid, ...expected }, name);
  }
  t.equal(new Set(parseCases.map(({ name }) => name)).size, parseCases.length, `${parseCases.length} cases, no name twice`);
});

t.test('addresses are those of the packet, as every map has them', async (t) => {
  for (const { name, packet, invalid } of parseCases.filter(
    ({ packet }) => !(packet instanceof Uint8Array) && packet.present === undefined,
  )) {
    if (invalid === 'UNSUPPORTED_L3') continue;
    const facts = parsePacket(machine, packet);
    const error = (Number(readField(machine, 'Facts', facts, 'flags')) & 1) !== 0;
    const fields = error ? ['outerSource', 'outerDestination'] : ['source', 'destination'];
    const found = fields.map((field) => [
      readField(machine, 'Facts', facts, `${field}Hi`),
      readField(machine, 'Facts', facts, `${field}Lo`),
    ]);
    const { source, destination } = packet as Packet;
    t.same(found, [addressWords(toMapped(parseAddress(source))), addressWords(toMapped(parseAddress(destination)))], name);
  }
});

t.test('an error speaks of the packet that it quotes', async (t) => {
  for (const { name, packet } of parseCases.filter(({ facts }) => facts?.flags === 1)) {
    const facts = parsePacket(machine, packet);
    const six = (packet as Packet).source.includes(':');
    const found = ['sourceHi', 'sourceLo', 'destinationHi', 'destinationLo'].map((field) => readField(machine, 'Facts', facts, field));
    const expected = (six ? ['fd00::1', 'fd00::2'] : ['10.0.0.1', '10.0.0.2']).flatMap((text) =>
      addressWords(toMapped(parseAddress(text))),
    );
    t.same(found, expected, name);
  }
});

t.test('less than a virtio-net header is an invalid packet', async (t) => {
  for (let length = 0; length < VIRTIO; length += 1) {
    const facts = machine.call.factsPointer!();
    machine.call.parse!(machine.bytes.length - length, length, facts);
    t.equal(reasonName(Number(readField(machine, 'Facts', facts, 'invalid'))), 'INVALID_PACKET', `${length} bytes`);
  }
});

t.test('nothing of one packet remains in the facts of the next', async (t) => {
  for (const { packet, offload } of parseCases) parsePacket(machine, packet, offload);
  const facts = parsePacket(machine, new Uint8Array(0));
  const left = machine.bytes.slice(facts, facts + 120);
  left[[...left].indexOf(134)] = 0;
  t.ok(left.every((byte) => byte === 0));
});
