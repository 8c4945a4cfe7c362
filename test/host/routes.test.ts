// Routes as messages: what is asked of the kernel is what is read from its answers.

import fc from 'fast-check';
import t from 'tap';
import { canonicalAddress, canonicalPrefix } from '../../orchestrator/host/attributes.ts';
import { addRoute, isSameRoute, type Route, readRoute, removeRoute, replaceRoute } from '../../orchestrator/host/routes.ts';

const v4 = fc.ipV4();
const v6 = fc.ipV6().filter((text) => !text.includes('.'));

function routes(address: fc.Arbitrary<string>, bits: number): fc.Arbitrary<Route> {
  const own = address.map(canonicalAddress);
  return fc.record(
    {
      destination: fc.tuple(address, fc.integer({ min: 0, max: bits })).map((parts) => canonicalPrefix(parts.join('/'))),
      link: fc.integer({ min: 1, max: 1 << 30 }),
      gateway: own,
      source: own,
      tunnel: fc.oneof(v4, v6).map(canonicalAddress),
    },
    { requiredKeys: ['destination'] },
  );
}

t.test('a route is read as it was written', async (t) => {
  fc.assert(
    fc.property(fc.oneof(routes(v4, 32), routes(v6, 128)), fc.constantFrom(addRoute, replaceRoute), (route, put) => {
      const [read, ...more] = readRoute(put(route).body);
      t.same(more, []);
      t.ok(read !== undefined && isSameRoute(read, route), JSON.stringify([read, route]));
    }),
  );
});

t.test('a route with another way is not the same', async (t) => {
  const route: Route = { destination: '10.2.0.0/24', link: 4, source: '10.1.0.1', tunnel: '172.31.0.2' };
  const changes: Partial<Route>[] = [
    { destination: '10.2.0.0/25' },
    { link: 5 },
    { source: '10.1.0.2' },
    { source: undefined },
    { tunnel: '172.31.0.3' },
    { tunnel: undefined },
    { gateway: '172.31.0.2' },
  ];
  for (const change of changes) t.notOk(isSameRoute({ ...route, ...change }, route), JSON.stringify(change));
});

t.test("routes of others, of other tables and the kernel's own are none of ours", async (t) => {
  const { body } = addRoute({ destination: '10.2.0.0/24', link: 4 });
  const changed = (at: number, value: number) => {
    const copy = body.slice();
    copy[at] = value;
    return readRoute(copy);
  };
  const [table, protocol, type, flags] = [4, 5, 7, 9];
  t.same(changed(protocol, 4), [], 'static');
  t.same(changed(table, 255), [], 'local');
  t.same(changed(type, 6), [], 'blackhole');
  t.same(changed(flags, 2), [], 'cloned');
  t.equal(readRoute(body).length, 1);
});

t.test('whatever bytes come, reading a route ends', async () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 200 }), (bytes) => void readRoute(bytes)));
});

t.test('a removal names what is to go', async (t) => {
  t.equal(removeRoute({ destination: 'fd00:2::/64', link: 4 }).step, 'route fd00:2::/64: remove');
});
