// Parser: every kind of packet gives the facts that its bytes say, and every malformed one the first problem in header order.
import t from 'tap';
import { FACT_ICMP_ERROR } from '../../../orchestrator/datapath/generated/enums.ts';
import { type Facts, factsCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import type { Packet } from '../../../orchestrator/net/packet.ts';
import { addressWords, swapPort } from '../../../orchestrator/net/words.ts';
import { parsePacket, reasonName, startMachine, VIRTIO } from './machine.ts';
import { parseCases } from './parse-cases.ts';

const machine = startMachine();

/** Ports and ids in host order; the reason by name. */
function readable(facts: Facts): Record<string, bigint | number | string> {
  const id = facts.fragmentId > 0xffff ? new DataView(Uint32Array.of(facts.fragmentId).buffer).getUint32(0) : swapPort(facts.fragmentId);
  return {
    ...facts,
    sourcePort: swapPort(facts.sourcePort),
    destinationPort: swapPort(facts.destinationPort),
    icmpId: swapPort(facts.icmpId),
    fragmentId: id,
    invalid: reasonName(facts.invalid),
  };
}

function words(address: string): [bigint, bigint] {
  const { hi, lo } = addressWords(address);
  return [hi, lo];
}

t.test('facts and reasons', async (t) => {
  for (const { name, packet, offload, invalid, facts: expected = {} } of parseCases) {
    const facts = readable(parsePacket(machine, packet, offload));
    const found = Object.fromEntries(Object.keys(expected).map((field) => [field, facts[field]]));
    t.same({ invalid: facts.invalid, ...found }, { invalid, ...expected }, name);
  }
  t.equal(new Set(parseCases.map(({ name }) => name)).size, parseCases.length, `${parseCases.length} cases, no name twice`);
});

t.test('addresses are those of the packet, as every map has them', async (t) => {
  for (const { name, packet, invalid } of parseCases.filter(
    ({ packet }) => !(packet instanceof Uint8Array) && packet.present === undefined,
  )) {
    if (invalid === 'UNSUPPORTED_L3') continue;
    const facts = parsePacket(machine, packet);
    const found =
      (facts.flags & FACT_ICMP_ERROR) === 0
        ? [facts.sourceHi, facts.sourceLo, facts.destinationHi, facts.destinationLo]
        : [facts.outerSourceHi, facts.outerSourceLo, facts.outerDestinationHi, facts.outerDestinationLo];
    const { source, destination } = packet as Packet;
    t.same(found, [...words(source), ...words(destination)], name);
  }
});

t.test('an error speaks of the packet that it quotes', async (t) => {
  for (const { name, packet } of parseCases.filter(({ facts }) => facts?.flags === FACT_ICMP_ERROR)) {
    const facts = parsePacket(machine, packet);
    const [source, destination] = (packet as Packet).source.includes(':') ? ['fd00::1', 'fd00::2'] : ['10.0.0.1', '10.0.0.2'];
    t.same([facts.sourceHi, facts.sourceLo, facts.destinationHi, facts.destinationLo], [...words(source!), ...words(destination!)], name);
  }
});

t.test('less than a virtio-net header is an invalid packet', async (t) => {
  for (let length = 0; length < VIRTIO; length += 1) {
    machine.call.parse!(machine.bytes.length - length, length, machine.call.factsPointer!());
    const { invalid, family } = factsCodec.decode(machine.view, machine.call.factsPointer!());
    t.same([reasonName(invalid), family], ['INVALID_PACKET', 0], `${length} bytes`);
  }
});

t.test('nothing of one packet remains in the facts of the next', async (t) => {
  for (const { packet, offload } of parseCases) parsePacket(machine, packet, offload);
  const { invalid, ...rest } = parsePacket(machine, new Uint8Array(0));
  t.equal(reasonName(invalid), 'INVALID_PACKET');
  t.ok(Object.values(rest).every((value) => BigInt(value) === 0n));
});
