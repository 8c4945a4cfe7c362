// CNI: calls the plugins of the first configuration in a folder, as a container runtime does. One plugin's answer is given to the next.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { run } from './run.ts';

export interface CniOptions {
  readonly configFolder: string;
  readonly binFolder: string;
}

export interface Attachment {
  readonly containerId: string;
  /** Path of the network namespace; of one that is gone, empty. */
  readonly netns: string;
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string };
}

interface Configuration {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly Record<string, unknown>[];
}

const timeoutMs = 120_000;

/** Whether there is a configuration that could be used. */
export function hasNetwork({ configFolder }: CniOptions): boolean {
  return files(configFolder).length > 0;
}

/** Addresses that the pod got, in the order of the answer. */
export async function addAttachment(options: CniOptions, attachment: Attachment): Promise<string[]> {
  const configuration = read(options.configFolder);
  let result: Record<string, unknown> | undefined;
  for (const plugin of configuration.plugins) {
    result = await call(options, 'ADD', attachment, { ...plugin, ...(result && { prevResult: result }) }, configuration);
  }
  const ips = (result?.ips ?? []) as { address?: string }[];
  return ips.map(({ address = '' }) => address.split('/')[0]);
}

/** May be repeated; what is not there is not an error. */
export async function removeAttachment(options: CniOptions, attachment: Attachment): Promise<void> {
  const configuration = read(options.configFolder);
  for (const plugin of configuration.plugins.toReversed()) await call(options, 'DEL', attachment, plugin, configuration);
}

async function call(
  { binFolder }: CniOptions,
  command: 'ADD' | 'DEL',
  { containerId, netns, pod }: Attachment,
  plugin: Record<string, unknown>,
  { name, cniVersion }: Configuration,
): Promise<Record<string, unknown> | undefined> {
  const file = join(binFolder, String(plugin.type));
  const words = { IgnoreUnknown: '1', K8S_POD_NAMESPACE: pod.namespace, K8S_POD_NAME: pod.name, K8S_POD_UID: pod.uid };
  const env = {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: binFolder,
    CNI_ARGS: Object.entries({ ...words, K8S_POD_INFRA_CONTAINER_ID: containerId })
      .map((pair) => pair.join('='))
      .join(';'),
  };
  const input = JSON.stringify({ ...plugin, name, cniVersion });
  const ended = await run(file, [], { env, input, timeoutMs });
  const answer = parse(ended.stdout);
  if (ended.code === 0) return answer;
  const what = typeof answer?.msg === 'string' ? [answer.msg, answer.details].filter(Boolean).join(': ') : ended.stderr.trim();
  throw new AgentError(
    'SANDBOX_FAILED',
    `cni plugin ${String(plugin.type)}: ${command} of ${pod.namespace}/${pod.name}: ${what || ended.code}`,
  );
}

function files(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /\.(conflist|conf|json)$/.test(file))
      .sort();
  } catch {
    return [];
  }
}

function read(folder: string): Configuration {
  const [file] = files(folder);
  if (file === undefined) throw new AgentError('SANDBOX_FAILED', `cni: ${folder}: no network configuration yet: is the agent running?`);
  const found = parse(readFileSync(join(folder, file), 'utf8'));
  if (found === undefined) throw new AgentError('SANDBOX_FAILED', `cni: ${join(folder, file)}: not json`);
  const { cniVersion = '0.3.1', name = '', plugins } = found;
  const listed = Array.isArray(plugins) ? plugins : [found];
  return { cniVersion: String(cniVersion), name: String(name), plugins: listed };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
