// Garbage: a process in a pod of these tests that puts onto its device what no honest stack sends, or watches what comes out of another.
//
//   garbage.ts send SEED COUNT OWN4 OWN6 PEER4 PEER6   says "ready", then "sent N" when the kernel has taken N packets
//   garbage.ts watch DEVICE                            says "ready"; at the end of standard input the sources of all packets seen, as JSON

import { once } from 'node:events';
import { openCalls } from '../../../orchestrator/datapath/wasm/calls.ts';
import { parseAddress } from '../../../orchestrator/net/address.ts';

const calls = await openCalls();
const [task, ...args] = process.argv.slice(2);
/** AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, ETH_P_ALL in network order; SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING. */
const [packetFamily, rawKind, everything] = [17, 3 | 0x800, 0x0300];
const [packetLevel, virtioHeader, ignoreOutgoing] = [263, 15, 23];

if (task === 'send') send(args);
else await watch(args[0] as string);

function openRaw(device: string, option: number): number {
  const descriptor = calls.socket(packetFamily, rawKind, everything);
  const one = new Int32Array([1]);
  if (option !== 0 && calls.setsockopt(descriptor, packetLevel, option, calls.address(one), 4) < 0) throw new Error(`option ${option}`);
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, packetFamily, true);
  address.setUint16(2, everything, true);
  address.setInt32(4, calls.interfaceIndex(device), true);
  if (calls.bind(descriptor, calls.address(address), 20) < 0) throw new Error(`bind ${device}: ${calls.errno()}`);
  return descriptor;
}

function send([seed, count, ...addresses]: string[]): void {
  const own = addresses.slice(0, 2).map(parseAddress);
  const peer = addresses.slice(2).map(parseAddress);
  const plain = openRaw('eth0', 0);
  const offloaded = openRaw('eth0', virtioHeader);
  let state = Number(seed);
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const noise = (length: number) => Uint8Array.from({ length }, () => random(256));
  process.stdout.write('ready\n');
  let sent = 0;
  for (let number = 0; number < Number(count); number += 1) {
    const packet = makePacket(random, noise, own, peer);
    const isOffloaded = random(3) === 0;
    const bytes = isOffloaded ? Uint8Array.from([...wrongHeader(random, noise), ...packet]) : packet;
    if (calls.write(isOffloaded ? offloaded : plain, calls.address(bytes), bytes.length) > 0) sent += 1;
  }
  process.stdout.write(`sent ${sent}\n`);
}

type Random = (below: number) => number;
type Noise = (length: number) => Uint8Array;

/** struct virtio_net_hdr: flags, type, header length, segment size, start and offset of the checksum. */
function wrongHeader(random: Random, noise: Noise): Uint8Array {
  if (random(4) === 0) return noise(10);
  const header = new DataView(new ArrayBuffer(10));
  header.setUint8(0, random(2));
  header.setUint8(1, [0, 1, 3, 4, 5, 0x81][random(6)] as number);
  header.setUint16(2, random(200), true);
  header.setUint16(4, random(3) === 0 ? 0 : random(1500), true);
  header.setUint16(6, random(100), true);
  header.setUint16(8, [6, 16, random(60)][random(3)] as number, true);
  return new Uint8Array(header.buffer);
}

/** Noise alone; or a packet that begins well, from an own address or not, with a few bytes spoilt, cut, or as an overlapping fragment. */
function makePacket(random: Random, noise: Noise, own: readonly Uint8Array[], peer: readonly Uint8Array[]): Uint8Array {
  if (random(5) === 0) return noise(1 + random(200));
  const isIpv6 = random(2) === 1;
  const at = isIpv6 ? 1 : 0;
  const liars = [peer[at] as Uint8Array, noise(isIpv6 ? 16 : 4), parseAddress(isIpv6 ? 'fd09::1' : '10.9.0.1')];
  const source = random(2) === 0 ? (own[at] as Uint8Array) : (liars[random(3)] as Uint8Array);
  const target = random(4) === 0 ? parseAddress(isIpv6 ? 'fd09::1' : '10.9.0.1') : (peer[at] as Uint8Array);
  const protocol = [6, 17, 1, 58, 44, 0, 43, 60, random(256)][random(9)] as number;
  const body = noise(8 + random(400));
  const header = isIpv6
    ? ipv6Header(random, body.length, protocol, source, target)
    : ipv4Header(random, body.length, protocol, source, target);
  const packet = Uint8Array.from([...header, ...body]);
  for (let spoilt = random(4); spoilt > 0; spoilt -= 1) packet[random(Math.min(packet.length, 64))] = random(256);
  return random(6) === 0 ? packet.slice(0, 1 + random(packet.length)) : packet;
}

function ipv4Header(random: Random, length: number, protocol: number, source: Uint8Array, target: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(20));
  header.setUint8(0, 0x45);
  header.setUint16(2, 20 + length);
  header.setUint16(4, random(4));
  header.setUint16(6, random(3) === 0 ? (random(2) << 13) | random(random(2) === 0 ? 40 : 0x2000) : 0);
  header.setUint8(8, 64);
  header.setUint8(9, protocol);
  const bytes = new Uint8Array(header.buffer);
  bytes.set(source, 12);
  bytes.set(target, 16);
  let sum = 0;
  for (let offset = 0; offset < 20; offset += 2) sum += header.getUint16(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  header.setUint16(10, ~sum & 0xffff);
  return bytes;
}

function ipv6Header(_random: Random, length: number, protocol: number, source: Uint8Array, target: Uint8Array): Uint8Array {
  const header = new DataView(new ArrayBuffer(40));
  header.setUint8(0, 0x60);
  header.setUint16(4, length);
  header.setUint8(6, protocol);
  header.setUint8(7, 64);
  const bytes = new Uint8Array(header.buffer);
  bytes.set(source, 8);
  bytes.set(target, 24);
  return bytes;
}

async function watch(device: string): Promise<void> {
  const descriptor = openRaw(device, ignoreOutgoing);
  const buffer = new Uint8Array(70000);
  const address = calls.address(buffer);
  const sources: Record<string, number> = {};
  const timer = setInterval(() => {
    for (let length = calls.read(descriptor, address, buffer.length); length > 0; length = calls.read(descriptor, address, buffer.length)) {
      const isIpv6 = (buffer[0] as number) >> 4 === 6;
      const source = Buffer.from(isIpv6 ? buffer.subarray(8, 24) : buffer.subarray(12, 16)).toString('hex');
      sources[source] = (sources[source] ?? 0) + 1;
    }
  }, 1);
  process.stdout.write('ready\n');
  process.stdin.resume();
  await once(process.stdin, 'end');
  clearInterval(timer);
  process.stdout.write(`${JSON.stringify(sources)}\n`);
}
