// Kubeconfigs: how clients reach a cluster's API, and as whom. JSON is YAML, so they are written and read as JSON.

import { readFileSync } from 'node:fs';
import { AgentError } from '../../errors.ts';
import { KubeClient } from './client.ts';

export interface Access {
  readonly cluster: string;
  readonly server: string;
  /** PEM text. */
  readonly ca: string;
  readonly user: string;
  readonly token: string;
}

export function kubeconfig({ cluster, server, ca, user, token }: Access): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: cluster, context: { cluster, user } }],
    'current-context': cluster,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** A client as a kubeconfig of ours says. Throws SANDBOX_FAILED when the file is none. */
export function openKubeClient(file: string): KubeClient {
  try {
    const { clusters, users } = JSON.parse(readFileSync(file, 'utf8'));
    const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
    return new KubeClient({ server, ca: Buffer.from(ca, 'base64').toString(), token: users[0].user.token });
  } catch (error) {
    throw new AgentError('SANDBOX_FAILED', `kubeconfig: ${file}: ${(error as Error).message}`, { cause: error });
  }
}
