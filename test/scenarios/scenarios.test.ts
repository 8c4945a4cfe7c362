// Every scenario where eBPF programs handle packets.
import t from 'tap';
import { sandboxSkip } from '../support/sandbox.ts';
import { topology } from './outage-world.ts';
import { playSuite } from './suite.ts';

t.setTimeout(900_000);

t.test('scenarios', { skip: await sandboxSkip() }, (t) => playSuite(t, topology(), { isTurned: true }));
