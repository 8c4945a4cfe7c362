// What README.md and the doors of rooms tell people to run. Its library example is run by package.test.ts, in an installed package.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { copyCheckout } from './support/checkout.ts';
import { filesBelow, read, root } from './support/sources.ts';
import { runAsUser } from './support/user-process.ts';

const readme = read('README.md');
const commands = [...readme.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block]) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+# .*/, ''))
    .filter(Boolean),
);

// Command → what its output must show. Those that run for minutes, run this test itself or rewrite sources are not started here;
// of them the entry must exist and the npm script must name it.
const shows: Record<string, RegExp> = {
  'npm start': /\d+ packets through /,
  'npm test -- test/errors.test.ts': /^ok test\/errors\.test\.ts .*\n\d+ passed, 0 failed$/m,
  'npm run bench -- --list': /^wasm\.policy_verdict\s/m,
  'npm run -s axoneme -- probe': /(kernel|wasm) mode: /,
  'npm run -s axoneme -- help': /^ {2}tour /m,
  'npm run -s axoneme -- policy lint test/policy/shop/policies': /^2 files, 2 documents, 2 accepted policies: 0 errors, 1 warning$/m,
  'npm run -s axoneme -- policy test test/policy/shop/shop.policytest.yaml': /^2 cases, 8 probes on wasm; no mismatch/m,
  'npm run -s axoneme -- policy explain --from shop/web --to shop/db --port 5432 test/policy/shop/policies test/policy/shop/cluster.yaml':
    /^ {4}to allow it: let ingress\[0\] of shop\/db select shop\/web too$/m,
  'npm run -s axoneme -- policy diff test/policy/shop/policies test/policy/shop/next --cluster test/policy/shop/cluster.yaml --flows test/policy/shop/flows.jsonl':
    /^ {4}shop\/web → shop\/db: 5432\/tcp$/m,
};
const notStarted: Record<string, string> = {
  'npm test': 'scripts/test.ts',
  'npm run check': 'biome.json',
  'npm run generate': 'kernel/codegen/main.ts',
  'npm run build': 'scripts/build-wasm.ts',
  'npm run verify': 'kernel/verify/main.ts',
  'npm pack': 'scripts/bundle.ts',
};

t.test('every command of the README is one that this test knows', async (t) => {
  t.same([...commands].sort(), [...Object.keys(shows), ...Object.keys(notStarted)].sort());
});

const copied = ['node_modules', 'build'];
/** What is told to work on a fresh clone has one of its own; to set another up for each of the rest would be nothing new. */
const onFreshClone = ['npm start', 'npm test -- test/errors.test.ts'];
const shared = copyCheckout(t, copied);

for (const [command, pattern] of Object.entries(shows)) {
  t.test(`\`${command}\` does what the README says`, async (t) => {
    const cwd = onFreshClone.includes(command) ? copyCheckout(t, copied) : shared;
    const { status, stdout, stderr } = runAsUser('sh', ['-c', command], cwd, { AXONEME_APT: 'no' });
    t.equal(status, 0, stderr.trim() || 'it ends well');
    t.match(stdout, pattern);
  });
}

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
