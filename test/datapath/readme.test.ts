// The example in the room's README does what it says.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import t from 'tap';

t.test('the example in orchestrator/datapath/README.md', async (t) => {
  const text = readFileSync(new URL('../../orchestrator/datapath/README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n(.*?)```/s.exec(text) ?? [];
  const script = example.replace(`'axoneme'`, JSON.stringify(new URL('../../orchestrator/exports.ts', import.meta.url).href));
  const [, expected] = /\/\/ (.*)\n$/.exec(example) ?? [];
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  t.equal(child.stdout.trim(), expected, child.stderr);
});
