// The fabric: a router with a bridge that every node, the world and the host are plugged into.

import { writeFileSync } from 'node:fs';
import { openLibc } from '../../datapath/kernel/libc.ts';
import { AgentError } from '../../errors.ts';
import { applyMasquerade } from '../../host/nft/masquerade.ts';
import { netfilterProtocol } from '../../host/nft/message.ts';
import { Session } from '../../host/session.ts';
import { run } from '../kubelet/run.ts';
import { isRelayed } from '../relay.ts';
import type { Plan } from '../topology/plan.ts';
import { everything, fabricBatch, hostBatch, hostDevice, nodeBatch, type Pids, relayBatch, worldBatch } from './links.ts';
import { type Namespace, openNamespace } from './namespace.ts';

export interface Fabric {
  readonly router: Namespace;
  readonly world: Namespace;
  /** By `cluster/node`. */
  readonly nodes: ReadonlyMap<string, Namespace>;
  /** Why the host is not plugged in; the rest works without. */
  readonly hostProblem: string | undefined;
  /** Whether nodes have a way to the world outside. */
  readonly isRelayed: boolean;
}

export interface FabricOptions {
  readonly plan: Plan;
  /** Lines of a shell that a node's mounts begin with. */
  readonly mounts: (node: string) => readonly string[];
}

const noAutomatics = ['all', 'default'].flatMap((device) => [
  `echo 0 > /proc/sys/net/ipv6/conf/${device}/accept_dad`,
  `echo 0 > /proc/sys/net/ipv6/conf/${device}/accept_ra`,
]);
const quiet = [...noAutomatics, 'echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter', 'echo 0 > /proc/sys/net/ipv4/conf/default/rp_filter'];
const forwards = ['echo 1 > /proc/sys/net/ipv4/ip_forward', 'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'];

/** Throws SANDBOX_FAILED. */
export async function openFabric({ plan, mounts }: FabricOptions): Promise<Fabric> {
  const planned = plan.clusters.flatMap(({ nodes }) => nodes);
  const pathOf = (node: { cluster: string; name: string }) => `${node.cluster}/${node.name}`;
  const [router, world, ...opened] = await Promise.all([
    openNamespace('fabric', [...quiet, ...forwards]),
    openNamespace('world', quiet),
    ...planned.map((node) => openNamespace(pathOf(node), [...noAutomatics, ...mounts(pathOf(node))])),
  ]);
  const nodes = new Map(opened.map((namespace) => [namespace.name, namespace]));
  const pids: Pids = { fabric: router.pid, world: world.pid, nodes: new Map(opened.map(({ name, pid }) => [name, pid])) };
  await batch(router, fabricBatch(plan, pids));
  const [hostProblem] = await Promise.all([
    plugInHost(plan, pids, router),
    batch(world, worldBatch(plan)),
    ...planned.map((node) => batch(nodes.get(pathOf(node))!, nodeBatch(plan, node.addresses))),
  ]);
  const relayed = hostProblem === undefined && isRelayed();
  if (relayed) await leadOut(plan, router);
  return { router, world, nodes, hostProblem, isRelayed: relayed };
}

const host: Namespace = { name: 'host', pid: 0, enter: [] };

async function plugInHost(plan: Plan, pids: Pids, router: Namespace): Promise<string | undefined> {
  try {
    await batch(host, hostBatch(plan, pids));
    await batch(router, ['link set host master underlay up']);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is not in the sandbox goes to the host, which passes it on in its own name: the relay finds nobody else. */
async function leadOut(plan: Plan, router: Namespace): Promise<void> {
  for (const family of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) writeFileSync(`/proc/sys/net/${family}`, '1');
  await batch(host, relayBatch());
  await masqueradeInto(plan);
  await batch(
    router,
    plan.underlay.host.map((address) => `route add ${everything(address)} via ${address}`),
  );
}

async function masqueradeInto({ fabric, underlay, clusters }: Plan): Promise<void> {
  using netfilter = new Session(await openLibc(), netfilterProtocol);
  const sources = [...underlay.prefixes, ...clusters.flatMap(({ podCIDRs }) => podCIDRs)];
  const problems = applyMasquerade(netfilter, { masquerade: { sources, except: [] }, router: [] }, [hostDevice(fabric)]);
  if (problems.length > 0) throw new AgentError('SANDBOX_FAILED', `fabric: the way out: ${problems.join('; ')}`);
}

async function batch({ name, enter }: Namespace, lines: readonly string[]): Promise<void> {
  const [program, ...words] = [...enter, 'ip', '-batch', '-'];
  const { code, stderr } = await run(program, words, { input: `${lines.join('\n')}\n`, timeoutMs: 20_000 });
  if (code === 0) return;
  const line = Number(/Command failed -:(\d+)/.exec(stderr)?.[1]);
  const what = Number.isNaN(line) ? '' : `"ip ${lines[line - 1]}": `;
  throw new AgentError('SANDBOX_FAILED', `fabric: ${name}: ${what}${stderr.trim().split('\n')[0]}`);
}
