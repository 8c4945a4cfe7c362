// A client, the node that it knows, and the node of the backend, each in namespaces of its own, with the programs attached on both nodes
// and a tunnel between them: sockets show that what the nodes do to packets is what the other ends take.

import t from 'tap';
import { kernelSkip } from '../support/kernel.ts';
import { podsSkip } from '../support/pods.ts';
import { families } from '../support/world.ts';
import { directReturn, disagreement, nodePorts, openTwoNodes, ownBackends } from './two-nodes.ts';

t.setTimeout(900_000);
const skip = (await kernelSkip()) || podsSkip();

t.test('a client, a node and the node of the backend, with a tunnel', { skip }, async (t) => {
  const datapath = await openTwoNodes(t, 'overlay');
  for (const family of families) {
    await nodePorts(t, family);
    await ownBackends(t, family);
    await directReturn(t, datapath, family);
    await disagreement(t, family);
  }
});
