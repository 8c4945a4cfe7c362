// What is accepted and what is refused: the given set, and what other manifests of the same kinds the published checks decide.

import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { readPolicy } from '../../../../orchestrator/model/policy/translate/read-policy.ts';
import { ccnp, cnp, netpol, options } from './said.ts';

interface GivenCase {
  readonly id: string;
  readonly manifest: object;
  readonly agent: string;
  readonly schema: string;
  readonly class: string;
}

const file = new URL('../../../policy/cases/D-sanitize.jsonl.gz', import.meta.url);
const cases = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as GivenCase);

t.test('a manifest of the given set is accepted just when agent and schema both accept it', async (t) => {
  t.equal(cases.length, 142);
  const differences = cases.filter(({ manifest, agent, schema }) => {
    const { policy } = readPolicy(manifest, options);
    return (policy !== undefined) !== (agent === 'accept' && schema !== 'reject');
  });
  t.same(
    differences.map(({ id }) => id),
    [],
  );
});

t.test('stored in a cluster it is accepted just when the agent accepts it, and refused for the same reason', async (t) => {
  // Clusters of before may hold this one, so it is read there: see the tests of rules.
  const others = cases.filter(({ id }) => id !== 'san-to-requires');
  const differences = others.filter(({ manifest, agent, class: kind }) => {
    const { policy, problems } = readPolicy(manifest, { ...options, stored: true });
    if (agent === 'accept') return policy === undefined;
    return policy !== undefined || !problems.some((problem) => problem.severity === 'error' && problem.class === kind);
  });
  t.same(
    differences.map(({ id }) => id),
    [],
  );
});

t.test('every refusal says where, and in words', async (t) => {
  for (const { id, manifest } of cases) {
    for (const { path, message } of readPolicy(manifest, options).problems) {
      t.ok(path.length > 0 && /^[^\n]{5,}[^.\n]$/.test(message), `${id}: ${path.join('.')}: ${message}`);
    }
  }
});

const from = (rule: object): object => cnp({ ingress: [rule] });
const to = (rule: object): object => cnp({ egress: [rule] });
const port = (fields: object, more: object = {}): object => to({ toPorts: [{ ports: [{ protocol: 'TCP', ...fields }], ...more }] });
const selector = (fields: object): object => from({ fromEndpoints: [fields] });
const ports = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ port: String(index + 1), protocol: 'TCP' }));
const http = (rule: object): object => port({ port: '80' }, { rules: { http: [rule] } });
const dns = { rules: { dns: [{ matchPattern: '*' }] } };

// Class of the refusal; `accept`: none. Of the agent alone, as for a stored object.
const decided: readonly [sentence: string, kind: string, object: object][] = [
  ['a policy needs a spec', 'no-spec', { ...cnp({}), spec: undefined }],
  ['a rule of null is none', 'json-type', cnp([null as never])],
  ['specs are checked like spec', 'cidr', cnp([{ endpointSelector: {}, ingress: [{ fromCIDR: ['10.0.0.0/33'] }] }])],
  ['a namespaced policy cannot select nodes', 'node-selector', cnp({ endpointSelector: undefined, nodeSelector: {}, ingress: [{}] })],
  [
    'three kinds of peers are too many, too',
    'combine-peers',
    from({ fromEndpoints: [{}], fromCIDR: ['1.0.0.0/8'], fromEntities: ['all'] }),
  ],
  ['deny rules are checked like the others', 'combine-peers', cnp({ ingressDeny: [{ fromEndpoints: [{}], fromEntities: ['all'] }] })],
  ['services may have ports', 'accept', to({ toServices: [{ k8sService: { serviceName: 'a' } }], toPorts: [{ ports: [{ port: '80' }] }] })],
  ['nodes cannot be selected by labels', 'node-labels', from({ fromNodes: [{}] })],
  ['no nodes may be selected by labels', 'accept', from({ fromNodes: [] })],
  ['an unknown entity', 'entity', from({ fromEntities: ['wrold'] })],
  ['an entity that is a word of JavaScript', 'entity', from({ fromEntities: ['constructor'] })],
  [
    'every entity of the agent',
    'accept',
    from({
      fromEntities: 'all world world-ipv4 world-ipv6 host init ingress remote-node health unmanaged none kube-apiserver cluster'.split(' '),
    }),
  ],
  ['an empty CIDR', 'cidr', from({ fromCIDR: [''] })],
  ['an IPv4 address with a zero before an octet', 'cidr', from({ fromCIDR: ['10.0.0.01'] })],
  ['an address alone, for the agent', 'accept', from({ fromCIDR: ['10.0.0.1', '2001:db8::1'] })],
  ['an address with a zone', 'cidr', from({ fromCIDR: ['fe80::1%eth0'] })],
  ['an exception of the other family', 'cidr-except', from({ fromCIDRSet: [{ cidr: '10.0.0.0/8', except: ['2001:db8::/32'] }] })],
  ['an exception beside the prefix', 'cidr-except', from({ fromCIDRSet: [{ cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] }] })],
  ['a prefix and a group', 'cidrset-one-of', from({ fromCIDRSet: [{ cidr: '10.0.0.0/8', cidrGroupRef: 'g' }] })],
  ['groups by label', 'accept', from({ fromCIDRSet: [{ cidrGroupSelector: { matchLabels: { a: 'b' } } }] })],
  ['groups by a label that cannot be', 'label-selector', from({ fromCIDRSet: [{ cidrGroupSelector: { matchLabels: { 'a b': 'c' } } }] })],
  ['a key of 63 characters', 'accept', selector({ matchLabels: { [`k8s:${'k'.repeat(63)}`]: 'x' } })],
  ['a key with a prefix', 'accept', selector({ matchLabels: { 'any:app.kubernetes.io/name': 'x' } })],
  ['a key with two colons', 'label-selector', selector({ matchLabels: { 'k8s:a:b': 'x' } })],
  ['a key with an empty source', 'label-selector', selector({ matchLabels: { ':a': 'x' } })],
  ['a key with a source of other characters', 'label-selector', selector({ matchLabels: { 'k-8:a': 'x' } })],
  ['a key with a prefix in capitals', 'label-selector', selector({ matchLabels: { 'Example.com/a': 'x' } })],
  ['a key with two slashes', 'label-selector', selector({ matchLabels: { 'a/b/c': 'x' } })],
  ['a value of 64 characters', 'label-selector', selector({ matchLabels: { a: 'v'.repeat(64) } })],
  ['an empty value', 'accept', selector({ matchLabels: { a: '' } })],
  ['an operator in lower case', 'label-selector', selector({ matchExpressions: [{ key: 'a', operator: 'in', values: ['x'] }] })],
  ['Exists with values', 'label-selector', selector({ matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] })],
  ['a bad subject', 'label-selector', cnp({ endpointSelector: { matchLabels: { 'a b': 'x' } }, ingress: [{}] })],
  ['a port in hexadecimal with more than 15 characters is a number', 'accept', port({ port: '0x00000000000050' })],
  ['a port with an underscore', 'accept', port({ port: '8_0' })],
  ['a port that begins with an underscore', 'port', port({ port: '_80' })],
  ['a port with a sign', 'port', port({ port: '+80' })],
  ['an empty port', 'port', port({ port: '' })],
  ['no port', 'port', port({})],
  ['a name of a port that ends with a hyphen', 'port', port({ port: 'ab-' })],
  ['a number that is no octal one', 'port', port({ port: '09' })],
  ['VRRP without a port number', 'accept', port({ port: '0', protocol: 'VRRP' })],
  ['an unknown protocol', 'protocol', port({ port: '80', protocol: 'QUIC' })],
  ['forty ports', 'accept', to({ toPorts: [{ ports: ports(40) }] })],
  ['forty-one ports', 'too-many', to({ toPorts: [{ ports: ports(41) }] })],
  ['forty-one ports of a deny rule', 'too-many', cnp({ egressDeny: [{ toPorts: [{ ports: ports(41) }] }] })],
  ['HTTP without a protocol', 'l7-tcp-only', to({ toPorts: [{ ports: [{ port: '80' }], rules: { http: [{}] } }] })],
  ['an empty list of HTTP rules minds no protocol', 'accept', port({ port: '80', protocol: 'UDP' }, { rules: { http: [] } })],
  ['HTTP and DNS', 'l7-types', port({ port: '80' }, { rules: { http: [{}], dns: [{ matchName: 'a' }] } })],
  ['DNS rules without ports', 'l7-dns-port', to({ toPorts: [dns] })],
  ['DNS rules for a range', 'l7-dns-range', port({ port: '53', endPort: 60 }, dns)],
  ['DNS rules for any protocol', 'accept', port({ port: '53', protocol: 'ANY' }, dns)],
  ['a method that is no regular expression', 'l7-regex', http({ method: 'GET|(' })],
  ['a regular expression of RE2', 'accept', http({ path: '(?i)/[[:alpha:]]+\\d{2,3}(?:x|y)*?$', method: 'GET|PUT' })],
  ['a regular expression that looks ahead', 'l7-regex', http({ path: '/(?=a)' })],
  ['a header match without a name', 'l7-header', http({ headerMatches: [{ value: 'x' }] })],
  ['a header match with an unknown action', 'l7-header', http({ headerMatches: [{ name: 'x', mismatch: 'DROP' }] })],
  ['server names with L7 rules', 'sni', port({ port: '443' }, { serverNames: ['a.b'], rules: { http: [{}] } })],
  [
    'server names with L7 rules and termination',
    'accept',
    port({ port: '443' }, { serverNames: ['a.b'], terminatingTLS: { secret: { name: 's' } }, rules: { http: [{}] } }),
  ],
  [
    'a listener on ingress',
    'listener',
    from({ toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], listener: { envoyConfig: { name: 'e' }, name: 'l' } }] }),
  ],
  [
    'a listener with L7 rules',
    'listener',
    port({ port: '80' }, { listener: { envoyConfig: { name: 'e' }, name: 'l' }, rules: { http: [{}] } }),
  ],
  ['a listener', 'accept', port({ port: '80' }, { listener: { envoyConfig: { name: 'e' }, name: 'l', priority: 5 } })],
  [
    'HTTP rules for nodes',
    'l7-host',
    ccnp({
      endpointSelector: undefined,
      nodeSelector: {},
      egress: [{ toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{}] } }] }],
    }),
  ],
  [
    'DNS rules for nodes',
    'accept',
    ccnp({ endpointSelector: undefined, nodeSelector: {}, egress: [{ toPorts: [{ ports: [{ port: '53' }], ...dns }] }] }),
  ],
  ['a name and a pattern', 'fqdn-both', to({ toFQDNs: [{ matchName: 'a.b', matchPattern: '*.b' }] })],
  ["names in deny rules are nobody's field", 'accept', cnp({ egressDeny: [{ toFQDNs: [{ matchName: 'a b' }] }] })],
  ['an ICMP type of two zeros', 'icmp-type', to({ icmps: [{ fields: [{ type: '00' }] }] })],
  ['an ICMP type that is missing', 'icmp-type', to({ icmps: [{ fields: [{}] }] })],
  ['an ICMP type with a fraction', 'json-type', to({ icmps: [{ fields: [{ type: 8.5 }] }] })],
  ['eight by name, of both families', 'accept', to({ icmps: [{ fields: [{ type: 'Echo' }, { type: 'EchoRequest', family: 'IPv6' }] }] })],
  ['a list where a rule should be', 'json-type', cnp({ ingress: [[]] })],
  ['a map where a list should be', 'json-type', cnp({ ingress: {} })],
  ['a text where a flag should be', 'json-type', cnp({ ingress: [{}], enableDefaultDeny: { ingress: 'no' } })],
  [
    'a network policy may have bad selectors',
    'accept',
    netpol({ ingress: [{ from: [{ podSelector: { matchLabels: { 'a b': 'x' } } }] }] }),
  ],
  ['a network policy cannot have a bad block', 'cidr', netpol({ egress: [{ to: [{ ipBlock: { cidr: 'x' } }] }] })],
  [
    'a network policy cannot have a bad exception',
    'cidr-except-syntax',
    netpol({ egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['x'] } }] }] }),
  ],
  ['a network policy with a port that is a list', 'json-type', netpol({ egress: [{ ports: [{ port: [] }] }] })],
  ['a network policy of any protocol', 'accept', netpol({ egress: [{ ports: [{ port: 80, protocol: 'ANY' }] }] })],
];
for (const [sentence, kind, object] of decided) {
  t.test(`${kind === 'accept' ? 'accepted' : 'refused'}: ${sentence}`, async (t) => {
    const { policy, problems } = readPolicy(object, { ...options, stored: true });
    const errors = problems.filter(({ severity }) => severity === 'error').map((problem) => problem.class);
    if (kind === 'accept') t.same(errors, []);
    else t.ok(errors.includes(kind), errors.join(', ') || 'accepted');
    t.equal(policy === undefined, kind !== 'accept');
  });
}

t.test('the README names every class that the code gives, and no other', async (t) => {
  const folder = new URL('../../../../orchestrator/model/policy/translate/', import.meta.url);
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const code = [...sources.map((name) => new URL(name, folder)), new URL('../name-match.ts', folder)]
    .map((url) => readFileSync(url, 'utf8'))
    .join('\n');
  const given = [
    ...[...code.matchAll(/\.(?:error|warning)\(\s*[^;]*?,\s*'([a-z0-9-]+)',/g)],
    ...[...code.matchAll(/(?:readPrefix\(field, findings, form, |kind = |class: )'([a-z0-9-]+)'/g)],
    ...[...code.matchAll(/\? '(fqdn-name)' : '/g)],
    ...[...code.matchAll(/this\.error\(field, '(json-type)'/g)],
  ].map(([, kind]) => kind);
  const text = readFileSync(new URL('README.md', folder), 'utf8');
  const listed = [...text.matchAll(/(?:Classes of refusals|Warnings): `([a-z0-9\s-]+)`/g)].flatMap(([, classes = '']) =>
    classes.split(/\s+/),
  );
  t.same([...new Set(given)].sort(), listed.sort());
});
