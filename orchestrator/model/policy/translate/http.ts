// HTTP: rules of `rules.http`. Nothing here understands requests; only what a proxy could not take is refused.

import type { Field } from './field.ts';
import { type Findings, quote } from './findings.ts';
import { objectionToExpression } from './re2.ts';

const mismatches = ['LOG', 'ADD', 'DELETE', 'REPLACE'];

export function readHttp(rule: Field, findings: Findings): void {
  findings.object(rule);
  for (const key of ['path', 'method'] as const) {
    const field = rule.get(key);
    const objection = objectionToExpression(findings.text(field) ?? '');
    if (objection !== undefined) findings.error(field, 'l7-regex', `${quote(field.value)} is no regular expression: ${objection}`);
  }
  findings.text(rule.get('host'));
  for (const header of findings.list(rule.get('headers'))) findings.text(header);
  for (const match of findings.list(rule.get('headerMatches'))) readHeaderMatch(match, findings);
}

function readHeaderMatch(match: Field, findings: Findings): void {
  findings.object(match);
  if (!findings.text(match.get('name'))) findings.error(match.get('name'), 'l7-header', 'the header must be named');
  const mismatch = match.get('mismatch');
  const action = findings.text(mismatch) ?? '';
  if (action !== '' && !mismatches.includes(action)) {
    findings.error(mismatch, 'l7-header', `${quote(action)} is no action: write one of ${mismatches.join(', ')}`);
  }
  const secret = findings.object(match.get('secret'));
  if (secret.present && !findings.text(secret.get('name'))) findings.error(secret.get('name'), 'l7-header', 'the secret must be named');
}
