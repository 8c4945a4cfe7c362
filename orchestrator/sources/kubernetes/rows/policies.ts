// Policies: NetworkPolicy, CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy as what is in force of them.

import { acceptPolicy, type PolicyCondition } from '../../../model/policy/accept.ts';
import { type DnsSettings, readDnsSettings } from '../../../model/policy/dns-settings.ts';
import type { Policy } from '../../../model/policy/rule.ts';
import { readPolicy } from '../../../model/policy/translate/read-policy.ts';
import type { ReadOptions } from '../../../model/policy/translate/scope.ts';
import type { KubeObject } from '../object.ts';
import type { StatusCondition } from '../policy-status.ts';
import { type ObjectRow, reasonOf } from './rejection.ts';

export interface PolicyRow extends ObjectRow {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** In force: for a rejected object its last accepted version, or default deny for the pods that it speaks of. */
  readonly policy: Policy | undefined;
  /** The last version of this very object that was accepted. */
  readonly lastAccepted: Policy | undefined;
  /** `axoneme.io/audit: "true"`: what it would drop shall pass and be told. */
  readonly isAudited: boolean;
  /** `axoneme.io/dns-…`: how long addresses of its names stay granted. */
  readonly dns: DnsSettings;
  /** Annotations that mean nothing, with their values. */
  readonly dnsProblems: readonly string[];
  /** For the object's status. */
  readonly conditions: readonly PolicyCondition[];
  /** The conditions that the object's status has now, and the revision that it has them at. */
  readonly said: readonly StatusCondition[];
  readonly revision: string;
}

const auditAnnotation = 'axoneme.io/audit';

/** A row reader for one cluster. The API server has checked the objects already, so only the agent's own checks decide. */
export function policyRows({ clusterName, localCluster }: Pick<ReadOptions, 'clusterName' | 'localCluster'>) {
  return (key: string, object: KubeObject, before: PolicyRow | undefined): PolicyRow => {
    const { namespace, name, uid = '', generation } = object.metadata;
    const reading = readPolicy(object, { clusterName, localCluster, stored: true });
    // One that was deleted and made again is another policy, though it has the same name.
    const previous = before?.uid === uid ? before.lastAccepted : undefined;
    const { policy, conditions } = acceptPolicy(previous, reading, object);
    const annotations = (object.metadata.annotations ?? {}) as Record<string, unknown>;
    const dns = readDnsSettings(annotations);
    const errors = reading.problems.filter(({ severity }) => severity === 'error');
    return {
      key,
      rejected: reading.policy === undefined ? reasonOf(errors) : undefined,
      kind: object.kind,
      namespace,
      name,
      uid,
      generation: typeof generation === 'number' ? generation : 0,
      policy,
      lastAccepted: reading.policy ?? previous,
      isAudited: annotations[auditAnnotation] === 'true',
      dns: dns.settings,
      dnsProblems: dns.problems,
      conditions,
      said: conditionsOf(object),
      revision: object.metadata.resourceVersion,
    };
  };
}

/** The conditions of an object's status. */
export function conditionsOf(object: unknown): StatusCondition[] {
  const listed = (object as { status?: { conditions?: unknown } | null } | null | undefined)?.status?.conditions;
  return Array.isArray(listed) ? listed.filter((entry) => typeof entry?.type === 'string' && typeof entry.status === 'string') : [];
}
