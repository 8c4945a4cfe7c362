// Files of a cluster: certificates, tokens, kubeconfigs and what its API server is told, written once at start.

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiPort, type ClusterPlan, etcdPort } from '../topology/plan.ts';
import { Authority } from './authority.ts';
import { kubeconfig } from './kubeconfig.ts';

export interface ClusterFiles {
  readonly folder: string;
  readonly ca: string;
  /** For clients and servers of etcd. */
  readonly etcd: { readonly certificate: string; readonly key: string; readonly endpoint: string };
  /** JSON, `ApiSettings`. */
  readonly api: string;
  readonly kubeconfig: string;
  /** With the `kubeconfig` of the cluster's DNS. */
  readonly dnsFolder: string;
  /** By the node's name. */
  readonly nodeKubeconfigs: Readonly<Record<string, string>>;
}

export interface ApiSettings {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  readonly etcd: {
    readonly endpoints: readonly string[];
    readonly tls: { readonly ca: string; readonly certificate: string; readonly key: string };
  };
  readonly serviceCIDRs: readonly string[];
  readonly loadBalancerCIDRs: readonly string[];
  /** Who a token belongs to. */
  readonly users: Readonly<Record<string, string>>;
}

/** Where they are is known before they are written, and to those who come later. */
export function clusterFiles(folder: string, { address, nodes }: Pick<ClusterPlan, 'address' | 'nodes'>): ClusterFiles {
  const file = (name: string) => join(folder, name);
  return {
    folder,
    ca: file('ca.crt'),
    etcd: { certificate: file('etcd.crt'), key: file('etcd.key'), endpoint: `https://${address}:${etcdPort}` },
    api: file('api.json'),
    kubeconfig: file('kubeconfig'),
    dnsFolder: file('dns'),
    nodeKubeconfigs: Object.fromEntries(nodes.map(({ name }) => [name, file(`${name}.kubeconfig`)])),
  };
}

export function writeClusterFiles(folder: string, plan: ClusterPlan): ClusterFiles {
  const files = clusterFiles(folder, plan);
  mkdirSync(files.dnsFolder, { recursive: true, mode: 0o700 });
  const write = (path: string, content: string) => writeFileSync(path, content, { mode: 0o600 });
  const authority = new Authority(plan.name);
  const etcd = authority.issue('etcd', [plan.address, 'localhost', '127.0.0.1']);
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost'];
  const api = authority.issue('kube-apiserver', [plan.address, plan.apiService, '127.0.0.1', ...names]);
  write(files.ca, authority.certificate);
  write(files.etcd.certificate, etcd.certificate);
  write(files.etcd.key, etcd.key);
  const server = `https://${plan.address}:${apiPort}`;
  const users: Record<string, string> = {};
  const configure = (path: string, user: string) => {
    const token = randomBytes(24).toString('base64url');
    users[token] = user;
    write(path, kubeconfig({ cluster: plan.name, server, ca: authority.certificate, user, token }));
  };
  configure(files.kubeconfig, 'kubernetes-admin');
  configure(join(files.dnsFolder, 'kubeconfig'), 'system:serviceaccount:kube-system:kube-dns');
  for (const [name, path] of Object.entries(files.nodeKubeconfigs)) configure(path, `system:node:${name}`);
  const settings: ApiSettings = {
    ...{ host: plan.address, port: apiPort, ...api, ca: authority.certificate, serviceCIDRs: plan.serviceCIDRs, users },
    loadBalancerCIDRs: plan.loadBalancerCIDRs,
    etcd: { endpoints: [files.etcd.endpoint], tls: { ca: files.ca, certificate: files.etcd.certificate, key: files.etcd.key } },
  };
  write(files.api, `${JSON.stringify(settings, undefined, 1)}\n`);
  return files;
}
