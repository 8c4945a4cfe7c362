// Empties: lists and objects that say less, or more, than they seem to.

import type { LintRule, Site } from './sites.ts';

const peerFields = {
  ingress: ['fromEndpoints', 'fromCIDR', 'fromCIDRSet', 'fromEntities', 'fromNodes', 'fromGroups'],
  egress: ['toEndpoints', 'toCIDR', 'toCIDRSet', 'toEntities', 'toNodes', 'toGroups', 'toServices', 'toFQDNs'],
} as const;

const verb = ({ action }: Site): string => (action === 'allow' ? 'allows' : 'denies');

export const empties: readonly LintRule[] = [
  {
    class: 'empty-rule',
    about: 'a rule {} beside others, or in a deny list, does nothing; alone it is how to deny everything',
    *find({ kind, sites }) {
      if (kind === 'NetworkPolicy') return;
      for (const site of sites) {
        const says = [...peerFields[site.direction], 'toPorts', 'icmps'].some((name) => site.element.get(name).present);
        if (!says && (site.among > 1 || site.action === 'deny')) yield [site.element, `the rule is empty, so it ${verb(site)} nothing`];
      }
    },
  },
  {
    class: 'empty-peers',
    about: 'an empty list of peers: nobody for Cilium, everybody for NetworkPolicy',
    *find({ kind, sites }) {
      for (const site of sites) {
        if (kind === 'NetworkPolicy') {
          const peers = site.element.get(site.direction === 'ingress' ? 'from' : 'to');
          if (peers.present && peers.count === 0) yield [peers, 'an empty list means everybody; leave it out to say so'];
          continue;
        }
        const given = peerFields[site.direction].map((name) => site.element.get(name)).filter(({ present }) => present);
        if (given.some(({ count }) => count > 0)) continue;
        for (const field of given) yield [field, `an empty list means nobody, so the rule ${verb(site)} nothing`];
      }
    },
  },
  {
    class: 'empty-ports',
    about: 'an element of toPorts or icmps without ports or fields does nothing',
    *find({ sites }) {
      for (const site of sites) {
        for (const element of site.element.get('toPorts').items) {
          if (element.get('ports').count === 0)
            yield [element, `it has no ports, so it ${verb(site)} nothing; leave toPorts out to mean all`];
        }
        for (const element of site.element.get('icmps').items) {
          if (element.get('fields').count === 0) yield [element, `it has no fields, so it ${verb(site)} nothing`];
        }
      }
    },
  },
  {
    class: 'other-direction',
    about: 'from… in an egress rule or to… in an ingress rule is no part of it, so the rule is wider than it seems',
    *find({ kind, sites }) {
      if (kind === 'NetworkPolicy') return;
      for (const { element, direction } of sites) {
        const other = direction === 'ingress' ? 'egress' : 'ingress';
        for (const name of peerFields[other]) {
          const field = element.get(name);
          if (field.present) yield [field, `${name} does nothing in ${direction} rules: write ${peerFields[direction][0]} and the like`];
        }
      }
    },
  },
  {
    class: 'default-deny-unused',
    about: 'enableDefaultDeny true for a direction without rules has no effect',
    *find({ specs }) {
      for (const spec of specs) {
        for (const direction of ['ingress', 'egress'] as const) {
          const flag = spec.get('enableDefaultDeny').get(direction);
          const rules = spec.get(direction).count + spec.get(`${direction}Deny`).count;
          if (flag.value === true && rules === 0)
            yield [flag, `without a rule it has no effect: write ${direction}: [{}] to deny everything`];
        }
      }
    },
  },
];
