// Node: the product's datapath in the kernel as an agent leaves it, with a client and a server under policy, and services.

import { CONFIG_ALLOW_EVENTS, PRECEDENCE_ALLOW } from '../../../../orchestrator/datapath/generated/enums.ts';
import { configSpec, conntrackSpec, frontendsSpec, translationsSpec } from '../../../../orchestrator/datapath/generated/maps.ts';
import type { KernelDatapath } from '../../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { Epochs } from '../../../../orchestrator/datapath/reconcile/epochs.ts';
import { PolicyWriter } from '../../../../orchestrator/datapath/reconcile/policy.ts';
import type { Direction, EndpointRow, PolicyRow } from '../../../../orchestrator/datapath/reconcile/rows.ts';
import { macWord } from '../../../../orchestrator/enforcement/self.ts';
import { Services } from '../../../../orchestrator/enforcement/services.ts';
import { openLog } from '../../../../orchestrator/log.ts';
import { protocolNumbers } from '../../../../orchestrator/net/transport.ts';
import { addressWords, swapPort } from '../../../../orchestrator/net/words.ts';
import type { EndpointSliceRow } from '../../../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import type { NodeRow } from '../../../../orchestrator/sources/kubernetes/rows/nodes.ts';
import type { PodRow } from '../../../../orchestrator/sources/kubernetes/rows/pods.ts';
import type { ServiceRow } from '../../../../orchestrator/sources/kubernetes/rows/services.ts';
import { realClock as clock, sleep } from '../../../../orchestrator/state/clock.ts';
import { openTable } from '../../../../orchestrator/state/table.ts';
import { openTestKernel } from '../../../support/kernel.ts';
import { ip, type Netns, shell } from '../../../support/netns.ts';
import { type Pods, serversOf } from './place.ts';
import { backendsPerService, port, readService, readSlice, type ServiceSet, serviceSet } from './services.ts';

const [clientAddress, gateway] = ['10.0.0.10', '169.254.1.1'];
const servers = serversOf('10.0.0');
const identities = { client: 1001, server: 1002 } as const;
const secondNumber = 96;
/** Slots of the smallest table, and the part of the map that is kept for smaller ones. */
const slotsPerService = 1100;

export interface Node {
  /** Of the measured service. */
  readonly address: string;
  /** Throws unless sockets are what services are balanced by. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** `cgroup`: of the clients that are to be balanced. */
export async function openNode(count: number, pods: Pods, cgroup: string): Promise<Node> {
  const set = serviceSet(count, secondNumber, servers);
  const datapath = await openTestKernel({
    sizes: {
      events: 1 << 20,
      frontends: Math.max(1024, count * 4),
      backends: Math.max(1024, count * backendsPerService * 2),
      maglev: Math.max(1 << 16, count * slotsPerService),
    },
  });
  shell('ip link set lo up');
  const endpoints = [
    await wire(datapath, 'client', pods.client, [clientAddress]),
    await wire(datapath, 'server', pods.server, servers),
  ] as const;
  const epochs = await Epochs.open(datapath);
  await configure(datapath);
  await allow(datapath, epochs, endpoints);
  await writeServices(datapath, epochs, set);
  await datapath.attachSockets(cgroup);
  return {
    address: set.measured.address,
    check: () => check(datapath, set),
    async close() {
      await datapath.detachSockets();
      await datapath.close();
    },
  };
}

async function wire(datapath: KernelDatapath, name: 'client' | 'server', pod: Netns, addresses: readonly string[]): Promise<EndpointRow> {
  shell(`ip link add ${name} type veth peer name eth0 netns ${pod.path}; ip link set ${name} up`);
  const [here] = ip(`link show ${name}`);
  pod.run('ip link set eth0 up');
  const [there] = ip('link show eth0', pod);
  pod.run(addresses.map((address) => `ip addr add ${address}/32 dev eth0`).join('; '));
  pod.run(`ip neigh add ${gateway} lladdr ${here.address} dev eth0 nud permanent; ip route add default via ${gateway} dev eth0 onlink`);
  await datapath.attach({ number: here.ifindex, kind: 'pod' });
  const [mac, gatewayMac] = [macWord(there.address), macWord(here.address)];
  return { id: name === 'client' ? 1 : 2, addresses, identity: identities[name], port: here.ifindex, mac, gatewayMac };
}

/** What an agent writes of a node that has no others. */
async function configure(datapath: KernelDatapath): Promise<void> {
  const noAddresses = { hairpin6Hi: 0n, hairpin6Lo: 0n, router6Hi: 0n, router6Lo: 0n };
  await datapath.map(configSpec).update([
    [
      0,
      {
        flags: CONFIG_ALLOW_EVENTS,
        node: 1,
        cluster: 1,
        overlayPort: 0,
        hairpin4: addressWords('169.254.42.1').lo,
        hostMac: 0n,
        router4: addressWords('10.0.0.1').lo,
        masqPortMin: 61_000,
        masqPortMax: 65_535,
        tunnelPort: swapPort(8472),
        ...noAddresses,
      },
    ],
  ]);
}

/** The client may speak to the server, which is judged where it leaves and where it arrives. */
async function allow(datapath: KernelDatapath, epochs: Epochs, [client, server]: readonly [EndpointRow, EndpointRow]): Promise<void> {
  const writer = await PolicyWriter.open(datapath, { epochs });
  const row = (set: number, direction: Direction, identity: number): PolicyRow => ({
    ...{ set, direction, identity, port, portBits: 16, protocol: protocolNumbers.tcp, anyProtocol: false },
    ...{ precedence: PRECEDENCE_ALLOW, proxy: undefined, rule: set },
  });
  writer.stage({
    endpoints: { put: [client, server] },
    policy: {
      put: [row(1, 'egress', identities.server), row(2, 'ingress', identities.client)],
      removed: [],
      removedSets: [],
      removedEndpoints: [],
      changedSets: [1, 2],
      endpoints: new Map([
        [client.id, { set: 1, enforced: { egress: true, ingress: false } }],
        [server.id, { set: 2, enforced: { egress: false, ingress: true } }],
      ]),
    },
  });
  const problems = await writer.write();
  if (problems.length > 0) throw new Error(`bench: policy: ${problems[0]?.kind}`);
}

/** By the product's own loop, which ends when they are in force: it would look again now and then. */
async function writeServices(datapath: KernelDatapath, epochs: Epochs, { services }: ServiceSet): Promise<void> {
  const open = <Row extends { readonly key: string }>(name: string) =>
    openTable<Row>({ name, key: ({ key }) => key, columns: {}, sources: ['kubernetes'] });
  const tables = {
    services: open<ServiceRow>('services'),
    slices: open<EndpointSliceRow>('slices'),
    pods: open<PodRow>('pods'),
    self: open<NodeRow>('self'),
  };
  for (const service of services) {
    tables.services.writer.put(readService(service));
    tables.slices.writer.put(readSlice(service));
  }
  for (const { writer } of Object.values(tables)) writer.delivered('kubernetes');
  const room = await Services.open({
    datapath,
    epochs,
    tables: { services: tables.services.table, slices: tables.slices.table, pods: tables.pods.table, self: tables.self.table },
    nodeName: 'node-1',
    clock,
    log: openLog({ write: (line) => process.stderr.write(line), now: () => new Date() }).room('services'),
  });
  const stop = new AbortController();
  const running = room.run({ signal: stop.signal });
  room.setAddresses(['192.0.2.1']);
  while (!room.isInForce) await sleep(clock, 5);
  stop.abort();
  await running;
  const [problem] = room.problems();
  if (problem !== undefined) throw new Error(`bench: services: ${problem}`);
  const frontends = await datapath.map(frontendsSpec).count();
  if (frontends !== services.length * 2) throw new Error(`bench: services: ${frontends} frontends, not ${services.length * 2}`);
}

/** Connections went to all five backends, and none was balanced by its packets. */
async function check(datapath: KernelDatapath, { measured }: ServiceSet): Promise<void> {
  const known = new Set<string>();
  for await (const [{ lowHi, lowLo, highHi, highLo }] of datapath.map(conntrackSpec).entries()) {
    known.add(`${lowHi} ${lowLo}`).add(`${highHi} ${highLo}`);
  }
  const missing = measured.backends.filter((address) => !known.has(`${addressWords(address).hi} ${addressWords(address).lo}`));
  if (missing.length > 0) throw new Error(`bench: no connection to ${missing.join(', ')}`);
  if ((await datapath.map(translationsSpec).count()) > 0) throw new Error('bench: connections were balanced by their packets');
}
