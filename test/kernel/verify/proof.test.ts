// The prover on the small sample: what is equal is proved, and every planted bug gives an input on which the machines differ.
import t from 'tap';
import { Executions, type Linkage } from '../../../kernel/verify/proof/execution.ts';
import { prove } from '../../../kernel/verify/proof/prove.ts';
import { openSolver } from '../../../kernel/verify/terms/solver.ts';
import { clangSkip, defects, sampleMachines } from './sample.ts';

const linkage: Linkage = { lookup: (name) => (name === 'lookupEntry' ? { map: 'entries', key: 'number' } : undefined) };
const skip = clangSkip();

t.test('a function that is the same on both machines is proved', { skip }, async (t) => {
  const machines = await sampleMachines();
  const solver = await openSolver();
  t.equal(machines.functions.size, 9);
  for (const core of machines.functions.values()) {
    const proof = await prove(core, new Executions(machines, linkage), solver);
    t.equal(proof.verdict, 'proved', `${core.name}: ${proof.reason ?? 'proved'}`);
  }
});

t.test('a bug on one machine is found, with an input that shows it', { skip }, async (t) => {
  const solver = await openSolver();
  for (const [i, name] of defects.entries()) {
    const machines = await sampleMachines(i + 1);
    const proof = await prove(machines.functions.get(name)!, new Executions(machines, linkage), solver);
    t.equal(proof.verdict, 'different', `bug ${i + 1} in ${name}`);
    t.match(proof.reason, /: /, 'names an input');
  }
});

t.test('callers of a function with a bug are still proved: the bug is in its own row', { skip }, async (t) => {
  const machines = await sampleMachines(6);
  const proof = await prove(machines.functions.get('orderPair')!, new Executions(machines, linkage), await openSolver());
  t.equal(proof.verdict, 'proved');
});

t.test('a lookup in a map that the contract does not know leaves the function open, with a reason', { skip }, async (t) => {
  const machines = await sampleMachines();
  const unknown: Linkage = { lookup: (name) => (name === 'lookupEntry' ? { map: 'nowhere', key: 'number' } : undefined) };
  const proof = await prove(machines.functions.get('readEntry')!, new Executions(machines, unknown), await openSolver());
  t.equal(proof.verdict, 'open');
  t.match(proof.reason, /nowhere/);
});

// The solver's threads would keep the process alive.
t.teardown(() => setImmediate(() => process.exit()));
