// axoneme sandbox up: a topology, brought up.

import { dirname } from 'node:path';
import { endSandbox } from '../../sandbox/end.ts';
import { openSandbox } from '../../sandbox/open.ts';
import { requirePrograms } from '../../sandbox/prerequisites.ts';
import { isOrdinaryUser, kubectl, rootlessSentence, startInOwnNamespaces } from '../../sandbox/rootless.ts';
import type { RunningSandbox } from '../../sandbox/running-sandbox.ts';
import type { Progress } from '../../sandbox/sandbox.ts';
import { readTopologyFile } from '../../sandbox/topology/read.ts';
import type { Topology } from '../../sandbox/topology/schema.ts';
import { invocation } from '../invocation.ts';
import { type Paint, pad } from '../paint.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import type { SandboxCommand } from './subcommand.ts';

const flags = {
  name: {
    value: 'NAME',
    short: 's',
    sentence: 'what the sandbox is called; default: AXONEME_SANDBOX, what the topology says, or "default"',
  },
  timeout: { value: 'SECONDS', sentence: 'how long until everything is Ready (180)' },
  datapath: {
    value: 'MODE',
    sentence: 'kernel, wasm or mixed: of nodes of which the topology says nothing; default: what this host allows',
  },
  'no-wait': { sentence: 'ends when the nodes are Ready; pods may take longer' },
  keep: { sentence: 'leaves what there is after a failure, to be looked at' },
} as const;

const smallest: Topology = { clusters: [{ name: 'east', id: 1, nodes: [{ name: 'a' }, { name: 'b' }] }] };

export const up: SandboxCommand = {
  sentence: 'Brings up the clusters of a topology, and ends when nodes and pods are Ready.',
  usage: 'sandbox up [FLAGS] [TOPOLOGY]',
  flags,
  notes: `
TOPOLOGY is a file:

  clusters:
    - name: east
      podCIDRs: [10.11.0.0/16, fd00:11::/48]
      serviceCIDRs: [10.21.0.0/16, fd00:21::/112]
      nodes: [{name: a, datapath: kernel}, {name: b}]
      manifests: [east/]

Manifests are Kubernetes objects; their paths are relative to the file. A pod's image is ignored: its command is a program of this
machine. Without a file there is one cluster with two nodes.`,
  async run(args, { write, paint }) {
    const { values, operands } = readFlags('sandbox up', flags, args);
    if (operands.length > 1) throw usageError('sandbox up', `more than one topology: ${operands.join(' ')}`);
    const seconds = Number(values.timeout ?? 180);
    if (!(seconds > 0)) throw usageError('sandbox up', `--timeout is a number of seconds: "${values.timeout}"`);
    const [file] = operands;
    const topology = withDatapath(file === undefined ? smallest : await readTopologyFile(file), values.datapath);
    if (isOrdinaryUser()) {
      requirePrograms();
      write(`${paint.faint(rootlessSentence())}\n`);
      return startInOwnNamespaces();
    }
    const begun = Date.now();
    const name = values.name ?? process.env.AXONEME_SANDBOX ?? topology.name ?? 'default';
    // Whoever interrupts does not want half a sandbox.
    const interrupted = () => void endSandbox(name).finally(() => process.exit(130));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
    const sandbox = await openSandbox(topology, {
      name,
      folder: file === undefined ? '.' : dirname(file),
      timeoutMs: seconds * 1000,
      waitForPods: !values['no-wait'],
      keep: values.keep,
      progress: (progress) => write(line(progress, paint)),
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
    write(whatNow(sandbox, (Date.now() - begun) / 1000, paint));
    sandbox.close();
    return 0;
  },
};

function withDatapath(topology: Topology, mode: string | undefined): Topology {
  if (mode === undefined) return topology;
  if (mode !== 'kernel' && mode !== 'wasm' && mode !== 'mixed' && mode !== 'auto') {
    throw usageError('sandbox up', `--datapath is kernel, wasm, mixed or auto: "${mode}"`);
  }
  return { ...topology, clusters: topology.clusters.map((cluster) => ({ datapath: mode, ...cluster })) };
}

function line({ ms, part, message }: Progress, paint: Paint): string {
  return `${paint.faint(`${(ms / 1000).toFixed(1)} s`.padStart(7))}  ${pad(paint.strong(part), 20)} ${message}\n`;
}

function whatNow(sandbox: RunningSandbox, seconds: number, { good, strong }: Paint): string {
  const named = sandbox.name === 'default' ? '' : ` -s ${sandbox.name}`;
  const [cluster] = sandbox.clusters;
  const node = `${cluster.name}/${cluster.nodes[0].name}`;
  const rows = [
    [`${invocation} sandbox status${named}`, 'what runs'],
    [`${invocation} sandbox apply${named} -c ${cluster.name} -f FILE`, 'pods, services, policies'],
    [`${invocation} sandbox exec${named} ${cluster.name}/NAMESPACE/POD -- COMMAND`, 'a program in a pod'],
    [`${invocation} sandbox exec${named} ${node} -- axoneme status`, 'or in a node'],
    [`${invocation} sandbox kubeconfig${named} ${cluster.name} > FILE`, `for ${kubectl('FILE')}`],
    [`${invocation} sandbox down${named === '' ? '' : ` ${sandbox.name}`}`, 'away with all of it'],
  ];
  const width = Math.max(...rows.map(([command]) => command.length)) + 2;
  const lines = rows.map(([command, sentence]) => `  ${command.padEnd(width)}${sentence}\n`);
  return `\n${good('✓')} sandbox ${strong(sandbox.name)} is up after ${seconds.toFixed(1)} s\n\n${lines.join('')}`;
}
