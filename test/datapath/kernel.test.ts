// The kernel datapath keeps the contract.

import t from 'tap';
import { kernelSkip, openTestKernel } from '../support/kernel.ts';
import { addInterface } from '../support/network.ts';
import { conformance } from './conformance.ts';

const skip = await kernelSkip();
await t.test('kernel', { skip }, (t) =>
  conformance(t, { open: () => openTestKernel(), addPort: (port) => addInterface(port, `port${port}`) }),
);
