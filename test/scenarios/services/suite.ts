// The suite of services: all objects of all scenarios are there at once, every question is asked, and at the end what only time or a careless
// writer brings about.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Topology } from '../../../orchestrator/sandbox/topology/schema.ts';
import { startSandbox } from '../../support/sandbox.ts';
import { etcdctl, until } from '../outage-world.ts';
import { backends } from './cases/backends.ts';
import { disputes } from './cases/disputes.ts';
import { kinds } from './cases/kinds.ts';
import { rules } from './cases/rules.ts';
import { askLines, complaintsOfAgents, linesOf, settle } from './play.ts';
import { service } from './scenario.ts';
import { ServiceStage } from './stage.ts';
import { pods, ports } from './world.ts';

const all = [...kinds, ...rules, ...backends, ...disputes].map((scenario, at) => ({ scenario, port: ports.first + at * ports.each }));

export interface ServicesOptions {
  /** Every kind of service, and nothing of what else may be said of them. */
  readonly isBrief?: boolean;
}

export async function playServices(t: Test, topology: Topology, { isBrief = false }: ServicesOptions = {}): Promise<void> {
  const scenarios = isBrief ? all.filter(({ scenario }) => kinds.includes(scenario)) : all;
  const stage = new ServiceStage(await startSandbox(t, topology));
  t.teardown(() => stage.end());
  await stage.populate(pods);
  const at = (name: string, family: 4 | 6) => stage.addressOf(name, family);
  await stage.serve([...scenarios.flatMap(({ scenario, port }) => scenario.older?.(port) ?? []), ...special]);
  await stage.serve(scenarios.flatMap(({ scenario, port }) => scenario.objects(port, at)));
  const lines = scenarios.map(({ scenario, port }) => linesOf(stage, scenario, port));
  await settle(stage, lines.flat());
  const asked = askLines(stage, lines.flat());

  for (const [index, { scenario }] of scenarios.entries()) {
    t.test(scenario.name, async (t) => {
      const complaints = await Promise.all((lines[index] ?? []).map((line) => asked.get(line) ?? []));
      t.same([...complaints.flat(), ...(await complaintsOfAgents(stage, scenario))], []);
    });
  }
  if (isBrief) return;
  t.test('the command tells why nobody answers', (t) => commandTells(t, stage));
  t.test('a client keeps its backend for the time of its service, and not for ever', (t) => affinityEnds(t, stage));
  t.test('a service without ports refuses, and agents warn of it once', (t) => portless(t, stage));
  t.test('a service of SCTP has its frontends and backends', (t) => sctp(t, stage));
}

const briefly = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } } };
const last = ports.last - ports.each + 1;

const special = [
  service('brief', { type: 'NodePort', ...briefly, ports: [{ port: 80, targetPort: last, nodePort: 30_190 }] }),
  service('sctp', { ports: [{ port: 80, targetPort: last + 1, protocol: 'SCTP' }] }),
];

async function commandTells(t: Test, { cluster }: ServiceStage): Promise<void> {
  const { stdout, stderr } = await cluster.node('a').exec(['axoneme', 'service', 'get', 'shop/nobody']);
  t.match(stdout, /ClusterIP .*no pod is selected, or none has an address/, stderr);
}

async function affinityEnds(t: Test, stage: ServiceStage): Promise<void> {
  const clients = Array.from({ length: 12 }, (_, index) => `192.0.2.${index + 20}`);
  const question = { protocol: 'tcp', address: stage.addressOf('node-a', 4), port: 30_190, timeoutMs: 10_000 };
  const chosen = (times: number) =>
    Promise.all(clients.map(async (from) => [...new Set(namesOf(await stage.ask('world', { ...question, from, times })))].join()));
  let first: string[] = [];
  // On a slow machine the time may be over between two questions.
  await until('clients keep their backends', async () => {
    const begun = Date.now();
    first = await chosen(1);
    const again = await chosen(4);
    return Date.now() - begun < 2_000 && again.join() === first.join();
  });
  await sleep(2_500);
  t.notSame(await chosen(1), first, 'some of twelve go elsewhere');
}

const namesOf = (answers: readonly string[]): string[] => answers.map((answer) => answer.split(' ')[0] ?? '');

/** Kubernetes does not take such; something else may have written it. */
async function portless(t: Test, stage: ServiceStage): Promise<void> {
  const { cluster } = stage;
  const keys = (await etcdctl(cluster, 'get', '--prefix', '--keys-only', '/')).split('\n');
  const known = keys.find((key) => /services.*\/shop\/brief$/.test(key)) ?? '';
  const address = '10.21.255.200';
  const metadata = { name: 'portless', namespace: 'shop', uid: '0000-portless', creationTimestamp: '2026-01-01T00:00:00Z' };
  const spec = { type: 'ClusterIP', clusterIP: address, clusterIPs: [address] };
  await etcdctl(cluster, 'put', known.replace(/brief$/, 'portless'), JSON.stringify({ metadata, spec }));
  const warning = 'service shop/portless: it has no ports: its addresses answer nobody';
  const times = () => cluster.nodes.map((node) => node.log('agent').split(warning).length - 1);
  await until('agents warn of it', () => times().every((count) => count > 0));
  t.same(await stage.ask('client', { protocol: 'tcp', address, port: 80, timeoutMs: 10_000 }), ['refused']);
  t.same(times(), [1, 1]);
}

/** Node has no such sockets, and few kernels do: what becomes of their packets is told by the cases of the datapath. */
async function sctp(t: Test, stage: ServiceStage): Promise<void> {
  const rows = (await stage.frontendsOf('a', 'sctp')).filter(({ port }) => port === '80/sctp');
  t.same(
    rows.map(({ backends }) => backends?.length),
    [3, 3],
  );
  t.ok(rows.every(({ backends = [] }) => backends.every((backend) => backend.endsWith(`:${last + 1}/sctp`))));
}
