// Sandboxes for tests: what they need of the host, a name that nobody else has, and their end with the test.
import { spawnSync } from 'node:child_process';
import { endSandbox } from '../../orchestrator/sandbox/end.ts';
import { openSandbox } from '../../orchestrator/sandbox/open.ts';
import type { RunningSandbox } from '../../orchestrator/sandbox/running-sandbox.ts';
import type { SandboxOptions } from '../../orchestrator/sandbox/sandbox.ts';
import type { Topology } from '../../orchestrator/sandbox/topology/schema.ts';
import { noEtcd, type TestEnd } from './etcd.ts';
import { kernelSkip } from './kernel.ts';

/** Why none can be had here, for `skip`; `false` when they can. */
export async function sandboxSkip(): Promise<string | false> {
  if (noEtcd) return noEtcd;
  const { status } = spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true']);
  return status === 0 ? kernelSkip() : 'namespaces can not be made: needs root';
}

let opened = 0;

/** Generous, because tests run beside others. */
const timeoutMs = 120_000;

export const testName = (word: string): string => `${word}-${process.pid}-${++opened}`;

/** It ends with the test, and with this process however that ends. */
export async function startSandbox(t: TestEnd, topology: Topology, options: SandboxOptions = {}): Promise<RunningSandbox> {
  const name = options.name ?? testName('test');
  t.teardown(() => endSandbox(name));
  return openSandbox(topology, { timeoutMs, tied: true, ...options, name });
}
