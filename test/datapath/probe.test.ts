// The probe tells what this host allows, and why it chooses a mode, whatever the host refuses.

import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Capability, chooseMode } from '../../orchestrator/datapath/capability.ts';
import { probe, resolveMode } from '../../orchestrator/datapath/probe.ts';
import { runAsUser } from '../support/user-process.ts';

const works = (name: string, isNeeded = true): Capability => ({ name, enables: 'something', works: true, answer: 'works', isNeeded });
const refused = (name: string, isNeeded = true): Capability => ({
  ...works(name, isNeeded),
  works: false,
  answer: 'EPERM (not permitted)',
});

t.test('kernel mode is chosen when all that it needs works, other things missing or not', async (t) => {
  t.equal(chooseMode([works('a'), refused('b', false)]).mode, 'kernel');
});

t.test('without one needed thing the choice is wasm, and names it with the host’s answer', async (t) => {
  const choice = chooseMode([works('a'), refused('ring buffer'), refused('c')]);
  t.match(choice, { mode: 'wasm', sentence: /no kernel mode without ring buffer: EPERM \(not permitted\)/ });
});

t.test('a wish is followed where the host allows it, and answered where it does not', async (t) => {
  const able = { capabilities: [works('a')], choice: chooseMode([works('a')]) };
  const unable = { capabilities: [refused('a')], choice: chooseMode([refused('a')]) };
  t.match(resolveMode(able, 'auto'), { mode: 'kernel' });
  t.match(resolveMode(able, 'wasm'), { mode: 'wasm', sentence: 'wasm mode: asked for' });
  t.match(resolveMode(unable, 'kernel'), { mode: 'wasm', sentence: /kernel mode was asked for, but this host refuses a \(EPERM/ });
});

t.test('this host gets an answer for everything, and the same one twice', async (t) => {
  const [first, second] = [await probe(), await probe()];
  t.same(first, second);
  for (const { name, answer, enables } of first.capabilities) t.ok(answer !== '' && enables !== '', `${name}: ${answer}`);
});

/** Runs the probe in a process to which `setpriv` leaves less, and then a packet in the mode that it chose. */
const script = `
  import { probe } from ${JSON.stringify(new URL('../../orchestrator/datapath/probe.ts', import.meta.url).href)};
  import { openWasmDatapath } from ${JSON.stringify(new URL('../../orchestrator/datapath/wasm/wasm-datapath.ts', import.meta.url).href)};
  const { capabilities, choice } = await probe();
  const datapath = await openWasmDatapath();
  const { reason } = await datapath.run(1, new Uint8Array(1));
  console.log(JSON.stringify({ refused: capabilities.filter((one) => !one.works).map((one) => one.name + ': ' + one.answer), choice, reason }));
`;
const privileges: [string, string[]][] = [
  ['root without capabilities', ['--bounding-set', '-all', '--inh-caps', '-all']],
  ['nobody', ['--reuid', '65534', '--regid', '65534', '--clear-groups']],
];

for (const [who, options] of privileges) {
  t.test(`${who} gets a clear account and wasm mode`, async (t) => {
    const command = [process.execPath, '--input-type=module', '--eval', script];
    const child = runAsUser('setpriv', [...options, ...command], fileURLToPath(new URL('.', import.meta.url)));
    if (/setpriv.*No such file|setpriv: (setresuid|activate|apply)/.test(child.stderr)) {
      t.plan(0, `privileges cannot be dropped here: ${child.stderr}`);
      return;
    }
    t.equal(child.status, 0, child.stderr);
    t.notMatch(child.stderr, /Error/);
    const { refused: list, choice, reason } = JSON.parse(child.stdout);
    t.match(list[0], /^bpf\(2\): EPERM \(not permitted\)$/);
    t.match(choice, { mode: 'wasm', sentence: /no kernel mode without bpf\(2\): EPERM/ });
    t.not(reason, 0, 'packets are decided in wasm mode');
  });
}
