// Cilium policies: `spec` and `specs` of CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy as sections.

import { makeSelector, type Requirement, type Selector } from '../../selector.ts';
import { pathText } from '../problem.ts';
import type { Direction, Rule, Section, Traffic } from '../rule.ts';
import type { Field } from './field.ts';
import { readIcmp } from './icmp.ts';
import { readPeers } from './peers.ts';
import { readPortRule } from './port-rules.ts';
import { everyPort } from './ports.ts';
import { denialOf, readRequires, withConditions } from './requires.ts';
import { podNamespace, type Scope } from './scope.ts';
import { readRequirements } from './selectors.ts';

export function readCiliumPolicy(root: Field, scope: Scope): Section[] {
  const { findings } = scope;
  const spec = root.get('spec');
  const specs = root.get('specs');
  if (!spec.present && !specs.present) {
    findings.error(spec, 'no-spec', 'the policy is empty: write spec, or a list of such as specs');
    return [];
  }
  const sections = spec.present ? [spec] : [];
  return [...sections, ...findings.list(specs)].map((field) => readSection(field, scope));
}

export interface Subject {
  readonly selector: Selector | undefined;
  readonly isInit: boolean;
  readonly isNode: boolean;
}

const directions: readonly Direction[] = ['ingress', 'egress'];
const listOf = { ingress: { allow: 'ingress', deny: 'ingressDeny' }, egress: { allow: 'egress', deny: 'egressDeny' } } as const;

function readSection(spec: Field, scope: Scope): Section {
  const { findings } = scope;
  if (!spec.present) findings.type(spec, 'a map');
  findings.object(spec);
  const subject = readSubject(spec, scope);
  const defaultDeny = findings.object(spec.get('enableDefaultDeny'));
  const enforces: { ingress?: { defaultDeny: boolean }; egress?: { defaultDeny: boolean } } = {};
  const rules = directions.flatMap((direction) => {
    const wanted = findings.boolean(defaultDeny.get(direction)) ?? true;
    const read = readDirection(spec, scope, subject, direction);
    if (read.length > 0) enforces[direction] = { defaultDeny: wanted };
    return read;
  });
  if (rules.length === 0) {
    findings.error(
      spec,
      'no-rules',
      'no rule is in it, so it would do nothing: to deny everything write ingress: [{}], egress: [{}] or both',
    );
  }
  return { path: pathText(spec.path), subject: subject.selector, enforces, rules };
}

function readDirection(spec: Field, scope: Scope, subject: Subject, direction: Direction): Rule[] {
  const { findings } = scope;
  const elements = findings.list(spec.get(listOf[direction].allow));
  const requires = elements.map((element) => element.get(direction === 'ingress' ? 'fromRequires' : 'toRequires'));
  const conditions = requires.map((field) => readRequires(field, scope, subject.isInit));
  const all = conditions.flat();
  return [
    ...elements.map((element) => {
      const rule = readRule(element, scope, subject, direction, 'allow');
      return { ...rule, peers: withConditions(rule.peers, all) };
    }),
    ...conditions.flatMap((some, index) => (some.length > 0 ? [denialOf(requires[index] ?? spec, some, scope, direction)] : [])),
    ...findings.list(spec.get(listOf[direction].deny)).map((element) => readRule(element, scope, subject, direction, 'deny')),
  ];
}

/** Whom a section speaks of. Two subjects, or none, are an objection. */
export function readSubject(spec: Field, scope: Scope): Subject {
  const { findings, ref } = scope;
  const endpoints = spec.get('endpointSelector');
  const nodes = spec.get('nodeSelector');
  const endpointsNamed = spec.has('endpointSelector');
  if (endpointsNamed && nodes.present) {
    findings.error(nodes, 'two-subjects', 'endpointSelector and nodeSelector exclude each other: make two elements of specs');
  } else if (nodes.present && ref.namespace !== undefined) {
    findings.error(nodes, 'node-selector', 'only a CiliumClusterwideNetworkPolicy can select nodes');
  } else if (!endpointsNamed && !nodes.present) {
    findings.error(spec, 'no-subject', 'endpointSelector is missing: {} selects every pod of the namespace');
  }
  if (nodes.present && !endpointsNamed) {
    readRequirements(nodes, findings, 'any');
    findings.warning(nodes, 'nodes-not-enforced', 'policies for nodes are not enforced');
    return { selector: undefined, isInit: false, isNode: true };
  }
  const requirements = endpointsNamed ? readRequirements(endpoints, findings, 'any') : undefined;
  if (requirements === undefined) return { selector: undefined, isInit: false, isNode: false };
  const isInit = requirements.some(({ source, key }) => source === 'reserved' && key === 'init');
  return { selector: makeSelector(inNamespace(requirements, endpoints, scope)), isInit, isNode: false };
}

/** The namespace of a policy is its subject's; a label that says otherwise is overwritten, an expression stays and then selects nobody. */
function inNamespace(requirements: readonly Requirement[], field: Field, { ref, findings }: Scope): Requirement[] {
  if (ref.namespace === undefined) return [...requirements];
  const labels = field.get('matchLabels');
  const written = labels.get(`k8s:${podNamespace}`);
  if (written.present && written.value !== ref.namespace) {
    findings.warning(
      written,
      'namespace-overridden',
      `the policy's own namespace "${ref.namespace}" is meant: a policy selects no pods of others`,
    );
  }
  const kept = requirements.filter(
    ({ source, key, operator, values }) =>
      !(
        source === 'k8s' &&
        key === podNamespace &&
        operator === 'In' &&
        written.present &&
        values.length === 1 &&
        values[0] === written.value
      ),
  );
  return [...kept, { source: 'k8s', key: podNamespace, operator: 'In', values: [ref.namespace] }];
}

function readRule(element: Field, scope: Scope, subject: Subject, direction: Direction, action: 'allow' | 'deny'): Rule {
  const { findings, ref } = scope;
  findings.object(element);
  const { peers, named } = readPeers(element, scope, { direction, action, subjectIsInit: subject.isInit });
  const toPorts = element.get('toPorts');
  const icmps = element.get('icmps');
  if (toPorts.count > 0 && icmps.count > 0) {
    findings.error(icmps, 'icmp-with-ports', 'icmps and toPorts exclude each other in one rule: make two rules of it');
  }
  const context = { direction, host: subject.isNode, findings };
  const limited = [
    ...findings.list(toPorts).flatMap((port) => readPortRule(port, context, action)),
    ...findings.list(icmps).flatMap((icmp) => readIcmp(icmp, findings)),
  ];
  const isLimited = toPorts.count > 0 || icmps.count > 0;
  const everything: Traffic[] = [{ protocol: undefined, ports: everyPort }];
  const refused = action === 'allow' && demandsAuthentication(element, scope);
  return {
    policy: ref,
    path: pathText(element.path),
    direction,
    action,
    // Nobody named: everybody, but only on named ports. `- {}` allows nothing.
    peers: refused ? [] : named || !isLimited ? peers : [{ kind: 'any' }],
    traffic: isLimited ? limited : named ? everything : [],
  };
}

/** Nothing here proves identities, so a rule that demands it allows nothing. */
function demandsAuthentication(element: Field, { findings }: Scope): boolean {
  const mode = findings.object(element.get('authentication')).get('mode');
  const text = findings.text(mode) ?? '';
  if (text === '' || text === 'disabled') return false;
  findings.warning(mode, 'authentication-not-enforced', `"${text}" cannot be enforced, so the rule allows nothing`);
  return true;
}
