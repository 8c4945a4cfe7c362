// The WebAssembly datapath keeps the contract.

import t from 'tap';
import { openWasmDatapath } from '../../orchestrator/datapath/wasm/wasm-datapath.ts';
import { smallSizes } from '../support/small-sizes.ts';
import { conformance } from './conformance.ts';

await conformance(t, { open: () => openWasmDatapath({ sizes: smallSizes }), addPort: async () => {} });
