// What the proxy is told while the datapath changes: nothing that held before and will hold is missing, nothing new comes too early.

import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { DnsAllowed, DnsSet } from '../../orchestrator/dns/rules.ts';
import { dnsPassage, isSameDns } from '../../orchestrator/enforcement/dns/passage.ts';
import { noDns, type WantedDns } from '../../orchestrator/enforcement/dns/wanted-rules.ts';
import { matchesName } from '../../orchestrator/model/policy/name-match.ts';
import type { NameSelector } from '../../orchestrator/model/policy/rule.ts';

const texts = ['a', 'b', 'ab', 'd'];
const selectors: readonly NameSelector[] = [
  ...texts.map((value) => ({ kind: 'name', value, text: `name:${value}` }) as const),
  ...['a*', '*b', '*'].map((value) => ({ kind: 'pattern', value, text: `pattern:${value}` }) as const),
];

const row: fc.Arbitrary<DnsAllowed> = fc.record({
  identity: fc.constantFrom(0, 300, 301),
  protocol: fc.constant(17),
  port: fc.constantFrom(53, 5353),
  portBits: fc.constant(16),
  names: fc.oneof(
    { weight: 1, arbitrary: fc.constant('every' as const) },
    { weight: 5, arbitrary: fc.subarray([...selectors], { maxLength: 3 }) },
  ),
  rule: fc.constantFrom('cnp/shop/a spec.egress[0]', 'cnp/shop/b spec.egress[0]'),
});
const granted = fc.subarray([...selectors].map((name, at) => ({ name, identity: 0x1000001 + at, minTtl: 0, grace: 0, each: false })));
const sets = fc
  .subarray([7, 8])
  .chain((numbers) =>
    fc.tuple(...numbers.map((set) => fc.record({ set: fc.constant(set), allowed: fc.array(row, { maxLength: 5 }), granted }))),
  );
const rules: fc.Arbitrary<WantedDns> = sets.chain((found) => {
  const list = found as DnsSet[];
  const endpoint = (id: number) =>
    fc.record({ pod: fc.constantFrom('web', 'db'), set: fc.constantFrom(...list.map(({ set }) => set)) }).map(({ pod, set }) => {
      return { id, namespace: 'shop', pod, identity: 256, labels: [], addresses: [`10.0.0.${id}`], set };
    });
  const endpoints = list.length === 0 ? fc.constant([]) : fc.tuple(endpoint(1), endpoint(2));
  return endpoints.map((rows) => ({ endpoints: rows, sets: list }));
});

function allows({ sets: all }: WantedDns, set: number, server: number, port: number, name: string): boolean {
  const rows = all.find((one) => one.set === set)?.allowed ?? [];
  return rows.some((one) => {
    const isMeant = (one.identity === 0 || one.identity === server) && one.port === port;
    return isMeant && (one.names === 'every' || one.names.some((selector) => matchesName(selector, name)));
  });
}

const hasPatterns = ({ sets: all }: WantedDns): boolean =>
  all.some(({ allowed }) => allowed.some(({ names }) => names !== 'every' && names.some(({ kind }) => kind === 'pattern')));

const sees = ({ sets: all }: WantedDns, set: number, port: number, server?: number): boolean =>
  (all.find((one) => one.set === set)?.allowed ?? []).some(
    (one) => one.port === port && (server === undefined || one.identity === 0 || one.identity === server),
  );

t.test('what may be asked for before and after may be asked for meanwhile; what only one of both allows may not', async (t) => {
  const seen = { both: 0, early: 0, late: 0 };
  fc.assert(
    fc.property(rules, rules, (before, after) => {
      const passage = dnsPassage(before, after);
      for (const set of [7, 8]) {
        for (const server of [300, 301, 302]) {
          for (const port of [53, 5353]) {
            for (const name of [...texts, 'elsewhere']) {
              const [was, will, is] = [before, after, passage].map((one) => allows(one, set, server, port, name));
              const where = JSON.stringify({ set, server, port, name });
              if (was && will) {
                seen.both += 1;
                deepStrictEqual(is, true, `refused meanwhile: ${where}`);
              }
              // Only where the server's traffic came to the proxy before is there anybody who could ask too early.
              if (!was && will && sees(before, set, port)) {
                seen.early += 1;
                deepStrictEqual(is, false, `allowed too early: ${where}`);
              }
              if (!was && !will) deepStrictEqual(is, false, `never allowed: ${where}`);
              const hasOwn = (one: WantedDns, identity: number) =>
                one.sets.some(
                  (each) => each.set === set && each.allowed.some((found) => found.port === port && found.identity === identity),
                );
              if (
                was &&
                !will &&
                !(hasPatterns(before) && hasPatterns(after)) &&
                hasOwn(after, server) &&
                (hasOwn(after, 0) || !hasOwn(before, 0))
              ) {
                seen.late += 1;
                deepStrictEqual(is, false, `still allowed: ${where}`);
              }
            }
          }
        }
      }
    }),
    { numRuns: 1500 },
  );
  for (const [what, count] of Object.entries(seen)) t.ok(count > 5, `${what}: ${count}`);
});

t.test('pods of both are known meanwhile, with a set that is known, and what either grants is granted', async (t) => {
  fc.assert(
    fc.property(rules, rules, (before, after) => {
      const passage = dnsPassage(before, after);
      const numbers = new Set(passage.sets.map(({ set }) => set));
      for (const { id } of [...before.endpoints, ...after.endpoints]) {
        deepStrictEqual(passage.endpoints.filter((one) => one.id === id).length, 1);
      }
      for (const endpoint of passage.endpoints) {
        deepStrictEqual(numbers.has(endpoint.set), true);
        const [old, now] = [before, after].map(({ endpoints }) => endpoints.find(({ id }) => id === endpoint.id));
        if (old !== undefined && now !== undefined) {
          deepStrictEqual(endpoint, { ...now, set: old.pod === now.pod ? old.set : now.set }, 'the set is that of before');
          const found = passage.sets.find(({ set }) => set === endpoint.set)?.granted.map(({ identity }) => identity) ?? [];
          const coming = after.sets.find(({ set }) => set === now.set)?.granted ?? [];
          for (const { identity } of coming) deepStrictEqual(found.includes(identity), true, 'with the grants that come');
        }
      }
      for (const rulesOf of [before, after]) {
        for (const { set, granted: wanted } of rulesOf.sets) {
          const found = passage.sets.find((one) => one.set === set)?.granted ?? [];
          for (const { identity } of wanted) deepStrictEqual(found.filter((one) => one.identity === identity).length, 1);
        }
      }
    }),
    { numRuns: 300 },
  );
  t.pass('in all of them');
});

t.test('where nothing changes, nothing is another', async (t) => {
  fc.assert(
    fc.property(rules, (one) => {
      const copy: WantedDns = structuredClone(one);
      deepStrictEqual(isSameDns(one, copy), true);
      deepStrictEqual(isSameDns(dnsPassage(one, one), one), true);
      deepStrictEqual(dnsPassage(noDns, one), one);
      deepStrictEqual(dnsPassage(one, noDns), one);
    }),
    { numRuns: 200 },
  );
  t.pass('in all of them');
});
