// Connections of the story: one program in a pod asks another, and the agents say what they decided about it.

import { type ApiClient, openClient } from '../../api/client.ts';
import type { Flow, FlowRule } from '../../flows/flow.ts';
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
  /** Empty where no policy speaks. */
  readonly decidedBy: string;
}

const timeoutSeconds = 1;

export class Story {
  readonly #cluster: SandboxCluster;
  readonly #agents: readonly ApiClient[];

  constructor(cluster: SandboxCluster) {
    this.#cluster = cluster;
    this.#agents = cluster.nodes.map(({ socket }) => openClient({ socket }));
  }

  async ask(question: Question): Promise<Answer> {
    const passed = await this.passes(question);
    return { ...question, passed, decidedBy: await this.#decision(question, passed) };
  }

  async passes({ from, url }: Pick<Question, 'from' | 'url'>): Promise<boolean> {
    const { status } = await this.#cluster.exec(from, ['curl', '-sS', '-m', `${timeoutSeconds}`, '-o', '/dev/null', url]);
    return status === 0;
  }

  /** Of the events of the last seconds the one about this connection that says most. */
  async #decision({ from, url }: Question, passed: boolean): Promise<string> {
    const { hostname, port } = new URL(url);
    const [namespace, pod] = from.split('/');
    const [target] = hostname.split('.');
    const ports = [Number(port || 80), 8080, 5432];
    const found: Flow[] = [];
    for (const agent of this.#agents) {
      for await (const line of agent.lines('/v1/flows', { last: 200 })) {
        const { flow } = line as { flow?: Flow };
        const l4 = flow?.l4;
        const isAbout =
          flow?.source.namespace === namespace &&
          flow.source.pod_name === pod &&
          (flow.destination.pod_name === target || flow.IP.destination === hostname) &&
          l4 !== undefined &&
          'TCP' in l4 &&
          ports.includes(l4.TCP.destination_port) &&
          (flow.verdict === 'DROPPED') !== passed;
        if (isAbout) found.push(flow);
      }
    }
    const rules = found.flatMap((flow) => rulesOf(flow));
    const named = [...new Set(rules)].filter((rule) => rule !== 'default allow');
    if (named.length > 0) return named.join(', ');
    return passed ? 'no policy speaks of it' : 'no rule allows it';
  }
}

function rulesOf(flow: Flow): string[] {
  const sides: (readonly FlowRule[] | undefined)[] = [
    flow.egress_denied_by,
    flow.ingress_denied_by,
    flow.egress_allowed_by,
    flow.ingress_allowed_by,
  ];
  return sides.flatMap((side) => side ?? []).map(({ rule }) => rule);
}
