// Names: egress that cannot ask for names, or that asks for names nobody hears.

import type { Rule, Section, Traffic } from '../rule.ts';
import type { LintRule } from './sites.ts';

const dnsPort = 53;
const dnsProtocols: readonly (number | undefined)[] = [undefined, 6, 17];

export const names: readonly LintRule[] = [
  {
    class: 'dns-cut-off',
    about: 'egress is denied by default, something is allowed, but no rule allows port 53: names cannot be resolved',
    *find({ policy, specs }) {
      for (const [index, section] of policy.sections.entries()) {
        const spec = specs[index];
        if (spec !== undefined && section.enforces.egress?.defaultDeny && cutsOff(section)) {
          yield [spec.get('egress'), 'no rule allows port 53, so unless another policy does, its pods cannot resolve names'];
        }
      }
    },
  },
  {
    class: 'names-not-heard',
    about: 'toFQDNs without rules.dns in the policy: addresses of names are learned from DNS answers that pass such a rule',
    *find({ policy, sites }) {
      const hears = policy.sections.some(({ rules }) => rules.some(({ traffic }) => traffic.some(({ layer7 }) => layer7?.kind === 'dns')));
      if (hears) return;
      for (const { element } of sites) {
        const field = element.get('toFQDNs');
        if (field.count > 0)
          yield [field, 'no rule has rules.dns, so unless another policy does, no address of these names is ever learned'];
      }
    },
  },
];

function cutsOff({ rules }: Section): boolean {
  const allowed = rules.filter(({ direction, action }) => direction === 'egress' && action === 'allow').filter(allowsSomething);
  return allowed.length > 0 && !allowed.some(({ traffic }) => traffic.some(mayBeDns));
}

function allowsSomething({ peers, traffic }: Rule): boolean {
  return peers.length > 0 && traffic.length > 0;
}

/** A port by name may be anything. */
function mayBeDns({ protocol, ports }: Traffic): boolean {
  return dnsProtocols.includes(protocol) && ('name' in ports || (ports.first <= dnsPort && dnsPort <= ports.last));
}
