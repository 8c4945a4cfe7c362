// Traffic: the node that both machines are benchmarked as, and the packets that are sent through it.

import type { Datapath } from '../../orchestrator/datapath/datapath.ts';
import {
  ENDPOINT_EGRESS_ENFORCED,
  ENDPOINT_EGRESS_PEERS_ONLY,
  ENDPOINT_INGRESS_ENFORCED,
  ENDPOINT_INGRESS_PEERS_ONLY,
} from '../../orchestrator/datapath/generated/enums.ts';
import type { Endpoint } from '../../orchestrator/datapath/generated/layouts.ts';
import {
  backendsSpec,
  configSpec,
  conntrackSpec,
  endpointsSpec,
  epochsSpec,
  frontendsSpec,
  maglevSpec,
  policySpec,
} from '../../orchestrator/datapath/generated/maps.ts';
import { buildPacket } from '../../orchestrator/net/packet.ts';
import { addressWords, swapPort } from '../../orchestrator/net/words.ts';
import { policyEntries } from '../datapath/packets/rules.ts';
import { addressSlot } from '../support/address-slot.ts';
import { rangeSet, rangeTable } from './policy-table.ts';

/** Entries by map: room for 65,536 flows of each kind at once, so that nothing is evicted but where eviction is measured. */
export const benchSizes = { conntrack: 524288, translations: 262144 } as const;

/** Ports of the two pods' interfaces; the servers share one. */
export const clientPort = 111;
export const serverPort = 112;
const servers = 64;
const slots = 131071;

/** One kind of packet: IPv4 from the client, 64 bytes and more, of as many flows as wanted. */
export interface Traffic {
  readonly packet: Uint8Array;
  /** Text, and whether 64 addresses from it on are meant. */
  readonly destination: string;
  readonly many: boolean;
  readonly destinationPort: number;
  /** Expected next hop and reason. */
  readonly nextHop: number;
  readonly reason: number;
}

const payload = new Uint8Array(24);
const tcp = (source: string, destination: string, destinationPort: number): Uint8Array =>
  buildPacket({ source, destination, transport: { protocol: 'tcp', sourcePort: 1024, destinationPort, payload } });
const [client, ranged] = ['10.0.0.10', '10.0.0.11'];
const [drop, local] = [0, 2];

export const traffic = {
  pods: { packet: tcp(client, '10.0.1.0', 80), destination: '10.0.1.0', many: true, destinationPort: 80, nextHop: local, reason: 0 },
  service10: {
    packet: tcp(client, '10.96.0.10', 80),
    destination: '10.96.0.10',
    many: false,
    destinationPort: 80,
    nextHop: local,
    reason: 0,
  },
  service10000: {
    packet: tcp(client, '10.96.0.20', 80),
    destination: '10.96.0.20',
    many: false,
    destinationPort: 80,
    nextHop: local,
    reason: 0,
  },
  denied: {
    packet: buildPacket({
      source: client,
      destination: '10.0.1.0',
      transport: { protocol: 'udp', sourcePort: 1024, destinationPort: 80, payload: new Uint8Array(36) },
    }),
    destination: '10.0.1.0',
    many: true,
    destinationPort: 80,
    nextHop: drop,
    reason: 133,
  },
  /** What its set says is compared to the last: a redirect that has no proxy. */
  ranged: {
    packet: tcp(ranged, '10.0.2.0', 65000),
    destination: '10.0.2.0',
    many: true,
    destinationPort: 65000,
    nextHop: drop,
    reason: 210,
  },
} as const satisfies Record<string, Traffic>;

/** Writes everything that the traffic needs. */
export async function writeNode(datapath: Datapath): Promise<void> {
  const noRouter = { router4: 0n, router6Hi: 0n, router6Lo: 0n, masqPortMin: 0, masqPortMax: 0, tunnelPort: 0 };
  const config = { flags: 3, node: 1, cluster: 0, overlayPort: 0, hairpin4: 0n, hairpin6Hi: 0n, hairpin6Lo: 0n, hostMac: 0n, ...noRouter };
  await datapath.map(configSpec).update([[0, config]]);
  const own = [1, 2].flatMap((set) =>
    Array.from({ length: 20 }, (_, index) =>
      policyEntries(set, `#${index} ${set === 1 ? 'egress' : 'ingress'} allow ${300 + index} tcp ${8000 + index}`),
    ).flat(),
  );
  await datapath
    .map(policySpec)
    .update([...own, ...policyEntries(1, '#101 egress allow 200 tcp'), ...policyEntries(2, '#102 ingress allow 100 tcp'), ...rangeTable()]);
  await datapath.map(endpointsSpec).update(endpoints());
  await writeService(datapath, 7, '10.96.0.10', 10, 0);
  await writeService(datapath, 8, '10.96.0.20', 10000, slots);
}

/** Makes flows that began one-sided look as if their handshake was over: they live as established ones do. */
export async function settleFlows(datapath: Datapath): Promise<void> {
  const flows = datapath.map(conntrackSpec);
  const settled: [unknown, unknown][] = [];
  for await (const [key, entry] of flows.entries())
    settled.push([key, { ...entry, flags: entry.flags | 2 | 4 | 8, expires: (datapath.now() + 476837) >>> 0 }]);
  await flows.update(settled as never);
}

export async function forgetFlows(datapath: Datapath): Promise<void> {
  const flows = datapath.map(conntrackSpec);
  const keys: unknown[] = [];
  for await (const [key] of flows.entries()) keys.push(key);
  await flows.delete(keys as never);
}

/** Policy on both sides; of all sets only the ranged one's egress has an entry that speaks of every peer. */
const rangedFlags = ENDPOINT_EGRESS_ENFORCED | ENDPOINT_INGRESS_ENFORCED | ENDPOINT_INGRESS_PEERS_ONLY;
const enforced = rangedFlags | ENDPOINT_EGRESS_PEERS_ONLY;

function endpoints(): [ReturnType<typeof addressWords>, Endpoint][] {
  const row = (address: string, values: Partial<Endpoint>): [ReturnType<typeof addressWords>, Endpoint] => [
    addressWords(address),
    { port: serverPort, id: 2, identity: 200, policySet: 2, flags: enforced, mac: 0x020000000102n, gatewayMac: 0x020000000202n, ...values },
  ];
  return [
    row(client, { port: clientPort, id: 1, identity: 100, policySet: 1 }),
    row(ranged, { port: clientPort, id: 3, identity: 101, policySet: rangeSet, flags: rangedFlags }),
    ...Array.from({ length: servers }, (_, index) => row(`10.0.1.${index}`, {})),
    ...Array.from({ length: servers }, (_, index) => row(`10.0.2.${index}`, { identity: 1000 + index * 28 })),
  ];
}

/** Backends are ports of the servers that no other service has; every service has a table of the same size. */
async function writeService(datapath: Datapath, service: number, frontend: string, backends: number, offset: number): Promise<void> {
  const ids = Array.from({ length: backends }, (_, index) => service * 100000 + index);
  const backend = (index: number) => ({
    ...addressWords(`10.0.1.${index % servers}`),
    port: swapPort(service * 1000 + Math.floor(index / servers)),
    protocol: 6,
    state: 0,
    generation: 1,
    cluster: 0,
    zone: 0,
    flags: 0,
  });
  await datapath.map(backendsSpec).update(ids.map((id, index) => [id, backend(index)]));
  await datapath
    .map(maglevSpec)
    .update(Array.from({ length: slots }, (_, index) => [offset + index, { backend: ids[(index * 7919) % backends] as number }]));
  const key = { ...addressWords(frontend), port: swapPort(80), protocol: 6, scope: 1 };
  await datapath.map(epochsSpec).update([[addressSlot(frontend), { epoch: 1, hints: 1 }]]);
  await datapath.map(frontendsSpec).update([[key, { service, offset, size: slots, flags: 0, affinityTicks: 0 }]]);
}
