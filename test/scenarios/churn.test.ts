// Services under churn: backends come and go, flap and are replaced, services are deleted and made again, agents are killed, all at random,
// under 500 connections of pods and of the world. Nothing that is asked goes unanswered, and nobody is answered by another service. Three
// times as long with AXONEME_LONG=1.

import t from 'tap';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';
import { until } from './outage-world.ts';
import { Churn } from './services/churn/churn.ts';
import { ServiceLoad, type Target } from './services/churn/load.ts';
import { Random } from './services/churn/random.ts';
import { backendPort, kinds, pods, serviceOf } from './services/churn/world.ts';
import { ServiceStage } from './services/stage.ts';
import { topology } from './services/world.ts';

t.setTimeout(900_000);

const rounds = process.env.AXONEME_LONG === '1' ? 24 : 8;
const seed = Number(process.env.AXONEME_SEED ?? Math.floor(Math.random() * 2 ** 32));

t.test(`churn, seed ${seed}`, { skip: await sandboxSkip() }, async (t) => {
  const stage = new ServiceStage(await startSandbox(t, topology()));
  await stage.populate(pods);
  await stage.serve(kinds.map((kind) => serviceOf(kind)));
  const loads: ServiceLoad[] = [];
  const churn = new Churn(stage, loads, new Random(seed));
  await churn.begin();
  await churn.settle();
  const options = { kept: 220, fresh: 30, pauseMs: 600, lostMs: 20_000 };
  const { cluster, sandbox } = stage;
  loads.push(
    new ServiceLoad((words) => cluster.spawn('shop/client', words, { timeoutMs: 0 }), { ...options, targets: targetsOf(stage, 'client') }),
    new ServiceLoad((words) => sandbox.world.spawn(words, { timeoutMs: 0 }), { ...options, targets: targetsOf(stage, 'world') }),
  );
  t.teardown(() => {
    for (const load of loads) load.end();
  });
  const areWhole = async () => (await Promise.all(loads.map((load) => load.isWhole()))).every((isWhole) => isWhole);
  await until('all connections are there', areWhole);

  for (let round = 1; round <= rounds; round += 1) {
    await t.test(`round ${round} of ${rounds}`, async (t) => {
      for (const sentence of await churn.round()) t.comment(sentence);
      await churn.settle();
      await Promise.all(loads.map((load) => load.flows(150)));
      for (const load of loads) {
        const { failed, misdelivered } = await load.tell();
        t.same({ failed, misdelivered }, { failed: [], misdelivered: [] });
        const strange = (await load.takeMoved()).filter(
          ({ protocol, service, from }) => protocol !== 'udp' || !churn.wasGone(service, from),
        );
        t.same(strange, [], 'who is established stays where it is, as long as that is there');
      }
    });
  }

  await t.test('at the end all connections are there, and nothing of what has gone', async (t) => {
    await until('all connections are there', areWhole);
    await churn.left();
    for (const load of loads) {
      const tally = await load.tell();
      t.match(tally, { failed: [], misdelivered: [] });
      t.ok(tally.answered > 1_000, `${tally.answered} answers of ${tally.asked}, the slowest after ${tally.slowestMs} ms`);
      t.comment(JSON.stringify({ ...tally, moved: undefined }));
    }
  });
});

function targetsOf(stage: ServiceStage, from: string): Target[] {
  return kinds.flatMap((kind) =>
    kind.clients
      .map((line) => line.split(' '))
      .filter(([client]) => client === from)
      .flatMap(([, to = '', port]) =>
        ([4, 6] as const).map((family) => ({
          service: kind.name,
          protocol: kind.protocol ?? ('tcp' as const),
          address: stage.addressOf(to, family),
          port: Number(port),
          backendPort: backendPort(kind),
        })),
      ),
  );
}
