// Fuzz: hostile packets against a whole instance. Each packet ends where the memory ends, so that a read behind it traps; what lies
// before it is a pattern that must survive. Run by itself for as many rounds as wanted:
//
//   node test/datapath-as/packet/fuzz.ts [ROUNDS] [SEED]

import {
  FACT_ICMP_ERROR,
  HOOK_FROM_NETWORK,
  NEXT_HOP_DROP,
  NEXT_HOP_STACK,
  REWRITE_EMBEDDED,
} from '../../../orchestrator/datapath/generated/enums.ts';
import { factsCodec } from '../../../orchestrator/datapath/generated/layouts.ts';
import { buildPacket } from '../../../orchestrator/net/packet.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { type Machine, reasonName, VIRTIO, writeRecord } from './machine.ts';
import { parseCases } from './parse-cases.ts';
import { type Random, randomFrom, seedOf } from './random.ts';
import { addresses, CLIENT, SERVER, startWorld } from './world.ts';

export interface FuzzResult {
  readonly rounds: number;
  /** What went wrong, first of all; undefined when nothing did. */
  readonly problem?: string;
  /** Packets by what became of them. */
  readonly reasons: ReadonlyMap<string, number>;
}

const GUARD = 64;
const PATTERN = 0xa5;
const mostBytes = 400;

/** Bytes where a lie costs most: lengths, offsets, protocols, header lengths, of either family, and of what an error quotes. */
const tender = [0, 2, 3, 4, 5, 6, 7, 9, 10, 20, 24, 25, 28, 30, 31, 32, 34, 37, 40, 41, 42, 43, 44, 46, 48, 49, 50, 52, 53, 54, 56, 57];
const telling = [0, 1, 4, 5, 6, 7, 8, 15, 16, 17, 19, 20, 39, 40, 43, 44, 51, 58, 59, 60, 0x45, 0x4f, 0x60, 0x7f, 0x80, 132, 135, 254, 255];

function templates(): Uint8Array[] {
  const packets = parseCases.map(({ packet }) => (packet instanceof Uint8Array ? packet : buildPacket(packet)));
  for (const { [CLIENT]: source, [SERVER]: destination } of Object.values(addresses)) {
    for (const protocol of ['tcp', 'udp', 'sctp'] as const) {
      packets.push(buildPacket({ source, destination, transport: { protocol, sourcePort: 4000, destinationPort: 80 } }));
    }
  }
  return packets.filter(({ length }) => length > 0 && length < mostBytes);
}

/** Changes a packet in place; its new length. */
function mutate(random: Random, bytes: Uint8Array, at: number, length: number): number {
  for (let count = random.below(6); count > 0; count -= 1) {
    const where = random.below(3) === 0 ? random.below(length) : random.pick(tender);
    if (where < length) bytes[at + where] = random.below(2) === 0 ? random.pick(telling) : random.below(256);
  }
  return length;
}

function writeOffload(random: Random, machine: Machine, at: number): void {
  machine.bytes.fill(0, at, at + VIRTIO);
  if (random.below(8) !== 0) return;
  machine.bytes[at] = random.below(4);
  machine.bytes[at + 1] = random.pick([0, 1, 3, 4, 5, 0x80, 0x81, 0x84, random.below(256)]);
  for (let field = 2; field < VIRTIO; field += 2) {
    const value = random.pick([0, 6, 16, 20, 40, 60, 1400, 65535, random.below(65536)]);
    machine.view.setUint16(at + field, value, true);
  }
}

/** Puts a hostile packet at the end of the memory; its address, header included. */
function placeHostile(random: Random, machine: Machine, packets: readonly Uint8Array[]): number {
  const packet = random.pick(packets);
  const cut = random.below(8) === 0 ? random.below(packet.length + 1) : packet.length;
  const at = machine.bytes.length - cut;
  machine.bytes.set(packet.subarray(0, cut), at);
  mutate(random, machine.bytes, at, cut);
  writeOffload(random, machine, at - VIRTIO);
  machine.bytes.fill(PATTERN, at - VIRTIO - GUARD, at - VIRTIO);
  return at - VIRTIO;
}

function guardHolds(machine: Machine, at: number): boolean {
  for (let byte = at - GUARD; byte < at; byte += 1) if (machine.bytes[byte] !== PATTERN) return false;
  return true;
}

/** Where a one-byte field of the facts stands: decoding them all for each of millions of packets takes longer than the packets. */
function offsetOf(field: 'invalid' | 'flags'): number {
  const zero = factsCodec.decode(new DataView(new ArrayBuffer(factsCodec.size)), 0);
  const bytes = new Uint8Array(factsCodec.size);
  factsCodec.encode({ ...zero, [field]: 0xff }, new DataView(bytes.buffer), 0);
  return bytes.indexOf(0xff);
}
const [invalidAt, flagsAt] = [offsetOf('invalid'), offsetOf('flags')];

function isRefused(machine: Machine): boolean {
  return machine.bytes[machine.call.factsPointer!() + invalidAt] !== 0;
}

const textOf = ({ hi, lo }: { readonly hi: bigint; readonly lo: bigint }): string => `${hi}/${lo}`;
const pods = new Set(Object.values(addresses).flatMap((own) => [own[CLIENT], own[SERVER]].map((one) => textOf(addressWords(one)))));

/** What the network sends to no pod is left to the host, however broken. */
function isHostsOwn(machine: Machine, hook: number, nextHop: number): boolean {
  if (hook !== HOOK_FROM_NETWORK || nextHop !== NEXT_HOP_STACK) return false;
  const facts = factsCodec.decode(machine.view, machine.call.factsPointer!());
  const isError = (facts.flags & FACT_ICMP_ERROR) !== 0;
  const [hi, lo] = isError ? [facts.outerDestinationHi, facts.outerDestinationLo] : [facts.destinationHi, facts.destinationLo];
  return !pods.has(textOf({ hi, lo }));
}

const ends = [
  { source: addressWords('192.0.2.1'), destination: addressWords('192.0.2.2') },
  { source: addressWords('2001:db8::1'), destination: addressWords('2001:db8::2') },
];

/** Whatever the core might want rewritten in a packet that the parser let through. */
function rewriteAtRandom(random: Random, machine: Machine, at: number): void {
  const { source, destination } = random.pick(ends);
  const error = ((machine.bytes[machine.call.factsPointer!() + flagsAt] ?? 0) & FACT_ICMP_ERROR) !== 0;
  writeRecord(machine, {
    rewrite: random.below(4) | (error ? REWRITE_EMBEDDED | (random.below(4) << 3) : 0),
    newSourceHi: source.hi,
    newSourceLo: source.lo,
    newDestinationHi: destination.hi,
    newDestinationLo: destination.lo,
    newSourcePort: random.below(65536),
    newDestinationPort: random.below(65536),
  });
  machine.call.rewrite!(machine.call.recordPointer!(), at);
}

/** One packet; what went wrong, or the name of its reason. */
function round(random: Random, machine: Machine, packets: readonly Uint8Array[], counts: number[]): string | undefined {
  const at = placeHostile(random, machine, packets);
  const length = machine.bytes.length - at;
  const hook = 1 + random.below(5);
  const decided = machine.call.run!(hook, random.pick([CLIENT, SERVER, 9]), at, length, random.below(1 << 20), 7, random.below(5)) >>> 0;
  const [nextHop, reason] = [decided & 0xff, decided >>> 8];
  counts[reason] = (counts[reason] ?? 0) + 1;
  if ((nextHop === NEXT_HOP_DROP) !== (reason !== 0)) return `next hop ${nextHop} with reason ${reason}`;
  if (isRefused(machine) && nextHop !== NEXT_HOP_DROP && !isHostsOwn(machine, hook, nextHop)) return 'a refused packet was forwarded';
  if (!isRefused(machine)) rewriteAtRandom(random, machine, at);
  return guardHolds(machine, at) ? undefined : 'a byte before the packet was written';
}

export function fuzz(rounds: number, seed: number): FuzzResult {
  const random = randomFrom(seed);
  const machine = startWorld({ flows: 4096 });
  const packets = templates();
  const counts: number[] = [];
  const named = () => new Map(Object.entries(counts).map(([reason, count]) => [reasonName(Number(reason)), count]));
  for (let index = 0; index < rounds; index += 1) {
    let problem: string | undefined;
    try {
      problem = round(random, machine, packets, counts);
    } catch (error) {
      problem = `trap: ${(error as Error).message}`;
    }
    if (problem !== undefined) return { rounds: index + 1, problem: `seed ${seed}, round ${index}: ${problem}`, reasons: named() };
  }
  return { rounds, reasons: named() };
}

if (import.meta.main) {
  const rounds = Number(process.argv[2] ?? 10_000_000);
  const seed = seedOf(process.argv[3]);
  const started = performance.now();
  const { problem, reasons } = fuzz(rounds, seed);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${rounds} packets, seed ${seed}, ${seconds.toFixed(1)} s: ${problem ?? 'no trap, nothing written outside, every drop has a reason'}`,
  );
  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`${count.toString().padStart(10)}  ${reason}`);
  if (problem !== undefined) process.exitCode = 1;
}
