// Every kind of service where packets run through WebAssembly on the one node, and through eBPF programs on the other.
import t from 'tap';
import { sandboxSkip } from '../support/sandbox.ts';
import { playServices } from './services/suite.ts';
import { topology } from './services/world.ts';

t.setTimeout(900_000);

t.test('services', { skip: await sandboxSkip() }, (t) => playServices(t, topology({ datapath: 'mixed' }), { isBrief: true }));
