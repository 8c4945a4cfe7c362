// Every scenario where packets of both nodes run through WebAssembly.
import t from 'tap';
import { sandboxSkip } from '../support/sandbox.ts';
import { topology } from './outage-world.ts';
import { playSuite } from './suite.ts';

t.setTimeout(900_000);

t.test('scenarios', { skip: await sandboxSkip() }, (t) => playSuite(t, topology({ datapath: 'wasm' }), { isTurned: false }));
