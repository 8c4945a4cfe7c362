// The kubelet as a process: `axoneme sandbox-kubelet FLAGS`, started by a sandbox in its node's namespaces.

import { networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';
import { AgentError } from '../../errors.ts';
import { log } from '../../log.ts';
import { openCredentials } from '../../sources/kubernetes/credentials.ts';
import { realClock } from '../../state/clock.ts';
import { runKubelet } from './kubelet.ts';

const needed = ['node', 'kubeconfig', 'cni-conf-dir', 'cni-bin-dir', 'state-dir', 'cgroup'] as const;
const offered = ['cluster-dns', 'cluster-domain', 'node-address'] as const;

/** Resolves at SIGTERM, when all pods have ended. */
export async function kubeletCommand(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const nodeAddresses = flags['node-address']?.split(',') ?? ownAddresses();
  await runKubelet(
    {
      node: flags.node!,
      nodeAddresses,
      credentials: await openCredentials({ kubeconfig: flags.kubeconfig! }),
      cni: { configFolder: flags['cni-conf-dir']!, binFolder: flags['cni-bin-dir']! },
      dns: { server: flags['cluster-dns'], domain: flags['cluster-domain'] ?? 'cluster.local' },
      stateFolder: flags['state-dir']!,
      cgroup: flags.cgroup!,
      clock: realClock,
      log: log.room('kubelet'),
    },
    stop.signal,
  );
  return 0;
}

function readFlags(args: readonly string[]): Partial<Record<(typeof needed)[number] | (typeof offered)[number], string>> {
  const options = Object.fromEntries([...needed, ...offered].map((name) => [name, { type: 'string' }] as const));
  let values: Partial<Record<string, string | boolean>>;
  try {
    ({ values } = parseArgs({ args: [...args], options, strict: true }));
  } catch (error) {
    throw new AgentError('USAGE_INVALID', `sandbox-kubelet: ${(error as Error).message}`);
  }
  const missing = needed.filter((name) => values[name] === undefined);
  if (missing.length > 0) throw new AgentError('USAGE_INVALID', `sandbox-kubelet: needs ${missing.map((name) => `--${name}`).join(', ')}`);
  return values as Partial<Record<(typeof needed)[number], string>>;
}

function ownAddresses(): string[] {
  const found = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return [...found.filter(({ family }) => family === 'IPv4'), ...found.filter(({ family }) => family === 'IPv6')].map(
    ({ address }) => address,
  );
}
