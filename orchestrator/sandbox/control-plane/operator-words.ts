// The command line of a cluster's operator; the program stands before it.

import type { ClusterFiles } from './cluster-files.ts';

export function operatorWords({ ca, etcd, kubeconfig }: ClusterFiles, clusterName: string): string[] {
  return [
    ...['operator', '--kubeconfig', kubeconfig, '--cluster-name', clusterName],
    ...['--etcd', etcd.endpoint, '--etcd-ca', ca, '--etcd-cert', etcd.certificate, '--etcd-key', etcd.key],
  ];
}
