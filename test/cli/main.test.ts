// The command line as a user meets it: a process of its own.
import t from 'tap';
import { read, root } from '../support/sources.ts';
import { runAsUser } from '../support/user-process.ts';

function axoneme(...args: string[]) {
  return runAsUser(process.execPath, ['orchestrator/main.ts', ...args], root);
}

t.test('version prints the version and nothing else', async (t) => {
  const { status, stdout, stderr } = axoneme('version');
  t.same({ status, stdout, stderr }, { status: 0, stdout: `${JSON.parse(read('package.json')).version}\n`, stderr: '' });
});

t.test('no command is answered with the list of commands', async (t) => {
  const { status, stdout } = axoneme();
  t.equal(status, 0);
  for (const name of ['tour', 'probe', 'version', 'help']) t.match(stdout, new RegExp(`^  ${name} `, 'm'));
});

t.test('an unknown command is one line on standard error and status 2', async (t) => {
  const { status, stdout, stderr } = axoneme('fly');
  t.same({ status, stdout }, { status: 2, stdout: '' });
  t.equal(stderr, 'axoneme: command line: no such command: "fly": see axoneme help (COMMAND_UNKNOWN)\n');
});

t.test('a name that every object has is not a command', async (t) => {
  t.equal(axoneme('constructor').status, 2);
});

t.test('a reader that has left ends the program without a word', async (t) => {
  const { stdout, stderr } = runAsUser(
    'sh',
    ['-c', `(sleep 1; "$0" orchestrator/main.ts help; echo "status $?" >&2) | true`, process.execPath],
    root,
  );
  t.same({ stdout, stderr }, { stdout: '', stderr: 'status 141\n' });
});

t.test('probe tells the mode and its reason, for people and for programs', async (t) => {
  const { capabilities, choice } = JSON.parse(axoneme('probe', '--json').stdout);
  t.ok(['kernel', 'wasm'].includes(choice.mode));
  const { stdout } = axoneme('probe');
  for (const { name, answer } of capabilities) t.ok(stdout.includes(name) && stdout.includes(answer), `${name}: ${answer}`);
  t.match(stdout, choice.sentence);
});

const skip = process.getuid?.() !== 0 && 'giving up rights takes root; without root the other tests show the same';

t.test('without the right to use BPF, probe and tour explain themselves and run in WebAssembly', { skip }, async (t) => {
  for (const command of ['probe', 'tour']) {
    const withoutRights = ['--bounding-set=-all', '--inh-caps=-all', process.execPath];
    const { status, stdout, stderr } = runAsUser('setpriv', [...withoutRights, 'orchestrator/main.ts', command], root);
    t.equal(status, 0, `${command} ends well`);
    t.equal(stderr, '', `${command} has nothing to complain of`);
    t.match(stdout, 'wasm mode: no kernel mode without', `${command} says why`);
  }
});
