// The example in the room's README does what it says.

import { inspect } from 'node:util';
import t from 'tap';
import * as columns from '../../orchestrator/state/columns.ts';
import * as derive from '../../orchestrator/state/derive.ts';
import * as mapOperations from '../../orchestrator/state/map-operations.ts';
import * as reconciler from '../../orchestrator/state/reconciler.ts';
import * as table from '../../orchestrator/state/table.ts';
import { VirtualClock } from '../../orchestrator/state/virtual-clock.ts';
import { FaultyMap } from '../support/faulty.ts';
import { read } from '../support/sources.ts';

t.test('the example in orchestrator/state/README.md', async (t) => {
  const [, example = ''] = /```ts\n(.*?)```/s.exec(read('orchestrator/state/README.md')) ?? [];
  const clock = new VirtualClock();
  const map = new FaultyMap<string>({ clock, faults: 0.3 });
  map.content.set('left over', '10.9.9.9');
  const stop = new AbortController();
  const printed: string[] = [];
  const known = {
    ...columns,
    ...derive,
    ...mapOperations,
    ...reconciler,
    ...table,
    clock,
    map,
    signal: stop.signal,
    console: { log: (what: unknown) => printed.push(typeof what === 'string' ? what.replaceAll('\n', ' ⏎ ').trim() : inspect(what)) },
  };
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  await new AsyncFunction(...Object.keys(known), example)(...Object.values(known));
  stop.abort();
  const expected = [...example.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, text]) => text);
  t.same(printed, expected);
  t.equal(expected.length, 2);
});
