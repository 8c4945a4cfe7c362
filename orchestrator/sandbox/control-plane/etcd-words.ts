// The command line of a cluster's etcd: one member, and TLS for everybody.

import { etcdPeerPort } from '../topology/plan.ts';
import type { ClusterFiles } from './cluster-files.ts';

export function etcdWords({ ca, etcd }: ClusterFiles, address: string, dataFolder: string): string[] {
  const peer = `http://${address}:${etcdPeerPort}`;
  return [
    ...['etcd', '--name', 'only', '--data-dir', dataFolder, '--logger', 'zap', '--log-level', 'warn'],
    ...['--listen-client-urls', etcd.endpoint, '--advertise-client-urls', etcd.endpoint],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `only=${peer}`],
    // It is its own majority; but on a busy machine it may not hear even itself for a while.
    ...['--heartbeat-interval', '50', '--election-timeout', '500'],
    ...['--cert-file', etcd.certificate, '--key-file', etcd.key, '--client-cert-auth', '--trusted-ca-file', ca],
  ];
}
