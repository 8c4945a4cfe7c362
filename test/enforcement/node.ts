// A node under test: the tables that sources and endpoints would write, a store of numbers, and the datapath that comes of them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWasmDatapath, type WasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { openInterfaces } from '../../orchestrator/endpoints/interfaces.ts';
import { Enforcement, type EnforcementOptions } from '../../orchestrator/enforcement/enforcement.ts';
import type { Inputs } from '../../orchestrator/enforcement/inputs.ts';
import { openRecords } from '../../orchestrator/enforcement/records.ts';
import type { Self } from '../../orchestrator/enforcement/self.ts';
import { ipKey } from '../../orchestrator/etcd/records/ip.ts';
import { nodeKey } from '../../orchestrator/etcd/records/node.ts';
import { openLog } from '../../orchestrator/log.ts';
import { type CidrGroupRow, cidrGroupRow } from '../../orchestrator/sources/kubernetes/rows/cidr-groups.ts';
import { type EndpointSliceRow, endpointSliceRow } from '../../orchestrator/sources/kubernetes/rows/endpoint-slices.ts';
import { type NamespaceRow, namespaceRow } from '../../orchestrator/sources/kubernetes/rows/namespaces.ts';
import { type PodRow, podRow } from '../../orchestrator/sources/kubernetes/rows/pods.ts';
import { type PolicyRow, policyRows } from '../../orchestrator/sources/kubernetes/rows/policies.ts';
import { type ServiceRow, serviceRow } from '../../orchestrator/sources/kubernetes/rows/services.ts';
import { openTable } from '../../orchestrator/state/table.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { smallSizes } from '../support/small-sizes.ts';
import type { FaultyDatapath } from './faulty-datapath.ts';

export const cluster = { name: 'east', id: 0 } as const;

export const self: Self = {
  name: 'a',
  cluster,
  addresses: ['192.168.0.1', 'fd68::1'],
  underlay: ['192.168.0.1', 'fd68::1'],
  router: ['10.0.0.1', 'fd00::1'],
  speakers: ['10.0.0.1', 'fd00::1'],
  nodePorts: [],
  podPrefixes: ['10.0.0.0/24', 'fd00::/64'],
  datapath: 'kernel',
  way: 'overlay',
  overlayPort: 99,
  tunnelPort: 8472,
  mtu: 1450,
  mac: '02:00:00:00:00:01',
};

export function openInputs() {
  const table = <Row extends { readonly key: string }>(name: string) =>
    openTable<Row>({ name, key: ({ key }) => key, columns: { key: ({ key }) => key }, sources: ['kubernetes'] });
  const writers = {
    interfaces: openInterfaces(),
    pods: table<PodRow>('pods'),
    namespaces: table<NamespaceRow>('namespaces'),
    services: table<ServiceRow>('services'),
    slices: table<EndpointSliceRow>('slices'),
    groups: table<CidrGroupRow>('groups'),
    networkPolicies: table<PolicyRow>('network-policies'),
    ciliumPolicies: table<PolicyRow>('cilium-policies'),
    clusterwidePolicies: table<PolicyRow>('clusterwide-policies'),
    ...openRecords(),
  };
  const inputs = Object.fromEntries(Object.entries(writers).map(([name, { table }]) => [name, table])) as unknown as Inputs;
  return { writers, inputs };
}

const readPolicy = policyRows({ clusterName: cluster.name, localCluster: true });
const object = (apiVersion: string, kind: string, namespace: string | undefined, name: string, rest: object) => {
  const { metadata = {}, ...more } = rest as { metadata?: object };
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace && { namespace }), uid: `uid-${name}`, resourceVersion: '1', ...metadata },
    ...more,
  } as never;
};

/** The store of numbers, in memory: the same labels always have the same one. */
export class Numbers {
  readonly byLabels = new Map<string, number>();
  first = 256;
  failing = false;
  told: (number: number, labels: string) => void = () => {};

  number(labels: string): number {
    const number = this.byLabels.get(labels) ?? this.first + this.byLabels.size;
    this.byLabels.set(labels, number);
    return number;
  }

  async allocate(labels: string): Promise<number> {
    if (this.failing) throw new Error('the store is away');
    const number = this.number(labels);
    this.told(number, labels);
    return number;
  }

  async release(): Promise<void> {}
}

export interface World {
  readonly writers: ReturnType<typeof openInputs>['writers'];
  readonly inputs: Inputs;
  readonly numbers: Numbers;
  readonly records: Map<string, unknown>;
  readonly rewritten: string[];
  readonly left: string[];
  readonly folder: string;
}

export function openWorld(t: { teardown(act: () => void): void }): World {
  const folder = mkdtempSync(join(tmpdir(), 'axoneme-enforcement-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const numbers = new Numbers();
  const { writers, inputs } = openInputs();
  numbers.told = (number, labels) => void writers.identities.writer.put({ number, labels });
  return { writers, inputs, numbers, records: new Map(), rewritten: [], left: [], folder };
}

export class TestNode {
  readonly world: World;
  readonly datapath: WasmDatapath;
  readonly enforcement: Enforcement;
  readonly clock: VirtualClock;
  readonly lines: string[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void>;

  private constructor(world: World, datapath: WasmDatapath, enforcement: Enforcement, clock: VirtualClock, lines: string[]) {
    this.world = world;
    this.datapath = datapath;
    this.enforcement = enforcement;
    this.clock = clock;
    this.lines = lines;
    this.#running = enforcement.run({ signal: this.#stop.signal });
  }

  static async open(
    world: World,
    { faulty, ...options }: Partial<EnforcementOptions> & { datapath?: WasmDatapath; faulty?: FaultyDatapath } = {},
  ): Promise<TestNode> {
    const datapath = options.datapath ?? (await openWasmDatapath({ sizes: smallSizes }));
    const clock = new VirtualClock();
    const lines: string[] = [];
    const enforcement = await Enforcement.open({
      inputs: world.inputs,
      clusterName: cluster.name,
      mode: 'default',
      audit: false,
      numberFile: join(world.folder, 'identities.json'),
      identities: world.numbers,
      keeper: {
        set: (key, value) => void world.records.set(key, JSON.parse(new TextDecoder().decode(value))),
        remove: (key) => void world.records.delete(key),
        retract: (key) => void world.records.delete(key),
        rewrite: (key) => void world.rewritten.push(key),
        leave: (key) => void world.left.push(key),
      },
      clock,
      log: openLog({ write: (line) => lines.push(line), now: () => new Date(0) }).room('enforcement'),
      ...options,
      datapath: faulty ?? datapath,
    });
    return new TestNode(world, datapath, enforcement, clock, lines);
  }

  /** Until everything that was set going has come to rest; files are written meanwhile, so that turns of the loop are not enough. */
  async settle(): Promise<void> {
    let last = -1;
    for (let quiet = 0; quiet < 4; ) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      await this.clock.advance(1);
      const { revision } = this.enforcement.view.endpoints.table;
      const sum = this.enforcement.writes + revision;
      quiet = sum === last && !this.enforcement.isBusy ? quiet + 1 : 0;
      last = sum;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

export function putPod(
  world: World,
  name: string,
  more: { endpoint?: number; labels?: Record<string, string>; namespace?: string; ports?: object[]; address?: string[] } = {},
): void {
  const { endpoint, labels = { app: name }, namespace = 'shop', ports = [], address } = more;
  const key = `${namespace}/${name}`;
  const spec = { nodeName: 'a', serviceAccountName: 'default', containers: [{ name: 'c', image: 'i', ports }] };
  world.writers.pods.writer.put(podRow(key, object('v1', 'Pod', namespace, name, { metadata: { labels }, spec })));
  if (endpoint !== undefined) putInterface(world, name, endpoint, namespace, address);
}

export function putInterface(
  world: World,
  name: string,
  endpoint: number,
  namespace = 'shop',
  addresses = [`10.0.0.${endpoint}`, `fd00::${endpoint.toString(16)}`],
): void {
  world.writers.interfaces.writer.put({
    endpoint,
    containerId: `c${endpoint}`,
    namespace,
    pod: name,
    uid: `uid-${name}`,
    netns: '/n',
    ifname: 'eth0',
    device: `axn${endpoint}`,
    port: 100 + endpoint,
    mac: '02:00:00:00:01:00',
    gatewayMac: '02:00:00:00:02:00',
    addresses,
    mtu: 1450,
  });
}

export function deletePod(world: World, name: string, namespace = 'shop'): void {
  const key = `${namespace}/${name}`;
  for (const { endpoint } of [...world.inputs.interfaces.by('pod', key)]) world.writers.interfaces.writer.delete(endpoint);
  world.writers.pods.writer.delete(key);
}

export function putNamespace(world: World, name: string, labels: Record<string, string> = {}): void {
  const all = { ...labels, 'kubernetes.io/metadata.name': name };
  world.writers.namespaces.writer.put(namespaceRow(name, object('v1', 'Namespace', undefined, name, { metadata: { labels: all } })));
}

export function putPolicy(world: World, name: string, spec: object, more: { namespace?: string; metadata?: object } = {}): void {
  const { namespace = 'shop', metadata = {} } = more;
  const policy = object('cilium.io/v2', 'CiliumNetworkPolicy', namespace, name, { spec, metadata });
  world.writers.ciliumPolicies.writer.put(
    readPolicy(`${namespace}/${name}`, policy, world.inputs.ciliumPolicies.get(`${namespace}/${name}`)),
  );
}

export function deletePolicy(world: World, name: string, namespace = 'shop'): void {
  world.writers.ciliumPolicies.writer.delete(`${namespace}/${name}`);
}

export function putService(world: World, name: string, spec: object): void {
  world.writers.services.writer.put(serviceRow(`shop/${name}`, object('v1', 'Service', 'shop', name, { spec })));
}

export function putSlice(world: World, service: string, addresses: string[], namespace = 'shop', ports: object[] = []): void {
  const labels = { 'kubernetes.io/service-name': service };
  const rest = { metadata: { labels }, addressType: 'IPv4', endpoints: addresses.map((address) => ({ addresses: [address] })), ports };
  world.writers.slices.writer.put(
    endpointSliceRow(`${namespace}/${service}-1`, object('discovery.k8s.io/v1', 'EndpointSlice', namespace, `${service}-1`, rest)),
  );
}

export function putGroup(world: World, name: string, externalCIDRs: string[]): void {
  world.writers.groups.writer.put(
    cidrGroupRow(name, object('cilium.io/v2', 'CiliumCIDRGroup', undefined, name, { spec: { externalCIDRs } })),
  );
}

/** Another node, with pods 10.<index>.0.0/24. */
export function putNode(world: World, name: string, index: number): void {
  const record = {
    Name: name,
    Cluster: cluster.name,
    ClusterID: cluster.id,
    IPAddresses: [
      { Type: 'InternalIP', IP: `192.168.0.${index}` },
      { Type: 'CiliumInternalIP', IP: `10.${index}.0.1` },
    ],
    IPv4AllocCIDR: `10.${index}.0.0/24`,
  };
  world.writers.nodes.writer.put({ key: nodeKey(cluster.name, name), record });
}

export function deleteNode(world: World, name: string): void {
  world.writers.nodes.writer.delete(nodeKey(cluster.name, name));
}

export function putAddress(world: World, IP: string, node: number, ID: number, pod = 'remote'): void {
  const record = { IP, Mask: null, HostIP: `192.168.0.${node}`, ID, K8sNamespace: 'shop', K8sPodName: pod };
  world.writers.addresses.writer.put({ key: ipKey(IP), record });
}

export function deleteAddress(world: World, IP: string): void {
  world.writers.addresses.writer.delete(ipKey(IP));
}

/** All first lists are there. */
export function deliver({ writers }: World): void {
  for (const [name, { writer }] of Object.entries(writers)) {
    const source = name === 'interfaces' ? 'disk' : ['identities', 'nodes', 'addresses'].includes(name) ? 'etcd' : 'kubernetes';
    (writer as { delivered(source: string): void }).delivered(source);
  }
}
