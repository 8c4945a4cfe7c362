// Every scenario where packets run through WebAssembly on the one node, and through eBPF programs on the other.
import t from 'tap';
import { sandboxSkip } from '../support/sandbox.ts';
import { topology } from './outage-world.ts';
import { playSuite } from './suite.ts';

t.setTimeout(900_000);

t.test('scenarios', { skip: await sandboxSkip() }, (t) => playSuite(t, topology({ datapath: 'mixed' }), { isTurned: false }));
