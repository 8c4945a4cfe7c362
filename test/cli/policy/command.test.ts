// The policy commands: choosing one, its flags, its status.
import t from 'tap';
import { openPaint } from '../../../orchestrator/cli/paint.ts';
import { policy as run } from '../../../orchestrator/cli/policy/command.ts';
import { root } from '../../support/sources.ts';
import { runAsUser } from '../../support/user-process.ts';
import { folderOf, main, policy, policyReading, shop } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

const commands = ['lint', 'test', 'explain', 'diff'];

t.test('without a command, and with help, the commands are listed', async (t) => {
  for (const args of [[], ['help'], ['--help']]) {
    const { status, stdout, stderr } = policy(args);
    t.same({ status, stderr }, { status: 0, stderr: '' });
    for (const command of commands) t.match(stdout, new RegExp(`^  ${command} `, 'm'));
  }
});

t.test('each command tells its flags', async (t) => {
  for (const command of commands) {
    const { status, stdout } = policy([command, '--help']);
    t.equal(status, 0);
    t.match(stdout, `axoneme policy ${command}`);
    t.match(stdout, /^ {2}-o, --output human\|json/m);
    t.equal(policy(['help', command]).stdout, stdout);
  }
});

const misuses: [args: string[], complaint: RegExp][] = [
  [['tets'], /no such command: "tets": did you mean "test"\?/],
  [['constructor'], /no such command: "constructor"/],
  [['test', '--engin', 'wasm', 'x'], /unknown flag: "--engin": did you mean "--engine"\?/],
  [['test', '-x'], /unknown flag: "-x"/],
  [['test', '--engine'], /--engine needs a value: model, wasm, kernel, all/],
  [['test', '--engine', 'wsam', 'x'], /--engine is one of model, wasm, kernel, all: "wsam": did you mean "wasm"\?/],
  [['test', '-o', 'yaml', 'x'], /--output is one of human, json, tap, junit: "yaml"/],
  [['test'], /no files were named/],
  [['lint'], /no files were named/],
  [['lint', '--strict=yes', 'x'], /--strict takes no value: "yes"/],
  [['explain', '--from', 'a/b', 'x'], /--from, --to and --port are needed/],
  [['explain', '--from', 'a/b', '--from', 'a/c', '--to', 'a/b', '--port', '1', 'x'], /--from was given twice: "a\/c"/],
  [['explain', '--from', 'hst', '--to', 'a/b', '--port', '1', 'x'], /--from: not namespace\/pod.*did you mean "host"\?/],
  [['explain', '--from', 'a/b', '--to', 'a/c', '--port', '70000', 'x'], /--port: not a port.*"70000"/],
  [['explain', '--from', 'a/b', '--to', 'a/c', '--port', '1/tpc', 'x'], /--port: not one of tcp.*did you mean "tcp"\?/],
  [['diff', 'one'], /two files or folders are needed, OLD and NEW: 1 were given/],
  [['diff', '-', '-'], /standard input can be one of the two/],
];

for (const [args, complaint] of misuses) {
  t.test(`"policy ${args.join(' ')}" is not understood`, async (t) => {
    const written: string[] = [];
    const write = (text: string) => void written.push(text);
    await t.rejects(run(args, { write, complain: write, paint: openPaint(false) }), { code: 'USAGE_INVALID', message: complaint });
    t.same(written, []);
  });
}

t.test('what is not understood is one line on standard error, and status 2', async (t) => {
  const { status, stdout, stderr } = policy(misuses[1][0]);
  t.same({ status, stdout }, { status: 2, stdout: '' });
  t.match(stderr, /^axoneme: policy: .*\(USAGE_INVALID\)\n$/);
});

t.test('a file that is not there ends every command before it begins', async (t) => {
  for (const args of [
    ['lint', 'absent.yaml'],
    ['test', 'absent.jsonl'],
    ['explain', '--from', 'a/b', '--to', 'a/c', '--port', '1', 'absent.yaml'],
    ['diff', 'absent.yaml', 'README.md'],
  ]) {
    const { status, stdout, stderr } = policy(args);
    t.same({ status, stdout }, { status: 2, stdout: '' });
    t.match(stderr, /^axoneme: absent\.\w+: there is no such file \(INPUT_UNREADABLE\)\n$/);
  }
});

t.test('a folder without files of the kind is one that was meant otherwise', async (t) => {
  const folder = folderOf(t, { 'notes.txt': 'nothing' });
  for (const command of ['lint', 'test'])
    t.match(policy([command, '.'], folder), { status: 2, stderr: /the folder has no file of this kind/ });
});

t.test('flags may stand behind files, and after -- nothing is a flag', async (t) => {
  const folder = folderOf(t, { '--strict': shop.policy, 'db.yaml': shop.policy });
  t.equal(policy(['lint', 'db.yaml', '--output=json'], folder).stdout, policy(['lint', '-ojson', 'db.yaml'], folder).stdout);
  t.match(policy(['lint', '-o', 'json', '--', '--strict'], folder), { status: 0, stdout: /"policies": 1/ });
});

t.test('on a terminal, results are coloured', async (t) => {
  const folder = folderOf(t, { 'bad.policytest.yaml': 'pods: { a/b: {} }\nflows: [{ from: a/b, to: 1.1.1.1, port: 1, expect: deny }]\n' });
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  t.equal(await run(['test', folder], { write, complain: write, paint: openPaint(true) }), 1);
  t.match(text, '\u001b[31mFAIL\u001b[0m');
  t.match(text, 'got       \u001b[32mallow\u001b[0m');
});

t.test('standard input is a file named -', async (t) => {
  t.match(policyReading(t, shop.policy, ['lint', '-']), { status: 0, stdout: /^1 file, 1 document, 1 accepted policy/m });
  const peers = ['--from', 'shop/a', '--to', '10.0.0.1', '--port', '80', '--pod', 'shop/a'];
  t.match(policyReading(t, shop.policy, ['explain', ...peers, '-']), { status: 0, stdout: /: allow$/m });
});

const skip = process.getuid?.() !== 0 && 'giving up rights takes root';

t.test('without the right to use BPF the kernel engine is refused, and no other speaks in its place', { skip }, async (t) => {
  for (const engine of ['kernel', 'all']) {
    const args = ['--bounding-set=-all', '--inh-caps=-all', process.execPath, main, 'policy', 'test', '--engine', engine];
    const { status, stdout, stderr } = runAsUser('setpriv', [...args, 'test/policy/cases/D-sanitize.jsonl.gz'], root);
    t.same({ status, stdout }, { status: 2, stdout: '' });
    t.match(stderr, /^axoneme: .+\((NOT_SUPPORTED|BPF_CALL_FAILED)\)\n$/);
  }
});
