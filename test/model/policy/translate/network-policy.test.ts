// What NetworkPolicy means: as Kubernetes says, also where Cilium's engine does otherwise.

import t from 'tap';
import { enforced, netpol, read, said, subjects, warned } from './said.ts';

const ns = 'k8s:io.kubernetes.pod.namespace in (shop)';
const web = { matchLabels: { app: 'web' } };

const rules: readonly [sentence: string, spec: Record<string, unknown>, lines: readonly string[]][] = [
  ['a rule of nothing allows everything', { ingress: [{}] }, ['+in any : all']],
  ['an empty from is everybody', { ingress: [{ from: [] }] }, ['+in any : all']],
  ['empty ports are every port', { ingress: [{ ports: [] }] }, ['+in any : all']],
  ['pods are of the own namespace', { ingress: [{ from: [{ podSelector: web }] }] }, [`+in {k8s:app in (web), ${ns}} : all`]],
  [
    'namespaces by their labels',
    { ingress: [{ from: [{ namespaceSelector: { matchLabels: { env: 'prod' } } }] }] },
    ['+in {k8s:io.cilium.k8s.namespace.labels.env in (prod)} : all'],
  ],
  ['every namespace', { ingress: [{ from: [{ namespaceSelector: {} }] }] }, ['+in {k8s:io.kubernetes.pod.namespace} : all']],
  [
    'pods of namespaces',
    { ingress: [{ from: [{ namespaceSelector: {}, podSelector: web }] }] },
    ['+in {k8s:app in (web), k8s:io.kubernetes.pod.namespace} : all'],
  ],
  [
    'peers are any of them',
    { egress: [{ to: [{ podSelector: web }, { podSelector: {} }] }] },
    [`+out {k8s:app in (web), ${ns}} | {${ns}} : all`],
  ],
  [
    'a block does not open the own namespace',
    { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] },
    ['+in 10.0.0.0/8 !10.1.0.0/16 : all'],
  ],
  ['a peer of nothing is nobody', { ingress: [{ from: [{}] }] }, ['+in nobody : all']],
  [
    'a block beside selectors is nobody',
    { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
    ['+in nobody : all'],
  ],
  ['no protocol is TCP', { ingress: [{ ports: [{ port: 80 }] }] }, ['+in any : tcp/80']],
  ['no port is every port of the protocol', { ingress: [{ ports: [{ protocol: 'UDP' }] }] }, ['+in any : udp']],
  ['a port of nothing is TCP', { ingress: [{ ports: [{}] }] }, ['+in any : tcp']],
  ['a range', { ingress: [{ ports: [{ port: 80, endPort: 90, protocol: 'SCTP' }] }] }, ['+in any : sctp/80-90']],
  ['an end below the port is none', { ingress: [{ ports: [{ port: 80, endPort: 70 }] }] }, ['+in any : tcp/80']],
  ['a name', { ingress: [{ ports: [{ port: 'HTTP', endPort: 90 }] }] }, ['+in any : tcp/http']],
  ['a number in quotes', { ingress: [{ ports: [{ port: '80' }] }] }, ['+in any : tcp/80']],
  ['ports that are none allow nothing', { ingress: [{ ports: [{ port: 70000 }, { port: 0 }, { port: 'a b' }] }] }, ['+in any : nothing']],
  [
    'a selector that cannot be is nobody',
    { ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } }] }] },
    ['+in nobody : all'],
  ],
];
for (const [sentence, spec, lines] of rules) {
  const policyTypes = ['Ingress', 'Egress'];
  t.test(sentence, async (t) => t.same(said(read(netpol({ ...spec, policyTypes }))), lines));
}

const types: readonly [sentence: string, spec: Record<string, unknown>, directions: string, lines: readonly string[]][] = [
  ['without policyTypes it is ingress', {}, 'ingress', []],
  ['without policyTypes it is ingress, and egress where rules are', { egress: [{}] }, 'ingress, egress', ['+out any : all']],
  ['without policyTypes an empty egress is none', { egress: [] }, 'ingress', []],
  ['empty policyTypes are as absent ones', { policyTypes: [], egress: [{}] }, 'ingress, egress', ['+out any : all']],
  ['sections that policyTypes do not name do nothing', { policyTypes: ['Ingress'], egress: [{}] }, 'ingress', []],
  ['also those of ingress', { policyTypes: ['Egress'], ingress: [{}] }, 'egress', []],
  ['policyTypes alone deny', { policyTypes: ['Ingress', 'Egress'] }, 'ingress, egress', []],
];
for (const [sentence, spec, directions, lines] of types) {
  t.test(sentence, async (t) => {
    const reading = read(netpol(spec));
    t.same(enforced(reading), [directions]);
    t.same(said(reading), lines);
  });
}

t.test('rules that policyTypes do not name are warned of', async (t) => {
  t.same(warned(read(netpol({ policyTypes: ['Ingress'], egress: [{}] }))), ['policy-types']);
});

t.test('the subject is of the own namespace, and speaks of nobody when it cannot be read', async (t) => {
  t.same(subjects(read(netpol({ podSelector: web }))), [`k8s:app in (web), ${ns}`]);
  t.same(subjects(read(netpol({ podSelector: { matchLabels: { 'io.kubernetes.pod.namespace': 'other' } } }))), [ns]);
  t.same(subjects(read(netpol({ podSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } }))), [undefined]);
});
