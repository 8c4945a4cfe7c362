// As node-port.test.ts, where nodes reach each other's pods by routes: what comes from the network for a pod elsewhere goes back to the
// network with an address of the node as source, which hosts that filter strictly must be told to take.

import t from 'tap';
import { kernelSkip } from '../support/kernel.ts';
import { podsSkip } from '../support/pods.ts';
import { families } from '../support/world.ts';
import { nodePorts, openTwoNodes, ownBackends } from './two-nodes.ts';

t.setTimeout(900_000);
const skip = (await kernelSkip()) || podsSkip();

t.test('a client, a node and the node of the backend, with routes', { skip }, async (t) => {
  await openTwoNodes(t, 'native');
  for (const family of families) {
    await nodePorts(t, family);
    await ownBackends(t, family);
  }
});
