// axoneme sandbox status: what runs, and what of it is Ready.

import { attachSandbox } from '../../sandbox/open.ts';
import { isReady } from '../../sandbox/readiness.ts';
import { recordedNames, socketFile } from '../../sandbox/record.ts';
import { startBeside } from '../../sandbox/rootless.ts';
import type { SandboxPod } from '../../sandbox/sandbox.ts';
import { SupervisorClient } from '../../sandbox/supervisor/client.ts';
import type { PartState } from '../../sandbox/supervisor/part.ts';
import { type Paint, pad } from '../paint.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import { outputFlag } from '../policy/subcommand.ts';
import { chosenName, type SandboxCommand, sandboxFlag } from './subcommand.ts';

const flags = { name: sandboxFlag, output: { ...outputFlag, choices: ['text', 'json'] } } as const;

interface ClusterStatus {
  readonly cluster: string;
  readonly server: string;
  /** Why the API did not answer. */
  readonly problem?: string;
  readonly nodes: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly addresses: readonly string[];
    readonly podCIDRs: readonly string[];
  }[];
  readonly pods: readonly SandboxPod[];
}

export const status: SandboxCommand = {
  sentence: 'What of a sandbox runs: its parts, nodes and pods. Status 1 when something does not.',
  usage: 'sandbox status [FLAGS] [NAME]',
  flags,
  notes: '',
  async run(args, { write, paint }) {
    const { values, operands } = readFlags('sandbox status', flags, args);
    if (operands.length > 1) throw usageError('sandbox status', `more than one name: ${operands.join(' ')}`);
    const name = operands[0] ?? chosenName(values.name);
    const told = await startBeside(name);
    if (told !== undefined) return told;
    const sandbox = await attachSandbox(name);
    const { phase, failure, parts } = await new SupervisorClient(socketFile(sandbox.folder)).state();
    const clusters = await Promise.all(
      sandbox.clusters.map(async (cluster): Promise<ClusterStatus> => {
        const { name, kube, nodes } = cluster;
        const common = { cluster: name, server: kube.server };
        try {
          const objects = new Map((await kube.list('/api/v1/nodes')).map((node) => [node.metadata.name, node]));
          const found = nodes.map(({ name, addresses, podCIDRs }) => ({ name, ready: isReady(objects.get(name)), addresses, podCIDRs }));
          return { ...common, nodes: found, pods: await cluster.pods() };
        } catch (error) {
          return { ...common, problem: (error as Error).message, nodes: [], pods: [] };
        }
      }),
    );
    sandbox.close();
    const found = { name: sandbox.name, folder: sandbox.folder, phase, failure, parts, clusters };
    const others = recordedNames().filter((name) => name !== sandbox.name);
    write(values.output === 'json' ? `${JSON.stringify(found, undefined, 2)}\n` : tell(found, others, paint));
    const fine = parts.every(({ state }) => state === 'running') && clusters.every(isWell);
    return phase === 'running' && fine ? 0 : 1;
  },
};

function isWell({ problem, nodes, pods }: ClusterStatus): boolean {
  return problem === undefined && nodes.every(({ ready }) => ready) && pods.every(({ ready }) => ready);
}

interface Found {
  readonly name: string;
  readonly folder: string;
  readonly phase: string;
  readonly failure: string | undefined;
  readonly parts: readonly PartState[];
  readonly clusters: readonly ClusterStatus[];
}

function tell({ name, folder, phase, failure, parts, clusters }: Found, others: readonly string[], paint: Paint): string {
  const { good, bad, faint, strong } = paint;
  const mark = (well: boolean) => (well ? good('✓') : bad('×'));
  const width = Math.max(...parts.map((part) => part.name.length), 0) + 2;
  const partLines = parts.map(({ name, state, pid, restarts, ended }) => {
    const more = [pid && `pid ${pid}`, restarts > 0 && `${restarts} restarts`, ended && state !== 'running' && ended]
      .filter(Boolean)
      .join(', ');
    return `  ${mark(state === 'running')} ${name.padEnd(width)}${state}  ${faint(more)}\n`;
  });
  const clusterLines = clusters.map(({ cluster, server, problem, nodes, pods }) => {
    const nodeLines = nodes.map(
      (node) =>
        `  ${mark(node.ready)} node ${pad(node.name, 24)}${node.addresses.join(', ')}  ${faint(`pods in ${node.podCIDRs.join(', ')}`)}\n`,
    );
    const podLines = pods.map(
      (pod) =>
        `  ${mark(pod.ready)} pod  ${pad(`${pod.namespace}/${pod.name}`, 24)}${pod.phase} on ${pod.node || 'no node'}  ${faint(pod.addresses.join(', '))}\n`,
    );
    const trouble = problem === undefined ? '' : `  ${bad('×')} ${problem}\n`;
    return `\n${strong(cluster)} ${faint(server)}\n${trouble}${nodeLines.join('')}${podLines.join('')}`;
  });
  const also = others.length === 0 ? '' : `\n${faint(`other sandboxes: ${others.join(', ')}`)}\n`;
  const why = failure === undefined ? '' : `${failure}\n`;
  return `${strong(name)} is ${phase} ${faint(`in ${folder}`)}\n${why}${partLines.join('')}${clusterLines.join('')}${also}`;
}
