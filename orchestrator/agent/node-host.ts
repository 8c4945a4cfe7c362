// Node host: the network namespace of this node, kept as the tables say: devices with their hooks, the overlay, routes to the other nodes,
// masquerading. It also finds out what this node is to the others.

import type { Config } from '../config.ts';
import type { UserPort } from '../datapath/wasm/port.ts';
import type { InterfaceTable } from '../endpoints/interfaces.ts';
import type { Exposure } from '../enforcement/exposure.ts';
import { familyOf, type Self } from '../enforcement/self.ts';
import type { NodeView } from '../enforcement/view.ts';
import { Waiters } from '../enforcement/waiters.ts';
import type { Host, Underlay } from '../host/host.ts';
import { hostDevice, nodePortAddress, proxyDevice } from '../host/ours.ts';
import type { HostCheck, HostProblem, NodePlan } from '../host/plan.ts';
import { speakersOf } from '../host/user-host.ts';
import type { RoomLog } from '../log.ts';
import { makePrefix, parsePrefix } from '../net/prefix.ts';
import { Bell } from '../state/bell.ts';
import type { Clock } from '../state/clock.ts';
import type { Table } from '../state/table.ts';
import type { NodeDatapath } from './open-datapath.ts';
import type { ServiceHooks } from './service-hooks.ts';

export const overlayDevice = 'axoneme_vxlan';
/** Headers that the overlay puts in front: Ethernet, VXLAN, UDP and IP. */
const overhead = { 4: 50, 6: 70 } as const;
/** How often the namespace is looked at again: addresses come and go, and somebody may have meddled. */
const lookEveryMs = 10_000;
/** After a failure. */
const againMs = 1_000;

export interface NodeHostOptions {
  readonly config: Config;
  readonly host: Host;
  readonly datapath: Pick<NodeDatapath, 'attach' | 'mode'>;
  /** Of the device to the network, in kernel mode. */
  readonly hooks?: ServiceHooks;
  readonly interfaces: InterfaceTable;
  /** The other nodes; what it says counts from `setKnown` on. */
  readonly nodes: Table<NodeView>;
  readonly clock: Clock;
  readonly log: RoomLog;
  readonly found: (self: Self) => void;
}

export class NodeHost {
  private readonly options: NodeHostOptions;
  private readonly bell = new Bell();
  private readonly waiters = new Waiters();
  /** Endpoint → its port with hooks on. */
  private readonly attached = new Map<number, { readonly port: number; readonly end: AsyncDisposable }>();
  private readonly others = new Map<number, AsyncDisposable>();
  private podPrefixes: readonly string[] | undefined;
  private isKnown = false;
  private isExposed = false;
  /** Of this node's addresses, those of services. */
  private servicePorts: readonly number[] = [];
  private self: Self | undefined;
  private reported = '';
  private checked: readonly HostCheck[] = [];
  private problems: readonly HostProblem[] = [];
  private failure: string | undefined;
  /** The last look at the node did not come to its end. */
  private isStuck = false;
  /** Something other than a pod's device may be other than planned. */
  private isDue = true;
  private hasLooked = false;
  /** Endpoints whose ports took no hooks, and why. */
  private readonly refused = new Map<number, Error>();
  /** MTU of pods' interfaces, as of the last look. */
  private podMtu: number | undefined;

  constructor(options: NodeHostOptions) {
    this.options = options;
  }

  setPrefixes(prefixes: readonly string[]): void {
    this.podPrefixes = prefixes;
    this.isDue = true;
    this.bell.ring();
  }

  /** All other nodes are in the table: routes to those that are not may go. */
  setKnown(): void {
    this.isKnown = true;
    this.isDue = true;
    this.bell.ring();
  }

  /** What the network may ask of services is about to be this; ends when the node is ready for it, as far as it can be. */
  async expose(exposure: Exposure): Promise<void> {
    const { host, hooks } = this.options;
    if (hooks === undefined) return;
    if (exposure.isExposed && !this.isExposed) {
      this.isExposed = true;
      if (this.hasLooked) this.checked = host.checks(this.plan());
    }
    this.isExposed = exposure.isExposed;
    if (exposure.ports.join() !== this.servicePorts.join()) {
      this.servicePorts = exposure.ports;
      this.isDue = true;
      this.bell.ring();
    }
    await hooks.want(exposure);
  }

  /** Has questions of pods led to the proxy at a port of this node, or to nobody. */
  redirect(port: number | undefined): void {
    const problems = this.options.host.redirect(port).map(({ subject, message }) => `${subject}: ${message}`);
    if (problems.length > 0) this.options.log.warn('DNS cannot be led to its proxy', { error: problems.join('; ') });
    // In userspace mode a device is to be attached.
    this.isDue = true;
    this.bell.ring();
  }

  /** Of pods' interfaces. */
  mtu(): number {
    this.podMtu ??= this.podMtuOn(this.underlay());
    return this.podMtu;
  }

  /** Ends once an endpoint has its hooks and routes; throws when its port takes no hooks, or when the signal is aborted before. */
  async prepared(endpoint: number, signal: AbortSignal): Promise<void> {
    const row = () => this.options.interfaces.get(endpoint);
    const isAttached = () => row() === undefined || this.attached.get(endpoint)?.port === row()?.port;
    // Its own routes came with its device; before the first look the node's addresses, which they name, may be missing.
    await this.waiters.until(() => this.refused.has(endpoint) || (this.hasLooked && isAttached()), signal);
    const refusal = this.refused.get(endpoint);
    if (refusal !== undefined) throw refusal;
  }

  checks(): readonly HostCheck[] {
    return this.checked;
  }

  problemTexts(): string[] {
    const told = this.problems.map(({ subject, message }) => `${subject}: ${message}`);
    return this.failure === undefined ? told : [this.failure, ...told];
  }

  /** What keeps pods that come from being served, and those that are here from reaching others; a single pod, node or route does not. */
  limits(): string[] {
    const told = this.problems.filter(({ subject }) => /^(overlay|device) /.test(subject));
    const texts = told.map(({ subject, message }) => `${subject}: ${message}`);
    return this.isStuck && this.failure !== undefined ? [this.failure, ...texts] : texts;
  }

  /** Until the signal is aborted; everything stays as it is. */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { interfaces, nodes, clock, log } = this.options;
    const [pods, others] = [interfaces.follow(this.bell), nodes.follow(this.bell)];
    let lookAt = clock.now();
    while (!signal.aborted) {
      pods.take();
      if (others.take().length > 0 || clock.now() >= lookAt) this.isDue = true;
      const isLook = this.isDue;
      try {
        await this.round();
        this.failure = undefined;
        if (isLook) lookAt = clock.now() + lookEveryMs;
      } catch (error) {
        if (this.failure === undefined) log.error('the network of this node could not be set up, which is tried again', { error });
        this.failure = (error as Error).message;
        lookAt = clock.now() + againMs;
      }
      this.waiters.look();
      await this.bell.wait({ signal, clock, until: lookAt });
    }
    pods.close();
    others.close();
  }

  /** A pod that comes needs its hooks alone, and does not wait for a look at everything. */
  private async round(): Promise<void> {
    if (!this.options.interfaces.isInitialised) return;
    const refusal = await this.attachPods();
    if (this.isDue) await this.makeAsPlanned();
    if (refusal !== undefined) throw refusal;
  }

  private async makeAsPlanned(): Promise<void> {
    const { host, config } = this.options;
    this.isDue = false;
    this.isStuck = true;
    const plan = this.plan();
    // Only what is there is known before the other nodes are: routes stay; what pods and the overlay need is made on a first start.
    const isOverlayMissing = config.routingMode === 'overlay' && host.portOf(overlayDevice, 'vxlan') === undefined;
    if (this.podPrefixes !== undefined && (this.isKnown || isOverlayMissing)) {
      this.report(host.apply(plan));
      this.checked = host.checks(plan);
    }
    await this.attachNode();
    this.look();
    this.isStuck = false;
  }

  private plan(): NodePlan {
    const { config, interfaces, nodes } = this.options;
    const own = this.podPrefixes ?? [];
    const peers = [...nodes.rows()].filter(({ way, address }) => way !== 'local' && address !== '');
    const router = own.map(routerAddress);
    const { mtu, family } = this.underlay();
    return {
      ...(config.routingMode === 'overlay' && { overlay: { device: overlayDevice, port: config.tunnelPort, mtu: mtu - overhead[family] } }),
      router,
      own: { prefixes: own, mtu: this.mtu() },
      isExposed: this.isExposed,
      pods: [...interfaces.rows()].map(({ device, mac, addresses }) => ({ device, mac, addresses })),
      peers: peers.map(({ node, prefixes, address, others, way }) => ({
        name: node,
        prefixes,
        address,
        others,
        way: way as 'overlay' | 'native',
      })),
      ...(config.masquerade && {
        masquerade: { sources: own, except: [...own, ...peers.flatMap(({ prefixes }) => prefixes)], closed: this.servicePorts },
      }),
    };
  }

  /** What this node is to the others; told when it is another than before. */
  private look(): void {
    const { host, config, datapath, found } = this.options;
    if (this.podPrefixes === undefined) return;
    this.hasLooked = true;
    const underlay = this.underlay();
    this.podMtu = this.podMtuOn(underlay);
    const overlayPort = config.routingMode === 'overlay' ? host.portOf(overlayDevice, 'vxlan') : 0;
    if (overlayPort === undefined) return;
    const router = this.podPrefixes.map(routerAddress);
    const speakers = datapath.mode === 'wasm' ? speakersOf(this.podPrefixes) : [];
    const self: Self = {
      name: config.nodeName,
      cluster: { name: config.clusterName, id: config.clusterId },
      addresses: host.addresses().sort(),
      underlay: underlay.reached,
      router: [...router, ...speakers],
      speakers: datapath.mode === 'wasm' ? speakers : router,
      nodePorts: datapath.mode === 'wasm' ? router.map((address) => nodePortAddress[familyOf(address)]) : [],
      podPrefixes: this.podPrefixes,
      datapath: datapath.mode,
      way: config.routingMode,
      overlayPort,
      tunnelPort: config.routingMode === 'overlay' ? config.tunnelPort : 0,
      mtu: this.podMtu,
      mac: underlay.mac,
    };
    if (JSON.stringify(self) === JSON.stringify(this.self)) return;
    this.self = self;
    found(self);
  }

  private underlay(): Underlay & { readonly reached: string[]; readonly family: 4 | 6 } {
    const { host, config } = this.options;
    const [wanted] = config.nodeAddresses;
    const underlay = host.underlay(wanted);
    const first = (family: 4 | 6) => underlay.addresses.filter((address) => familyOf(address) === family).slice(0, 1);
    const reached = wanted === undefined ? [...first(4), ...first(6)] : [...config.nodeAddresses];
    return { ...underlay, reached, family: familyOf(reached[0] ?? '0.0.0.0') };
  }

  private podMtuOn({ mtu, family }: { readonly mtu: number; readonly family: 4 | 6 }): number {
    return this.options.config.routingMode === 'native' ? mtu : mtu - overhead[family];
  }

  /** One that takes no hooks does not keep the others; the first reason. */
  private async attachPods(): Promise<Error | undefined> {
    const { interfaces, datapath } = this.options;
    for (const [endpoint, { port, end }] of this.attached) {
      if (interfaces.get(endpoint)?.port === port) continue;
      this.attached.delete(endpoint);
      await end[Symbol.asyncDispose]();
    }
    for (const endpoint of this.refused.keys()) if (interfaces.get(endpoint) === undefined) this.refused.delete(endpoint);
    for (const { endpoint, port, ifname, netns, mtu } of [...interfaces.rows()]) {
      if (this.attached.has(endpoint)) continue;
      try {
        this.attached.set(endpoint, { port, end: await datapath.attach({ number: port, kind: 'pod', device: ifname, netns, mtu }) });
        this.refused.delete(endpoint);
      } catch (error) {
        // It may have gone meanwhile.
        if (interfaces.get(endpoint)?.port === port) this.refused.set(endpoint, error as Error);
      }
      this.waiters.look();
    }
    return [...this.refused.values()][0];
  }

  private async attachNode(): Promise<void> {
    const { host, config, datapath, hooks } = this.options;
    const attach = async (port: UserPort) => {
      if (!this.others.has(port.number)) this.others.set(port.number, await datapath.attach(port));
    };
    const mtu = this.mtu();
    const overlay = config.routingMode === 'overlay' ? host.portOf(overlayDevice, 'vxlan') : undefined;
    if (overlay !== undefined) await attach({ number: overlay, kind: 'overlay', mtu, tunnelPort: config.tunnelPort });
    if (datapath.mode === 'wasm') {
      const number = host.portOf(hostDevice);
      if (number !== undefined) await attach({ number, kind: 'host', device: hostDevice, mtu });
      const proxy = host.portOf(proxyDevice);
      if (proxy !== undefined) await attach({ number: proxy, kind: 'proxy', device: proxyDevice, mtu });
      return;
    }
    await hooks?.setPort(this.underlay().port);
  }

  private report(problems: readonly HostProblem[]): void {
    this.problems = problems;
    const text = problems.map(({ subject, message }) => `${subject}: ${message}`).join('; ');
    if (text !== this.reported && text !== '') this.options.log.warn('parts of the network of this node are missing', { error: text });
    this.reported = text;
  }
}

/** The first usable address of a pod prefix: the node's own among its pods. */
export function routerAddress(text: string): string {
  const prefix = parsePrefix(text);
  const full = prefix.family === 4 ? 32 : 128;
  return makePrefix(prefix.family, prefix.value + 1n, full).text.split('/')[0] as string;
}
