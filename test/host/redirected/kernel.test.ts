// The same as user.test.ts where packets go through eBPF, with services balanced packet by packet, and in calls of sockets.

import t from 'tap';
import type { KernelDatapath } from '../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { cgroupMount } from '../../kernel/sockets/world.ts';
import { kernelSkip } from '../../support/kernel.ts';
import { networkSkip } from '../../support/netns.ts';
import { families } from '../../support/world.ts';
import { makeCgroup, openScene, state } from './scene.ts';
import { answered, castOf, wholeStory } from './story.ts';

t.setTimeout(300_000);
const skip = (await kernelSkip()) || (await networkSkip());

t.test('what a pod asks goes to the proxy and nowhere else, and its answers come from whom the pod asked', { skip }, async (t) => {
  const scene = await openScene(t, 'kernel');
  const cast = await castOf(t, scene);
  for (const family of families) await wholeStory(t, scene, cast, family);

  const mount = cgroupMount();
  t.test('services balanced in calls', { skip: mount === undefined && 'there is no unified hierarchy of cgroups here' }, async (t) => {
    const cgroup = makeCgroup(t, mount as string);
    await (scene.machine.datapath as unknown as KernelDatapath).attachSockets(cgroup);
    const inside = { ...cast, client: scene.speaker(scene.client, cgroup) };
    const stop = await scene.startProxy();
    for (const family of families) {
      const stage = scene.stage(family);
      await stage.write(state);
      await answered(t, inside, family);
      t.equal(await scene.translations(), 0, `${family}: no packet was translated`);
      await stage.clear();
    }
    await stop();
    await scene.end();
  });
});
