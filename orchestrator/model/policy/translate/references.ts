// References: peers that stand for other objects: services and CIDR groups. What they stand for is found out when they are bound.

import { makeSelector } from '../../selector.ts';
import type { Peer, ServiceReference } from '../rule.ts';
import type { Field } from './field.ts';
import { isMeant, readExcept, readPrefix } from './prefixes.ts';
import type { Scope } from './scope.ts';
import { readRequirements } from './selectors.ts';

/** One element of toServices: a service by name, or by its labels. */
export function readService(field: Field, { findings }: Scope): Peer[] {
  findings.object(field);
  const byName = findings.object(field.get('k8sService'));
  const bySelector = findings.object(field.get('k8sServiceSelector'));
  const peers: Peer[] = [];
  const name = findings.text(byName.get('serviceName')) ?? '';
  if (name !== '') peers.push({ kind: 'service', service: { ...inNamespace(byName), name } });
  if (bySelector.present) {
    const requirements = readRequirements(bySelector.get('selector'), findings, 'any');
    if (requirements !== undefined)
      peers.push({ kind: 'service', service: { ...inNamespace(bySelector), selector: makeSelector(requirements) } });
  }
  return peers;

  function inNamespace(from: Field): Pick<ServiceReference, 'namespace'> {
    return { namespace: findings.text(from.get('namespace')) || undefined };
  }
}

/** One element of from/toCIDRSet: a prefix, or a group of them, without exceptions. */
export function readPrefixSet(field: Field, { findings }: Scope): Peer[] {
  findings.object(field);
  const cidr = field.get('cidr');
  const name = findings.text(field.get('cidrGroupRef')) ?? '';
  const selector = field.get('cidrGroupSelector');
  const except = findings.list(field.get('except'));
  const given = [name !== '', (findings.text(cidr) ?? '') !== '', selector.present].filter(Boolean).length;
  if (given !== 1) {
    if (given > 1 || !cidr.present || cidr.value === '')
      findings.error(field, 'cidrset-one-of', 'exactly one of cidr, cidrGroupRef and cidrGroupSelector must stand here');
    return [];
  }
  if (name !== '') return [{ kind: 'group', group: { name }, except: readExcept(except, findings, undefined, 'either') }];
  if (selector.present) {
    const requirements = readRequirements(selector, findings, 'cidrgroup');
    if (requirements === undefined) return [];
    // Groups carry their labels as they are written.
    const plain = makeSelector(requirements.map((requirement) => ({ ...requirement, source: 'any' })));
    return [{ kind: 'group', group: { selector: plain }, except: readExcept(except, findings, undefined, 'either') }];
  }
  const prefix = readPrefix(cidr, findings, 'prefix');
  const excepted = readExcept(except, findings, prefix, 'prefix');
  return prefix === undefined ? [] : prefixPeer(cidr, prefix, excepted, findings);
}

export function prefixPeer(
  field: Field,
  prefix: NonNullable<ReturnType<typeof readPrefix>>,
  except: (typeof prefix)[],
  findings: Scope['findings'],
): Peer[] {
  if (isMeant(prefix)) return [{ kind: 'prefix', prefix, except }];
  findings.warning(field, 'cidr-mapped', `${prefix.text} selects nobody: packets have IPv4 addresses, not IPv4-mapped ones; write IPv4`);
  return [];
}
