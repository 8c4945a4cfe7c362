// Rewrite: a rewritten packet has exactly the bytes of one that was built with the new addresses and ports.
import t, { type Test } from 'tap';
import { buildPacket, type Packet } from '../../../orchestrator/net/packet.ts';
import type { Transport } from '../../../orchestrator/net/transport.ts';
import { type Offload, startMachine } from './machine.ts';
import { type Random, randomFrom, seedOf } from './random.ts';
import { type Change, changed, hex, rewriteBytes } from './rewritten.ts';

const machine = startMachine();
const seed = seedOf(process.env.AXONEME_SEED);
const random = randomFrom(seed);
t.comment(`AXONEME_SEED=${seed}`);

const ends = { sourcePort: 40000, destinationPort: 80 };
const transports: Readonly<Record<string, Transport>> = {
  tcp: { protocol: 'tcp', ...ends, payload: 'hello' },
  'tcp with options': { protocol: 'tcp', ...ends, options: new Uint8Array(12) },
  udp: { protocol: 'udp', ...ends, payload: 'datagram' },
  sctp: { protocol: 'sctp', ...ends, payload: 'chunkchunk!!' },
};
const families = {
  ipv4: { source: '10.0.0.1', destination: '10.96.0.10', other: '192.168.77.200', third: '172.16.0.254' },
  ipv6: { source: 'fd00::1', destination: 'fd00:96::10', other: '2001:db8:ffff:1::abcd', third: 'fe00:1:2:3:4:5:6:7' },
} as const;
type Family = keyof typeof families;
const both = Object.keys(families) as Family[];

function changes(family: Family): Record<string, Change> {
  const source = { address: families[family].other, port: 12345 };
  const destination = { address: families[family].third, port: 8080 };
  return { source: { source }, destination: { destination }, 'source and destination': { source, destination } };
}

function check(t: Test, packet: Packet, change: Change, name: string, offload?: Offload): void {
  t.equal(hex(rewriteBytes(machine, buildPacket(packet), change, offload)), hex(buildPacket(changed(packet, change))), name);
}

function eachChange(t: Test, name: string, packetOf: (family: Family) => Packet, offload?: (family: Family) => Offload): void {
  for (const family of both) {
    for (const [what, change] of Object.entries(changes(family))) {
      check(t, packetOf(family), change, `${family} ${name}: ${what}`, offload?.(family));
    }
  }
}

t.test('addresses, ports and every checksum', async (t) => {
  for (const [name, transport] of Object.entries(transports)) eachChange(t, name, (family) => ({ ...families[family], transport }));
  eachChange(t, 'behind options or extension headers', (family) => ({
    ...families[family],
    transport: transports.tcp!,
    ipv4: { options: Uint8Array.of(7, 7, 4, 0, 0, 0, 0) },
    ipv6: { extensions: [{ kind: 'hop-by-hop' }, { kind: 'destination', data: new Uint8Array(14) }, { kind: 'ah' }] },
  }));
});

t.test('ICMP keeps its identifier, and only ICMPv6 sums the addresses', async (t) => {
  eachChange(t, 'echo', (family) => ({
    ...families[family],
    transport: { protocol: family === 'ipv4' ? 'icmp' : 'icmpv6', type: family === 'ipv4' ? 8 : 128, id: 77, payload: 'ping' },
  }));
});

t.test('UDP without a checksum gets none', async (t) => {
  eachChange(t, 'udp', (family) => ({ ...families[family], transport: { ...transports.udp!, checksum: 0 } as Transport }));
});

t.test('a UDP checksum that comes out as 0 is written as 0xffff', async (t) => {
  const packet = { ...families.ipv4, transport: transports.udp! };
  const { destination } = changes('ipv4').destination!;
  const bytesIn = buildPacket(packet);
  const seen = new Set<string>();
  for (let port = 0; port < 65536; port += 1) {
    const bytes = rewriteBytes(machine, bytesIn, { destination: { ...destination!, port } })!;
    const checksum = hex(bytes.subarray(26, 28));
    if (checksum === '0000') t.fail(`port ${port} has no checksum`);
    if (checksum === 'ffff') check(t, packet, { destination: { ...destination!, port } }, `port ${port}`);
    seen.add(checksum);
  }
  t.ok(seen.has('ffff'), 'some port makes the sum 0');
});

t.test('a partial checksum follows the addresses and not the ports', async (t) => {
  for (const name of ['tcp', 'udp']) {
    eachChange(
      t,
      `partial ${name}`,
      (family) => ({ ...families[family], transport: { ...transports[name]!, checksum: 'partial' } as Transport }),
      (family) => ({ flags: 1, start: family === 'ipv4' ? 20 : 40, offset: name === 'tcp' ? 16 : 6 }),
    );
  }
});

t.test('segments are rewritten once, by their common header', async (t) => {
  eachChange(
    t,
    'segments',
    (family) => ({
      ...families[family],
      transport: { ...transports.tcp!, payload: new Uint8Array(60000), checksum: 'partial' } as Transport,
    }),
    (family) => ({ flags: 1, type: family === 'ipv4' ? 1 : 4, segment: 1400, start: family === 'ipv4' ? 20 : 40, offset: 16 }),
  );
});

t.test('a tunnel whose inner checksum is open has a complete one itself', async (t) => {
  eachChange(
    t,
    'tunnel',
    (family) => ({ ...families[family], transport: { ...transports.udp!, payload: new Uint8Array(80) } as Transport }),
    (family) => ({ flags: 1, start: family === 'ipv4' ? 60 : 80, offset: 16 }),
  );
});

t.test('fragments: the first one carries ports and the checksum, later ones addresses only', async (t) => {
  for (const [name, transport] of Object.entries({ tcp: transports.tcp!, udp: transports.udp! })) {
    const whole = { ...transport, payload: new Uint8Array(100).fill(7) } as Transport;
    eachChange(t, `first ${name}`, (family) => ({ ...families[family], transport: whole, fragment: { id: 9, length: 40 } }));
    eachChange(t, `later ${name}`, (family) => ({ ...families[family], transport: whole, fragment: { id: 9, start: 40 } }));
  }
  eachChange(t, 'later sctp', (family) => ({
    ...families[family],
    transport: { ...transports.sctp!, payload: new Uint8Array(99) } as Transport,
    fragment: { id: 9, start: 40 },
  }));
});

t.test('what cannot be rewritten whole is not begun', async (t) => {
  const refused = (packet: Packet, change: Change, name: string): void => {
    const bytes = buildPacket(packet);
    t.equal(hex(rewriteBytes(machine, bytes, change)), 'refused', name);
    t.equal(hex(machine.bytes.slice(machine.bytes.length - bytes.length)), hex(bytes), `${name}: untouched`);
  };
  for (const family of both) {
    const other = both.find((name) => name !== family)!;
    const sctp = {
      ...families[family],
      transport: { ...transports.sctp!, payload: new Uint8Array(99) } as Transport,
      fragment: { id: 9, length: 40 },
    };
    for (const [what, change] of Object.entries(changes(family)))
      refused(sctp, change, `${family} ports of a first SCTP fragment: ${what}`);
    for (const [what, change] of Object.entries(changes(other))) {
      refused({ ...families[family], transport: transports.tcp! }, change, `${family} to the other family: ${what}`);
    }
    const same = { source: { address: families[family].other, port: 40000 } };
    check(t, sctp, same, `${family} address of a first SCTP fragment whose port stays`);
  }
});

t.test('a damaged packet stays damaged by as much', async (t) => {
  for (const transport of Object.values(transports)) {
    const packet = { ...families.ipv4, transport: { ...transport, checksum: 0x1234 } as Transport };
    const { source } = changes('ipv4').source!;
    const there = rewriteBytes(machine, buildPacket(packet), { source })!;
    const back = rewriteBytes(machine, there, { source: { address: packet.source, port: 40000 } });
    t.equal(hex(back), hex(buildPacket(packet)), `${packet.transport.protocol}: there and back`);
    t.not(hex(there), hex(buildPacket(changed({ ...packet, transport }, { source }))), `${packet.transport.protocol}: not repaired`);
  }
});

function randomAddress(random: Random, family: Family): string {
  if (family === 'ipv4') return [...random.bytes(4)].join('.');
  return Array.from({ length: 8 }, (_, group) => (group === 0 ? 0x2000 + random.below(0x1000) : random.below(0x10000)).toString(16)).join(
    ':',
  );
}

t.test('random packets', async (t) => {
  let wrong = 0;
  const rounds = 4000;
  for (let round = 0; round < rounds; round += 1) {
    const family = random.pick(both);
    const transport = {
      ...random.pick(Object.values(transports)),
      payload: random.bytes(random.below(80)),
      sourcePort: random.below(65536),
    } as Transport;
    const packet: Packet = { source: randomAddress(random, family), destination: randomAddress(random, family), transport };
    const end = () => ({ address: randomAddress(random, family), port: random.below(65536) });
    const change = random.pick<Change>([{ source: end() }, { destination: end() }, { source: end(), destination: end() }]);
    if (hex(rewriteBytes(machine, buildPacket(packet), change)) === hex(buildPacket(changed(packet, change)))) continue;
    wrong += 1;
    t.fail(`round ${round}: ${JSON.stringify({ packet: { ...packet, transport: transport.protocol }, change })}`);
  }
  t.equal(wrong, 0, `${rounds} rounds`);
});
