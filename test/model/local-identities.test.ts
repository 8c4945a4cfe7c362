// Local identities: numbers for prefixes and sets of names.

import fc from 'fast-check';
import t from 'tap';
import { reservedIdentities, reservedIdentity, worldName } from '../../orchestrator/model/identities.ts';
import { localScope, reservedLabels } from '../../orchestrator/model/identity.ts';
import { LocalIdentities, type LocalMeaning, meaningText } from '../../orchestrator/model/local-identities.ts';
import { parsePrefix } from '../../orchestrator/net/prefix.ts';

function prefix(text: string, ...labels: string[]): LocalMeaning {
  const given = parsePrefix(text);
  return { kind: 'prefix', prefix: given, labels: reservedLabels(worldName(given.family), ...labels) };
}

function names(...texts: string[]): LocalMeaning {
  return { kind: 'names', names: texts };
}

const numbersOf = (identities: Iterable<{ number: number }>): number[] => [...identities].map(({ number }) => number);

t.test('reserved identities have their numbers, labels and prefixes', async (t) => {
  t.same(
    reservedIdentities.map(({ number, labels, prefix }) => [number, labels.text, prefix?.text]),
    [
      [1, 'reserved:host=;', undefined],
      [2, 'reserved:world=;', undefined],
      [3, 'reserved:unmanaged=;', undefined],
      [4, 'reserved:health=;', undefined],
      [5, 'reserved:init=;', undefined],
      [6, 'reserved:remote-node=;', undefined],
      [7, 'reserved:kube-apiserver=;reserved:remote-node=;', undefined],
      [8, 'reserved:ingress=;', undefined],
      [9, 'reserved:world-ipv4=;', '0.0.0.0/0'],
      [10, 'reserved:world-ipv6=;', '::/0'],
    ],
  );
  t.equal(reservedIdentity('remote-node').number, 6);
});

t.test('one meaning has one number, from the local scope on', async (t) => {
  const local = new LocalIdentities();
  const first = local.acquire(prefix('10.0.0.0/8'));
  t.match(first, { isNew: true, identity: { number: localScope + 1, prefix: { text: '10.0.0.0/8' } } });
  t.match(local.acquire(prefix('10.1.2.3/8')), { isNew: false, identity: { number: localScope + 1 } });
  t.equal(local.acquire(prefix('10.0.0.0/8', 'kube-apiserver')).identity.number, localScope + 2, 'other labels are another meaning');
  t.match(local.acquire(names('name:b', 'name:a')).identity, { number: localScope + 3, names: ['name:a', 'name:b'], labels: { text: '' } });
  t.equal(local.acquire(names('name:a', 'name:b', 'name:a')).isNew, false, 'a set has no order');
});

t.test('an identity lives as long as somebody uses it', async (t) => {
  const local = new LocalIdentities();
  local.acquire(names('name:a'));
  local.acquire(names('name:a'));
  t.equal(local.release(names('name:a')), undefined);
  t.equal(local.release(names('name:a'))?.number, localScope + 1);
  t.equal(local.release(names('name:a')), undefined, 'and is not released twice');
  t.equal(local.find(names('name:a')), undefined);
});

t.test('numbers that were released come back last, in their order', async (t) => {
  const local = new LocalIdentities({ first: 1, last: 4 });
  for (const text of ['name:a', 'name:b', 'name:c']) local.acquire(names(text));
  local.release(names('name:b'));
  local.release(names('name:a'));
  const next = ['name:d', 'name:e', 'name:f'].map((text) => local.acquire(names(text)).identity.number);
  t.same(next, [4, 2, 1]);
});

t.test('when every number is in use nothing more is given, and nothing is lost', async (t) => {
  const local = new LocalIdentities({ first: 1, last: 3 });
  local.sync('policies', [prefix('10.0.0.0/8')]);
  t.throws(
    () =>
      local.sync(
        'policies',
        [1, 2, 3].map((low) => prefix(`10.0.0.${low}`)),
      ),
    new RangeError('local identities: no number is free: 3 are in use'),
  );
  t.same(numbersOf(local), [1], 'who asked for too much has what it had');
  t.equal(local.sync('policies', [prefix('10.0.0.1'), prefix('10.0.0.2')]).added.length, 2);
});

t.test('each owner’s wants are its own', async (t) => {
  const local = new LocalIdentities();
  const shared = prefix('10.0.0.0/8');
  t.same(numbersOf(local.sync('policies', [shared, prefix('10.1.0.0/16')]).added), [localScope + 1, localScope + 2]);
  t.same(local.sync('nodes', [shared]).added, [], 'it is there already');
  t.same(numbersOf(local.sync('policies', []).removed), [localScope + 2], 'nodes use the other one');
  t.same(numbersOf(local.sync('nodes', []).removed), [localScope + 1]);
});

t.test('after a restart meanings have the numbers that they had', async (t) => {
  const before = new LocalIdentities();
  const meanings = ['10.0.0.0/8', '10.1.0.0/16', '2001:db8::/32'].map((text) => prefix(text));
  before.sync('policies', meanings);
  const after = new LocalIdentities({ restored: before.entries() });
  t.same(numbersOf(after), [], 'but nobody uses them yet');
  const newcomer = after.acquire(prefix('192.0.2.0/24')).identity.number;
  t.notOk(numbersOf(before).includes(newcomer), 'a newcomer takes none of them');
  for (const meaning of meanings.toReversed()) t.equal(after.acquire(meaning).identity.number, before.find(meaning)?.number);
});

t.test('restored numbers that nobody asks for become free when they are forgotten', async (t) => {
  const local = new LocalIdentities({ first: 1, last: 2, restored: [['names name:old', 1]] });
  t.equal(local.acquire(names('name:a')).identity.number, 2);
  t.throws(() => local.acquire(names('name:b')), { name: 'RangeError' });
  local.forgetRestored();
  t.equal(local.acquire(names('name:b')).identity.number, 1);
});

t.test('what an earlier life gave and took back is given again only when there is nothing else', async (t) => {
  const before = new LocalIdentities({ first: 1, last: 4 });
  for (const text of ['name:a', 'name:b']) before.acquire(names(text));
  before.release(names('name:b'));
  const after = new LocalIdentities({ first: 1, last: 4, restored: before.entries(), next: before.next });
  t.same(
    ['name:c', 'name:d', 'name:e', 'name:a'].map((text) => after.acquire(names(text)).identity.number),
    [3, 4, 2, 1],
  );
  t.throws(() => after.acquire(names('name:f')), { name: 'RangeError' });
  t.equal(
    new LocalIdentities({ first: 1, last: 4, next: 9 }).acquire(names('name:a')).identity.number,
    1,
    'one out of range means nothing',
  );
});

t.test('restored numbers out of range or claimed twice are not believed', async (t) => {
  const local = new LocalIdentities({
    first: 10,
    last: 20,
    restored: [
      ['names name:a', 3],
      ['names name:b', 10],
      ['names name:c', 10],
    ],
  });
  t.same(
    [names('name:b'), names('name:a'), names('name:c')].map((one) => local.acquire(one).identity.number),
    [10, 11, 12],
  );
});

t.test('whatever is acquired and released, numbers in use are distinct and each says what its meaning says', async () => {
  const step = fc.record({ acquires: fc.boolean(), low: fc.integer({ min: 0, max: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const local = new LocalIdentities({ first: 1, last: 6 });
      const uses = new Map<string, number>();
      for (const { acquires, low } of steps) {
        const meaning = prefix(`10.0.0.${low}`);
        const text = meaningText(meaning);
        const used = uses.get(text) ?? 0;
        const free = [...uses.values()].filter((count) => count > 0).length < 6;
        if (acquires && (used > 0 || free)) uses.set(text, used + (local.acquire(meaning) ? 1 : 0));
        else if (!acquires && used > 0) {
          const isLast = local.release(meaning) !== undefined;
          if (isLast !== (used === 1)) return false;
          uses.set(text, used - 1);
        }
      }
      const held = [...local];
      return (
        new Set(numbersOf(held)).size === held.length &&
        held.length === [...uses.values()].filter((count) => count > 0).length &&
        held.every(({ number }) => number >= 1 && number <= 6)
      );
    }),
  );
});
