// The ipcache step by step: the same rows as all at once, whatever the order, and no change goes untold.

import fc from 'fast-check';
import t from 'tap';
import { type Claim, claimSources } from '../../../orchestrator/model/ipcache/claim.ts';
import { prefixClaim, prefixesInForce } from '../../../orchestrator/model/ipcache/in-force.ts';
import { Ipcache, type IpcacheChange } from '../../../orchestrator/model/ipcache/ipcache.ts';
import { type IpcacheRow, ipcacheRows } from '../../../orchestrator/model/ipcache/rows.ts';
import type { Peer, Policy } from '../../../orchestrator/model/policy/rule.ts';
import { containsPrefix, makePrefix, parsePrefix } from '../../../orchestrator/net/prefix.ts';
import { claim, meaningWords } from './claims.ts';

/** Few prefixes, so that owners meet and prefixes lie in each other. */
const prefix = fc
  .constantFrom('0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/24', '10.0.0.4/30', '10.0.0.5/32', '10.0.0.9/32', '::/0', 'fd00::/8', 'fd00::1/128')
  .map(parsePrefix);
const words = [
  '',
  '#300',
  '#301',
  '@n1',
  '@n2',
  'reserved:remote-node',
  'reserved:kube-apiserver',
  'reserved:host',
  'cidrgroup:a=1',
  'cidrgroup:a=2',
  'cidrgroup:b',
];
const claims: fc.Arbitrary<Claim> = fc
  .tuple(prefix, fc.constantFrom(...claimSources), fc.array(fc.constantFrom(...words), { maxLength: 3 }), fc.constantFrom('x', 'y', 'z'))
  .map(([{ text }, source, said, owner]) => claim([text, source, ...said].join(' '), owner));
const sets = fc.uniqueArray(claims, { selector: ({ prefix, owner }) => `${prefix.text} ${owner}`, maxLength: 12 });

function table(rows: Iterable<IpcacheRow>): Record<string, string> {
  return Object.fromEntries([...rows].map(({ prefix, meaning }): [string, string] => [prefix.text, meaningWords(meaning)]).sort());
}

t.test('claims give the same rows in whatever order they come', async () => {
  fc.assert(
    fc.property(sets, fc.nat(), (given, seed) => {
      const shuffled = given.map((one, index) => ({ one, at: (index * 7919 + seed) % 13 })).sort((a, b) => a.at - b.at);
      const expected = JSON.stringify(table(ipcacheRows(given)));
      const other = shuffled.map(({ one }) => one);
      return JSON.stringify(table(ipcacheRows(other))) === expected && JSON.stringify(table(new Ipcache(other).rows())) === expected;
    }),
    { numRuns: 500 },
  );
});

t.test('a claim that is released leaves what would be there without it', async () => {
  fc.assert(
    fc.property(sets, sets, (stay, go) => {
      const kept = stay.filter((one) => !go.some(({ prefix, owner }) => prefix.text === one.prefix.text && owner === one.owner));
      const ipcache = new Ipcache([...kept, ...go]);
      for (const { prefix, owner } of go) ipcache.release(prefix, owner);
      return JSON.stringify(table(ipcache.rows())) === JSON.stringify(table(ipcacheRows(kept)));
    }),
    { numRuns: 500 },
  );
});

t.test('changes tell everything that changed and nothing else', async () => {
  const step = fc.oneof(
    claims.map(
      (one) =>
        (ipcache: Ipcache): IpcacheChange[] =>
          ipcache.claim(one),
    ),
    fc.tuple(prefix, fc.constantFrom('x', 'y', 'z')).map(
      ([from, owner]) =>
        (ipcache: Ipcache): IpcacheChange[] =>
          ipcache.release(from, owner),
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const ipcache = new Ipcache();
      for (const take of steps) {
        const before = table(ipcache.rows());
        const told = take(ipcache);
        const after = table(ipcache.rows());
        const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
        if (JSON.stringify(changed.sort()) !== JSON.stringify(told.map(({ prefix }) => prefix.text).sort())) return false;
        for (const { prefix, before: was, after: is } of told) {
          if (meaningWords(was) !== (before[prefix.text] ?? 'nothing') || meaningWords(is) !== (after[prefix.text] ?? 'nothing'))
            return false;
        }
      }
      return true;
    }),
    { numRuns: 1000 },
  );
});

t.test('the longest prefix around an address decides', async () => {
  fc.assert(
    fc.property(sets, fc.integer({ min: 0, max: 15 }), (given, low) => {
      const address = makePrefix(4, 0x0a000000n + BigInt(low), 32);
      const ipcache = new Ipcache(given);
      const [expected] = [...ipcache.rows()]
        .filter((row) => containsPrefix(row.prefix, address))
        .sort((a, b) => b.prefix.length - a.prefix.length);
      return ipcache.lookup(address).prefix.text === expected?.prefix.text;
    }),
  );
});

t.test('a policy’s prefix around others changes nothing for them', async (t) => {
  const ipcache = new Ipcache([claim('10.0.0.5/32 generated'), claim('10.0.0.9/32 kubernetes #300')]);
  t.same(
    ipcache.claim(claim('10.0.0.0/8 generated')).map(({ prefix }) => prefix.text),
    ['10.0.0.0/8'],
  );
});

t.test('a label of a wider prefix reaches what lies in it, and leaves with it', async (t) => {
  const ipcache = new Ipcache([claim('10.0.0.5/32 generated'), claim('10.0.0.9/32 kubernetes #300')]);
  const group = claim('10.0.0.0/8 generated cidrgroup:partners');
  const told = (changes: readonly IpcacheChange[]): string[] =>
    changes.map(({ prefix, after }) => `${prefix.text}: ${meaningWords(after)}`);
  t.same(told(ipcache.claim(group)), [
    '10.0.0.0/8: 10.0.0.0/8 cidrgroup:partners=;reserved:world-ipv4=;',
    '10.0.0.5/32: 10.0.0.5/32 cidrgroup:partners=;reserved:world-ipv4=;',
  ]);
  t.same(told(ipcache.release(group.prefix, group.owner)), ['10.0.0.0/8: nothing', '10.0.0.5/32: 10.0.0.5/32 reserved:world-ipv4=;']);
});

t.test('prefixes of peers and exceptions are in force, each once', async (t) => {
  const ref = { kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'web' } as const;
  const peer = (text: string, ...except: string[]): Peer => ({
    kind: 'prefix',
    prefix: parsePrefix(text),
    except: except.map(parsePrefix),
  });
  const rule = { policy: ref, path: 'spec.egress[0]', direction: 'egress', action: 'allow', traffic: [] } as const;
  const peers: Peer[] = [peer('10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16'), peer('10.1.0.0/16'), { kind: 'any' }];
  const policy: Policy = { ref, sections: [{ path: 'spec', subject: undefined, enforces: {}, rules: [{ ...rule, peers }] }] };
  const prefixes = prefixesInForce([policy, policy]);
  t.same(
    prefixes.map(({ text }) => text),
    ['10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16'],
  );
  t.equal(
    meaningWords(new Ipcache(prefixes.map((one) => prefixClaim(one))).lookup(parsePrefix('10.1.9.9')).meaning),
    '10.1.0.0/16 reserved:world-ipv4=;',
  );
});
