// Datagrams of the tunnel become packets: together again where that loses nothing, one by one otherwise, and nothing of what is none.
import fc from 'fast-check';
import t from 'tap';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import { startMachine } from '../packet/machine.ts';
import { datagrams, frameBytes, mtu, plain, receive, segmented, vni } from './tunnel.ts';

const machine = startMachine();
const seeded = { seed: Number(process.env.AXONEME_SEED ?? (Math.random() * 2 ** 31) | 0) };
t.comment(`AXONEME_SEED=${seeded.seed}`);
const ends = {
  ipv4: { source: '10.1.0.5', destination: '10.2.0.9' },
  ipv6: { source: 'fd00::5', destination: 'fd01::9' },
} as const;

function stream(family: 'ipv4' | 'ipv6', details: Partial<{ length: number; sequence: number; flags: string; id: number }> = {}): Packet {
  const { length = 12_000, sequence = 1_000, flags = 'AP', id = 7 } = details;
  const payload = Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8)) & 255);
  const transport = { protocol: 'tcp', sourcePort: 40_000, destinationPort: 80, flags, sequence, acknowledgement: 9, payload } as const;
  return { ...ends[family], transport, ipv4: { id, dontFragment: true } };
}

function flip(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] as number) ^ 1;
}

const bytesOf = (pieces: readonly Uint8Array[]) => Buffer.concat(pieces).toString('hex');
/** What comes out of datagrams, cut again. */
const again = (pieces: readonly Uint8Array[]) => receive(machine, pieces).flatMap(({ packet }) => datagrams(machine, packet) ?? []);

t.test('segments of one stream become one packet, and cutting that brings them back byte for byte', async (t) => {
  for (const family of ['ipv4', 'ipv6'] as const) {
    const pieces = datagrams(machine, segmented(stream(family), 1_300)) ?? [];
    const received = receive(machine, pieces);
    t.equal(received.length, 1, `${family}: one packet`);
    t.equal(received[0]?.vni, vni);
    t.equal(received[0]?.packet.offload.segment, 1_300);
    t.equal(bytesOf(again(pieces)), bytesOf(pieces));
  }
});

const usual = { family: 'ipv4', step: 500, flags: 'A', id: 1, window: 100, hops: 64, spoilt: 1, option: 5 } as const;
const unusual = fc.record({
  family: fc.constantFrom('ipv4' as const, 'ipv4' as const, 'ipv6' as const),
  step: fc.constantFrom(500, 500, 500, 500, 499, 501, 0),
  flags: fc.constantFrom('A', 'A', 'A', 'A', 'A', 'AP', 'AF', 'S', 'AU', 'AC', 'AE'),
  id: fc.constantFrom(1, 1, 1, 1, 0, 2),
  window: fc.constantFrom(100, 100, 100, 100, 101),
  hops: fc.constantFrom(64, 64, 64, 64, 63),
  spoilt: fc.integer({ min: 0, max: 40 }),
  option: fc.constantFrom(5, 5, 5, 5, 6),
});
/** Streams that somebody else's packets break into, and that change their mind. */
const piece = fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: unusual });

t.test('whatever arrives, the packets that come out cut into exactly what came in', async (t) => {
  let merged = 0;
  const property = fc.property(fc.array(piece, { minLength: 2, maxLength: 30 }), (pieces) => {
    let [sequence, id] = [1_000, 7];
    const arrived = pieces.map(({ family, step, flags, id: idStep, window, hops, spoilt, option }, at) => {
      const options = Uint8Array.from([1, 1, 8, 10, 0, 0, 0, option, 0, 0, 0, 1]);
      const payload = new Uint8Array(500).fill(at);
      const transport = { protocol: 'tcp', sourcePort: 1, destinationPort: 2, flags, sequence, window, options, payload } as const;
      const packet: Packet = { ...ends[family], transport, hopLimit: hops, ipv4: { id, dontFragment: true } };
      sequence += step;
      id += idStep;
      const [datagram] = datagrams(machine, plain(packet)) as [Uint8Array];
      // Now and then a bit falls over, anywhere behind the tunnel's own headers.
      if (spoilt === 0) datagram[frameBytes + 1 + ((at * 97) % (datagram.length - frameBytes - 1))]! ^= 4;
      return datagram;
    });
    // Families have headers of different lengths; the kernel hands over datagrams of one size.
    const sized = arrived.filter(({ length }) => length === arrived[0]?.length);
    const packets = receive(machine, sized);
    merged += sized.length - packets.length;
    const cut = packets.flatMap(({ packet }) =>
      packet.offload.segment === 0 ? [packet.bytes] : (datagrams(machine, packet) ?? []).map((each) => each.subarray(frameBytes)),
    );
    return bytesOf(cut) === bytesOf(sized.map((each) => each.subarray(frameBytes)));
  });
  fc.assert(property, { numRuns: 2_000, ...seeded });
  t.ok(merged > 1_000, `${merged} were put together`);
});

t.test('what differs in anything that cutting cannot bring back is left alone', async (t) => {
  const pieces = datagrams(machine, segmented(stream('ipv4', { length: 3_000 }), 1_000)) ?? [];
  const changed = (change: (bytes: Uint8Array) => void) => {
    const copies = pieces.map((each) => each.slice());
    change(copies[1] as Uint8Array);
    return receive(machine, copies).map(({ packet }) => packet.bytes.length);
  };
  t.same(
    changed(() => {}),
    [3_040],
  );
  t.same(
    changed((bytes) => flip(bytes, 6)),
    [1_040, 1_040, 1_040],
    'another identity',
  );
  t.same(
    changed((bytes) => flip(bytes, frameBytes + 500)),
    [1_040, 1_040, 1_040],
    'a checksum that is wrong',
  );
});

t.test('checksums that the sender left open, and packets that it left uncut, are told as open and uncut', (t) => {
  const open = (transport: Packet['transport']) => ({ ...transport, checksum: 'partial' }) as Packet['transport'];
  const wrapped = (packet: Packet) => {
    const [{ buffer }] = datagrams(machine, plain(stream('ipv4', { length: 10 }))) as [Uint8Array];
    const frame = new Uint8Array(buffer.slice(0, frameBytes));
    const bytes = buildPacket(packet);
    new DataView(frame.buffer).setUint16(20, (bytes[0] as number) >> 4 === 6 ? 0x86dd : 0x0800);
    return Buffer.concat([frame, bytes]);
  };
  for (const [family, start] of [
    ['ipv4', 20],
    ['ipv6', 40],
  ] as const) {
    const tcp = stream(family, { length: 100 });
    const whole = receive(machine, [wrapped(tcp)])[0];
    t.same(whole?.packet.offload.flags, 0, `${family}: a checksum that is right is none that is open`);
    const short = receive(machine, [wrapped({ ...tcp, transport: open(tcp.transport) })])[0];
    t.same(short?.packet.offload, { flags: 1, type: 0, headerLength: 0, segment: 0, start, offset: 16 });
    const long = stream(family, { length: 20_000 });
    const uncut = receive(machine, [wrapped({ ...long, transport: open(long.transport) })])[0];
    const headerLength = start + 20;
    t.same(uncut?.packet.offload, {
      flags: 1,
      type: family === 'ipv4' ? 1 : 4,
      headerLength,
      segment: mtu - headerLength,
      start,
      offset: 16,
    });
    t.equal(uncut?.packet.bytes.length, start + 20 + 20_000);
    const udp = { protocol: 'udp', sourcePort: 1, destinationPort: 2, payload: new Uint8Array(9).fill(3) } as const;
    const datagram = receive(machine, [wrapped({ ...ends[family], transport: open(udp) })])[0];
    t.same(datagram?.packet.offload, { flags: 1, type: 0, headerLength: 0, segment: 0, start, offset: 6 });
    const many = { ...udp, payload: new Uint8Array(9_000).fill(3) };
    const [piece, ...others] = receive(machine, [wrapped({ ...ends[family], transport: open(many) })], 1_200);
    t.same(piece?.packet.offload, { flags: 1, type: 5, headerLength: start + 8, segment: 1_200, start, offset: 6 });
    t.equal(piece?.packet.bytes.length, start + 8 + 9_000);
    t.same(others, []);
    const each = wrapped({ ...ends[family], transport: udp });
    t.equal(receive(machine, [each, each, each]).length, 3, 'those that are cut already are as many as there are');
  }
  t.end();
});

t.test('datagrams that are no VXLAN with an IP packet inside are counted and skipped', async (t) => {
  const before = machine.call.overlayForeign!();
  const good = datagrams(machine, plain(stream('ipv4', { length: 10 })))?.[0] as Uint8Array;
  const spoilt = [
    good.slice().fill(0, 0, 1),
    good.slice().fill(0x86, 20, 22),
    good.slice().fill(0x65, frameBytes, frameBytes + 1),
    good.slice(0, frameBytes),
    new Uint8Array(0),
  ];
  for (const each of spoilt) t.same(receive(machine, [each], 0), [], `${each.length} bytes`);
  t.equal(machine.call.overlayForeign!() - before, 4, 'nothing at all is not counted');
  t.equal(receive(machine, [good])[0]?.packet.bytes.length, 50);
});

t.test('random bytes make packets that lie within them, or none', async (t) => {
  const property = fc.property(
    fc.uint8Array({ maxLength: 4_000 }),
    fc.integer({ min: 0, max: 4_000 }),
    fc.boolean(),
    (bytes, each, promising) => {
      if (promising) {
        for (let at = 0; at + frameBytes < bytes.length; at += Math.max(each, 1)) {
          bytes.set([8], at);
          bytes.set([8, 0, 0x45], at + 20);
        }
      }
      receive(machine, [bytes], each);
      return true;
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 5_000, ...seeded }));
});
