// The file of DNS rules: what is written is read back, and nothing else is taken for rules.
import { deepStrictEqual } from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { type DnsRules, parseRules, readRules, rulesText, writeRules } from '../../orchestrator/dns/rules.ts';
import { readName, type WrittenName } from '../../orchestrator/model/policy/name-match.ts';
import type { NameSelector } from '../../orchestrator/model/policy/rule.ts';

/** The file before it is right. */
interface Draft {
  sets: { allowed: object[]; granted: object[] }[];
  readonly endpoints: object[];
  readonly names: unknown[];
}

const folder = mkdtempSync(join(tmpdir(), 'dns-rules-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

const shared = [name({ matchPattern: '*.domain.com' }), name({ matchName: 'Example.com.' })];
const rules: DnsRules = {
  format: 1,
  generation: 7,
  reject: 'refused',
  endpoints: [
    {
      id: 5,
      namespace: 'default',
      pod: 'client',
      identity: 4711,
      labels: ['k8s:app=myService', 'k8s:io.kubernetes.pod.namespace=default'],
      addresses: ['10.0.1.5', 'fd00::5'],
      set: 12,
    },
  ],
  sets: [
    {
      set: 12,
      allowed: [
        { identity: 300, protocol: 17, port: 53, portBits: 16, names: shared, rule: 'cnp/default/egress-domain-wildcard spec.egress[0]' },
        { identity: 300, protocol: 6, port: 53, portBits: 16, names: shared, rule: 'cnp/default/egress-domain-wildcard spec.egress[0]' },
        { identity: 0, protocol: 17, port: 5344, portBits: 12, names: 'every', rule: 'ccnp/dns spec.egress[1]' },
      ],
      granted: [{ name: name({ matchPattern: '*.domain.com' }), identity: 0x1000005, minTtl: 30, grace: 10, each: true }],
    },
    { set: 13, allowed: [], granted: [] },
  ],
};

t.test('what is written is read back', async (t) => {
  const path = join(folder, 'rules.json');
  t.equal(await readRules(path), undefined, 'no file, no rules');
  await writeRules(path, rules);
  t.same(await readRules(path), rules);
  t.equal(statSync(path).mode & 0o777, 0o600);
  await writeRules(path, { ...rules, generation: 8 });
  t.equal((await readRules(path))?.generation, 8, 'written over what was there');
});

t.test('names that rows share are written once, and shared again when they are read', async (t) => {
  t.equal(rulesText(rules).split('name:example.com').length, 2);
  const [first, second] = parseRules(rulesText(rules), 'x').sets[0]?.allowed ?? [];
  t.equal(first?.names, second?.names);
});

t.test('every selector that a policy can have is read back as it was', async () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abzABZ019-_.*'), minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 8 }), (patterns) => {
      const names = patterns.flatMap((text) => {
        const found = readName(text.includes('*') ? { matchPattern: text } : { matchName: text });
        return 'class' in found ? [] : [found];
      });
      const [set] = rules.sets;
      const granted = names.map((one, at) => ({ name: one, identity: 0x1000001 + at, minTtl: 0, grace: 0, each: false }));
      const all = { ...rules, sets: [{ set: 12, allowed: (set?.allowed ?? []).map((row) => ({ ...row, names })), granted }] };
      deepStrictEqual(parseRules(rulesText(all), 'x'), all);
    }),
    { numRuns: 200 },
  );
});

t.test('whatever is no rules is refused, naming the field and what stands there', async (t) => {
  const text = rulesText(rules);
  const cases: readonly [change: (file: Draft) => unknown, message: string][] = [
    [(file) => Object.assign(file, { format: 2 }), 'DNS rules: x: format: of a newer version, this one reads 1: 2'],
    [(file) => Object.assign(file, { more: 1 }), 'DNS rules: x: more: not known: "more"'],
    [(file) => delete (file as Partial<Draft>).sets, 'DNS rules: x: sets: missing: nothing'],
    [(file) => Object.assign(file, { reject: 'drop' }), 'DNS rules: x: reject: neither refused nor nxdomain: "drop"'],
    [(file) => Object.assign(file, { generation: -1 }), 'DNS rules: x: generation: not a whole number from 0 to 9007199254740991: -1'],
    [(file) => Object.assign(file.endpoints[0], { set: 14 }), 'DNS rules: x: endpoints[0].set: no set of this file: 14'],
    [
      (file) => Object.assign(file.endpoints[0], { addresses: ['10.0.1'] }),
      'DNS rules: x: endpoints[0].addresses[0]: not an address: "10.0.1"',
    ],
    [(file) => Object.assign(file.endpoints[0], { labels: 'a' }), 'DNS rules: x: endpoints[0].labels: not a list: "a"'],
    [(file) => Object.assign(file.sets[1], { set: 12 }), 'DNS rules: x: sets: a set is there twice: 2'],
    [
      (file) => Object.assign(file.sets[0].allowed[0], { names: 1 }),
      'DNS rules: x: sets[0].allowed[0].names: not a whole number from 0 to 0: 1',
    ],
    [
      (file) => Object.assign(file.sets[0].allowed[2], { port: 5345 }),
      'DNS rules: x: sets[0].allowed[2].port: bits behind the first 12 are set: 5345',
    ],
    [
      (file) => Object.assign(file.sets[0].granted[0], { name: 'x.com' }),
      'DNS rules: x: sets[0].granted[0].name: not a name or pattern: "x.com"',
    ],
    [
      (file) => Object.assign(file.sets[0].granted[0], { name: 'name:X.com' }),
      'DNS rules: x: sets[0].granted[0].name: not a name or pattern: "name:X.com"',
    ],
    [(file) => Object.assign(file.sets[0].granted[0], { each: 1 }), 'DNS rules: x: sets[0].granted[0].each: neither true nor false: 1'],
    [(file) => (file.names[0] = null), 'DNS rules: x: names[0]: not a list: null'],
  ];
  for (const [change, message] of cases) {
    const file: Draft = JSON.parse(text);
    change(file);
    t.throws(() => parseRules(JSON.stringify(file), 'x'), { code: 'DNS_RULES_INVALID', message }, message);
  }
  for (let length = 0; length < text.length - 1; length += 13)
    t.throws(() => parseRules(text.slice(0, length), 'x'), { code: 'DNS_RULES_INVALID' });
  for (const other of ['null', '[]', '3', '"rules"'])
    t.throws(() => parseRules(other, 'x'), { message: `DNS rules: x: not an object: ${other}` });
});

t.test('a file that is broken or cannot be read is no missing file', async (t) => {
  const path = join(folder, 'broken.json');
  writeFileSync(path, '{"format":1');
  await t.rejects(readRules(path), { code: 'DNS_RULES_INVALID' });
  await t.rejects(readRules(folder), { code: 'DNS_RULES_INVALID' });
  t.equal(readFileSync(path, 'utf8'), '{"format":1', 'and is left as it is');
});

t.test('a folder that is not there is said to be no place for rules', async (t) => {
  await t.rejects(writeRules(join(folder, 'none', 'rules.json'), rules), { code: 'STATE_UNWRITABLE' });
});

function name(written: WrittenName): NameSelector {
  const found = readName(written);
  if ('class' in found) throw new Error(found.message);
  return found;
}
