// Binding: what references to services and groups stand for.

import t from 'tap';
import { bindPeers, hasReferences } from '../../../orchestrator/model/policy/bind.ts';
import { collectReferences } from '../../../orchestrator/model/policy/references.ts';
import type { Peer, Policy } from '../../../orchestrator/model/policy/rule.ts';
import { makeSelector } from '../../../orchestrator/model/selector.ts';
import { parsePrefix } from '../../../orchestrator/net/prefix.ts';

const ref = { kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'web' } as const;
const traffic = [{ protocol: 6, ports: { first: 443, last: 443 } }] as const;

function policy(...peers: Peer[]): Policy {
  const rule = { policy: ref, path: 'spec.egress[0]', direction: 'egress', action: 'allow', peers, traffic } as const;
  return { ref, sections: [{ path: 'spec', subject: undefined, enforces: { egress: { defaultDeny: true } }, rules: [rule] }] };
}

/** Peers of the only rule, as texts. */
function bound(peer: Peer, ...objects: unknown[]): string[] {
  const { sections } = bindPeers(policy(peer), collectReferences(objects, 'default'));
  return (sections[0]?.rules[0]?.peers ?? []).map((one) => {
    if (one.kind === 'labels') return one.selector.text;
    return one.kind === 'prefix' ? [one.prefix.text, ...one.except.map(({ text }) => `-${text}`)].join(' ') : one.kind;
  });
}

function service(name: string, spec: object, labels: Record<string, string> = {}, namespace = 'shop'): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels }, spec };
}

function slice(name: string, addresses: unknown[], more: object = {}, namespace = 'shop'): object {
  const labels = { 'kubernetes.io/service-name': name };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${addresses.join('')}`, namespace, labels },
    addressType: 'IPv4',
    endpoints: [{ addresses }],
    ...more,
  };
}

function group(name: string, prefixes: unknown[], labels: Record<string, string> = {}): object {
  return { apiVersion: 'cilium.io/v2', kind: 'CiliumCIDRGroup', metadata: { name, labels }, spec: { externalCIDRs: prefixes } };
}

const exists = (source: string, key: string) => makeSelector([{ source, key, operator: 'Exists', values: [] }]);
const api: Peer = { kind: 'service', service: { namespace: 'shop', name: 'api' } };
const partners = (...except: string[]): Peer => ({ kind: 'group', group: { name: 'partners' }, except: except.map(parsePrefix) });

t.test('a service with a selector stands for the pods of its namespace and cluster, never for addresses', async (t) => {
  const scoped = 'k8s:app in (api), k8s:io.cilium.k8s.policy.cluster in (default), k8s:io.kubernetes.pod.namespace in (shop)';
  t.same(bound(api, service('api', { selector: { app: 'api' } }), slice('api', ['10.0.0.1'])), [scoped]);
  t.same(bound(api, service('api', { clusterIP: 'None', selector: { app: 'api' } })), [scoped], 'headless');
});

t.test('a service without one stands for the addresses of its slices and Endpoints', async (t) => {
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'api', namespace: 'shop' },
    subsets: [{ addresses: [{ ip: '192.0.2.3' }, { ip: '10.0.0.1' }], notReadyAddresses: [{ ip: '192.0.2.9' }] }],
  };
  const objects = [
    service('api', {}),
    slice('api', ['10.0.0.1', '10.0.0.2']),
    slice('api', ['fd00::1'], { addressType: 'IPv6' }),
    endpoints,
  ];
  t.same(bound(api, ...objects), ['10.0.0.1/32', '10.0.0.2/32', '192.0.2.3/32', 'fd00::1/128']);
  t.same(bound(api, ...objects.toReversed()), bound(api, ...objects), 'in whatever order they came');
});

t.test('addresses that take no connections, names, nonsense and slices of others are left out', async (t) => {
  const endpoints = (conditions: object) => ({ endpoints: [{ addresses: ['10.0.0.1'], conditions }] });
  const rows: [more: object, expected: string[]][] = [
    [endpoints({ ready: true }), ['10.0.0.1/32']],
    [endpoints({}), ['10.0.0.1/32']],
    [endpoints({ ready: false }), []],
    [endpoints({ ready: false, serving: true, terminating: true }), ['10.0.0.1/32']],
    [endpoints({ ready: false, serving: false, terminating: true }), []],
    [{ addressType: 'FQDN', endpoints: [{ addresses: ['10.0.0.1'] }] }, []],
    [{ endpoints: [{ addresses: ['nonsense', 7, '10.0.0.1', '::ffff:10.0.0.2'] }] }, ['10.0.0.1/32']],
    [{ endpoints: null }, []],
  ];
  for (const [more, expected] of rows) t.same(bound(api, service('api', {}), slice('api', [], more)), expected, JSON.stringify(more));
  t.same(bound(api, service('api', {}), slice('api', ['10.0.0.1'], {}, 'other'), slice('apis', ['10.0.0.2'])), []);
});

t.test('a service whose name DNS answers for stands for nobody', async (t) => {
  t.same(bound(api, service('api', { type: 'ExternalName', externalName: 'example.com', selector: { app: 'api' } })), []);
});

t.test('without a namespace, services of every namespace are meant', async (t) => {
  const objects = [
    service('api', {}),
    slice('api', ['10.0.0.1']),
    service('api', {}, {}, 'other'),
    slice('api', ['10.0.0.2'], {}, 'other'),
  ];
  t.same(bound({ kind: 'service', service: { namespace: undefined, name: 'api' } }, ...objects), ['10.0.0.1/32', '10.0.0.2/32']);
  t.same(bound(api, ...objects), ['10.0.0.1/32']);
});

t.test('services may be meant by their labels', async (t) => {
  const objects = [service('a', {}, { tier: 'x' }), slice('a', ['10.0.0.1']), service('b', {}), slice('b', ['10.0.0.2'])];
  for (const source of ['any', 'k8s']) {
    t.same(
      bound({ kind: 'service', service: { namespace: undefined, selector: exists(source, 'tier') } }, ...objects),
      ['10.0.0.1/32'],
      source,
    );
  }
  t.same(bound({ kind: 'service', service: { namespace: undefined, selector: makeSelector([]) } }, ...objects), [
    '10.0.0.1/32',
    '10.0.0.2/32',
  ]);
});

t.test('groups are meant by name or by labels', async (t) => {
  const objects = [group('partners', ['10.0.0.0/8', '2001:db8::/32'], { kind: 'friend' }), group('others', ['192.0.2.0/24'])];
  t.same(bound(partners(), ...objects), ['10.0.0.0/8', '2001:db8::/32']);
  for (const source of ['any', 'cidrgroup']) {
    t.same(
      bound({ kind: 'group', group: { selector: exists(source, 'kind') }, except: [] }, ...objects),
      ['10.0.0.0/8', '2001:db8::/32'],
      source,
    );
  }
});

t.test('an exception takes from each prefix of a group what it holds of it', async (t) => {
  const objects = [group('partners', ['10.1.0.0/16', '10.2.0.0/24', '192.0.2.0/24', 'nonsense', '::ffff:10.0.0.0/104'])];
  t.same(
    bound(partners('10.1.7.0/24', '10.2.0.0/16'), ...objects),
    ['10.1.0.0/16 -10.1.7.0/24', '192.0.2.0/24'],
    'a prefix within an exception is gone',
  );
});

t.test('a reference that resolves to nothing gives no peers: the rule allows nothing, on its ports too', async (t) => {
  for (const peer of [api, partners(), { kind: 'group', group: { selector: exists('any', 'kind') }, except: [] } as const]) {
    t.same(bound(peer), [], peer.kind);
    t.same(bound(peer, service('api', {}), group('partners', [])), [], `${peer.kind}, there but empty`);
  }
  t.same(
    bindPeers(policy(api), collectReferences([], 'default')).sections[0]?.enforces,
    { egress: { defaultDeny: true } },
    'default deny stands',
  );
});

t.test('what needs no binding stays as it is', async (t) => {
  const plain = policy({ kind: 'any' });
  t.notOk(hasReferences(plain));
  t.equal(bindPeers(plain, collectReferences([], 'default')), plain);
  const mixed = policy({ kind: 'any' }, api);
  t.ok(hasReferences(mixed));
  t.same(bindPeers(mixed, collectReferences([], 'default')).sections[0]?.rules[0]?.peers, [{ kind: 'any' }]);
});

t.test('a later object takes the place of an earlier one of the same name', async (t) => {
  t.same(bound(partners(), group('partners', ['10.0.0.0/8']), group('partners', ['192.0.2.0/24'])), ['192.0.2.0/24']);
  t.same(bound(partners(), null, 'text', 7, [], {}, { kind: 'Pod', apiVersion: 'v1' }), []);
});
