// The set-up runs before every command: it must be quick and quiet when nothing is missing, and plain about what it cannot get.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { copyCheckout } from '../support/checkout.ts';
import { root } from '../support/sources.ts';
import { runAsUser } from '../support/user-process.ts';

function setup(folder: string, wants: string[], env: NodeJS.ProcessEnv = {}) {
  return runAsUser(process.execPath, ['scripts/setup.mjs', ...wants], folder, { AXONEME_APT: 'no', ...env });
}

/** Seconds of the processor that it takes: how busy the machine is does not matter. */
function setupSeconds(): number {
  const line = '"$@" && times';
  const { stdout } = runAsUser('sh', ['-c', line, 'sh', process.execPath, 'scripts/setup.mjs'], root, { AXONEME_APT: 'no' });
  const [, children = ''] = stdout.trim().split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

t.test('with everything there it says nothing and takes less than a second', async (t) => {
  const runs = Array.from({ length: 2 }, () => setup(root, []));
  for (const { status, stdout, stderr } of runs) t.same({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  const seconds = setupSeconds();
  t.ok(seconds > 0 && seconds < 1, `${seconds} s`);
});

t.test('a missing compiler is named with what it is for and what is lost, and is no failure', async (t) => {
  const { status, stderr } = setup(copyCheckout(t, ['node_modules']), ['compilers'], { PATH: '/nonexistent' });
  t.equal(status, 0);
  t.match(
    stderr,
    'setup: clang is missing (compiles kernel/ to eBPF) and AXONEME_APT=no forbids to install clang-19: kernel mode will be skipped\n',
  );
});

t.test('an unfinished install is done again by npm ci, and its failure ends the set-up with a sentence', async (t) => {
  const folder = copyCheckout(t, []);
  mkdirSync(join(folder, 'node_modules'));
  writeFileSync(join(folder, 'npm.mjs'), 'console.error("npm", ...process.argv.slice(2));\nprocess.exit(1);\n');
  const { status, stderr } = setup(folder, [], { npm_execpath: join(folder, 'npm.mjs') });
  t.equal(status, 1);
  t.match(
    stderr,
    'setup: node_modules was not finished: running npm ci\nnpm ci --no-audit --no-fund --loglevel=error\nsetup: npm ci failed',
  );
});

t.test('a package that is not at the version of the lock file is a reason to install', async (t) => {
  const folder = copyCheckout(t, ['node_modules']);
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  lock.packages['node_modules/tap'].version = '0.0.1';
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  writeFileSync(join(folder, 'npm.mjs'), '');
  const { status, stderr } = setup(folder, [], { npm_execpath: join(folder, 'npm.mjs') });
  t.equal(status, 0);
  t.match(stderr, 'setup: node_modules/tap is not at 0.0.1: running npm ci');
});

const notRoot = process.getuid?.() !== 0 && 'the set-up asks apt only as root';

t.test(
  'what is missing is asked of apt with its purpose, lists are renewed when it fails, and then all is quiet',
  { skip: notRoot },
  async (t) => {
    const folder = copyCheckout(t, ['node_modules']);
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    const script = (name: string, body: string) => writeFileSync(join(programs, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    script('apt-cache', 'echo "  Candidate: 1.0"');
    script('apt-get', 'echo "apt-get $*" >&2; case $1 in update) : >"$0.lists";; *) [ -e "$0.lists" ] && : >"$PATH/clang";; esac');
    const environment = { PATH: programs, AXONEME_APT: '' };
    const first = setup(folder, ['compilers'], environment);
    t.equal(first.status, 0);
    t.match(
      first.stderr,
      /^setup: installing clang-19: compiles kernel\/ to eBPF\napt-get install .* clang-19\napt-get update .*\napt-get install .* clang-19\n$/,
    );
    t.equal(setup(folder, ['compilers'], environment).stderr, '');
  },
);
