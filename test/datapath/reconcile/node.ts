// A node under test: three local endpoints, the pods of other nodes, and packets between them that tell what policy says.

import type { Datapath, PacketRunner } from '../../../orchestrator/datapath/datapath.ts';
import {
  HOOK_FROM_NETWORK,
  HOOK_FROM_POD,
  NEXT_HOP_DROP,
  NEXT_HOP_PROXY,
  REASON_POLICY_DENIED,
  REASON_POLICY_DENY,
} from '../../../orchestrator/datapath/generated/enums.ts';
import { configSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import type { EndpointRow, PrefixRow } from '../../../orchestrator/datapath/reconcile/rows.ts';
import { openWasmDatapath } from '../../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { buildPacket } from '../../../orchestrator/net/packet.ts';
import { borrowTestKernel, kernelSkip } from '../../support/kernel.ts';
import { addInterface } from '../../support/network.ts';
import { caseSizes } from '../packets/stage.ts';

export type TestDatapath = Datapath & PacketRunner;

const networkPort = 130;
const firstPort = 111;
const sizes = { ...caseSizes, policy: 2048, events: 65536 };
export const proxyPorts = { http: 15001, dns: 15002, tls: 15003, listener: 15004 } as const;

/** Names of the machines, with how to open one or why there is none. */
export const machines: readonly { readonly name: string; open(size?: number): Promise<TestDatapath>; skip(): Promise<string | false> }[] = [
  { name: 'wasm', open: (policy = sizes.policy) => configured(openWasmDatapath({ sizes: { ...sizes, policy } })), skip: async () => false },
  { name: 'kernel', open: (policy = sizes.policy) => configured(openKernel(policy)), skip: kernelSkip },
];

let interfaces: Promise<void> | undefined;

async function openKernel(policy: number): Promise<TestDatapath> {
  const datapath = await borrowTestKernel({ sizes: { ...sizes, policy } });
  interfaces ??= addInterfaces();
  await interfaces;
  return datapath;
}

async function addInterfaces(): Promise<void> {
  for (const index of [1, 2, 3]) await addInterface(firstPort + index, `pod${index}`);
  await addInterface(networkPort, 'network');
}

async function configured<T extends Datapath>(opening: Promise<T>): Promise<T> {
  const datapath = await opening;
  const noRouter = { router4: 0n, router6Hi: 0n, router6Lo: 0n, masqPortMin: 0, masqPortMax: 0, tunnelPort: 0 };
  const none = { hairpin4: 0n, hairpin6Hi: 0n, hairpin6Lo: 0n, hostMac: 0n, ...noRouter };
  await datapath.map(configSpec).update([[0, { flags: 0, node: 1, cluster: 0, overlayPort: 0, ...none }]]);
  return datapath;
}

export function endpointRow(id: number, identity: number): EndpointRow {
  return { id, addresses: [`10.0.0.${id}`, `fd00::${id}`], identity, port: firstPort + id, mac: 1n, gatewayMac: 2n };
}

/** Where a remote identity's pod is. */
export function peerAddress(identity: number, family: 4 | 6 = 4): string {
  const host = identity & 0xff;
  const net = identity >= 0x1000000 ? 2 : identity < 256 ? 3 : 1;
  return family === 4 ? `10.${net}.0.${host}` : `fd0${net}::${host.toString(16)}`;
}

export function prefixRows(identity: number): PrefixRow[] {
  return [
    { prefix: `${peerAddress(identity)}/32`, identity, node: 0 },
    { prefix: `${peerAddress(identity, 6)}/128`, identity, node: 0 },
  ];
}

export interface Flow {
  readonly endpoint: number;
  readonly direction: 'ingress' | 'egress';
  readonly peer: number;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** An address of the peer that is not the usual one. */
  readonly address?: string;
}

export type Verdict = 'pass' | 'proxy' | 'drop';

/** One packet of a flow; another source port is another flow. */
export async function send(datapath: TestDatapath, flow: Flow, sourcePort: number, family: 4 | 6 = 4): Promise<Verdict> {
  const { endpoint, direction, peer, protocol, port } = flow;
  const own = family === 4 ? `10.0.0.${endpoint}` : `fd00::${endpoint}`;
  const other = flow.address ?? peerAddress(peer, family);
  const [source, destination] = direction === 'egress' ? [own, other] : [other, own];
  const transport = { protocol, sourcePort, destinationPort: port, ...(protocol === 'tcp' && { flags: 'S' }) } as const;
  const packet = buildPacket({ source, destination, transport } as Parameters<typeof buildPacket>[0]);
  const hook = direction === 'egress' ? HOOK_FROM_POD : HOOK_FROM_NETWORK;
  const result = await datapath.run(hook, packet, { port: direction === 'egress' ? firstPort + endpoint : networkPort });
  if (result.nextHop === NEXT_HOP_PROXY) return 'proxy';
  if (result.nextHop !== NEXT_HOP_DROP) return 'pass';
  // Anything else than policy would be a fault of the test.
  if (![REASON_POLICY_DENIED, REASON_POLICY_DENY].includes(result.reason as never)) throw new Error(`dropped for ${result.reason}`);
  return 'drop';
}

export const openness = { drop: 0, proxy: 1, pass: 2 } as const;
