// A pod's queries and the proxy's answers in userspace mode: real sockets, TUN devices, rules and tables of the node.

import t from 'tap';
import { MARK_KIND_PROXY_ANSWER } from '../../../orchestrator/datapath/generated/enums.ts';
import { proxyPort } from '../../../orchestrator/datapath/wasm/port.ts';
import type { SharedDatapath } from '../../../orchestrator/datapath/wasm/shared-datapath.ts';
import { networkSkip, shell } from '../../support/netns.ts';
import { families, hostAddress } from '../../support/world.ts';
import { openScene } from './scene.ts';
import { castOf, wholeStory } from './story.ts';

t.setTimeout(300_000);
const skip = await networkSkip();

t.test('what a pod asks goes to the proxy and nowhere else, and its answers come from whom the pod asked', { skip }, async (t) => {
  const scene = await openScene(t, 'wasm');
  const cast = await castOf(t, scene);
  for (const family of families) await wholeStory(t, scene, cast, family);

  const useless = async () => {
    const { ports } = await (scene.machine.datapath as unknown as SharedDatapath).status();
    return ports.find(({ number }) => number === proxyPort)?.useless ?? 0;
  };
  const before = await useless();
  for (const address of [hostAddress('world', 'ipv4'), hostAddress('world', 'ipv6')])
    shell(`ping -c 1 -W 1 -m ${MARK_KIND_PROXY_ANSWER} ${address} || true`);
  for (let waits = 0; waits < 2000 && (await useless()) < before + 2; waits += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  t.ok((await useless()) >= before + 2, 'what is marked as an answer and is for no pod here goes nowhere, and is counted');
});
