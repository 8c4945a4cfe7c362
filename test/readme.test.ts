// What README.md and the doors of rooms tell people to run. Its library example is run by package.test.ts, in an installed package.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { whyNot } from '../orchestrator/cli/demo/command.ts';
import { copyCheckout } from './support/checkout.ts';
import { testName } from './support/sandbox.ts';
import { filesBelow, read, root } from './support/sources.ts';
import { runAsUser } from './support/user-process.ts';

t.setTimeout(600_000);
const readme = read('README.md');
/** Why `npm start` tells no story here; the probes and trials by which it decides have tests of their own. */
const noStory = await whyNot();
const commands = [...readme.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+# .*/, ''))
    .filter(Boolean),
);

// Command → what its output must show. Those that run for minutes, run this test itself or rewrite sources are not started here;
// of them the entry must exist and the npm script must name it.
const shows: Record<string, RegExp> = {
  'npm start': noStory ? /\d+ packets through / : /^Everything went as told, in [\d.]+ s\.$/m,
  'npm test -- test/errors.test.ts': /^ok test\/errors\.test\.ts .*\n\d+ passed, 0 failed$/m,
  'npm run bench -- --list': /^wasm\.policy_verdict\s/m,
  'npm run -s axoneme -- probe': /(kernel|wasm) mode: /,
  'npm run -s axoneme -- tour': /\d+ packets through /,
  'npm run -s axoneme -- help': /^ {2}tour /m,
  'npm run -s axoneme -- policy lint test/policy/shop/policies': /^2 files, 2 documents, 2 accepted policies: 0 errors, 0 warnings$/m,
  'npm run -s axoneme -- policy test test/policy/shop/shop.policytest.yaml': /^2 cases, 8 probes on wasm; no mismatch/m,
  'npm run -s axoneme -- policy explain --from shop/web --to shop/db --port 5432 test/policy/shop/policies test/policy/shop/cluster.yaml':
    /^ {4}to allow it: let ingress\[0\] of shop\/db select shop\/web too$/m,
  'npm run -s axoneme -- policy diff test/policy/shop/policies test/policy/shop/next --cluster test/policy/shop/cluster.yaml --flows test/policy/shop/flows.jsonl':
    /^ {4}shop\/web → shop\/db: 5432\/tcp$/m,
};
/** What follows on the cluster that the first of them leaves, in this order. */
const played: Record<string, RegExp> = {
  'npm start -- --keep': /^ {2}# away with all of it\n {2}npm run -s axoneme -- sandbox down \S+$/m,
  'npm run -s axoneme -- sandbox exec east/shop/web -- curl -s -m 5 http://cart': /^cart\n$/,
  'npm run -s axoneme -- sandbox apply -c east -f orchestrator/cli/demo/shop/open-cart.yaml':
    /^ciliumnetworkpolicy\/shop\/open-cart created$/m,
  'npm run -s axoneme -- sandbox exec east/town/visitor -- curl -s --retry 5 --retry-all-errors -m 1 http://cart.shop': /^cart\n$/,
  'npm run -s axoneme -- sandbox exec east/a -- axoneme monitor --type drop --from shop/web':
    /DROPPED +shop\/web:\d+ → 192\.0\.2\.1:80 tcp egress: policy denied: no egress rule of shop\/web allows it to 192\.0\.2\.1/,
  'npm run -s axoneme -- sandbox exec east/b -- axoneme dns log --pod default/one': /www\.example\.com\. A: not allowed by policy/,
  'npm run -s axoneme -- sandbox exec east/a -- axoneme policy explain --live --from shop/web --to shop/db --port 5432':
    /^ {2}ingress of shop\/db: deny\n {4}selected by netpol\/shop\/db\n {4}denied by default/m,
  'npm run -s axoneme -- sandbox exec east/b -- axoneme endpoint list': /^\d+ +shop\/cart +enforced +open +\d+ +ready /m,
  'npm run -s axoneme -- sandbox exec east/b -- axoneme status': /^✓ .* 0 failed$/m,
  'npm run -s axoneme -- sandbox kubeconfig east': /"current-context"/,
  'npm run -s axoneme -- sandbox status': / is running in /,
  'npm run -s axoneme -- sandbox down': /^sandbox \S+ is gone$/m,
};
/** They work on the host itself; here their flags are compared with those that there are. */
const onNodes = ['axoneme agent', 'axoneme operator', 'axoneme status', 'axoneme cleanup'];
const notStarted: Record<string, string> = {
  'npm test': 'scripts/test.ts',
  'npm run check': 'biome.json',
  'npm run generate': 'kernel/codegen/main.ts',
  'npm run build': 'scripts/build-wasm.ts',
  'npm run verify': 'kernel/verify/main.ts',
  'npm pack': 'scripts/bundle.ts',
};

t.test('every command of the README is one that this test knows', async (t) => {
  const known = [...Object.keys(shows), ...Object.keys(played), ...Object.keys(notStarted)];
  t.same(commands.filter((command) => !isOnNodes(command)).sort(), known.sort());
});

function isOnNodes(command: string): boolean {
  return onNodes.some((words) => command === words || command.startsWith(`${words} `));
}

t.test('what the README tells to run on a node has the flags that it names', async (t) => {
  const told = commands.filter(isOnNodes);
  t.same(new Set(told.map((command) => command.split(' ', 2).join(' '))), new Set(onNodes));
  for (const command of told) {
    const [, word = '', flags = ''] = /^axoneme (\S+)(.*)$/.exec(command) ?? [];
    const { status, stdout } = runAsUser(process.execPath, ['orchestrator/main.ts', word, '--help'], root);
    t.equal(status, 0, `${word} --help`);
    for (const [flag] of flags.matchAll(/--[a-z-]+/g)) t.match(stdout, new RegExp(`\\s${flag} `), `${word} ${flag}`);
  }
});

const copied = ['node_modules', 'build'];
/** What is told to work on a fresh clone has one of its own; to set another up for each of the rest would be nothing new. */
const onFreshClone = ['npm start', 'npm test -- test/errors.test.ts'];
const shared = copyCheckout(t, copied);
const environment = { AXONEME_APT: 'no', AXONEME_SANDBOX: testName('readme') };

for (const [command, pattern] of Object.entries(shows)) {
  t.test(`\`${command}\` does what the README says`, async (t) => {
    const cwd = onFreshClone.includes(command) ? copyCheckout(t, copied) : shared;
    const { status, stdout, stderr } = runAsUser('sh', ['-c', command], cwd, environment);
    t.equal(status, 0, stderr.trim() || 'it ends well');
    t.match(stdout, pattern);
  });
}

t.test('what the README tells to play with does what it says, one after the other', { skip: noStory ?? false }, async (t) => {
  const run = (command: string) => runAsUser('sh', ['-c', command], shared, environment);
  t.teardown(() => run('npm run -s axoneme -- sandbox down'));
  for (const [command, pattern] of Object.entries(played)) {
    const { status, stdout, stderr } = run(command);
    t.equal(status, 0, `${command} ends well`);
    if (status !== 0) t.comment(`${stdout}${stderr}`);
    t.match(stdout, pattern, command);
  }
});

for (const [command, entry] of Object.entries(notStarted)) {
  t.test(`\`${command}\` has its script and its entry`, async (t) => {
    const { scripts } = JSON.parse(read('package.json'));
    const name = command.replace(/^npm (run )?/, '');
    const script: string = name === 'pack' ? scripts.bundle : scripts[name];
    t.ok(script.includes(entry) || entry === 'biome.json', `${name}: ${script}`);
    t.ok(existsSync(join(root, entry)), entry);
  });
}

t.test('the suite in the README is the one that its command runs', async (t) => {
  t.ok(readme.includes(`\`\`\`yaml\n${read('test/policy/shop/shop.policytest.yaml')}\`\`\``));
});

t.test('every path that a README links to exists', async (t) => {
  for (const path of filesBelow().filter((name) => name.endsWith('.md'))) {
    for (const [, target] of read(path).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      t.ok(existsSync(join(root, normalize(join(dirname(path), target)))), `${path} links to ${target}`);
    }
  }
});

t.test('every npm script that a person may call is told in a README', async (t) => {
  const inner = new Set(['bundle', 'format', 'prepack']);
  const { scripts } = JSON.parse(read('package.json'));
  for (const name of Object.keys(scripts).filter(
    (script) => !inner.has(script) && !(script.startsWith('pre') && script.slice(3) in scripts),
  )) {
    t.ok(new RegExp(`npm (run (-s )?)?${name}\\b`).test(readme), name);
  }
});
