// The API of a cluster as a process: `axoneme sandbox-api-server FILE`, started by a sandbox. The scheduler lives in it.

import { readFileSync } from 'node:fs';
import { openEtcd } from '../../etcd/store.ts';
import { openApiServer } from '../api-server/server.ts';
import { KubeClient } from './client.ts';
import type { ApiSettings } from './cluster-files.ts';
import { Scheduler } from './scheduler.ts';

/** Resolves at SIGTERM. */
export async function runApiServer(file: string): Promise<void> {
  const settings: ApiSettings = JSON.parse(readFileSync(file, 'utf8'));
  const { host, port, certificate, key, ca, users, serviceCIDRs: serviceNetworks, loadBalancerCIDRs: loadBalancerNetworks } = settings;
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const store = await openEtcd(settings.etcd);
  const listen = { host, port, tls: { certificate, key } };
  const server = await patiently(stop.signal, () =>
    openApiServer({ store, listen, serviceNetworks, loadBalancerNetworks, authenticate: (token) => users[token] }),
  );
  const [token] = Object.keys(users);
  const kube = new KubeClient({ server: server.url, ca, token });
  await new Scheduler(kube).run(stop.signal);
  kube.close();
  await server.close();
  await store.close();
}

/** etcd is started at the same time, and may be away when the API starts anew. */
async function patiently<Result>(signal: AbortSignal, act: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (signal.aborted || !(error as { retryable?: boolean }).retryable) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
