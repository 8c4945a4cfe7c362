// Stage of DNS: a sandbox with resolvers and the world's authority, somebody in every pod who asks and connects, and what agents tell.

import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DnsFlow } from '../../../orchestrator/dns/log/dns-flow.ts';
import type { Flow } from '../../../orchestrator/flows/flow.ts';
import type { ExecProcess } from '../../../orchestrator/sandbox/exec.ts';
import type { RunningCluster } from '../../../orchestrator/sandbox/running-cluster.ts';
import type { RunningSandbox } from '../../../orchestrator/sandbox/running-sandbox.ts';
import { agentOf } from '../outage-world.ts';
import { authority, servers } from './servers.ts';
import { addressOf, type Family, prefixes } from './zone.ts';

const program = (name: string) => [process.execPath, fileURLToPath(new URL(name, import.meta.url))];

export class DnsStage {
  readonly sandbox: RunningSandbox;
  readonly cluster: RunningCluster;
  readonly #talkers = new Map<string, Talker>();
  readonly #addresses = new Map<string, readonly string[]>(Object.entries({ author: authority.plain, other: authority.other }));
  readonly #nodes = new Map<string, string>();

  constructor(sandbox: RunningSandbox) {
    this.sandbox = sandbox;
    this.cluster = sandbox.cluster('east');
  }

  /** The world's names and addresses, resolvers, and pods. */
  async populate(objects: readonly object[]): Promise<void> {
    await this.#furnishWorld();
    await this.cluster.apply([...servers, ...objects]);
    await this.cluster.ready(undefined, 120_000);
    for (const { namespace, name, node, addresses } of await this.cluster.pods()) {
      this.#nodes.set(`${namespace}/${name}`, node);
      this.#addresses.set(`${namespace}/${name}`, addresses);
    }
    for (const name of ['dnsmasq', 'unbound']) {
      const { spec } = await this.cluster.kube.json('GET', `/api/v1/namespaces/kube-system/services/${name}`);
      this.#addresses.set(name, spec.clusterIPs);
    }
  }

  async #furnishWorld(): Promise<void> {
    const ways = (await this.#ip('fabric', ['-o', 'route', 'get', '192.0.2.1'])).match(/ via (\S+)/)?.[1];
    await this.#ip('fabric', ['route', 'replace', prefixes[4], 'via', ways ?? '']);
    await this.#ip('world', ['route', 'replace', 'local', prefixes[4], 'dev', 'lo']);
    const addresses = Object.values(authority).flat();
    for (const address of addresses) {
      const words = address.includes(':') ? [`${address}/128`, 'dev', 'lo', 'nodad'] : [`${address}/32`, 'dev', 'lo'];
      await this.#ip('world', ['address', 'replace', ...words]);
    }
    const talker = new Talker(this.sandbox.world.spawn([...program('authority.ts'), ...addresses], { timeoutMs: 0 }));
    this.#talkers.set('authority', talker);
    await talker.ready;
  }

  async #ip(place: string, words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.sandbox.exec(place, ['ip', ...words]);
    if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** `www`-like numbers of zone.ts are addresses of both families; servers and pods have names. */
  address(name: string | number, family: Family): string {
    if (typeof name === 'number') return addressOf(name, family);
    const found = this.#addresses.get(name)?.find((address) => address.includes(':') === (family === 6));
    if (found === undefined) throw new Error(`scenario: ${name} has no address of IPv${family}`);
    return found;
  }

  nodeOf(pod: string): string {
    return this.#nodes.get(pod) ?? pod;
  }

  /** `place` is a pod, or `host-a`. */
  // biome-ignore lint/suspicious/noExplicitAny: each act has its own answer.
  act(place: string, words: object): Promise<any> {
    const known = this.#talkers.get(place);
    if (known) return known.tell(words);
    const node = /^host-(.*)$/.exec(place)?.[1];
    const words_ = program('asker.ts');
    const child = node ? this.cluster.node(node).spawn(words_, { timeoutMs: 0 }) : this.cluster.spawn(place, words_, { timeoutMs: 0 });
    const made = new Talker(child);
    this.#talkers.set(place, made);
    return made.tell(words);
  }

  /** Names that the authority was asked for since it was asked last. */
  async askedOfAuthority(): Promise<readonly string[]> {
    return this.#talkers.get('authority')!.line('');
  }

  /** Datagrams that came for programs in the pod which had no room for them left. */
  async overflown(pod: string): Promise<number> {
    const { stdout } = await this.cluster.exec(pod, ['cat', '/proc/net/snmp', '/proc/net/snmp6']);
    const [names = '', counts = ''] = stdout.split('\n').filter((line) => line.startsWith('Udp:'));
    const at = names.split(' ').indexOf('RcvbufErrors');
    return Number(counts.split(' ')[at]) + Number(/^Udp6RcvbufErrors\s+(\d+)/m.exec(stdout)?.[1] ?? 0);
  }

  async log(pod: string, query: Readonly<Record<string, string | number>> = {}): Promise<readonly DnsFlow[]> {
    return this.#lines(pod, '/v1/dns/log', { pod, ...query }) as Promise<DnsFlow[]>;
  }

  async flows(pod: string, query: Readonly<Record<string, string | number>> = {}): Promise<readonly Flow[]> {
    const lines = await this.#lines(pod, '/v1/flows', { last: 5_000, from: pod, ...query });
    return lines.flatMap((line) => (line as { flow?: Flow }).flow ?? []);
  }

  async #lines(pod: string, path: string, query: Readonly<Record<string, string | number>>): Promise<unknown[]> {
    const found: unknown[] = [];
    for await (const line of agentOf(this.cluster, this.nodeOf(pod)).lines(path, query)) found.push(line);
    return found;
  }

  end(): void {
    for (const talker of this.#talkers.values()) talker.end();
  }
}

/** A program that answers lines of JSON with lines of JSON. */
class Talker {
  readonly ready: Promise<unknown>;
  readonly #child: ExecProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #plain: PromiseWithResolvers<never>[] = [];
  #told = 0;
  #said = '';

  constructor(child: ExecProcess) {
    this.#child = child;
    child.stderr.on('data', (data) => {
      this.#said += data;
    });
    createInterface(child.stdout).on('line', (text) => {
      const line = JSON.parse(text);
      if (line?.id === undefined) this.#plain.shift()?.resolve(line as never);
      else this.#waiting.get(line.id)?.resolve(line.got);
      this.#waiting.delete(line?.id);
    });
    this.ready = this.#next();
    void child.ended.then((status) => {
      const error = new Error(`a program of the scenario ended with ${status}: ${this.#said}`);
      for (const waiting of [...this.#waiting.values(), ...this.#plain]) waiting.reject(error);
    });
    this.ready.catch(() => {});
  }

  tell(words: object): Promise<unknown> {
    // The first line of those that are told by number is none.
    this.#plain.length = 0;
    const id = ++this.#told;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#child.stdin.write(`${JSON.stringify({ id, ...words })}\n`);
    return waiting.promise;
  }

  line(text: string): Promise<never> {
    this.#child.stdin.write(`${text}\n`);
    return this.#next();
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #next(): Promise<never> {
    const waiting = Promise.withResolvers<never>();
    waiting.promise.catch(() => {});
    this.#plain.push(waiting);
    return waiting.promise;
  }
}
