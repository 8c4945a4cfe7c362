// Lint: every warning is given where it belongs, and not beside it.

import { readFileSync } from 'node:fs';
import t from 'tap';
import { lintPolicy, lintRules } from '../../../../orchestrator/model/policy/lint/lint.ts';
import { pathText } from '../../../../orchestrator/model/policy/problem.ts';
import { cnp, netpol, read } from '../translate/said.ts';

const web = { matchLabels: { app: 'web' } };
const port = (fields: object): object => cnp({ ingress: [{ toPorts: [{ ports: [{ protocol: 'TCP', ...fields }] }] }] });
const dns = { ports: [{ port: '53', protocol: 'UDP' }], rules: { dns: [{ matchPattern: '*' }] } };

/** Class → what it finds, and manifests close by that are fine. */
const table: Readonly<Record<string, { readonly found: readonly [object, string][]; readonly fine: readonly object[] }>> = {
  'dns-cut-off': {
    found: [
      [cnp({ egress: [{ toEndpoints: [web], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] }] }), 'spec.egress'],
      [netpol({ egress: [{ ports: [{ port: 443 }] }], policyTypes: ['Egress'] }), 'spec.egress'],
      [cnp([{ endpointSelector: {}, egress: [{ icmps: [{ fields: [{ type: 8 }] }] }] }]), 'specs[0].egress'],
    ],
    fine: [
      cnp({ egress: [{}] }),
      cnp({ egress: [{ toEndpoints: [web] }] }),
      cnp({ egress: [{ toPorts: [{ ports: [{ port: '443' }] }] }], enableDefaultDeny: { egress: false } }),
      cnp({
        egress: [
          { toPorts: [{ ports: [{ port: '443' }] }] },
          { toEndpoints: [{}], toPorts: [{ ports: [{ port: '53', protocol: 'UDP' }] }] },
        ],
      }),
      cnp({ egress: [{ toPorts: [{ ports: [{ port: 'dns' }] }] }] }),
      cnp({ egress: [{ toPorts: [{ ports: [{ port: '1', endPort: 1000 }] }] }] }),
      cnp({ egressDeny: [{ toPorts: [{ ports: [{ port: '443' }] }] }] }),
    ],
  },
  'names-not-heard': {
    found: [[cnp({ egress: [{ toFQDNs: [{ matchName: 'a.io' }] }] }), 'spec.egress[0].toFQDNs']],
    fine: [
      cnp({ egress: [{ toFQDNs: [{ matchName: 'a.io' }] }, { toEndpoints: [{}], toPorts: [dns] }] }),
      cnp({ egress: [{ toFQDNs: [] }] }),
    ],
  },
  'empty-rule': {
    found: [
      [cnp({ ingress: [{ fromEndpoints: [web] }, {}] }), 'spec.ingress[1]'],
      [cnp({ egressDeny: [{}] }), 'spec.egressDeny[0]'],
    ],
    fine: [cnp({ ingress: [{}], egress: [{}] }), netpol({ ingress: [{}, {}] })],
  },
  'empty-peers': {
    found: [
      [cnp({ ingress: [{ fromEndpoints: [] }] }), 'spec.ingress[0].fromEndpoints'],
      [netpol({ ingress: [{ from: [] }] }), 'spec.ingress[0].from'],
    ],
    fine: [cnp({ ingress: [{ fromEndpoints: [], fromCIDR: ['1.0.0.0/8'] }, { fromEndpoints: [{}] }] }), netpol({ ingress: [{}] })],
  },
  'empty-ports': {
    found: [
      [cnp({ ingress: [{ fromEndpoints: [{}], toPorts: [{}] }] }), 'spec.ingress[0].toPorts[0]'],
      [cnp({ ingress: [{ icmps: [{ fields: [] }] }] }), 'spec.ingress[0].icmps[0]'],
    ],
    fine: [cnp({ ingress: [{ fromEndpoints: [{}], toPorts: [] }] })],
  },
  'other-direction': {
    found: [[cnp({ egress: [{ fromEndpoints: [{}] }] }), 'spec.egress[0].fromEndpoints']],
    fine: [cnp({ egress: [{ toEndpoints: [{}] }], ingress: [{ fromEndpoints: [{}] }] })],
  },
  'default-deny-unused': {
    found: [[cnp({ ingress: [{}], enableDefaultDeny: { egress: true } }), 'spec.enableDefaultDeny.egress']],
    fine: [cnp({ ingress: [{}], enableDefaultDeny: { ingress: true, egress: false } })],
  },
  'filtered-label': {
    found: [
      [
        cnp({ endpointSelector: { matchLabels: { 'pod-template-hash': 'x' } }, ingress: [{}] }),
        'spec.endpointSelector.matchLabels.pod-template-hash',
      ],
      [
        cnp({ ingress: [{ fromEndpoints: [{ matchExpressions: [{ key: 'k8s:kubernetes.io/arch', operator: 'Exists' }] }] }] }),
        'spec.ingress[0].fromEndpoints[0].matchExpressions[0].key',
      ],
      [
        netpol({ ingress: [{ from: [{ podSelector: { matchLabels: { 'controller-revision-hash': 'x' } } }] }] }),
        'spec.ingress[0].from[0].podSelector.matchLabels.controller-revision-hash',
      ],
    ],
    fine: [
      cnp({
        ingress: [
          {
            fromEndpoints: [
              { matchLabels: { 'app.kubernetes.io/name': 'x', 'k8s:io.kubernetes.pod.namespace': 'y', 'reserved:health': '' } },
            ],
          },
        ],
      }),
      netpol({ ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'x' } } }] }] }),
    ],
  },
  'reserved-world': {
    found: [
      [
        cnp({ ingress: [{ fromEndpoints: [{ matchLabels: { 'reserved:world': '' } }] }] }),
        'spec.ingress[0].fromEndpoints[0].matchLabels["reserved:world"]',
      ],
    ],
    fine: [cnp({ ingress: [{ fromEntities: ['world'] }, { fromEndpoints: [{ matchLabels: { 'reserved:world-ipv4': '' } }] }] })],
  },
  'private-address': {
    found: [
      [cnp({ ingress: [{ fromCIDR: ['10.244.0.0/16'] }] }), 'spec.ingress[0].fromCIDR[0]'],
      [cnp({ egress: [{ toCIDRSet: [{ cidr: 'fd00::/8' }] }] }), 'spec.egress[0].toCIDRSet[0].cidr'],
      [netpol({ ingress: [{ from: [{ ipBlock: { cidr: '192.168.1.0/24' } }] }] }), 'spec.ingress[0].from[0].ipBlock.cidr'],
    ],
    fine: [
      cnp({
        egress: [
          { toCIDRSet: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }] },
          { toCIDR: ['203.0.113.0/24', '2001:db8::/32', '11.0.0.0/8'] },
        ],
      }),
    ],
  },
  'end-port': {
    found: [
      [port({ port: '80', endPort: 70 }), 'spec.ingress[0].toPorts[0].ports[0].endPort'],
      [netpol({ ingress: [{ ports: [{ port: 'http', endPort: 90 }] }] }), 'spec.ingress[0].ports[0].endPort'],
    ],
    fine: [
      port({ port: '80', endPort: 90 }),
      port({ port: '80', endPort: 80 }),
      netpol({ ingress: [{ ports: [{ port: 80, endPort: 81 }] }] }),
    ],
  },
  'port-base': {
    found: [
      [port({ port: '0120' }), 'spec.ingress[0].toPorts[0].ports[0].port'],
      [port({ port: '0x50' }), 'spec.ingress[0].toPorts[0].ports[0].port'],
    ],
    fine: [port({ port: '80' }), port({ port: '0' }), port({ port: 'http' })],
  },
};

t.test('every rule of lint has its row here', async (t) => {
  t.same(Object.keys(table).sort(), lintRules.map((rule) => rule.class).sort());
  for (const { about } of lintRules) t.match(about, /\w.{20}/);
});

function places(object: object, kind: string): string[] {
  const { policy } = read(object);
  if (policy === undefined) throw new Error(`refused: ${JSON.stringify(object)}`);
  return lintPolicy(object, policy)
    .filter((problem) => problem.class === kind)
    .map(({ path }) => pathText(path));
}

for (const rule of lintRules) {
  t.test(rule.about, async (t) => {
    const { found, fine } = table[rule.class] ?? { found: [], fine: [] };
    for (const [object, place] of found) t.same(places(object, rule.class), [place]);
    for (const object of fine) t.same(places(object, rule.class), [], JSON.stringify(object));
  });
}

t.test('readers of files are told, agents that read what a cluster holds are not', async (t) => {
  const object = port({ port: '0120' });
  const classes = (stored: boolean): string[] => read(object, { stored }).problems.map((problem) => problem.class);
  t.same([classes(false), classes(true)], [['port-base'], []]);
  t.same(read(object, { stored: false, lint: false }).problems, []);
});

t.test('a place is told of once', async (t) => {
  const { problems } = read(cnp({ egress: [{ fromEndpoints: [{}] }] }), { stored: false });
  t.same(
    problems.map((problem) => problem.class),
    ['other-direction'],
  );
});

t.test('the README lists every rule with what it is about', async (t) => {
  const text = readFileSync(new URL('../../../../orchestrator/model/policy/lint/README.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].map(([, kind, about]) => [kind, about]);
  t.same(
    rows,
    lintRules.map((rule) => [rule.class, rule.about]),
  );
});
