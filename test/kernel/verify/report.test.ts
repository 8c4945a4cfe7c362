// The report: a row per exported core function, the chain after them, and a verdict about the whole.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { mutations } from '../../../kernel/verify/mutation/mutations.ts';
import { edited } from '../../../kernel/verify/mutation/planting.ts';
import { exportedNames, snakeCase } from '../../../kernel/verify/proof/functions.ts';
import type { Proof } from '../../../kernel/verify/proof/prove.ts';
import { type Evidence, isSound, reportOf, tableOf } from '../../../kernel/verify/report.ts';

const proved = (name: string): Proof => ({ name, verdict: 'proved', asked: 0, milliseconds: 1, terms: 1 });
const clean: Evidence = {
  missing: [],
  complete: true,
  proofs: [proved('hasExpired'), proved('decide')],
  skipped: [],
  differential: { cases: { hasExpired: 10, decide: 20 }, differences: [] },
  programs: { cases: 7, decisions: ['0/130'], differences: [] },
  findings: [{ mutation: mutations[0]!, by: 'proof', what: 'x = 1' }],
};

t.test('functions come with status and cases, and the chain comes last', async (t) => {
  t.same(reportOf(clean), {
    functions: [
      { name: 'hasExpired', status: 'proved', cases: 10 },
      { name: 'decide', status: 'proved', cases: 20 },
      { name: 'chain', status: 'proved', cases: 7 },
    ],
    differences: 0,
    mutations: { planted: 1, found: 1 },
  });
  t.ok(isSound(reportOf(clean), clean));
});

t.test('a run that leaves functions out says nothing of the chain', async (t) => {
  t.notOk(reportOf({ ...clean, complete: false }).functions.some(({ name }) => name === 'chain'));
});

t.test('what is not proved says why, and the chain is not proved without it', async (t) => {
  const evidence = { ...clean, proofs: [{ ...proved('hasExpired'), verdict: 'open' as const, reason: 'too deep' }, proved('decide')] };
  const { functions } = reportOf(evidence);
  t.same(functions[0], { name: 'hasExpired', status: 'differential', reason: 'too deep', cases: 10 });
  t.same(functions[2], { name: 'chain', status: 'differential', reason: 'not proved: hasExpired', cases: 7 });
  t.ok(isSound(reportOf(evidence), evidence), 'cases stand in for the proof');
});

t.test('a difference, a missing function and an unfound bug each spoil the whole', async (t) => {
  const different = { ...clean, proofs: [{ ...proved('decide'), verdict: 'different' as const, reason: 'the results differ: a = 1' }] };
  t.equal(reportOf(different).differences, 1);
  t.notOk(isSound(reportOf(different), different));
  t.match(tableOf(different), /decide: the results differ: a = 1/);
  const missing = { ...clean, missing: ['forward'] };
  t.notOk(isSound(reportOf(missing), missing));
  t.match(reportOf(missing).functions.at(-2), { name: 'forward', status: 'differential' });
  const unfound = { ...clean, findings: [{ mutation: mutations[0]!, by: 'nothing' as const, what: '' }] };
  t.same(reportOf(unfound).mutations, { planted: 1, found: 0 });
  t.notOk(isSound(reportOf(unfound), unfound));
});

t.test('the exported functions are those of exports.ts and of what it passes on', async (t) => {
  const names = exportedNames('datapath-as/core');
  for (const name of ['decide', 'hasExpired', 'policyVerdict', 'translate']) t.ok(names.includes(name), name);
  t.equal(new Set(names).size, names.length);
  t.equal(snakeCase('checksumOfAddressChange'), 'checksum_of_address_change');
});

t.test('every planted bug still has its place in the sources, in many functions', async (t) => {
  for (const mutation of mutations) {
    const text = readFileSync(mutation.file, 'utf8');
    t.not(edited(mutation, text), text, mutation.bug);
  }
  t.ok(mutations.length >= 25);
  t.ok(new Set(mutations.map(({ row }) => row)).size >= 20);
  const exported = exportedNames('datapath-as/core');
  t.same(
    mutations.filter(({ row }) => !exported.includes(row)),
    [],
  );
});
