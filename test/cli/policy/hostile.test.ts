// Hostile inputs: whatever the files hold, there is an answer with a place, in bounded time and memory, and no stack.
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { parsePeer, parsePort, parseSeconds } from '../../../orchestrator/cli/policy/peer.ts';
import { processorMs } from '../../support/processor-time.ts';
import { folderOf, policy, policyWithin, shop } from './axoneme.ts';

// Each call is a process of its own.
t.setTimeout(900_000);
/** For one call. */
const processorSeconds = 15;
/** Of one list. */
const items = process.env.AXONEME_LONG === '1' ? 200_000 : 50_000;

const manifests: Readonly<Record<string, string | Buffer>> = {
  'deep.yaml': `a: ${'['.repeat(100_000)}`,
  'wide.yaml': `${shop.policy}    - toPorts: [${'{},'.repeat(items)}]\n`,
  'bomb.yaml': `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'.replace(/./g, (name) => `${name}: &${name} [${`*${String.fromCharCode(name.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`,
  'text.yaml': 'x'.repeat(10_000_000),
  'binary.yaml': Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) & 0xff)),
  'keys.json': `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
  'pattern.yaml': shop.policy.replace('ingress:', 'egress:\n    - toFQDNs: [{ matchPattern: "' + '*a'.repeat(100_000) + '" }]\n  ingress:'),
  'proto.json': '{"apiVersion":"v1","kind":"Pod","__proto__":{"metadata":1},"metadata":{"name":"constructor","namespace":"__proto__"}}',
};

for (const [name, content] of Object.entries(manifests)) {
  t.test(`${name} has an answer from every command, soon`, async (t) => {
    const folder = folderOf(t, { [name]: content, 'good.yaml': shop.policy });
    for (const args of [
      ['lint', name, 'good.yaml'],
      ['test', name],
      ['explain', '--from', 'a/b', '--to', '1.1.1.1', '--port', '1', '--pod', 'a/b', name],
      ['diff', name, 'good.yaml', '--flows', name],
    ]) {
      const { status, stdout, stderr } = policyWithin(processorSeconds, args, folder);
      t.ok(status !== null && status <= 2, `${args[0]}: status ${status}`);
      t.notMatch(stderr, /^ +at /m, `${args[0]} has no stack`);
      if (args[0] === 'lint') t.match(stdout, /2 files|accepted polic/);
    }
  });
}

t.test('a packed file that is endless is not unpacked whole', async (t) => {
  const folder = folderOf(t, { 'zeros.jsonl.gz': gzipSync(Buffer.alloc(200_000_000, 32)) });
  const { status, stdout } = policy(['test', 'zeros.jsonl.gz'], folder);
  t.equal(status, 1);
  t.match(stdout, /zeros\.jsonl\.gz:1: the line is longer than 64 MiB/);
});

t.test('what files say commands no terminal', async (t) => {
  const line = JSON.stringify({
    id: 'x\u001b]0;title\u0007\u001b[2J',
    title: '\r\u009b',
    matchName: 'a.io',
    name: 'b.io',
    agent: 'accept',
    match: true,
  });
  const { stdout } = policy(['test', 'x.jsonl'], folderOf(t, { 'x.jsonl': line }));
  t.match(stdout, 'mismatch: x?]0;title??[2J: ??');
  t.notMatch(stdout, /(?!\n)\p{Cc}/u);
});

t.test('a suite asks no more than it can', async (t) => {
  const many = (text: string) => `[${Array.from({ length: 100 }, (_, index) => text.replace('#', String(index + 1))).join(',')}]`;
  const suite = `pods: { a/b: {} }\nflows:\n  - { from: ${many('a/b')}, to: ${many('10.0.0.#')}, port: ${many('#')}, expect: allow }\n`;
  const { status, stdout } = policy(['test', 'x.policytest.yaml'], folderOf(t, { 'x.policytest.yaml': suite }));
  t.equal(status, 1);
  t.match(stdout, 'more than 100000 combinations');
});

t.test('peers, ports and times that are none are refused in no time', async (t) => {
  const started = process.cpuUsage();
  for (const text of ['', '/', 'a/', '/a', 'a/b/c', 'A/b', '-a/b', 'a'.repeat(1e6), `${'a.'.repeat(150)}!`, '1.2.3', '::1::', 'shop/ü']) {
    t.throws(() => parsePeer(text), TypeError, text.slice(0, 20));
  }
  for (const text of ['', '-1', '65536', '1/', '1/2/3', 'tcp/1', '1e3', '0x10', '999999999999'])
    t.throws(() => parsePort(text), TypeError, text);
  for (const text of ['', 's', '1x', '-1s', '1s2', '9'.repeat(400), '100000h'])
    t.throws(() => parseSeconds(text), TypeError, text.slice(0, 20));
  t.same(['90', '1.5s', '1m30s', '2h', '250ms'].map(parseSeconds), [90, 1.5, 90, 7200, 0.25]);
  t.ok(processorMs(started) < 1000);
});
