// Connections of the story: one program in a pod asks another, and the agents say what they decided about it.

import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, openClient } from '../../api/client.ts';
import type { Flow, FlowLine } from '../../flows/flow.ts';
import type { SandboxCluster } from '../../sandbox/sandbox.ts';

export interface Question {
  /** `namespace/pod`. */
  readonly from: string;
  readonly url: string;
  /** What is wanted. */
  readonly allowed: boolean;
}

export interface Answer extends Question {
  readonly passed: boolean;
  /** What the agents told of it, in their words. */
  readonly decidedBy: string;
}

/** What passes may take its time on a busy machine; what does not is not waited for as long. */
const timeoutSeconds = { allowed: 5, denied: 2 } as const;
/** An event is told some time after its packet, by an agent that has other things to do too. */
const tellingMs = 3_000;
/** Where ports of programs begin that ask: each its own, which the events name. */
const firstPort = 20_000;

export class Story {
  readonly #cluster: SandboxCluster;
  readonly #agents: readonly ApiClient[];
  #port = firstPort + Math.floor(Math.random() * 10_000);

  constructor(cluster: SandboxCluster) {
    this.#cluster = cluster;
    this.#agents = cluster.nodes.map(({ socket }) => openClient({ socket }));
  }

  async ask(question: Question): Promise<Answer> {
    const port = this.#port++;
    const nodes = await this.#nodesOf(question);
    const events = new Told(this.#agents, question.from, port);
    try {
      const passed = await this.passes(question, ['--local-port', `${port}`]);
      const isWhole = passed
        ? (flows: readonly Flow[]) => nodes.every((node) => flows.some((flow) => flow.node_name === node && flow.verdict !== 'DROPPED'))
        : (flows: readonly Flow[]) => flows.some((flow) => flow.verdict === 'DROPPED');
      return { ...question, passed, decidedBy: decision(await events.until(isWhole), passed) };
    } finally {
      events.close();
    }
  }

  async passes({ from, url, allowed }: Question, flags: readonly string[] = []): Promise<boolean> {
    const seconds = timeoutSeconds[allowed ? 'allowed' : 'denied'];
    const { status } = await this.#cluster.exec(from, ['curl', '-sS', '-m', `${seconds}`, ...flags, '-o', '/dev/null', url]);
    return status === 0;
  }

  /** Those that have a say in it. The shop's services are named as their pods are. */
  async #nodesOf({ from, url }: Question): Promise<string[]> {
    const [service, namespace] = new URL(url).hostname.split('.');
    const ends = [from, `${namespace}/${service}`];
    const pods = (await this.#cluster.pods()).filter((pod) => ends.includes(`${pod.namespace}/${pod.name}`));
    return [...new Set(pods.map(({ node }) => node))];
  }
}

/** What the agents tell of one connection, from now on. */
class Told {
  readonly #flows: Flow[] = [];
  readonly #closing = new AbortController();
  #came = Promise.withResolvers<void>();

  constructor(agents: readonly ApiClient[], from: string, port: number) {
    // One that comes before an agent has begun to tell is among those that it keeps, by a clock that counts in larger steps.
    const since = Date.now() - 1_000;
    for (const agent of agents) {
      const lines = agent.lines('/v1/flows', { follow: true, since, from, protocol: 'tcp' }, this.#closing.signal);
      // An agent that tells nothing is missed in what it would have told.
      void this.#collect(lines, port).catch(() => {});
    }
  }

  async until(isWhole: (flows: readonly Flow[]) => boolean): Promise<readonly Flow[]> {
    const late = sleep(tellingMs, 'late', { signal: this.#closing.signal }).catch(() => 'late');
    while (!isWhole(this.#flows) && (await Promise.race([this.#came.promise, late])) !== 'late');
    return this.#flows;
  }

  close(): void {
    this.#closing.abort();
  }

  async #collect(lines: AsyncIterable<unknown>, port: number): Promise<void> {
    for await (const line of lines) {
      const { flow } = line as Extract<FlowLine, { flow: Flow }>;
      if (flow?.l4 === undefined || !('TCP' in flow.l4) || flow.l4.TCP.source_port !== port) continue;
      this.#flows.push(flow);
      this.#came.resolve();
      this.#came = Promise.withResolvers();
    }
  }
}

const unenforced = 'no policy is enforced on it';

/** The words of whoever decided: of a denied one whoever dropped it, of an allowed one each rule that it needed, egress first. */
function decision(flows: readonly Flow[], passed: boolean): string {
  const deciding = flows
    .filter(({ verdict }) => (verdict === 'DROPPED') !== passed)
    .sort((one, other) => (one.traffic_direction < other.traffic_direction ? -1 : 1));
  const words = new Set(deciding.map(({ Summary }) => Summary.slice(Summary.indexOf(': ') + 2).replace(/^(allowed|policy denied): /, '')));
  if (words.size > 1) words.delete(unenforced);
  return words.size === 0 ? 'no agent told of it' : [...words].join(' and ');
}
