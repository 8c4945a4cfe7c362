// A process that uses a store, closes it, says what is left, and should end by itself: node user.ts ENDPOINT WHAT
import { setTimeout as sleep } from 'node:timers/promises';
import { openIdentities } from '../../orchestrator/etcd/identity/identities.ts';
import { Publisher } from '../../orchestrator/etcd/records/publish.ts';
import { openEtcd } from '../../orchestrator/etcd/store.ts';
import { bytes, Follower } from './follower.ts';

const [endpoint, what] = process.argv.slice(2);

async function useEverything(endpoints: string[], timeoutMs: number): Promise<void> {
  const store = await openEtcd({ endpoints, prefix: 'closing/', timeoutMs });
  const followers = [new Follower(store, 'a/'), new Follower(store, 'b/')];
  await store.put('a/1', bytes('1'), { lease: await store.lease(60) });
  const identities = await openIdentities({ store, node: 'n1', cluster: 0 });
  await identities.allocate('l');
  const publisher = new Publisher({ store });
  publisher.set('a/2', bytes('2'));
  for (let tries = 0; !followers[0].entries.has('a/2') && tries < 100; tries++) await sleep(20);
  if (what === 'hung') {
    process.stdout.write('in use\n');
    await sleep(500);
    await Promise.allSettled([store.get('a/1'), store.put('a/1', bytes('2'))]);
  }
  // A watch that is open when the store is closed is told so; one that was left is gone.
  await followers[1].stop();
  const pending = Promise.allSettled([store.get('a/1'), followers[0].ended]);
  await identities.close();
  await publisher.close();
  await store.close();
  await pending;
}

const closed = 'http://127.0.0.1:1';
const times = what === 'many times' ? 20 : 1;
for (let time = 0; time < times; time++) {
  await useEverything(what === 'failing over' ? [closed, endpoint, closed] : [endpoint], what === 'hung' ? 1_500 : 5_000);
}
// A connection that is being made when it is given up is waited for, at most for a second.
await sleep(what === 'hung' ? 1_200 : 200);
const own = new Set(['PipeWrap', 'Immediate', 'FSReqPromise']);
process.stdout.write(`${JSON.stringify(process.getActiveResourcesInfo().filter((name) => !own.has(name) && name !== 'TTYWrap'))}\n`);
