// Stage of services: a sandbox with the tellers, somebody at every place who comes to services, and what the agents tell.

import { createInterface } from 'node:readline';
import type { ExecProcess } from '../../../orchestrator/sandbox/exec.ts';
import type { RunningCluster } from '../../../orchestrator/sandbox/running-cluster.ts';
import type { RunningSandbox } from '../../../orchestrator/sandbox/running-sandbox.ts';
import { agentOf, until } from '../outage-world.ts';
import type { Row } from '../stage.ts';
import { callerWords, namespace, pools } from './world.ts';

export interface Question {
  readonly protocol: string;
  readonly address?: string;
  readonly port?: number;
  readonly times?: number;
  readonly timeoutMs?: number;
  readonly from?: string;
  readonly isUnconnected?: boolean;
  readonly name?: string;
  readonly family?: 4 | 6;
}

const outside: Readonly<Record<string, readonly string[]>> = {
  world: ['192.0.2.1', '2001:db8::1'],
  'world-2': ['198.51.100.1', '2001:db8:1::1'],
  // What a pod sees that was sent back to itself.
  hairpin: ['169.254.42.1', 'fd42::42:1'],
};

export class ServiceStage {
  readonly sandbox: RunningSandbox;
  readonly cluster: RunningCluster;
  readonly #callers = new Map<string, Caller>();
  readonly #addresses = new Map<string, readonly string[]>();
  /** Nodes in userspace mode. */
  readonly #packetwise = new Set<string>();

  constructor(sandbox: RunningSandbox) {
    this.sandbox = sandbox;
    this.cluster = sandbox.cluster('east');
  }

  /** Pods, and the ways from the world to the addresses that services may have there. */
  async populate(pods: readonly { readonly metadata: { readonly name: string } }[]): Promise<void> {
    const [node] = this.cluster.nodes;
    const routes = Object.values(pools)
      .flat()
      .map((prefix) => `route replace ${prefix} via ${node.addresses[prefix.includes(':') ? 1 : 0]}`);
    const { stderr } = await this.sandbox.exec('fabric', ['ip', '-batch', '-'], { input: `${routes.join('\n')}\n` });
    if (stderr !== '') throw new Error(stderr);
    await this.cluster.apply([namespace, ...pods]);
    await this.ready(pods.map(({ metadata }) => metadata.name).filter((name) => name !== 'unready'));
    await until('one that is never ready has addresses all the same', async () => {
      await this.#learn();
      return pods.every(({ metadata }) => (this.#addresses.get(metadata.name)?.length ?? 0) === 2);
    });
    for (const { name, addresses, podCIDRs } of this.cluster.nodes) {
      for (const place of [`node-${name}`, `host-${name}`]) this.#addresses.set(place, addresses);
      const { about } = (await agentOf(this.cluster, name).get('/v1/status')) as { about: { mode: string } };
      const isUser = about.mode === 'wasm';
      if (isUser) this.#packetwise.add(name);
      const router = podCIDRs.map((prefix) => (isUser ? prefix.replace(/\/.*$/, '') : prefix.replace(/\d*\/.*$/, '1')));
      this.#addresses.set(`router-${name}`, router);
      this.#addresses.set(`outward-${name}`, isUser ? addresses : router);
    }
  }

  /** Whether services are chosen for who asks there packet by packet, not in sockets. */
  isPacketwise(from: string): boolean {
    return this.#packetwise.has(/^(far|hosted)|-b$/.test(from) ? 'b' : 'a');
  }

  async ready(names: readonly string[]): Promise<void> {
    await this.cluster.ready(
      names.map((name) => `shop/${name}`),
      120_000,
    );
    await this.#learn();
  }

  async #learn(): Promise<void> {
    for (const { namespace, name, addresses } of await this.cluster.pods()) {
      if (namespace === 'shop' && addresses.length > 0) this.#addresses.set(name, addresses);
    }
  }

  /** Addresses of services are known afterwards; those of load balancers are waited for. */
  async serve(objects: readonly object[]): Promise<void> {
    await this.cluster.apply(objects);
    await until('load balancers have addresses', async () => {
      const services = await this.cluster.kube.list('/api/v1/namespaces/shop/services');
      for (const { metadata, spec, status } of services) {
        const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip }: { ip: string }) => ip);
        if (spec.type === 'LoadBalancer' && ingress.length < spec.ipFamilies.length) return false;
        this.#addresses.set(metadata.name, spec.clusterIPs ?? []);
        this.#addresses.set(`${metadata.name}.balancer`, ingress);
        this.#addresses.set(`${metadata.name}.external`, spec.externalIPs ?? []);
      }
      return true;
    });
  }

  addressOf(name: string, family: 4 | 6): string {
    const found = (outside[name] ?? this.#addresses.get(name))?.find((address) => address.includes(':') === (family === 6));
    if (found === undefined) throw new Error(`scenario: ${name} has no address of IPv${family}`);
    return found;
  }

  /** Whose it is; the address itself when it is nobody's. */
  nameOf(address: string): string {
    for (const [name, addresses] of Object.entries(outside)) if (addresses.includes(address)) return name;
    for (const [name, addresses] of this.#addresses) if (addresses.includes(address)) return name;
    return address;
  }

  ask(from: string, question: Question): Promise<readonly string[]> {
    return this.#caller(from).ask(question);
  }

  /** As an agent tells them; none when it knows no such service. */
  async frontendsOf(node: string, service: string): Promise<readonly { port: string; why?: string; backends?: readonly string[] }[]> {
    const { items } = (await agentOf(this.cluster, node).get('/v1/services', { namespace: 'shop' })) as { items: Row[] };
    return items.filter((row) => row.service === `shop/${service}`) as never;
  }

  end(): void {
    for (const caller of this.#callers.values()) caller.end();
  }

  #caller(from: string): Caller {
    const place = from.startsWith('world') ? 'world' : from;
    const known = this.#callers.get(place) ?? new Caller(this.#spawn(place));
    this.#callers.set(place, known);
    return known;
  }

  #spawn(place: string): ExecProcess {
    const node = /^host-(.*)$/.exec(place)?.[1];
    if (place === 'world') return this.sandbox.world.spawn(callerWords, { timeoutMs: 0 });
    if (node !== undefined) return this.cluster.node(node).spawn(callerWords, { timeoutMs: 0 });
    return this.cluster.spawn(`shop/${place}`, callerWords, { timeoutMs: 0 });
  }
}

class Caller {
  readonly #child: ExecProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly string[]>>();
  #asked = 0;

  constructor(child: ExecProcess) {
    this.#child = child;
    child.stderr.resume();
    createInterface(child.stdout).on('line', (line) => {
      const { id, got } = JSON.parse(line);
      this.#waiting.get(id)?.resolve(got);
      this.#waiting.delete(id);
    });
    void child.ended.then((status) => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error(`a caller ended with ${status}`));
    });
  }

  ask(question: Question): Promise<readonly string[]> {
    const id = ++this.#asked;
    const waiting = Promise.withResolvers<readonly string[]>();
    this.#waiting.set(id, waiting);
    this.#child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
    return waiting.promise;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
