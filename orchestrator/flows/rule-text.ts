// Rule texts, taken apart: `cnp/shop/web spec.ingress[0]` is a rule of a policy, others (`default allow`) are no policy's.

import type { FlowRule } from './flow.ts';

const kinds: Readonly<Record<string, string>> = {
  cnp: 'CiliumNetworkPolicy',
  ccnp: 'CiliumClusterwideNetworkPolicy',
  netpol: 'NetworkPolicy',
};

export function readRule(rule: string): FlowRule {
  const [policy = ''] = rule.split(' ', 1);
  const [short = '', ...names] = policy.split('/');
  const kind = kinds[short];
  const name = names.at(-1);
  if (kind === undefined || name === undefined) return { kind: 'builtin', name: rule, rule };
  return { kind, ...(names.length > 1 && { namespace: names[0] }), name, rule };
}
