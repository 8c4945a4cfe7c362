// Addresses: which are given out, in which order, and that none is given out twice.

import fc from 'fast-check';
import t from 'tap';
import { AddressPool, routerAddress } from '../../orchestrator/endpoints/pool.ts';
import { parsePrefix } from '../../orchestrator/net/prefix.ts';

function poolOf(...prefixes: string[]): AddressPool {
  const pool = new AddressPool();
  pool.setPrefixes(prefixes);
  return pool;
}

function takeAll(pool: AddressPool): string[] {
  const taken: string[] = [];
  try {
    for (;;) taken.push(...pool.take(`owner ${taken.length}`));
  } catch {
    return taken;
  }
}

t.test('network, broadcast and router addresses are nobody else’s', async (t) => {
  const cases: [prefix: string, router: string, pods: string[]][] = [
    ['10.0.0.0/29', '10.0.0.1', ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']],
    ['10.0.0.0/30', '10.0.0.1', ['10.0.0.2']],
    ['10.0.0.0/31', '10.0.0.0', ['10.0.0.1']],
    ['10.0.0.7/32', '10.0.0.7', []],
    ['fd00::/126', 'fd00::1', ['fd00::2', 'fd00::3']],
    ['fd00::/127', 'fd00::', ['fd00::1']],
    ['fd00::7/128', 'fd00::7', []],
  ];
  for (const [prefix, router, pods] of cases) {
    t.equal(routerAddress(parsePrefix(prefix)), router, prefix);
    t.same(takeAll(poolOf(prefix)), pods, prefix);
    t.same(poolOf(prefix).states(), [{ prefix, size: pods.length, used: 0 }]);
  }
});

t.test('fresh addresses come first, then the one that was free for the longest time', async (t) => {
  const pool = poolOf('10.0.0.0/29');
  const next = () => pool.take('someone')[0];
  t.same([next(), next(), next()], ['10.0.0.2', '10.0.0.3', '10.0.0.4']);
  pool.release(['10.0.0.3']);
  pool.release(['10.0.0.2']);
  t.same([next(), next(), next(), next()], ['10.0.0.5', '10.0.0.6', '10.0.0.3', '10.0.0.2']);
});

t.test('after a restart what lies below the highest address in use comes last', async (t) => {
  const pool = new AddressPool();
  t.same(pool.hold(['10.0.0.4'], 'web'), []);
  pool.setPrefixes(['10.0.0.0/29']);
  t.same(takeAll(pool), ['10.0.0.5', '10.0.0.6', '10.0.0.2', '10.0.0.3']);
});

t.test('both families are taken, or none', async (t) => {
  const pool = poolOf('10.0.0.0/30', 'fd00::/64');
  t.same(pool.take('a'), ['10.0.0.2', 'fd00::2']);
  t.throws(() => pool.take('b'), { code: 'ADDRESSES_EXHAUSTED', message: 'pod addresses: none is free: 10.0.0.0/30: 1 of 1 in use' });
  pool.release(['10.0.0.2', 'fd00::2']);
  t.same(pool.take('b'), ['10.0.0.2', 'fd00::3'], 'IPv6 lost nothing but its turn');
});

t.test('when the second family has no room the first is given back', async (t) => {
  const pool = poolOf('10.0.0.0/24', 'fd00::7/128');
  t.throws(() => pool.take('a'), { message: 'pod addresses: none is free: fd00::7/128: 0 of 0 in use' });
  t.equal(pool.states()[0].used, 0);
});

t.test('several prefixes of a family are filled one after the other', async (t) => {
  t.same(takeAll(poolOf('10.0.0.0/30', '10.1.0.0/30', '10.0.0.0/30')), ['10.0.0.2', '10.1.0.2']);
});

t.test('prefixes may change: what is outside stays held, and is free when they come back', async (t) => {
  const pool = poolOf('10.0.0.0/29');
  pool.take('a');
  pool.setPrefixes(['10.1.0.0/29']);
  t.equal(pool.ownerOf('10.0.0.2'), 'a');
  t.same(pool.take('b'), ['10.1.0.2']);
  pool.release(['10.0.0.2']);
  pool.setPrefixes(['10.0.0.0/29', '10.1.0.0/29']);
  t.equal(pool.ownerOf('10.0.0.2'), undefined);
  t.equal(takeAll(pool).length, 5 + 4);
});

t.test('what another holds is refused, and nothing of the list is held then', async (t) => {
  const pool = poolOf('10.0.0.0/29', 'fd00::/64');
  t.same(pool.hold(['10.0.0.3', 'fd00::9'], 'a'), []);
  t.same(pool.hold(['10.0.0.3', 'fd00::9'], 'a'), [], 'the same again is fine');
  t.same(pool.hold(['10.0.0.4', 'fd00::9'], 'b'), ['fd00::9']);
  t.equal(pool.ownerOf('10.0.0.4'), undefined);
});

t.test('a prefix of two to the 64 addresses takes no longer than a small one', async (t) => {
  const pool = poolOf('fd00::/64');
  for (let count = 0; count < 1000; count += 1) pool.take(`${count}`);
  t.same(pool.states(), [{ prefix: 'fd00::/64', size: 2 ** 64 - 2, used: 1000 }]);
});

t.test('whatever is taken, released, held and however prefixes change: nobody has what another has', async () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('take' as const), owner: fc.nat(20) }),
    fc.record({ do: fc.constant('release' as const), owner: fc.nat(20) }),
    fc.record({ do: fc.constant('hold' as const), owner: fc.nat(20), last: fc.integer({ min: 0, max: 7 }) }),
    fc.record({ do: fc.constant('prefixes' as const), of: fc.subarray(['10.0.0.0/29', '10.0.1.0/30', 'fd00::/125', '10.0.0.0/30']) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const pool = poolOf('10.0.0.0/29', 'fd00::/125');
      let routers = ['10.0.0.1', 'fd00::1'];
      const held = new Map<string, number>();
      const own = (addresses: string[], owner: number) => {
        for (const address of addresses) {
          if (held.has(address)) throw new Error(`${address} was given twice`);
          if (routers.includes(address)) throw new Error(`${address} is the router's`);
          held.set(address, owner);
        }
      };
      for (const action of actions) {
        if (action.do === 'prefixes') {
          pool.setPrefixes(action.of);
          routers = action.of.map((prefix) => routerAddress(parsePrefix(prefix)));
        } else if (action.do === 'release') {
          const gone = [...held].filter(([, owner]) => owner === action.owner).map(([address]) => address);
          pool.release(gone);
          for (const address of gone) held.delete(address);
        } else if (action.do === 'hold') {
          const address = `10.0.0.${action.last}`;
          const isRefused = pool.hold([address], `${action.owner}`).length > 0;
          if (isRefused !== (held.has(address) && held.get(address) !== action.owner)) throw new Error(`${address}: ${isRefused}`);
          if (!isRefused) held.set(address, action.owner);
        } else {
          try {
            own(pool.take(`${action.owner}`), action.owner);
          } catch (error) {
            if (!/none is free/.test((error as Error).message)) throw error;
          }
        }
        for (const [address, owner] of held) if (pool.ownerOf(address) !== `${owner}`) throw new Error(`${address}: lost`);
      }
    }),
    { numRuns: 300 },
  );
});
