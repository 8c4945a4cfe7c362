// Selectors: matchLabels and matchExpressions, checked as Kubernetes checks them, with the source that Cilium's users may put before a key.

import type { Operator, Requirement } from '../../selector.ts';
import type { Field } from './field.ts';
import { type Findings, quote } from './findings.ts';

/** `any`: keys may name their source. Another: every key is of that source, whatever it looks like. */
export type KeySource = 'any' | 'k8s' | 'cidrgroup';

/** Undefined after an objection. */
export function readRequirements(field: Field, findings: Findings, source: KeySource): Requirement[] | undefined {
  const seen = findings.problems.length;
  findings.object(field);
  const requirements: Requirement[] = [];
  for (const [key, value] of findings.object(field.get('matchLabels')).members) {
    const text = readValue(value, findings);
    const name = readKey(key, value, findings, source);
    if (name !== undefined && text !== undefined) requirements.push({ ...name, operator: 'In', values: [text] });
  }
  for (const expression of findings.list(field.get('matchExpressions'))) {
    const requirement = readExpression(expression, findings, source);
    if (requirement !== undefined) requirements.push(requirement);
  }
  return findings.problems.slice(seen).some(({ severity }) => severity === 'error') ? undefined : requirements;
}

const operators: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'] satisfies Operator[];

function readExpression(expression: Field, findings: Findings, source: KeySource): Requirement | undefined {
  findings.object(expression);
  const key = expression.get('key');
  const name = readKey(findings.text(key) ?? '', key, findings, source);
  const operator = findings.text(expression.get('operator')) ?? '';
  const given = expression.get('values');
  const values = findings.list(given).map((value) => readValue(value, findings));
  if (!operators.includes(operator)) {
    findings.error(
      expression.get('operator'),
      'label-selector',
      `${quote(operator)} is no operator: write In, NotIn, Exists or DoesNotExist`,
    );
    return undefined;
  }
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues && values.length === 0) findings.error(given, 'label-selector', `${operator} needs at least one value`);
  if (!takesValues && values.length > 0) findings.error(given, 'label-selector', `${operator} takes no values`);
  if (name === undefined || values.includes(undefined)) return undefined;
  return { ...name, operator: operator as Operator, values: values.filter((value) => value !== undefined) };
}

function readValue(field: Field, findings: Findings): string | undefined {
  // Go reads null as the empty text.
  const text = field.present ? findings.text(field) : '';
  if (text === undefined) return undefined;
  if (text === '' || isName(text)) return text;
  const rule = 'at most 63 letters, digits and - _ . with a letter or digit at both ends';
  findings.error(field, 'label-selector', `${quote(text)} cannot be a label's value: ${rule}`);
  return undefined;
}

function readKey(text: string, field: Field, findings: Findings, source: KeySource): Pick<Requirement, 'source' | 'key'> | undefined {
  const parts = source === 'any' ? text.split(':') : [text];
  const [first = '', second] = parts;
  const key = second ?? first;
  const objection =
    parts.length > 2
      ? 'only one : may stand between source and key'
      : second !== undefined && !/^[A-Za-z0-9]+$/.test(first)
        ? 'before the : stands a source such as k8s, any or reserved'
        : keyObjection(key);
  if (objection === undefined) return { source: second === undefined ? source : first, key };
  findings.error(field, 'label-selector', `${quote(text)} cannot be a label's key: ${objection}`);
  return undefined;
}

function keyObjection(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  if (parts.length > 1) return 'only one / may stand between prefix and name';
  if (parts[0] !== undefined && !isSubdomain(parts[0])) return 'before the / stands a DNS name in lower case';
  return isName(name) ? undefined : 'a name has 1 to 63 letters, digits and - _ . with a letter or digit at both ends';
}

function isName(text: string): boolean {
  return text.length <= 63 && /^[A-Za-z0-9]$|^[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]$/.test(text);
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => /^[a-z0-9]$|^[a-z0-9][-a-z0-9]*[a-z0-9]$/.test(label));
}
