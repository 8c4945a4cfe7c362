// Scope: what every part of a policy needs to know of the whole while it is read.

import type { PolicyRef } from '../rule.ts';
import type { Findings } from './findings.ts';

export interface ReadOptions {
  readonly clusterName: string;
  /** Whether selectors that name no cluster mean this one only: policy-default-local-cluster, on since 1.19. */
  readonly localCluster: boolean;
  /**
   * The object comes out of a cluster (or means to be what a cluster holds): its API server has checked it, so the schema only warns
   * here, and the agent's own checks decide alone. Cases of verdicts are of this kind: some hold what today's schema refuses.
   */
  readonly stored?: boolean;
  /** Also warn of accepted policies that probably do not do what their authors think. Default: unless it is stored. */
  readonly lint?: boolean;
}

export interface Scope extends ReadOptions {
  readonly ref: PolicyRef;
  readonly findings: Findings;
}

/** Keys of the labels that the agent gives to pods. */
export const podNamespace = 'io.kubernetes.pod.namespace';
export const podCluster = 'io.cilium.k8s.policy.cluster';
export const namespaceLabels = 'io.cilium.k8s.namespace.labels.';
