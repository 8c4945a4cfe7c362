// The packet builder against bytes from elsewhere, and the reader against the builder.

import t from 'tap';
import { formatAddress, parseAddress, toMapped } from '../../orchestrator/net/address.ts';
import { crc32c, internetChecksum } from '../../orchestrator/net/checksum.ts';
import { buildFrame, buildPacket, type Packet, parseMac } from '../../orchestrator/net/packet.ts';
import { describePacket, readPacket } from '../../orchestrator/net/packet-reader.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

const tcp = { protocol: 'tcp', sourcePort: 40000, destinationPort: 80, flags: 'S' } as const;
const udp = { protocol: 'udp', sourcePort: 40000, destinationPort: 53, payload: 'a question of some length' } as const;
const v4 = { source: '10.0.0.1', destination: '10.0.0.2' } as const;
const v6 = { source: 'fd00::1', destination: 'fd00::2' } as const;

t.test('the checksums agree with published examples', async (t) => {
  t.equal(internetChecksum(Buffer.from('45000073000040004011 0000c0a80001c0a800c7'.replace(' ', ''), 'hex')), 0xb861);
  t.equal(crc32c(ascii('123456789')), 0xe3069283);
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

t.test('an IPv4 UDP packet has the bytes worked out by hand', async (t) => {
  const packet = buildPacket({
    source: '192.168.0.1',
    destination: '192.168.0.199',
    ipv4: { dontFragment: true },
    transport: { protocol: 'udp', sourcePort: 4660, destinationPort: 22136, payload: 'ab' },
  });
  t.equal(hex(packet), '4500001e00004000 4011b8b6 c0a80001c0a800c7 12345678 000a b3b2 6162'.replaceAll(' ', ''));
});

t.test('every whole packet that is built is read back with right checksums', async (t) => {
  const transports: Packet['transport'][] = [
    tcp,
    udp,
    { protocol: 'sctp', sourcePort: 1, destinationPort: 2, payload: 'chunk' },
    { protocol: 'icmp', type: 8, id: 7, payload: 'ping' },
    { protocol: 'icmpv6', type: 128, id: 7, payload: 'ping!' },
  ];
  for (const ends of [v4, v6]) {
    for (const transport of transports) {
      const read = readPacket(buildPacket({ ...ends, transport }));
      t.match(read, { ...ends, checksums: { transport: true } }, `${transport.protocol} from ${ends.source}`);
      t.not(read?.checksums.ip, false);
    }
  }
});

t.test('a changed byte makes a checksum wrong', async (t) => {
  const packet = buildPacket({ ...v4, transport: udp });
  packet[30] = (packet[30] ?? 0) ^ 1;
  t.match(describePacket(packet), /wrong transport checksum/);
  packet[8] = 1;
  t.match(describePacket(packet), /wrong ip and transport checksum/);
});

t.test('a UDP checksum that comes out as 0 is sent as 0xffff, and no checksum is 0', async (t) => {
  const probe = buildPacket({ ...v4, transport: { protocol: 'udp', sourcePort: 0, destinationPort: 53, checksum: 0 } });
  const sumless = readPacket(probe);
  t.equal(sumless?.checksums.transport, undefined);
  for (let sourcePort = 0; sourcePort < 65536; sourcePort += 1) {
    const built = buildPacket({ ...v4, transport: { protocol: 'udp', sourcePort, destinationPort: 53 } });
    if (built[26] === 0xff && built[27] === 0xff) {
      t.equal(readPacket(built)?.checksums.transport, true);
      return;
    }
  }
  t.fail('no source port gives checksum 0');
});

t.test('fragments carry their slice, their offset and the checksum of the whole', async (t) => {
  const whole = buildPacket({ ...v4, transport: udp });
  const first = buildPacket({ ...v4, transport: udp, fragment: { id: 9, length: 16 } });
  const second = buildPacket({ ...v4, transport: udp, fragment: { id: 9, start: 16 } });
  t.same(Buffer.concat([first.subarray(20), second.subarray(20)]), Buffer.from(whole.subarray(20)));
  t.match(readPacket(first), { fragment: { id: 9, offset: 0, more: true }, destinationPort: 53 });
  t.match(readPacket(second), { fragment: { id: 9, offset: 16, more: false }, destinationPort: undefined });
  const sixth = readPacket(buildPacket({ ...v6, transport: udp, fragment: { id: 0x12345678, start: 16 } }));
  t.match(sixth, { fragment: { id: 0x12345678, offset: 16, more: false }, protocol: 17 });
});

t.test('IPv6 extension headers chain to the transport', async (t) => {
  const packet = buildPacket({
    ...v6,
    transport: tcp,
    ipv6: { extensions: [{ kind: 'hop-by-hop' }, { kind: 'destination', data: new Uint8Array(14) }, { kind: 'ah' }] },
  });
  t.equal(packet.length, 40 + 8 + 16 + 24 + 20);
  t.same([packet[6], packet[40], packet[48], packet[64]], [0, 60, 51, 6]);
  t.match(readPacket(packet), { tcpFlags: 'S', checksums: { transport: true } });
});

t.test('a description names both ends, the protocol, the flags and what an error is about', async (t) => {
  t.equal(describePacket(buildPacket({ ...v4, transport: tcp })), '10.0.0.1:40000 > 10.0.0.2:80 TCP S, 40 bytes');
  t.equal(describePacket(buildPacket({ ...v6, transport: tcp })), '[fd00::1]:40000 > [fd00::2]:80 TCP S, 60 bytes');
  const quoted = buildPacket({ ...v4, transport: tcp, present: 28 });
  const error = buildPacket({
    source: '10.0.0.9',
    destination: '10.0.0.1',
    transport: { protocol: 'icmp', type: 3, code: 4, payload: quoted },
  });
  t.equal(describePacket(error), '10.0.0.9 > 10.0.0.1 ICMP type 3 code 4 about (10.0.0.1:40000 > 10.0.0.2:80 TCP), 56 bytes');
  t.equal(describePacket(new Uint8Array(3)), 'not an IP packet, 3 bytes');
});

t.test('a frame starts with both MAC addresses and the type of its packet', async (t) => {
  const macs = [parseMac('02:00:00:00:00:02'), parseMac('02:00:00:00:00:01')] as const;
  t.equal(hex(buildFrame(buildPacket({ ...v6, transport: tcp }), ...macs)).slice(0, 28), '02000000000202000000000186dd');
  t.equal(hex(buildFrame(Uint8Array.of(1), ...macs, 0x0806)), '020000000002020000000001080601');
});

t.test('addresses go from text to bytes and back', async (t) => {
  const good = '0.0.0.0 255.1.2.3 :: ::1 fe80::1:0:0:1 2001:db8:: ::ffff:10.0.0.1 1:2:3:4:5:6:7:8 1:0:3:4:5:6:7:8';
  for (const text of good.split(' ')) {
    t.equal(formatAddress(parseAddress(text)), text);
  }
  t.equal(formatAddress(toMapped(parseAddress('10.0.0.1'))), '::ffff:10.0.0.1');
  const bad = ' 1.2.3 1.2.3.256 01.2.3.4 ::: 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1::2::3 g:: 1:2:3:4:5:6:7::8 1.2.3.4::';
  for (const text of bad.split(' ')) {
    t.throws(() => parseAddress(text), { message: `address: not an IPv4 or IPv6 address: "${text}"` });
  }
});
