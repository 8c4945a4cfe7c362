// Every scenario of services, where packets run through eBPF programs and sockets are balanced.
import t from 'tap';
import { sandboxSkip } from '../support/sandbox.ts';
import { playServices } from './services/suite.ts';
import { topology } from './services/world.ts';

t.setTimeout(900_000);

t.test('services', { skip: await sandboxSkip() }, (t) => playServices(t, topology({ datapath: 'kernel' })));
