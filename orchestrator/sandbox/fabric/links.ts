// Links, addresses and routes of a fabric, as the words that ip(8) reads in batches. Pure.

import { relayAddresses, relayDevice } from '../relay.ts';
import { type Plan, world } from '../topology/plan.ts';

export interface Pids {
  readonly fabric: number;
  readonly world: number;
  /** By `cluster/node`. */
  readonly nodes: ReadonlyMap<string, number>;
}

/** Of the link between fabric and world; nobody else sees it. */
const worldLink = (fabric: number) => ({
  router: [`100.64.${fabric}.1`, `fd31:${fabric}:1::1`],
  world: [`100.64.${fabric}.2`, `fd31:${fabric}:1::2`],
});

const length = (address: string) => (address.includes(':') ? 64 : 24);
const noDuplicates = (address: string) => (address.includes(':') ? ' nodad' : '');
const assign = (address: string, device: string) => `address add ${address}/${length(address)} dev ${device}${noDuplicates(address)}`;
/** The prefix of all addresses of its family. */
export const everything = (address: string) => (address.includes(':') ? '::/0' : '0.0.0.0/0');

/** The host's end of its cable into the underlay. */
export function hostDevice(fabric: number): string {
  return `axsandbox${fabric}`;
}

/** Run in the fabric: bridge, cables to nodes and world, the ways to pods. */
export function fabricBatch(plan: Plan, pids: Pids): string[] {
  const { fabric, underlay, clusters } = plan;
  const nodes = clusters.flatMap((cluster) => cluster.nodes);
  const link = worldLink(fabric);
  return [
    'link add underlay type bridge',
    'link set underlay up',
    ...[...underlay.router, ...clusters.map(({ address }) => address)].map((address) => assign(address, 'underlay')),
    ...nodes.flatMap((node, index) => {
      const pid = pids.nodes.get(`${node.cluster}/${node.name}`);
      return [`link add node${index} type veth peer name eth0 netns ${pid}`, `link set node${index} master underlay up`];
    }),
    `link add world type veth peer name eth0 netns ${pids.world}`,
    'link set world up',
    ...link.router.map((address) => assign(address, 'world')),
    ...world.prefixes.map((prefix) => `route add ${prefix} via ${via(link.world, prefix)}`),
    ...nodes.flatMap(({ podCIDRs, addresses }) => podCIDRs.map((prefix) => `route add ${prefix} via ${via(addresses, prefix)}`)),
  ];
}

export function nodeBatch({ underlay }: Plan, addresses: readonly string[]): string[] {
  const gateways = underlay.router.map((address) => `route add ${everything(address)} via ${address}`);
  return [...addresses.map((address) => assign(address, 'eth0')), 'link set eth0 up', ...gateways];
}

/** Every address of the world's prefixes is its own. */
export function worldBatch({ fabric }: Plan): string[] {
  const link = worldLink(fabric);
  return [
    ...link.world.map((address) => assign(address, 'eth0')),
    'link set eth0 up',
    ...world.addresses.map((address) => `address add ${address}/${address.includes(':') ? 128 : 32} dev lo${noDuplicates(address)}`),
    ...world.prefixes.map((prefix) => `route add local ${prefix} dev lo`),
    ...link.router.map((address) => `route add ${everything(address)} via ${address}`),
  ];
}

/** Run on the host. */
export function hostBatch({ fabric, underlay }: Plan, pids: Pids): string[] {
  const device = hostDevice(fabric);
  return [
    `link add ${device} type veth peer name host netns ${pids.fabric}`,
    ...underlay.host.map((address) => assign(address, device)),
    `link set ${device} up`,
  ];
}

/** Run on the host, which has a relay. */
export function relayBatch(): string[] {
  return [`address add ${relayAddresses.device} dev ${relayDevice} nodad`, `route add ::/0 via ${relayAddresses.relay} dev ${relayDevice}`];
}

function via(addresses: readonly string[], prefix: string): string {
  return addresses.find((address) => address.includes(':') === prefix.includes(':'))!;
}
