// Load between two pods of a node, beside a bare pair of veth between the same two namespaces: the same processes, the same MTU.

import { spawnSync } from 'node:child_process';
import { cpus } from '../cpus.ts';
import type { Comparison } from '../rounds.ts';
import type { Effort } from '../wasm-metrics.ts';
import { allowed, namespace, netnsOf, pod, type World } from './world.ts';

const bare = { device: 'bare0', client: '198.18.0.1', server: '198.18.0.2' };
const [client, server] = ['client', 'server'];
const sliceMs = 200;
const slices = 6;

interface Load {
  readonly metric: string;
  /** Of the traffic program. */
  readonly kind: 'stream' | 'rr' | 'crr' | 'udp';
  readonly offloads: 'on' | 'off';
  /** On two, the wake-up across hides everything else of a request. */
  readonly cpus: 'one' | 'two';
  /** Of what the program counts, in one of the metric's unit. */
  readonly unit: number;
}

const loads: readonly Load[] = [
  { metric: 'node.tcp_stream', kind: 'stream', offloads: 'on', cpus: 'two', unit: 1e9 / 8 },
  { metric: 'node.tcp_no_offload', kind: 'stream', offloads: 'off', cpus: 'two', unit: 1e9 / 8 },
  { metric: 'node.tcp_rr', kind: 'rr', offloads: 'on', cpus: 'one', unit: 1 },
  { metric: 'node.tcp_crr', kind: 'crr', offloads: 'on', cpus: 'one', unit: 1 },
  { metric: 'node.udp_pps', kind: 'udp', offloads: 'on', cpus: 'two', unit: 1 },
];

export const pathMetrics = loads.map(({ metric }) => metric);

export async function pathComparisons(world: World, wanted: (metric: string) => boolean, { scale }: Effort): Promise<Comparison[]> {
  const path = await openPath(world);
  return loads.filter(({ metric }) => wanted(metric)).map((load) => comparison(path, load, Math.max(1, Math.round(slices * scale))));
}

/** Both take turns within one run of the program; the baseline is asked for first. */
function comparison(path: Path, load: Load, count: number): Comparison {
  let ofPods = Number.NaN;
  return {
    metric: load.metric,
    isPaired: true,
    baseline: {
      name: 'bare veth',
      async measure() {
        const [pods, veth] = await path.run(load, count);
        ofPods = pods / load.unit;
        return veth / load.unit;
      },
    },
    measure: () => ofPods,
  };
}

interface Path {
  run(load: Load, slices: number): Promise<[pods: number, bare: number]>;
}

async function openPath({ cluster, traffic }: World): Promise<Path> {
  const [clientCpu, serverCpu] = cpus();
  await cluster.apply([
    ...allowed(client, server),
    pod(client, 'a', ['sleep', 'infinity']),
    pod(server, 'a', [traffic, 'serve', String(serverCpu)]),
  ]);
  await cluster.ready([`${namespace}/${client}`, `${namespace}/${server}`]);
  const found = (await cluster.pods()).find((one) => one.namespace === namespace && one.name === server);
  const address = found?.addresses.find((one) => one.includes('.'));
  if (address === undefined) throw new Error('bench: the server has no IPv4 address');
  const inPod = async (name: string, ...words: string[]): Promise<string> => {
    const { status, stdout, stderr } = await cluster.exec(`${namespace}/${name}`, words, { timeoutMs: 60_000 });
    if (status !== 0) throw new Error(`bench: ${words.join(' ')}: ${stderr.trim() || status}`);
    return stdout;
  };
  const mtu = (await inPod(client, 'cat', '/sys/class/net/eth0/mtu')).trim();
  addBareVeth(netnsOf(cluster.podEntry(`${namespace}/${client}`)), netnsOf(cluster.podEntry(`${namespace}/${server}`)), mtu);
  let offloads = 'on';
  return {
    async run(load, count) {
      if (load.offloads !== offloads) {
        offloads = load.offloads;
        for (const name of [client, server]) {
          for (const device of ['eth0', bare.device]) await inPod(name, traffic, 'offloads', device, offloads);
        }
      }
      const cpu = load.cpus === 'one' ? serverCpu : clientCpu;
      const said = await inPod(client, traffic, load.kind, `${cpu}`, `${sliceMs}`, `${count}`, address, bare.server);
      const [pods, veth] = said.trim().split(' ').map(Number);
      if (!pods || !veth) throw new Error(`bench: ${load.metric}: nothing came through: ${said}`);
      return [pods, veth];
    },
  };
}

function addBareVeth(from: string, to: string, mtu: string): void {
  const ip = (netns: string, ...words: string[]) => {
    const { status, stderr } = spawnSync('nsenter', [`--net=${netns}`, 'ip', ...words], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`bench: ip ${words.join(' ')}: ${stderr}`);
  };
  ip(from, 'link', 'add', bare.device, 'mtu', mtu, 'type', 'veth', 'peer', 'name', bare.device, 'mtu', mtu, 'netns', to);
  for (const [netns, address] of [
    [from, bare.client],
    [to, bare.server],
  ] as const) {
    ip(netns, 'address', 'add', `${address}/24`, 'dev', bare.device);
    ip(netns, 'link', 'set', bare.device, 'up');
  }
}
