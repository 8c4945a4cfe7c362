// A node whose pod opens connections to services: who answers them, at any step of a write.

import type { Datapath, PacketRunner } from '../../../orchestrator/datapath/datapath.ts';
import {
  HINT_ENDPOINT,
  HOOK_FROM_POD,
  NEXT_HOP_DROP,
  REASON_NO_BACKEND,
  REASON_SERVICE_PORT_UNKNOWN,
} from '../../../orchestrator/datapath/generated/enums.ts';
import {
  backendsSpec,
  configSpec,
  endpointsSpec,
  epochsSpec,
  frontendsSpec,
  maglevSpec,
} from '../../../orchestrator/datapath/generated/maps.ts';
import { openWasmDatapath } from '../../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { buildPacket } from '../../../orchestrator/net/packet.ts';
import { readPacket } from '../../../orchestrator/net/packet-reader.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { addressSlot } from '../../support/address-slot.ts';
import { borrowTestKernel, kernelSkip } from '../../support/kernel.ts';
import { addInterface } from '../../support/network.ts';
import { caseSizes } from '../packets/stage.ts';

export type TestDatapath = Datapath & PacketRunner;

const podPort = 111;
const clients = { 4: '10.0.0.1', 6: 'fd00::1' } as const;
const sizes = { ...caseSizes, maglev: 65536, events: 65536, conntrack: 16384, translations: 16384 };

export type Sizes = Partial<Record<'frontends' | 'backends' | 'maglev' | 'source_ranges', number>>;

/** Names of the machines, with how to open one or why there is none. */
export const machines: readonly { readonly name: string; open(more?: Sizes): Promise<TestDatapath>; skip(): Promise<string | false> }[] = [
  { name: 'wasm', open: (more) => configured(openWasmDatapath({ sizes: { ...sizes, ...more } })), skip: async () => false },
  { name: 'kernel', open: (more) => configured(openKernel({ ...sizes, ...more })), skip: kernelSkip },
];

let made: Promise<unknown> | undefined;

async function openKernel(sizes: Record<string, number>): Promise<TestDatapath> {
  const datapath = await borrowTestKernel({ sizes });
  made ??= addInterface(podPort, 'pod1');
  await made;
  return datapath;
}

/** A pod that may do anything. */
async function configured<T extends Datapath>(opening: Promise<T>): Promise<T> {
  const datapath = await opening;
  const noRouter = { router4: 0n, router6Hi: 0n, router6Lo: 0n, masqPortMin: 0, masqPortMax: 0, tunnelPort: 0 };
  const none = { hairpin4: 0n, hairpin6Hi: 0n, hairpin6Lo: 0n, hostMac: 0n, ...noRouter };
  await datapath.map(configSpec).update([[0, { flags: 0, node: 1, cluster: 0, overlayPort: 0, ...none }]]);
  const endpoint = { id: 1, identity: 256, port: podPort, policySet: 0, flags: 0, mac: 1n, gatewayMac: 2n };
  for (const address of Object.values(clients)) {
    const words = addressWords(address);
    await datapath.map(endpointsSpec).update([[words, endpoint]]);
    await datapath.map(epochsSpec).update([[addressSlot(address), { epoch: 0, hints: HINT_ENDPOINT }]]);
  }
  return datapath;
}

export interface Connection {
  readonly address: string;
  readonly protocol: number;
  readonly port: number;
  readonly sourcePort: number;
  /** Of a TCP connection that is open already. */
  readonly isOpen?: boolean;
}

/** Where a packet goes: `10.1.0.1 6 8080`, its own destination if nobody serves that, or why it is dropped. */
export async function reach(datapath: TestDatapath, { address, protocol, port, sourcePort, isOpen = false }: Connection): Promise<string> {
  const transport = {
    protocol: protocol === 6 ? 'tcp' : 'udp',
    sourcePort,
    destinationPort: port,
    ...(protocol === 6 && { flags: isOpen ? 'A' : 'S' }),
  };
  const source = clients[address.includes(':') ? 6 : 4];
  const packet = buildPacket({ source, destination: address, transport } as Parameters<typeof buildPacket>[0]);
  const result = await datapath.run(HOOK_FROM_POD, packet, { port: podPort });
  if (result.nextHop === NEXT_HOP_DROP) {
    if (result.reason === REASON_NO_BACKEND) return 'no backend';
    if (result.reason === REASON_SERVICE_PORT_UNKNOWN) return 'port unknown';
    return `dropped for ${result.reason}`;
  }
  const sent = readPacket(result.packet);
  return `${sent?.destination} ${sent?.protocol} ${sent?.destinationPort}`;
}

/** Entries of the maps that services have. */
export async function entryCounts(datapath: TestDatapath): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const spec of [frontendsSpec, backendsSpec]) counts[spec.name] = await datapath.map<never, never>(spec as never).count();
  let slots = 0;
  for await (const _ of datapath.map(maglevSpec).entries()) slots += 1;
  return { ...counts, maglev: slots };
}
