// Precedence: how specific a match is, and which rules go before which.
import t from 'tap';
import { matchLength, precedence } from '../../../../orchestrator/model/policy/evaluate/precedence.ts';

t.test('a match is as long as the block of ports around the packet that an entry could be written for', async (t) => {
  const length = (first: number, last: number, port: number) => matchLength(6, { first, last }, port);
  t.equal(matchLength(undefined, { first: 0, last: 65535 }, 80), 0);
  t.equal(length(0, 65535, 80), 8);
  t.equal(length(80, 80, 80), 24);
  t.equal(length(64, 127, 80), 8 + 10);
  t.equal(length(64, 128, 80), 8 + 10);
  t.equal(length(64, 128, 128), 24);
  t.equal(length(1, 65535, 1), 24);
  t.equal(length(1, 65535, 3), 8 + 15);
  t.equal(length(1, 65535, 40000), 8 + 1);
});

t.test('a range is matched as the sum of the blocks that it is written as', async (t) => {
  for (const [first, last] of [
    [1, 65534],
    [1000, 1999],
    [8000, 8010],
    [0, 4095],
    [443, 443],
  ] as const) {
    let blocks = 0;
    for (let port = first; port <= last; port += 2 ** (24 - matchLength(6, { first, last }, port))) {
      const size = 2 ** (24 - matchLength(6, { first, last }, port));
      t.ok(port % size === 0 && port + size - 1 <= last, `${port}/${size} lies in ${first}-${last}`);
      blocks += 1;
    }
    t.ok(blocks <= 30, `${first}-${last} is ${blocks} blocks`);
  }
});

t.test('deny, then listeners by their priority, then HTTP, TLS, DNS, then other listeners, then plain allows', async (t) => {
  const of = (kind: 'http' | 'dns' | 'tls' | 'listener', priority?: number) =>
    precedence({ action: 'allow' }, { layer7: { kind, field: '', ...(priority !== undefined && { priority }) } });
  const order = [
    precedence({ action: 'deny' }, {}),
    of('listener', 1),
    of('listener', 100),
    of('http'),
    of('tls'),
    of('dns'),
    of('listener'),
    precedence({ action: 'allow' }, {}),
  ];
  t.same(
    order,
    [...order].sort((a, b) => b - a),
  );
  t.equal(new Set(order).size, order.length);
  t.ok(order.every((value) => Number.isInteger(value) && value >= 1 && value <= 255));
});
