// axoneme sandbox apply: manifests into a cluster.

import { AgentError } from '../../errors.ts';
import { readManifestFiles } from '../../manifests/files.ts';
import { readManifests } from '../../manifests/read.ts';
import { applyObjects, objectsOf } from '../../sandbox/control-plane/apply.ts';
import { attachSandbox } from '../../sandbox/open.ts';
import { startBeside } from '../../sandbox/rootless.ts';
import type { RunningCluster } from '../../sandbox/running-cluster.ts';
import type { RunningSandbox } from '../../sandbox/running-sandbox.ts';
import { readFlags, usageError } from '../policy/flags.ts';
import { chosenName, type SandboxCommand, sandboxFlag } from './subcommand.ts';

const flags = {
  name: sandboxFlag,
  cluster: { value: 'NAME', short: 'c', sentence: 'which cluster; the only one' },
  filename: { value: 'FILE', short: 'f', sentence: 'a file, folder or glob of manifests; - is standard input', repeats: true },
} as const;

export const apply: SandboxCommand = {
  sentence: 'Makes or changes Kubernetes objects, as kubectl apply does.',
  usage: 'sandbox apply [FLAGS] -f FILE…',
  flags,
  notes: 'Nothing is applied when something in the files can not be read.',
  async run(args, { write }) {
    const { values, operands } = readFlags('sandbox apply', flags, args);
    const files = [...values.filename, ...operands];
    if (files.length === 0) throw usageError('sandbox apply', 'no manifests are given: -f FILE');
    const name = chosenName(values.name);
    const applied = await startBeside(name);
    if (applied !== undefined) return applied;
    const objects = objectsOf((await Promise.all(files.map(read))).flat());
    const sandbox = await attachSandbox(name);
    const { kube } = chosenCluster(sandbox, values.cluster);
    for (const { kind, namespace, name, outcome } of await applyObjects(kube, objects)) {
      write(`${kind.toLowerCase()}/${namespace === undefined ? '' : `${namespace}/`}${name} ${outcome}\n`);
    }
    sandbox.close();
    return 0;
  },
};

async function read(file: string) {
  if (file !== '-') return readManifestFiles([file]);
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return readManifests(text, { file: 'standard input' });
}

/** Throws SANDBOX_UNKNOWN. */
export function chosenCluster(sandbox: RunningSandbox, name: string | undefined): RunningCluster {
  if (name !== undefined) return sandbox.cluster(name);
  if (sandbox.clusters.length === 1) return sandbox.clusters[0];
  throw new AgentError('SANDBOX_UNKNOWN', `sandbox ${sandbox.name}: which cluster? ${sandbox.clusters.map((one) => one.name).join(', ')}`);
}
