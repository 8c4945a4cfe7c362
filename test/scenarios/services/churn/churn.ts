// Churn: what happens to services, one thing after another, each as a sentence; and whether nodes then have what is true.

import { setTimeout as sleep } from 'node:timers/promises';
import { tableOf, until } from '../../outage-world.ts';
import { slices } from '../scenario.ts';
import type { ServiceStage } from '../stage.ts';
import type { ServiceLoad } from './load.ts';
import type { Random } from './random.ts';
import { backendPort, type Kind, kinds, rollingPod, serviceOf, type Teller, tellerNames, tellers } from './world.ts';

type Standing = 'ready' | 'ending' | 'unready';

const conditions = {
  ready: { ready: true, serving: true, terminating: false },
  ending: { ready: false, serving: true, terminating: true },
  unready: { ready: false, serving: false, terminating: false },
} as const;

export class Churn {
  readonly #stage: ServiceStage;
  readonly #loads: readonly ServiceLoad[];
  readonly #random: Random;
  readonly #standings = new Map<Kind, Map<Teller, Standing>>();
  readonly #addresses = new Map<Kind, object>();
  /** Who was not to be gone to for a while: this round, and the one before. */
  #gone: readonly [Set<string>, Set<string>] = [new Set(), new Set()];
  /** Rounds since something happened. */
  readonly #without = new Map<string, number>();
  #pods = [0, 1, 2];
  readonly #leaving: Promise<unknown>[] = [];

  constructor(stage: ServiceStage, loads: readonly ServiceLoad[], random: Random) {
    this.#stage = stage;
    this.#loads = loads;
    this.#random = random;
  }

  /** Several things at once, each to another service. */
  async round(): Promise<string[]> {
    const random = this.#random;
    this.#gone = [new Set(), this.#gone[0]];
    const written = kinds.filter(({ isRolling }) => !isRolling);
    const some = random.some([this.scale, this.flap, this.roll, this.drain, this.recreate], 3);
    const acts = [
      ...random.some(written, 3).map((kind, at) => some[at]!.bind(this, kind)),
      ...(this.#isDue('replacePod', 0.3) ? [() => this.replacePod()] : []),
      ...(this.#isDue('restart', 0.4) ? [() => this.restart()] : []),
      ...(this.#isDue('strangers', 0.3) ? [() => this.strangers()] : []),
    ];
    return Promise.all(acts.map((act) => act()));
  }

  /** Every service with all tellers, and nobody waits for it. */
  async begin(): Promise<void> {
    const at = (name: string, family: 4 | 6) => this.#stage.addressOf(name, family);
    for (const kind of kinds.filter(({ isRolling }) => !isRolling)) {
      this.#standings.set(kind, new Map(tellerNames.map((name) => [name, 'ready'])));
      const port = { port: backendPort(kind), protocol: kind.protocol === 'udp' ? 'UDP' : 'TCP' };
      await this.#stage.cluster.apply(
        slices(
          kind.name,
          [port],
          tellerNames.map((pod) => ({ pod })),
          { at },
        ),
      );
    }
  }

  async scale(kind: Kind): Promise<string> {
    const random = this.#random;
    const names = random.some(tellerNames, random.whole(1, tellerNames.length));
    await this.#write(kind, new Map(names.map((name) => [name, 'ready'])));
    return `${kind.name} is scaled to ${names.join(' ')}`;
  }

  async flap(kind: Kind): Promise<string> {
    const random = this.#random;
    const before = this.#standing(kind);
    const [name] = random.some([...before.keys()], 1);
    const times = random.whole(2, 4);
    for (let time = 0; time < times; time += 1) {
      // One stays in any case.
      await this.#write(kind, new Map([...before, [name as Teller, before.size > 1 ? 'unready' : 'ready']]));
      await sleep(random.whole(5, 80));
      await this.#write(kind, before);
      await sleep(random.whole(5, 80));
    }
    return `${kind.name}: ${name} is unready ${times} times`;
  }

  /** One after another is replaced, as a deployment does it. */
  async roll(kind: Kind): Promise<string> {
    const random = this.#random;
    const now = new Map(this.#standing(kind));
    const others = tellerNames.filter((name) => !now.has(name));
    for (const old of [...now.keys()]) {
      const next = others.shift() ?? old;
      if (next === old) continue;
      now.set(next, 'ready');
      await this.#write(kind, now);
      await sleep(random.whole(5, 60));
      now.set(old, 'ending');
      await this.#write(kind, now);
      await sleep(random.whole(5, 60));
      now.delete(old);
      others.push(old);
      await this.#write(kind, now);
    }
    return `${kind.name} is rolled to ${[...now.keys()].join(' ')}`;
  }

  /** All of them end, and serve until others have come. */
  async drain(kind: Kind): Promise<string> {
    const random = this.#random;
    const ending = [...this.#standing(kind).keys()];
    await this.#write(kind, new Map(ending.map((name) => [name, 'ending'])));
    await sleep(random.whole(50, 200));
    const names = random.some(tellerNames, random.whole(2, 5));
    await this.#write(
      kind,
      new Map([...ending.map((name) => [name, 'ending'] as const), ...names.map((name) => [name, 'ready'] as const)]),
    );
    await sleep(random.whole(5, 60));
    await this.#write(kind, new Map(names.map((name) => [name, 'ready'])));
    return `${kind.name} is drained for ${names.join(' ')}`;
  }

  /** Nobody can come anew while it is away; who is there stays. */
  async recreate(kind: Kind): Promise<string> {
    const { cluster } = this.#stage;
    await Promise.all(this.#loads.map((load) => load.hold([kind.name])));
    const old = await cluster.kube.json('GET', `/api/v1/namespaces/shop/services/${kind.name}`);
    const [ingress] = old.status?.loadBalancer?.ingress ?? [];
    const { clusterIP, clusterIPs } = old.spec;
    this.#addresses.set(kind, { clusterIP, clusterIPs, ...(ingress && { loadBalancerIP: ingress.ip }) });
    await cluster.delete([serviceOf(kind)], { wait: true });
    const rows = async (node: string) =>
      (await tableOf(cluster, node, 'frontends')).filter(({ service }) => service === `shop/${kind.name}`);
    await until('nobody knows it', async () => (await Promise.all(['a', 'b'].map(rows))).flat().length === 0);
    await sleep(this.#random.whole(50, 400));
    await this.#stage.serve([serviceOf(kind, this.#addresses.get(kind))]);
    await until('it is back', async () => (await this.#complaintOf(kind)) === undefined);
    await Promise.all(this.#loads.map((load) => load.release([kind.name])));
    return `${kind.name} is deleted and made again`;
  }

  /** A pod comes, and another of them goes. */
  async replacePod(): Promise<string> {
    const { cluster } = this.#stage;
    const next = Math.max(...this.#pods) + 1;
    await cluster.apply([rollingPod(next)]);
    await this.#stage.ready([`roll-${next}`]);
    const [old = 0] = this.#random.some(this.#pods, 1);
    this.#pods = [...this.#pods.filter((number) => number !== old), next];
    this.#leaving.push(cluster.delete([rollingPod(old)], { wait: true }));
    return `pod roll-${old} is replaced by roll-${next}`;
  }

  async restart(): Promise<string> {
    const node = this.#random.one(this.#stage.cluster.nodes);
    await node.restartAgent();
    return `the agent of ${node.name} is killed and comes again`;
  }

  /** Services that nobody asks for. */
  async strangers(): Promise<string> {
    const at = (name: string, family: 4 | 6) => this.#stage.addressOf(name, family);
    const names = Array.from({ length: 5 }, (_, index) => `stranger-${index}`);
    const objects = names.flatMap((name) => [
      serviceOf({ name, spec: {}, clients: [] }),
      ...slices(
        name,
        [{ port: 8008 }],
        this.#random.some(tellerNames, 3).map((pod) => ({ pod })),
        { at },
      ),
    ]);
    await this.#stage.cluster.apply(objects);
    await this.#stage.cluster.delete(objects);
    return `${names.length} other services come and go`;
  }

  /** Until every node has for every service whom it should have, and nothing of what is gone. */
  async settle(): Promise<void> {
    for (const kind of kinds) {
      let complaint: string | undefined;
      await until('nodes know it', async () => {
        complaint = await this.#complaintOf(kind);
        return complaint === undefined;
      }).catch((error) => {
        throw new Error(complaint, { cause: error });
      });
    }
  }

  /** Pods that were deleted are out. */
  async left(): Promise<void> {
    await Promise.all(this.#leaving);
  }

  /** Whether new datagrams had to go elsewhere. */
  wasGone(service: string, name: string): boolean {
    return this.#gone.some((round) => round.has(`${service} ${name}`));
  }

  /** By chance, and at the latest after three rounds without it. */
  #isDue(what: string, chance: number): boolean {
    const without = this.#without.get(what) ?? 0;
    const is = this.#random.isLikely(chance) || without === 3;
    this.#without.set(what, is ? 0 : without + 1);
    return is;
  }

  #standing(kind: Kind): Map<Teller, Standing> {
    return this.#standings.get(kind) as Map<Teller, Standing>;
  }

  async #write(kind: Kind, standing: ReadonlyMap<Teller, Standing>): Promise<void> {
    const { kube } = this.#stage.cluster;
    for (const name of tellerNames) if (standing.get(name) !== 'ready') this.#gone[0].add(`${kind.name} ${name}`);
    this.#standings.set(kind, new Map(standing));
    for (const family of [4, 6] as const) {
      const endpoints = Array.from(standing, ([name, state]) => ({
        addresses: [this.#stage.addressOf(name, family)],
        conditions: conditions[state],
        nodeName: tellers[name],
      }));
      await kube.patch(`/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/${kind.name}-${family}`, { endpoints });
    }
  }

  async #complaintOf(kind: Kind): Promise<string | undefined> {
    const wanted = (family: 4 | 6) =>
      this.#chosen(kind)
        .map((name) => this.#stage.addressOf(name, family))
        .sort();
    const { cluster } = this.#stage;
    const { spec, status } = await cluster.kube.get(`/api/v1/namespaces/shop/services/${kind.name}`);
    const ingress: { ip: string }[] = status?.loadBalancer?.ingress ?? [];
    const own: string[] = [...spec.clusterIPs, ...ingress.map(({ ip }) => ip)];
    for (const node of ['a', 'b']) {
      const rows = (await tableOf(cluster, node, 'frontends')).filter(
        ({ service, type }) => service === `shop/${kind.name}` && type !== 'closed',
      );
      const missing = own.find((ip) => !rows.some(({ address }) => ip === bare(address as string)));
      if (missing !== undefined) return `node ${node} knows no frontend of ${kind.name} at ${missing}`;
      for (const { address, backends = [] } of rows) {
        const has = (backends as string[]).map(bare).sort();
        const should = wanted(address.includes(':') ? 6 : 4);
        if (has.join() !== should.join()) return `node ${node}: ${kind.name} at ${address} has ${has.join(' ')}, not ${should.join(' ')}`;
      }
    }
    return undefined;
  }

  #chosen(kind: Kind): string[] {
    if (kind.isRolling) return this.#pods.map((number) => `roll-${number}`);
    const all = [...this.#standing(kind)];
    const ready = all.filter(([, standing]) => standing === 'ready');
    return (ready.length > 0 ? ready : all.filter(([, standing]) => standing === 'ending')).map(([name]) => name);
  }
}

/** The address alone, where a port stands behind it. */
function bare(text: string): string {
  return text.replace(/^\[?(.*?)\]?:\d+\/\w+$/, '$1');
}
