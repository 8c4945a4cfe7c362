// The order of steps: between old rows and new ones no packet sees anything that is wider than both, or narrower than both.

import fc from 'fast-check';
import t from 'tap';
import { rowKey, type WrittenRow, widerKeys } from '../../../orchestrator/datapath/reconcile/policy-entry.ts';
import { addSteps, byPrecedence, type RowStep, type Steps, sortSteps } from '../../../orchestrator/datapath/reconcile/steps.ts';

t.setTimeout(600_000);

type Rows = Map<string, WrittenRow>;

const cells = [0, 300, 301];
/** What a packet's verdict may be made of: its peer's cell, everybody's, and that of a name granted. */
const readings = [
  [300, 0],
  [301, 0],
  [300, 301, 0],
];
const shapes = [
  { anyProtocol: true, protocol: 0, port: 0, portBits: 0 },
  ...[6, 17].flatMap((protocol) =>
    [
      [0, 0],
      [0, 14],
      [0, 15],
      [0, 16],
      [1, 16],
      [2, 16],
    ].map(([port = 0, portBits = 0]) => ({ anyProtocol: false, protocol, port, portBits })),
  ),
];
const packets = [6, 17].flatMap((protocol) => [0, 1, 2, 3, 4].map((port) => ({ protocol, port })));

const row = fc
  .record({
    identity: fc.constantFrom(...cells),
    shape: fc.constantFrom(...shapes),
    precedence: fc.constantFrom(1, 1, 134, 154, 255, 255),
    rule: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ shape, ...rest }): WrittenRow => ({ ...shape, ...rest, set: 1, direction: 'egress', proxyPort: 0 }));
const rows = fc.array(row, { maxLength: 12, size: 'max' }).map(canonical);

/** Without rows that a broader one of higher precedence covers. */
function canonical(given: readonly WrittenRow[]): Rows {
  const byKey: Rows = new Map();
  for (const row of given) {
    const other = byKey.get(rowKey(row));
    if (other === undefined || other.precedence < row.precedence) byKey.set(rowKey(row), row);
  }
  const isCovered = (row: WrittenRow): boolean => [...widerKeys(row)].some((key) => (byKey.get(key)?.precedence ?? 0) > row.precedence);
  return new Map([...byKey].filter(([, row]) => !isCovered(row)));
}

function differences(written: Rows, wanted: Rows): RowStep[] {
  const keys = new Set([...written.keys(), ...wanted.keys()]);
  return [...keys]
    .map((key) => ({ before: written.get(key), after: wanted.get(key) }))
    .filter(({ before, after }) => before?.precedence !== after?.precedence || before?.rule !== after?.rule);
}

function stepsBetween(written: Rows, wanted: Rows): Steps {
  const steps: Steps = { raise: [], clear: [], lower: [], drop: [] };
  addSteps(differences(written, wanted), written, (key) => wanted.get(key), steps);
  sortSteps(steps);
  return steps;
}

/** Every state on the way; the first is `written`. */
function* states(written: Rows, wanted: Rows): Iterable<Rows> {
  const { raise, clear, lower, drop } = stepsBetween(written, wanted);
  const rows = new Map(written);
  yield rows;
  for (const [list, isPut] of [
    [raise, true],
    [clear, false],
    [lower, true],
    [drop, false],
  ] as const) {
    for (const row of byPrecedence(list).flat()) {
      if (isPut) rows.set(rowKey(row), row);
      else rows.delete(rowKey(row));
      yield rows;
    }
  }
}

/** 2 passes, 1 passes through a proxy, 0 does not pass. */
function openness(rows: Rows, identities: readonly number[], { protocol, port }: { protocol: number; port: number }): number {
  const found = identities.map((identity) => {
    const key = { direction: 'egress' as const, identity, protocol, anyProtocol: false };
    for (let portBits = 16; portBits >= 0; portBits -= 1) {
      const row = rows.get(rowKey({ ...key, portBits, port: port & (0xffff0000 >> portBits) & 0xffff }));
      if (row !== undefined) return row.precedence;
    }
    return rows.get(rowKey({ ...key, anyProtocol: true, port: 0, portBits: 0 }))?.precedence ?? 0;
  });
  const precedence = Math.max(...found);
  return precedence === 1 ? 2 : precedence === 0 || precedence === 255 ? 0 : 1;
}

/** Calls back for every packet at every step, with how open it was at first, is now, and shall be. */
function watch(written: Rows, wanted: Rows, onStep: (first: number, now: number, last: number, what: string) => void): void {
  for (const rows of states(written, wanted))
    for (const identities of readings)
      for (const packet of packets) {
        const [first, now, last] = [written, rows, wanted].map((state) => openness(state, identities, packet)) as [number, number, number];
        onStep(first, now, last, `${identities} ${packet.protocol}/${packet.port}`);
      }
}

const runs = 400;

t.test('every step leaves every packet between its old verdict and its new one', async (t) => {
  let between = 0;
  fc.assert(
    fc.property(rows, rows, (written, wanted) => {
      watch(written, wanted, (first, now, last, what) => {
        if (now < Math.min(first, last) || now > Math.max(first, last))
          throw new Error(`${what}: ${first} became ${now} on its way to ${last}`);
        if (first !== last) between += 1;
      });
    }),
    { numRuns: runs },
  );
  t.ok(between > runs, `${between} packets on their way`);
});

t.test('at the end the rows are those that were wanted', async (t) => {
  fc.assert(
    fc.property(rows, rows, (written, wanted) => {
      const last = [...states(written, wanted)].at(-1) as Rows;
      t.same(differences(last, wanted), []);
    }),
    { numRuns: 200 },
  );
});

t.test('puts before removals, in any order, would not do', async (t) => {
  const [deny, allow] = [255, 1].map((precedence) => ({ precedence, rule: 1, set: 1, direction: 'egress' as const, proxyPort: 0 }));
  const [all, port] = [shapes[0], { anyProtocol: false, protocol: 6, port: 1, portBits: 16 }];
  const own = { ...allow, ...port, identity: 300 } as WrittenRow;
  const written = canonical([own, { ...deny, ...port, identity: 0 } as WrittenRow]);
  const wanted = canonical([{ ...deny, ...all, identity: 300 } as WrittenRow, { ...allow, ...port, identity: 0 } as WrittenRow]);
  const put = new Map([...written, ...wanted]);
  t.equal(openness(written, [300, 0], port), 0);
  t.equal(openness(wanted, [300, 0], port), 0);
  t.equal(openness(put, [300, 0], port), 2, 'everything was put and nothing removed: the packet passes');
  watch(written, wanted, (first, now, last, what) => what === '300,0 6/1' && t.equal(first + now + last, 0));
});
