// What the commands of the sandbox say when they are called wrongly: nothing of it starts one. What they do is told by their guide, whose
// examples run in the package's test.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { sandboxSkip } from '../../support/sandbox.ts';
import { root } from '../../support/sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'axoneme-sandbox-'));
t.teardown(() => rmSync(folder, { recursive: true }));

function sandbox(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { AXONEME_SANDBOX: _, ...rest } = process.env;
  const env = { ...rest, AXONEME_SANDBOX_HOME: join(folder, 'home') };
  return spawnSync(process.execPath, [join(root, 'orchestrator/main.ts'), 'sandbox', ...args], { encoding: 'utf8', env });
}

t.test('every command tells what it takes', async (t) => {
  const { status, stdout } = sandbox('--help');
  t.equal(status, 0);
  for (const name of ['up', 'down', 'status', 'exec', 'apply', 'logs', 'kubeconfig']) {
    t.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
    t.match(sandbox(name, '--help'), { status: 0, stdout: new RegExp(`^axoneme sandbox ${name} `) });
  }
});

const wrong: [args: string[], complaint: RegExp][] = [
  [['upp'], /no such command: "upp": did you mean "up"\?/],
  [['up', '--tiemout', '5'], /unknown flag: "--tiemout": did you mean "--timeout"\?/],
  [['up', '--timeout', 'soon'], /--timeout is a number of seconds: "soon"/],
  [['up', 'a.yaml', 'b.yaml'], /more than one topology: a\.yaml b\.yaml/],
  [['exec'], /no place is given/],
  [['exec', 'east/a', '--'], /no program is given/],
  [['status', 'nowhere'], /no "nowhere": there is none/],
  [['exec', 'east/a', '--', 'true'], /no "default": there is none/],
  [['down', 'nowhere'], /no "nowhere"/],
  [['down', '--all', 'nowhere'], /either names or --all/],
];
for (const [args, complaint] of wrong) {
  t.test(`"sandbox ${args.join(' ')}" is one line of complaint`, async (t) => {
    const { status, stderr } = sandbox(...args);
    t.not(status, 0);
    t.match(stderr, complaint);
    t.match(stderr, /^axoneme: [^\n]*\n$/);
  });
}

t.test('nothing is there to take down when nothing is there', async (t) => {
  t.match(sandbox('down', '--all'), { status: 0, stdout: 'no sandbox is there\n' });
});

t.test(
  'a mistake in a topology or a manifest is told with its line, before anything is started',
  { skip: await sandboxSkip() },
  async (t) => {
    const topology = join(folder, 'topology.yaml');
    writeFileSync(topology, 'clusters:\n  - name: east\n    nodes: [{name: a, datapth: kernel}]\n');
    t.match(sandbox('up', topology), { status: 1, stderr: /topology\.yaml:3:\d+: .*datapth/ });
    writeFileSync(topology, 'clusters:\n  - name: east\n    nodes: [{name: a}]\n    manifests: [pod.yaml]\n');
    writeFileSync(join(folder, 'pod.yaml'), 'apiVersion: v1\nkind: Pod\nmetadata: {name: web\n');
    t.match(sandbox('up', topology), { status: 1, stderr: /pod\.yaml:\d+:\d+: / });
    t.equal(sandbox('down', '--all').stdout, 'no sandbox is there\n');
  },
);
