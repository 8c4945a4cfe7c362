// Closed: what a refused manifest still says: whom it speaks of and in which directions. They are denied what other policies do not allow.

import { pathText } from '../problem.ts';
import type { Direction, Policy, Section } from '../rule.ts';
import { readSubject } from './cilium-policy.ts';
import { Field } from './field.ts';
import { Findings } from './findings.ts';
import { readPodSubject, readTypes } from './network-policy.ts';
import { kindOf, readRef } from './read-policy.ts';
import type { Scope } from './scope.ts';

const directions: readonly Direction[] = ['ingress', 'egress'];

/** Undefined: not even kind and name can be read. Sections whose subject cannot be read, or is nodes, are left out. */
export function readClosed(object: unknown): Policy | undefined {
  const root = new Field(object);
  const kind = kindOf(root);
  const findings = new Findings();
  const ref = kind && readRef(root, kind, findings);
  if (ref === undefined || findings.refused) return undefined;
  // Subjects have no cluster, so its name does not matter.
  const scope: Scope = { clusterName: '', localCluster: false, ref, findings };
  const spec = root.get('spec');
  if (kind === 'NetworkPolicy') return { ref, sections: closedNetworkPolicy(spec, scope) };
  return { ref, sections: [spec, ...root.get('specs').items].flatMap((field) => closedRule(field, scope)) };
}

function closedRule(spec: Field, scope: Scope): Section[] {
  const { selector } = readSubject(spec, scope);
  const named = directions.filter((direction) => namesDirection(spec, direction));
  return selector === undefined ? [] : sectionOf(spec, selector, named);
}

/** A policy that only adds, by enableDefaultDeny false, closes nothing by not being there; but its denials are missed. */
function namesDirection(spec: Field, direction: Direction): boolean {
  const denies = spec.get(`${direction}Deny`).present;
  const adds = spec.get('enableDefaultDeny').get(direction).value === false;
  return denies || (spec.get(direction).present && !adds);
}

function closedNetworkPolicy(spec: Field, scope: Scope): Section[] {
  const selector = readPodSubject(spec, scope);
  return selector === undefined ? [] : sectionOf(spec, selector, readTypes(spec, scope.findings));
}

function sectionOf(spec: Field, subject: NonNullable<Section['subject']>, named: readonly Direction[]): Section[] {
  const enforces = Object.fromEntries(named.map((direction) => [direction, { defaultDeny: true }]));
  return named.length === 0 ? [] : [{ path: pathText(spec.path), subject, enforces, rules: [] }];
}
