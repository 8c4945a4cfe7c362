// The tour is the product's own demonstration: what it shows is asserted here, decision by decision, for every machine that opens.

import { existsSync, readdirSync } from 'node:fs';
import t from 'tap';
import { tour } from '../../orchestrator/cli/tour.ts';
import { probe } from '../../orchestrator/datapath/probe.ts';

const decisions = [
  'to pod api',
  'to pod web',
  'drop: policy deny',
  'drop: policy denied',
  'drop: policy denied',
  'to pod api',
  'to the proxy on port 15001',
  'drop: l7 not enforced',
  'to pod api6',
  'to pod api',
  'drop: policy denied',
  'through the tunnel',
  'drop: policy deny',
  'drop: invalid source',
  'drop: invalid source',
  'to pod api',
  'to pod web',
  'drop: no backend',
  'drop: service port unknown',
  'to pod web',
  'drop: policy denied',
  "to the host's stack",
  'drop: grant expired',
  "to the host's stack",
  'to pod web',
  'to pod api',
  'to pod api',
  'drop: fragment unknown',
  'drop: policy denied',
  'drop: invalid packet',
  'drop: invalid extension header',
];

t.test('the tour shows what each packet becomes and why, the same on every machine there is', async (t) => {
  let text = '';
  const status = await tour({ write: (part) => (text += part), colour: false });
  t.equal(status, 0);
  const steps = text.split('\n').filter((line) => /^[ \d]\d {2}\S/.test(line));
  const { choice } = await probe();
  t.same(
    steps.map((line) => line.slice(64).trim().split(/ {2,}/)),
    decisions.map((decision) => (choice.mode === 'kernel' ? [decision, decision] : [decision])),
  );
  t.match(text, 'because rule 2: web must not open api:22');
  t.match(text, 'becomes  web:40020 > api:8080 TCP S');
  t.match(text, choice.mode === 'kernel' ? 'the same decision, bytes and rules every time' : 'kernel: not in this tour: wasm mode');
});

t.test('the tour leaves nothing on the host', async (t) => {
  const folder = '/sys/fs/bpf';
  const left = existsSync(folder) ? readdirSync(folder).filter((name) => name === `axoneme-tour-${process.pid}`) : [];
  t.same(left, []);
});
