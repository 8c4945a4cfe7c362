// The policy commands as a user calls them, and folders with files for them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { root } from '../../support/sources.ts';
import { type Ended, runAsUser } from '../../support/user-process.ts';

export const main = join(root, 'orchestrator/main.ts');

/** Below the checkout unless `cwd` is given; standard input is closed. */
export function policy(args: readonly string[], cwd = root): Ended {
  return runAsUser('sh', ['-c', 'exec "$@" < /dev/null', 'sh', process.execPath, main, 'policy', ...args], cwd);
}

/** Ended by a signal when it takes more of a processor than that; how busy the machine is does not matter. */
export function policyWithin(seconds: number, args: readonly string[], cwd: string): Ended {
  const line = `ulimit -t ${seconds}; exec "$@" < /dev/null`;
  return runAsUser('sh', ['-c', line, 'sh', process.execPath, main, 'policy', ...args], cwd);
}

/** With a text on standard input. */
export function policyReading(t: Test, input: string, args: readonly string[], cwd = root): Ended {
  const folder = t.testdir({ input });
  const words = ['-c', 'input=$1; shift; exec "$@" < "$input"', 'sh', join(folder, 'input')];
  return runAsUser('sh', [...words, process.execPath, main, 'policy', ...args], cwd);
}

/** Files by their paths, in a folder of the test's own. */
export function folderOf(t: Test, files: Readonly<Record<string, string | Buffer>>): string {
  const folder = t.testdir();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

export const shop = {
  cluster: `apiVersion: v1
kind: Pod
metadata: { name: db, namespace: shop, labels: { app: db } }
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: checkout, namespace: shop }
spec: { template: { metadata: { labels: { app: checkout } } } }
`,
  policy: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: db, namespace: shop }
spec:
  endpointSelector: { matchLabels: { app: db } }
  ingress:
    - fromEndpoints:
        - matchLabels: { app: checkout }
      toPorts:
        - ports: [{ port: "5432", protocol: TCP }]
`,
} as const;
