// The guide for operators: every command in it is run against an agent, and prints what stands below it.
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import t from 'tap';
import { openDns } from '../../api/dns.ts';
import { openEnforced } from '../../api/enforced.ts';
import { openNode, world } from '../../api/node.ts';
import { read } from '../../support/sources.ts';
import { shell } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);

const guide = read('orchestrator/cli/agent/GUIDE.md');
const examples = [...guide.matchAll(/```sh\n(.*?)\n```\n\n```text\n(.*?)```/gs)].map(([, command = '', output = '']) => ({
  command,
  output,
}));

const hasCurl = spawnSync('curl', ['--version']).status === 0;

const enforced = await openEnforced();
const dns = await openDns();
dns.ask('web', 'api.example.com.');
dns.ask('web', 'www.other.org.', false);
const node = await openNode({
  viewOf: (view) => ({
    ...view,
    dns: dns.view,
    explain: (asked) => enforced.enforcement.explain(asked),
    checks: () => [
      { section: 'datapath', name: 'packets are handled', state: 'ok', message: 'wasm mode' },
      { section: 'kubernetes', name: 'the API server tells us', state: 'ok', message: '' },
      {
        section: 'nodes',
        name: 'other nodes answer at their address among the pods',
        state: 'warning',
        message: '1 of 1 do not: b (10.11.1.1): no answer within 3 s, since 2026-01-02T03:00:00.000Z',
        hint: 'is UDP port 8472 open between the nodes?',
      },
    ],
  }),
});
t.teardown(async () => {
  await node.close();
  await enforced.close();
  dns.close();
});
chmodSync(node.folder, 0o755);
await node.send('web', 'db', 5432);
await node.send('cart', 'db', 5432);
await node.send('web', world, 443);
await node.send('db', 'cart', 80);
await node.send('web', 'cart', 80);

for (const { command, output } of examples) {
  const skip = command.startsWith('curl') && !hasCurl && 'curl is not there';
  t.test(command, { skip }, async (t) => {
    const { stdout, stderr } = await shell(command, node.folder);
    t.equal(timeless(stdout + stderr), timeless(reordered(output)));
  });
}

const timeless = (text: string) => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME');

/** Standard error is read apart, and so stands behind what a shell prints between. */
function reordered(output: string): string {
  const lines = output.trimEnd().split('\n');
  const isError = (line: string) => line.startsWith('axoneme: ');
  return `${[...lines.filter((line) => !isError(line)), ...lines.filter(isError)].join('\n')}\n`;
}

t.test('every block of the guide is a command or what one prints', async (t) => {
  t.equal([...guide.matchAll(/^```\w+$/gm)].length, 2 * examples.length);
  t.ok(examples.length >= 10);
});

t.test('a drop is followed live, and the command ends when it is told to', async (t) => {
  const following = shell('axoneme monitor --follow --type drop --to shop/cart', node.folder, /shop\/cart:81 /);
  while (node.flows.readers === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await node.send('web', 'db', 5432);
  await node.send('web', 'cart', 81);
  const { stdout, stderr } = await following;
  t.match(stdout, /^\S+ \S+Z {2}DROPPED {5}shop\/web:\d+ → shop\/cart:81 tcp egress: policy denied/);
  t.equal(stdout.trim().split('\n').length, 1);
  t.equal(stderr, '');
});
