// Name sets: which selectors a DNS name is known by.

import t from 'tap';
import { nameSet, namesInForce } from '../../orchestrator/model/name-sets.ts';
import type { NameSelector, Peer, Policy } from '../../orchestrator/model/policy/rule.ts';

function selector(kind: 'name' | 'pattern', value: string): NameSelector {
  return { kind, value, text: `${kind}:${value}` };
}

function policy(...peers: Peer[]): Policy {
  const ref = { kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'web' } as const;
  const rule = { policy: ref, path: 'spec.egress[0]', direction: 'egress', action: 'allow', peers, traffic: [] } as const;
  return { ref, sections: [{ path: 'spec', subject: undefined, enforces: {}, rules: [rule] }] };
}

t.test('a name is known by the set of selectors that match it, whatever their order', async (t) => {
  const selectors = [selector('pattern', '*.example.com'), selector('name', 'api.example.com'), selector('pattern', '*')];
  const rows: [name: string, expected: string[] | undefined][] = [
    ['api.example.com', ['name:api.example.com', 'pattern:*', 'pattern:*.example.com']],
    ['API.Example.COM.', ['name:api.example.com', 'pattern:*', 'pattern:*.example.com']],
    ['www.example.com', ['pattern:*', 'pattern:*.example.com']],
    ['example.org', ['pattern:*']],
  ];
  for (const [name, expected] of rows) {
    t.same(nameSet(selectors, name), expected, name);
    t.same(nameSet(selectors.toReversed(), name), expected, name);
  }
});

t.test('a name that no policy speaks of has no set', async (t) => {
  t.equal(nameSet([selector('name', 'example.com')], 'example.org'), undefined);
  t.equal(nameSet([], 'example.org'), undefined);
});

t.test('selectors in force are those of peers, each once', async (t) => {
  const api: Peer = { kind: 'name', name: selector('name', 'api.example.com') };
  const star: Peer = { kind: 'name', name: selector('pattern', '*.example.com') };
  t.same(
    namesInForce([policy(star, api, { kind: 'any' }), policy(api)]).map(({ text }) => text),
    ['name:api.example.com', 'pattern:*.example.com'],
  );
});
