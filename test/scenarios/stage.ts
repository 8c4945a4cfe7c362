// Stage: a sandbox with the pods of world.yaml, someone in each of them who tries connections, and what the nodes' agents say.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ApiClient, openClient } from '../../orchestrator/api/client.ts';
import { readObjects } from '../../orchestrator/sandbox/control-plane/apply.ts';
import type { ExecProcess } from '../../orchestrator/sandbox/exec.ts';
import type { Sandbox, SandboxCluster } from '../../orchestrator/sandbox/sandbox.ts';

export type Family = 4 | 6;
export type Got = 'answer' | 'refused' | 'nothing';

export interface Attempt {
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly port: number;
  readonly family: Family;
}

const folder = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '');
const outside: Readonly<Record<string, Readonly<Record<Family, string>>>> = {
  world: { 4: '192.0.2.1', 6: '2001:db8::1' },
  'world-2': { 4: '198.51.100.1', 6: '2001:db8:1::1' },
};

const manifests = readFileSync(`${folder}/world.yaml`, 'utf8').replaceAll('{folder}', folder);

/** Whom every scenario speaks of. */
export const world = readObjects(manifests);
/** Those who come after the policies, in the other order. */
const comers = world.filter(({ kind, metadata }) => kind === 'Pod' && ['client', 'echo'].includes(metadata.name));

export class Stage {
  readonly cluster: SandboxCluster;
  /** By node. */
  readonly agents: ReadonlyMap<string, ApiClient>;
  readonly #askers = new Map<string, Asker>();
  readonly #addresses = new Map<string, readonly string[]>();

  constructor(sandbox: Sandbox) {
    this.cluster = sandbox.clusters[0];
    this.agents = new Map(this.cluster.nodes.map(({ name, socket }) => [name, openClient({ socket })]));
  }

  /** Pods and everything they need; resolves when all are Ready and served. */
  async populate(): Promise<void> {
    await this.cluster.apply(world);
    await this.#ready(world.filter(({ kind }) => kind === 'Pod').map(({ metadata }) => metadata.name));
    const service = await this.cluster.kube.json('GET', '/api/v1/namespaces/shop/services/echo');
    this.#addresses.set('service', service.spec.clusterIPs);
    await this.#served();
  }

  /** The pods of which most scenarios speak go; they come again with `restore`. */
  async withdraw(): Promise<void> {
    for (const { metadata } of comers) this.#end(metadata.name);
    await this.cluster.delete(comers, { wait: true });
  }

  /** As `populate`, of what was withdrawn. */
  async restore(): Promise<void> {
    await this.cluster.apply(comers);
    await this.#ready(comers.map(({ metadata }) => metadata.name));
    await this.#served();
  }

  /** The pods go, and with them who asked in them. */
  async depopulate(): Promise<void> {
    this.end();
    await this.cluster.delete(world, { wait: true });
  }

  async attempt({ from, to, protocol, port, family }: Attempt, timeoutMs: number): Promise<Got> {
    return this.#asker(from).ask({ protocol, port, address: this.addressOf(to, family), timeoutMs });
  }

  addressOf(name: string, family: Family): string {
    const node = /^host-(.*)$/.exec(name)?.[1];
    const addresses = node === undefined ? this.#addresses.get(name) : this.cluster.node(node).addresses;
    const found = outside[name]?.[family] ?? addresses?.find((address) => address.includes(':') === (family === 6));
    if (found === undefined) throw new Error(`scenario: ${name} has no address of IPv${family}`);
    return found;
  }

  /** Which node judges for it; undefined for who has no policy here. */
  nodeOf(name: string): string | undefined {
    return /far$|3$/.test(name) ? 'b' : /^(world|service|host)/.test(name) ? undefined : 'a';
  }

  /** Until there is no complaint, asked less often with time; the one that stays, after half a minute. */
  async until(complain: () => Promise<string | undefined>): Promise<string | undefined> {
    for (let [end, pauseMs] = [Date.now() + 30_000, 15]; ; pauseMs = Math.min(pauseMs * 1.3, 250)) {
      const complaint = await complain();
      if (complaint === undefined || Date.now() > end) return complaint;
      await sleep(pauseMs);
    }
  }

  /** Until what every agent says of its tables is so. */
  untilEach(what: (tables: (name: string) => Promise<readonly Row[]>, node: string) => Promise<string | undefined>) {
    return this.until(async () => {
      const all = [...this.agents].map(([node, agent]) => what((name) => rowsOf(agent, name), node));
      return (await Promise.all(all)).find((complaint) => complaint !== undefined);
    });
  }

  /** What tables and maps of the agents hold of pods and policies, as sentences. */
  async leftovers(): Promise<string[]> {
    const left = await this.untilEach(async (tables, node) => {
      const rows = [...(await tables('endpoints')), ...(await tables('interfaces'))].filter(
        (row) => !JSON.stringify(row).includes('kube-system'),
      );
      if (rows.length > 0) return `node ${node}: rows are left: ${JSON.stringify(rows).slice(0, 300)}`;
      const agent = this.agents.get(node)!;
      for (const map of ['policy', 'endpoints', 'ipcache', 'conntrack', 'translations', 'backends']) {
        const { items } = (await agent.get(`/v1/maps/${map}`)) as { items: { key: Row; value: Row }[] };
        const strange = items.filter((entry) => map === 'policy' || this.#speaksOfPods(JSON.stringify(entry)));
        if (strange.length > 0) return `node ${node}: map ${map}: ${JSON.stringify(strange).slice(0, 400)}`;
      }
      return undefined;
    });
    return left === undefined ? [] : [left];
  }

  /** Until these pods are Ready; takes their addresses down, and has who asks in them at hand. */
  async #ready(names: readonly string[]): Promise<void> {
    const late = await this.until(async () => {
      const pods = (await this.cluster.pods()).filter(({ name }) => names.includes(name));
      for (const { name, phase, addresses } of pods) {
        if (phase !== 'Running') continue;
        this.#addresses.set(name, addresses);
        this.#asker(name);
      }
      const missing = names.filter((name) => !pods.some((pod) => pod.name === name && pod.ready));
      return missing.length === 0 ? undefined : `pods are not ready: ${missing.join(' ')}`;
    });
    if (late !== undefined) throw new Error(late);
  }

  async #served(): Promise<void> {
    const late = await this.untilEach(async (tables, node) => {
      const doors = (await tables('frontends')).filter(({ service, name }) => service === 'shop/echo' && name === 'http');
      const isServed = doors.length === 2 && doors.every(({ backends }) => backends.length === 2);
      return isServed ? undefined : `node ${node}: shop/echo has the frontends ${JSON.stringify(doors)}`;
    });
    if (late !== undefined) throw new Error(late);
  }

  #speaksOfPods(text: string): boolean {
    const pods = [...this.#addresses].filter(([name]) => name !== 'service' && name !== 'kube-dns').flatMap(([, addresses]) => addresses);
    return pods.some((address) => text.includes(`"${address}"`) || text.includes(`"${address}/`));
  }

  end(): void {
    for (const name of [...this.#askers.keys()]) this.#end(name);
  }

  #end(name: string): void {
    this.#askers.get(name)?.end();
    this.#askers.delete(name);
  }

  #asker(from: string): Asker {
    const known = this.#askers.get(from);
    if (known) return known;
    const words = [process.execPath, `${folder}/asker.mjs`];
    const node = /^host-(.*)$/.exec(from)?.[1];
    const pod = `${from === 'visitor' ? 'other' : 'shop'}/${from}`;
    const child =
      node === undefined ? this.cluster.spawn(pod, words, { timeoutMs: 0 }) : this.cluster.node(node).spawn(words, { timeoutMs: 0 });
    const asker = new Asker(child);
    this.#askers.set(from, asker);
    return asker;
  }
}

/** A row of a table, as the API tells it. */
// biome-ignore lint/suspicious/noExplicitAny: tables are told as JSON
export type Row = Record<string, any>;

export async function rowsOf(agent: ApiClient, table: string): Promise<readonly Row[]> {
  const { items } = (await agent.get(`/v1/tables/${table}`)) as { items: Row[] };
  return items;
}

class Asker {
  readonly #child: ExecProcess;
  readonly #waiting = new Map<number, (got: Got) => void>();
  #asked = 0;
  #hasEnded = false;

  constructor(child: ExecProcess) {
    this.#child = child;
    createInterface(child.stdout).on('line', (line) => {
      const { id, got } = JSON.parse(line);
      this.#waiting.get(id)?.(got);
      this.#waiting.delete(id);
    });
    void child.ended.then(() => {
      this.#hasEnded = true;
      for (const tell of this.#waiting.values()) tell('nothing');
    });
  }

  ask(question: object): Promise<Got> {
    if (this.#hasEnded) return Promise.resolve('nothing');
    const id = ++this.#asked;
    this.#child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}
