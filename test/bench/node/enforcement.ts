// A policy that changes: from the request to the API until the first packet that is decided by it, seen by a probe that sends a datagram
// every 100 µs. Often that packet goes out before the API has answered, so the request is where both begin. Open and closed take turns.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Comparison, quantile } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { goFirst } from './priority.ts';
import { namespace, netnsOf, pod, type World } from './world.ts';

export const enforcementMetrics = ['node.policy_to_enforcement'];
const [client, server] = ['sender', 'receiver'];
const probePort = '7006';
const perRound = 60;
const others = 100;
/** So that the next change does not come while the last one settles, and not in step with anything. */
const restMs = { least: 20, more: 60 };

export async function enforcementComparisons(world: World, _: unknown, { scale }: Effort): Promise<Comparison[]> {
  const gate = await openGate(world);
  const count = 2 * Math.max(2, Math.round((perRound * scale) / 2));
  let untilForce = Number.NaN;
  return [
    {
      metric: 'node.policy_to_enforcement',
      baseline: {
        name: 'the answer of the API',
        async measure() {
          const samples: Change[] = [];
          for (let change = 0; change < count; change += 1) samples.push(await gate.change());
          const slowest = (name: keyof Change) =>
            quantile(
              samples.map((sample) => sample[name]),
              0.99,
            );
          untilForce = slowest('force');
          return slowest('answer');
        },
      },
      measure: () => untilForce,
    },
  ];
}

/** Milliseconds after the request. */
interface Change {
  readonly answer: number;
  readonly force: number;
}

interface Gate {
  change(): Promise<Change>;
}

async function openGate({ name: sandbox, cluster, traffic, closing }: World): Promise<Gate> {
  await cluster.apply([
    ...Array.from({ length: others }, (_, at) => policy(`other-${at}`, { app: `other-${at % 10}` }, ['7001'])),
    policy('gate', { app: server }, ['7001']),
    ...[client, server].map((name) => pod(name, 'a', ['sleep', 'infinity'])),
  ]);
  await cluster.ready([client, server].map((name) => `${namespace}/${name}`));
  const found = (await cluster.pods()).find((one) => one.namespace === namespace && one.name === server);
  const address = found?.addresses.find((one) => one.includes('.'));
  if (address === undefined) throw new Error('bench: the server has no IPv4 address');
  const places = [client, server].map((name) => netnsOf(cluster.podEntry(`${namespace}/${name}`)));
  const probe = openProbe(traffic, [...places, address]);
  closing.push(() => probe.end());
  const path = await cluster.kube.pathOf(policy('gate', {}, []));
  let isOpen = false;
  goFirst(sandbox);
  await probe.next('closed');
  return {
    async change() {
      await sleep(restMs.least + Math.random() * restMs.more);
      isOpen = !isOpen;
      const { spec } = policy('gate', { app: server }, isOpen ? ['7001', probePort] : ['7001']);
      const begun = process.hrtime.bigint();
      const since = (time: bigint) => Number(time - begun) / 1e6;
      await cluster.kube.patch(path, { spec });
      const answer = since(process.hrtime.bigint());
      return { answer, force: since(await probe.next(isOpen ? 'open' : 'closed')) };
    },
  };
}

/** Only what is told of lets datagrams in. */
function policy(name: string, labels: Readonly<Record<string, string>>, ports: readonly string[]) {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { app: client } } }],
          ports: ports.map((port) => ({ port: Number(port), protocol: 'UDP' })),
        },
      ],
    },
  };
}

interface Probe {
  /** When the first packet that was decided so was sent, by the monotonic clock. */
  next(state: 'open' | 'closed'): Promise<bigint>;
  end(): void;
}

function openProbe(traffic: string, words: readonly string[]): Probe {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(traffic, ['probe', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const reading: Interface = createInterface(child.stdout);
  const lines = reading[Symbol.asyncIterator]();
  return {
    async next(state) {
      const { value = '', done } = await lines.next();
      const [word, time = '0'] = value.split(' ');
      if (done || word !== state) throw new Error(`bench: the probe is ${word || complaint.trim() || 'gone'}, not ${state}`);
      return BigInt(time);
    },
    end: () => void child.kill(),
  };
}
