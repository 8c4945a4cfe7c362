// Addresses: CIDR rules that look as if they meant pods.

import { containsPrefix, type Prefix, parsePrefix } from '../../../net/prefix.ts';
import type { Field } from '../translate/field.ts';
import type { LintRule, LintView } from './sites.ts';

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'].map(parsePrefix);

export const addresses: readonly LintRule[] = [
  {
    class: 'private-address',
    about: 'a CIDR in a private range: rules with addresses never select pods or nodes, also not those in the range',
    *find(view) {
      for (const field of prefixFields(view)) {
        const prefix = prefixOf(field.text);
        if (prefix === undefined || !privateRanges.some((range) => containsPrefix(range, prefix))) continue;
        yield [
          field,
          `${prefix.text} is private: a rule with addresses never selects pods or nodes there; for those write selectors or entities`,
        ];
      }
    },
  },
];

function* prefixFields({ kind, sites }: LintView): Iterable<Field> {
  for (const { element, direction } of sites) {
    const side = direction === 'ingress' ? 'from' : 'to';
    if (kind === 'NetworkPolicy') for (const peer of element.get(side).items) yield peer.get('ipBlock').get('cidr');
    else {
      yield* element.get(`${side}CIDR`).items;
      for (const set of element.get(`${side}CIDRSet`).items) yield set.get('cidr');
    }
  }
}

function prefixOf(text: string | undefined): Prefix | undefined {
  try {
    return text === undefined ? undefined : parsePrefix(text);
  } catch {
    return undefined;
  }
}
