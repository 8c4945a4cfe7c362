// Packets become datagrams of the tunnel: whole headers, right checksums, nothing lost.
import fc from 'fast-check';
import t from 'tap';
import { configSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import type { Packet } from '../../../orchestrator/net/packet.ts';
import { readPacket } from '../../../orchestrator/net/packet-reader.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { createMap, startMachine, updateMap, VIRTIO } from '../packet/machine.ts';
import { datagrams, frameBytes, hand, mtu, plain, segmented, vni } from './tunnel.ts';

const machine = startMachine();
const ends = {
  ipv4: { source: '10.1.0.5', destination: '10.2.0.9' },
  ipv6: { source: 'fd00::5', destination: 'fd01::9' },
} as const;
const ports = { sourcePort: 40_000, destinationPort: 80 } as const;
const seeded = { seed: Number(process.env.AXONEME_SEED ?? (Math.random() * 2 ** 31) | 0) };
t.comment(`AXONEME_SEED=${seeded.seed}`);

function random(length: number, seed: number): Uint8Array {
  let state = (seed | 1) >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

const tcpPacket = fc.record({
  family: fc.constantFrom('ipv4' as const, 'ipv6' as const),
  length: fc.integer({ min: 1, max: 60_000 }),
  segment: fc.integer({ min: 200, max: 1_300 }),
  flags: fc.constantFrom('A', 'AP', 'AF', 'APC', 'AE'),
  options: fc.constantFrom(new Uint8Array(0), Uint8Array.from([1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8])),
  sequence: fc.integer({ min: 0, max: 0xffffffff }),
  id: fc.integer({ min: 0, max: 0xffff }),
  most: fc.integer({ min: 1, max: 64 }),
});

t.test('a TCP packet that is still to be cut leaves as whole packets with right checksums, in order and complete', async (t) => {
  const property = fc.property(tcpPacket, ({ family, length, segment, flags, options, sequence, id, most }) => {
    const payload = random(length, sequence);
    const transport = { protocol: 'tcp', ...ports, flags, options, sequence, acknowledgement: 77, window: 500, payload } as const;
    const packet: Packet = { ...ends[family], transport, ipv4: { id, dontFragment: true } };
    const pieces = datagrams(machine, segmented(packet, segment), most) ?? [];
    const read = pieces.map((piece) => readPacket(piece.subarray(frameBytes)));
    const sequences = pieces.map((piece) => new DataView(piece.buffer).getUint32(frameBytes + (family === 'ipv4' ? 20 : 40) + 4));
    const joined = Buffer.concat(read.map((each) => each?.payload ?? new Uint8Array(0)));
    return (
      pieces.length === Math.ceil(length / segment) &&
      joined.equals(payload) &&
      read.every((each) => each?.checksums.ip !== false && each?.checksums.transport === true) &&
      sequences.every((each, at) => each === (sequence + at * segment) % 2 ** 32) &&
      read.every((each, at) => each?.tcpFlags === flagsOf(flags, at === 0, at === read.length - 1))
    );
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 400, ...seeded }));
});

/** In the order in which the reader writes them. */
function flagsOf(letters: string, isFirst: boolean, isLast: boolean): string {
  const kept = [...letters].filter((letter) => (isLast || !'FP'.includes(letter)) && (isFirst || letter !== 'C'));
  return ['F', 'S', 'R', 'P', 'A', 'U', 'E', 'C'].filter((letter) => kept.includes(letter)).join('');
}

t.test('a UDP packet that is still to be cut leaves as datagrams with lengths of their own', async (t) => {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const payload = random(5_000, 9);
    const packet: Packet = { ...ends[family], transport: { protocol: 'udp', ...ports, payload } };
    const pieces = datagrams(machine, segmented(packet, 1_200)) ?? [];
    const read = pieces.map((piece) => readPacket(piece.subarray(frameBytes)));
    t.same(
      read.map((each) => each?.payload.length),
      [1_200, 1_200, 1_200, 1_200, 200],
      family,
    );
    t.ok(Buffer.concat(read.map((each) => each?.payload ?? new Uint8Array(0))).equals(payload));
    t.ok(
      read.every((each) => each?.checksums.transport === true && each.checksums.ip !== false),
      'checksums',
    );
  }
});

t.test('in front of each packet is a VXLAN header with the identity, and an Ethernet header of the right type', async (t) => {
  for (const [family, type] of [
    ['ipv4', 0x0800],
    ['ipv6', 0x86dd],
  ] as const) {
    const [piece] = datagrams(machine, plain({ ...ends[family], transport: { protocol: 'udp', ...ports, payload: 'x' } })) ?? [];
    const view = new DataView((piece as Uint8Array).buffer);
    t.equal(view.getUint32(0), 0x08000000, 'the VNI counts');
    t.equal(view.getUint32(4), vni * 256, 'the VNI');
    t.equal(view.getUint16(20), type, 'the type');
    t.equal(view.getUint8(8) & 3, 2, 'one station, locally administered');
  }
});

t.test('a packet that needs no cutting leaves as it is, its checksum completed where it was left open', async (t) => {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const transport = { protocol: 'tcp', ...ports, payload: random(333, 4) } as const;
    const whole = plain({ ...ends[family], transport });
    t.same(datagrams(machine, whole)?.[0]?.subarray(frameBytes), whole.bytes, `${family}: as it is`);
    const open = segmented({ ...ends[family], transport }, 0);
    t.same(datagrams(machine, { ...open, offload: { ...open.offload, type: 0 } })?.[0]?.subarray(frameBytes), whole.bytes, 'completed');
  }
  const silent = plain({ ...ends.ipv4, transport: { protocol: 'udp', ...ports, payload: 'abc', checksum: 0 } });
  t.same(datagrams(machine, silent)?.[0]?.subarray(frameBytes), silent.bytes, 'UDP without a checksum stays without');
});

t.test('what the tunnel does not take is refused: a packet, or a segment of one', async (t) => {
  const of = (length: number): Packet => ({ ...ends.ipv4, transport: { protocol: 'tcp', ...ports, payload: random(length, 1) } });
  t.equal(datagrams(machine, plain(of(mtu - 40)))?.length, 1);
  t.equal(datagrams(machine, plain(of(mtu - 39))), undefined);
  t.equal(datagrams(machine, segmented(of(9_000), mtu - 40))?.length, 7);
  t.equal(datagrams(machine, segmented(of(9_000), mtu - 39)), undefined);
  t.equal(datagrams(machine, plain(of(65_000)), 64, 65_535), undefined, 'more than there is room for');
});

t.test('the sender of a packet that is too long learns the size that is not, and one whom nobody serves learns that', async (t) => {
  createMap(machine, configSpec, 1);
  const zero = configSpec.value.decode(new DataView(new ArrayBuffer(configSpec.value.size)), 0);
  // As agents choose it: nothing but the prefix.
  const router6 = addressWords('fd00:1::');
  const long = { protocol: 'tcp', ...ports, payload: random(3_000, 2) } as const;
  const answer = (packet: Packet, name: 'overlayTooBig' | 'portUnreachable' = 'overlayTooBig') => {
    hand(machine, plain(packet));
    const length = machine.call[name]!(mtu);
    const at = machine.call.overlayDatagrams!();
    return length === 0 ? undefined : machine.bytes.slice(at + VIRTIO, at + length);
  };
  t.equal(answer({ ...ends.ipv4, transport: long }), undefined, 'without an address of its own the node says nothing');
  updateMap(machine, configSpec, 0, { ...zero, router4: addressWords('10.1.0.1').lo, router6Hi: router6.hi, router6Lo: router6.lo });
  const expected = {
    ipv4: { source: '10.1.0.1', type: 3, code: 4, length: 576, at: 24, size: 4 },
    ipv6: { source: 'fd00:1::', type: 2, code: 0, length: 1_280, at: 44, size: 4 },
  } as const;
  for (const family of ['ipv4', 'ipv6'] as const) {
    const { source, type, code, length, at } = expected[family];
    const bytes = answer({ ...ends[family], transport: long }) as Uint8Array;
    const read = readPacket(bytes);
    t.match(read, { source, destination: ends[family].source, icmp: { type, code }, length }, family);
    t.match(read?.embedded, { ...ends[family], ...ports });
    t.not(read?.checksums.ip, false);
    t.equal(read?.checksums.transport, true);
    t.equal(new DataView(bytes.buffer).getUint32(at), mtu, 'the size');
    const refusal = answer({ ...ends[family], transport: { protocol: 'udp', ...ports, payload: 'any' } }, 'portUnreachable') as Uint8Array;
    const refused = readPacket(refusal);
    t.match(refused, { source, destination: ends[family].source, icmp: family === 'ipv4' ? { type: 3, code: 3 } : { type: 1, code: 4 } });
    t.match(refused?.embedded, { ...ends[family], ...ports });
    t.equal(refused?.checksums.transport, true);
    t.equal(new DataView(refusal.buffer).getUint32(at), 0, 'unused');
  }
  const error = { protocol: 'icmp', type: 3, code: 3, payload: random(2_000, 3) } as const;
  for (const name of ['overlayTooBig', 'portUnreachable'] as const)
    t.equal(answer({ ...ends.ipv4, transport: error }, name), undefined, 'errors are not answered');
  t.ok(answer({ ...ends.ipv4, transport: { protocol: 'icmp', type: 8, payload: random(2_000, 3) } }), 'pings are');
});
