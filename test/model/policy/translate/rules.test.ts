// What rules mean: peers and traffic of every form that they may be written in.

import t from 'tap';
import { ccnp, cnp, enforced, netpol, read, said, subjects, warned } from './said.ts';

const ns = 'k8s:io.kubernetes.pod.namespace in (shop)';
const anyNs = 'k8s:io.kubernetes.pod.namespace';
const web = { matchLabels: { app: 'web' } };
const port80 = { toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }] };

/** What one rule of a CiliumNetworkPolicy in the namespace shop says. */
const rules: readonly [sentence: string, spec: Record<string, unknown>, lines: readonly string[]][] = [
  ['peers are of the own namespace', { ingress: [{ fromEndpoints: [web] }] }, [`+in {any:app in (web), ${ns}} : all`]],
  ['{} is every pod of the own namespace', { egress: [{ toEndpoints: [{}] }] }, [`+out {${ns}} : all`]],
  [
    'a namespace that is named, by k8s or any source, is meant alone',
    {
      ingress: [
        {
          fromEndpoints: [
            { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'a' } },
            { matchLabels: { 'io.kubernetes.pod.namespace': 'b' } },
          ],
        },
      ],
    },
    ['+in {k8s:io.kubernetes.pod.namespace in (a)} | {any:io.kubernetes.pod.namespace in (b)} : all'],
  ],
  [
    'a namespace that exists is any',
    { ingress: [{ fromEndpoints: [{ matchExpressions: [{ key: 'k8s:io.kubernetes.pod.namespace', operator: 'Exists' }] }] }] },
    [`+in {${anyNs}} : all`],
  ],
  [
    'a label of namespaces frees from the own one',
    { ingress: [{ fromEndpoints: [{ matchLabels: { 'k8s:io.cilium.k8s.namespace.labels.env': 'prod' } }] }] },
    ['+in {k8s:io.cilium.k8s.namespace.labels.env in (prod)} : all'],
  ],
  [
    'reserved labels have no namespace',
    { ingress: [{ fromEndpoints: [{ matchLabels: { 'reserved:health': '' } }] }] },
    ['+in {reserved:health in ()} : all'],
  ],
  [
    'the same key of two sources is asked twice',
    { ingress: [{ fromEndpoints: [{ matchLabels: { 'k8s:a': 'x', 'any:a': 'y' } }] }] },
    [`+in {any:a in (y), k8s:a in (x), ${ns}} : all`],
  ],
  ['entity all is any peer', { ingress: [{ fromEntities: ['all'] }] }, ['+in any : all']],
  ['entity none is nobody', { ingress: [{ fromEntities: ['none'] }] }, ['+in nobody : all']],
  [
    'entity world is three labels',
    { egress: [{ toEntities: ['world'] }] },
    ['+out {reserved:world in ()} | {reserved:world-ipv4 in ()} | {reserved:world-ipv6 in ()} : all'],
  ],
  ['CIDRs are cut to their length', { egress: [{ toCIDR: ['10.1.2.3/8', '2001:db8::1/32'] }] }, ['+out 10.0.0.0/8 | 2001:db8::/32 : all']],
  ['an address alone is its longest prefix', { egress: [{ toCIDR: ['8.8.8.8'] }] }, ['+out 8.8.8.8/32 : all']],
  [
    'exceptions are of their own element',
    { egress: [{ toCIDRSet: [{ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }, { cidr: '10.1.0.0/16' }] }] },
    ['+out 10.0.0.0/8 !10.1.0.0/16 | 10.1.0.0/16 : all'],
  ],
  [
    'IPv4-mapped prefixes select nobody',
    { egress: [{ toCIDRSet: [{ cidr: '::ffff:10.0.0.0/104' }, { cidr: '::/0' }] }] },
    ['+out ::/0 : all'],
  ],
  [
    'CIDR groups are left to be bound',
    { egress: [{ toCIDRSet: [{ cidrGroupRef: 'g', except: ['10.0.0.0/8'] }, { cidrGroupSelector: { matchLabels: { a: 'b' } } }] }] },
    ['+out group g !10.0.0.0/8 | group {any:a in (b)} : all'],
  ],
  [
    'services are left to be bound',
    {
      egress: [
        {
          toServices: [
            { k8sService: { serviceName: 's', namespace: 'n' } },
            { k8sService: { serviceName: 's' } },
            { k8sServiceSelector: { selector: web } },
          ],
        },
      ],
    },
    ['+out service n/s | service */s | service */{any:app in (web)} : all'],
  ],
  [
    'names are in lower case',
    { egress: [{ toFQDNs: [{ matchName: 'A.io.' }, { matchPattern: '**.B.io' }] }] },
    ['+out name:a.io | pattern:**.b.io : all'],
  ],
  [
    'empty peers are nobody, whatever the ports',
    { ingress: [{ fromEndpoints: [], ...port80 }, { fromCIDR: [], ...port80 }, { fromNodes: [] }] },
    ['+in nobody : tcp/80', '+in nobody : tcp/80', '+in nobody : all'],
  ],
  [
    'empty names and services are nobody',
    {
      egress: [
        { toFQDNs: [], ...port80 },
        { toServices: [], ...port80 },
      ],
    },
    ['+out nobody : tcp/80', '+out nobody : tcp/80'],
  ],
  ['an empty list beside peers adds nobody', { ingress: [{ fromEndpoints: [], fromCIDR: ['10.0.0.0/8'] }] }, ['+in 10.0.0.0/8 : all']],
  ['null peers are as absent ones', { ingress: [{ fromEndpoints: null, ...port80 }] }, ['+in any : tcp/80']],
  ['no peers but ports: any peer', { egress: [port80] }, ['+out any : tcp/80']],
  ['no peers but ICMP: any peer', { egress: [{ icmps: [{ fields: [{ type: 8 }] }] }] }, ['+out any : icmp/8']],
  ['an empty rule allows nothing', { ingress: [{}] }, ['+in nobody : nothing']],
  ['an empty rule denies nothing', { ingressDeny: [{}] }, ['-in nobody : nothing']],
  ['an empty list of ports is no limit', { ingress: [{ fromEntities: ['all'], toPorts: [] }] }, ['+in any : all']],
  ['an empty list of ports without peers is an empty rule', { ingress: [{ toPorts: [] }] }, ['+in nobody : nothing']],
  ['an element without ports allows nothing', { ingress: [{ fromEntities: ['all'], toPorts: [{}] }] }, ['+in any : nothing']],
  ['a deny rule denies', { egressDeny: [{ toEntities: ['all'], ...port80 }] }, ['-out any : tcp/80']],
  [
    'deny rules come after the others of their direction',
    { ingressDeny: [{ fromEntities: ['all'] }], ingress: [{ fromEntities: ['all'] }] },
    ['+in any : all', '-in any : all'],
  ],
  ['groups of a cloud allow nothing', { egress: [{ toGroups: [{ aws: { region: 'x' } }], ...port80 }] }, ['+out nobody : tcp/80']],
  ['groups of a cloud deny everybody', { egressDeny: [{ toGroups: [{ aws: { region: 'x' } }], ...port80 }] }, ['-out any : tcp/80']],
  [
    'authentication that nobody does allows nothing',
    { ingress: [{ fromEndpoints: [{}], authentication: { mode: 'required' } }] },
    ['+in nobody : all'],
  ],
  [
    'authentication that is switched off is none',
    { ingress: [{ fromEntities: ['all'], authentication: { mode: 'disabled' } }] },
    ['+in any : all'],
  ],
];
for (const [sentence, spec, lines] of rules) t.test(sentence, async (t) => t.same(said(read(cnp(spec))), lines));

const traffic: readonly [sentence: string, ports: object[], text: string][] = [
  ['no protocol is TCP, UDP and SCTP', [{ port: '80' }], 'tcp/80 udp/80 sctp/80'],
  ['ANY is, too', [{ port: '80', protocol: 'ANY' }], 'tcp/80 udp/80 sctp/80'],
  ['port 0 is every port of the protocol', [{ port: '0', protocol: 'UDP' }], 'udp'],
  ['port 0 of any protocol is not everything', [{ port: '0' }], 'tcp udp sctp'],
  ['a range', [{ port: '80', endPort: 90, protocol: 'TCP' }], 'tcp/80-90'],
  ['a range from 0', [{ port: '0', endPort: 90, protocol: 'TCP' }], 'tcp/0-90'],
  ['an end below the port is none', [{ port: '80', endPort: 79, protocol: 'TCP' }], 'tcp/80'],
  ['a leading zero is octal', [{ port: '0120', protocol: 'TCP' }], 'tcp/80'],
  ['hexadecimal is a name', [{ port: '0x50', protocol: 'TCP' }], 'tcp/0x50'],
  ['a number with an exponent is a name', [{ port: '1e3', protocol: 'TCP' }], 'tcp/1e3'],
  ['names are in lower case and have no range', [{ port: 'HTTP', endPort: 90, protocol: 'TCP' }], 'tcp/http'],
  ['protocols without ports', [{ port: '0', protocol: 'GRE' }], '47'],
];
for (const [sentence, ports, text] of traffic) {
  t.test(`ports: ${sentence}`, async (t) => t.same(said(read(cnp({ ingress: [{ toPorts: [{ ports }] }] }))), [`+in any : ${text}`]));
}

t.test('ICMP types are numbers or names of either family; numbers that are no type mean nothing', async (t) => {
  const fields = [
    { type: 8 },
    { type: '3' },
    { type: 'Redirect', family: 'IPv4' },
    { type: 'EchoRequest', family: 'IPv6' },
    { type: 'RouterAdvertisement', family: 'IPv6' },
    { type: 256 },
    { type: -1 },
  ];
  const reading = read(cnp({ ingress: [{ icmps: [{ fields }, {}] }] }));
  t.same(said(reading), ['+in any : icmp/8 icmp/3 icmp/5 icmpv6/128 icmpv6/134']);
  t.same(warned(reading), ['icmp-type-range', 'icmp-type-range']);
});

const tcp = { ports: [{ port: '443', protocol: 'TCP' }] };
const layer7: readonly [sentence: string, element: object, text: string, field: string | undefined][] = [
  ['HTTP rules', { ...tcp, rules: { http: [{ method: 'GET' }] } }, 'tcp/443>http', 'rules.http'],
  ['an HTTP rule that says nothing', { ...tcp, rules: { http: [{}] } }, 'tcp/443>http', 'rules.http'],
  [
    'DNS rules for every protocol',
    { ports: [{ port: '53' }], rules: { dns: [{ matchPattern: '*' }] } },
    'tcp/53>dns udp/53>dns sctp/53>dns',
    'rules.dns',
  ],
  ['server names', { ...tcp, serverNames: ['a.b'] }, 'tcp/443>tls', 'serverNames'],
  ['termination of TLS', { ...tcp, terminatingTLS: { secret: { name: 's' } } }, 'tcp/443>tls', 'terminatingTLS'],
  ['origination of TLS', { ...tcp, originatingTLS: { secret: { name: 's' } } }, 'tcp/443>tls', 'originatingTLS'],
  ['HTTP within TLS', { ...tcp, terminatingTLS: { secret: { name: 's' } }, rules: { http: [{}] } }, 'tcp/443>http', 'rules.http'],
  ['a listener', { ...tcp, listener: { name: 'l', envoyConfig: { name: 'e' }, priority: 7 } }, 'tcp/443>listener', 'listener'],
  ['empty rules ask for no proxy', { ...tcp, rules: {} }, 'tcp/443', undefined],
  ['an empty list of HTTP rules asks for none', { ...tcp, rules: { http: [] } }, 'tcp/443', undefined],
  ['no server names ask for none', { ...tcp, serverNames: [] }, 'tcp/443', undefined],
];
for (const [sentence, element, text, field] of layer7) {
  t.test(`layer 7: ${sentence}`, async (t) => {
    const reading = read(cnp({ egress: [{ toEntities: ['all'] }, { toPorts: [element] }] }));
    t.equal(said(reading)[1], `+out any : ${text}`);
    const path = field === undefined ? undefined : `spec.egress[1].toPorts[0].${field}`;
    t.equal(reading.policy?.sections[0]?.rules[1]?.traffic[0]?.layer7?.field, path);
    const problem = reading.problems.find((one) => one.class === 'l7-not-enforced');
    t.same(problem?.path, path && field !== 'rules.dns' ? ['spec', 'egress', 1, 'toPorts', 0, ...(field as string).split('.')] : undefined);
  });
}

t.test('layer 7 carries what a proxy needs: names, rules, priority', async (t) => {
  const dns = [{ matchName: 'A.io' }, { matchPattern: '*.B.io' }];
  const listener = { name: 'l', envoyConfig: { name: 'e' }, priority: 7 };
  const reading = read(
    cnp({
      egress: [
        {
          toPorts: [
            { ports: [{ port: '53', protocol: 'UDP' }], rules: { dns } },
            { ...tcp, listener },
          ],
        },
      ],
    }),
  );
  const [first, second] = reading.policy?.sections[0]?.rules[0]?.traffic ?? [];
  t.match(first?.layer7, { names: [{ text: 'name:a.io' }, { text: 'pattern:*.b.io' }], rules: dns });
  t.match(second?.layer7, { priority: 7, rules: listener });
});

t.test('rules of a kind that is gone allow nothing', async (t) => {
  const reading = read(cnp({ egress: [{ toPorts: [{ ...tcp, rules: { kafka: [{ topic: 'x' }] } }] }] }));
  t.same(said(reading), ['+out any : nothing']);
  t.ok(warned(reading).includes('l7-kind-not-enforced'));
});

t.test('subjects are of the own namespace, whatever they say', async (t) => {
  const spec = { endpointSelector: { matchLabels: { app: 'web', 'k8s:io.kubernetes.pod.namespace': 'other' } }, ingress: [{}] };
  const reading = read(cnp(spec));
  t.same(subjects(reading), [`any:app in (web), ${ns}`]);
  t.same(warned(reading), ['namespace-overridden']);
  t.same(warned(read(cnp({ endpointSelector: { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'shop' } }, ingress: [{}] }))), []);
});

t.test('without a namespace it is default, as everywhere', async (t) => {
  const object = { ...cnp({ ingress: [{ fromEndpoints: [{}] }] }), metadata: { name: 'p' } };
  t.same(said(read(object)), ['+in {k8s:io.kubernetes.pod.namespace in (default)} : all']);
});

t.test('clusterwide: subjects and peers of every namespace, but pods', async (t) => {
  const reading = read(ccnp({ ingress: [{ fromEndpoints: [{}, web] }] }));
  t.same(subjects(reading), ['']);
  t.same(said(reading), [`+in {${anyNs}} | {any:app in (web), ${anyNs}} : all`]);
  t.equal(reading.policy?.ref.namespace, undefined);
});

t.test('clusterwide: peers of pods that are being initialised need no namespace', async (t) => {
  const spec = { endpointSelector: { matchLabels: { 'reserved:init': '' } }, egress: [{ toEndpoints: [web] }] };
  t.same(said(read(ccnp(spec))), ['+out {any:app in (web)} : all']);
});

t.test('with the local cluster in mind, selectors that name none mean this one', async (t) => {
  const local = { localCluster: true, clusterName: 'east' };
  const here = 'k8s:io.cilium.k8s.policy.cluster in (east)';
  const peers = [{}, { matchLabels: { 'io.cilium.k8s.policy.cluster': 'west' } }, { matchLabels: { 'reserved:health': '' } }];
  t.same(said(read(cnp({ ingress: [{ fromEndpoints: peers }] }), local)), [
    `+in {${here}, ${ns}} | {any:io.cilium.k8s.policy.cluster in (west), ${ns}} | {reserved:health in ()} : all`,
  ]);
  t.same(subjects(read(cnp({ ingress: [{}] }), local)), [ns], 'subjects are here anyway');
  t.same(said(read(netpol({ ingress: [{ from: [{ podSelector: {} }] }] }), local)), [`+in {${here}, ${ns}} : all`]);
  t.match(said(read(cnp({ ingress: [{ fromEntities: ['cluster'] }] }), local))[0], here, 'the entity cluster names it always');
});

t.test('default deny comes with rules of a direction, unless it is switched off', async (t) => {
  const table: [object, string][] = [
    [{ ingress: [{}] }, 'ingress'],
    [{ ingressDeny: [{}] }, 'ingress'],
    [{ ingress: [{}], egress: [{}] }, 'ingress, egress'],
    [{ ingress: [{}], egress: [] }, 'ingress'],
    [{ ingress: [{}], enableDefaultDeny: { ingress: false } }, 'ingress open'],
    [{ ingress: [{}], enableDefaultDeny: { egress: true } }, 'ingress'],
    [{ egressDeny: [{}], egress: [{}], enableDefaultDeny: { egress: false, ingress: true } }, 'egress open'],
  ];
  for (const [spec, text] of table) t.same(enforced(read(cnp(spec as Record<string, unknown>))), [text], JSON.stringify(spec));
});

t.test('spec and specs are sections, each with its path', async (t) => {
  const one = { endpointSelector: {}, ingress: [{ fromEntities: ['all'] }] };
  const { policy } = read({ ...cnp(one), specs: [one, one] });
  t.same(
    policy?.sections.map(({ path }) => path),
    ['spec', 'specs[0]', 'specs[1]'],
  );
  t.equal(policy?.sections[2]?.rules[0]?.path, 'specs[1].ingress[0]');
});

t.test('policies for nodes speak of no endpoint', async (t) => {
  const reading = read(ccnp({ endpointSelector: undefined, nodeSelector: {}, ingress: [{ fromEntities: ['all'] }] }));
  t.same(subjects(reading), [undefined]);
  t.same(warned(reading), ['nodes-not-enforced']);
});

t.test(
  'conditions of before 1.19 hold for every labelled peer of the subject, and others are denied; alone they allow nothing',
  async (t) => {
    const back = { matchLabels: { tier: 'back' } };
    const spec = { ingress: [{ fromRequires: [back], ...port80 }, { fromEndpoints: [web] }, { fromCIDR: ['10.0.0.0/8'] }] };
    const spared = '!reserved:host, !reserved:world, !reserved:world-ipv4, !reserved:world-ipv6';
    t.same(said(read(cnp(spec))), [
      '+in nobody : tcp/80',
      `+in {any:app in (web), any:tier in (back), ${ns}} : all`,
      '+in 10.0.0.0/8 : all',
      `-in {${spared}, any:tier notin (back)} | {${spared}, k8s:io.kubernetes.pod.namespace notin (shop)} : all`,
    ]);
    t.same(said(read(cnp(spec), { stored: false })), ['! json-type', '! removed-field'], 'today they are refused');
  },
);
