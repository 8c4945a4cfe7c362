// 50,000 pods of the API server of the sandbox, over a real etcd and through a proxy that does everything that networks and servers do.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Counts } from '../../../orchestrator/sources/kubernetes/counts.ts';
import type { Credentials } from '../../../orchestrator/sources/kubernetes/credentials.ts';
import { Reflector } from '../../../orchestrator/sources/kubernetes/reflector.ts';
import { resources } from '../../../orchestrator/sources/kubernetes/resource.ts';
import { podShape } from '../../../orchestrator/sources/kubernetes/rows/pods.ts';
import { Transport } from '../../../orchestrator/sources/kubernetes/transport.ts';
import { realClock } from '../../../orchestrator/state/clock.ts';
import type { KvStore } from '../../../orchestrator/state/kv-store.ts';
import { pod, startCluster } from '../../sandbox/api-server/cluster.ts';
import { noEtcd } from '../../support/etcd.ts';
import { Memory } from './follower.ts';
import { HostileProxy } from './hostile-proxy.ts';

t.setTimeout(900_000);

const pods = 50_000;
const limits = {
  backoffMinMs: 20,
  backoffMaxMs: 300,
  healthyMs: 1000,
  watchMinMs: 1000,
  watchMaxMs: 2000,
  graceMs: 1200,
  deadlineMs: 20_000,
};

async function fill(store: KvStore): Promise<void> {
  const value = (name: string) => {
    const { metadata, spec } = pod(name);
    return Buffer.from(
      JSON.stringify({ metadata: { ...metadata, namespace: 'default', uid: `uid-${name}` }, spec, status: { phase: 'Running' } }),
    );
  };
  for (let from = 0; from < pods; from += 100) {
    const names = Array.from({ length: 100 }, (_, i) => `p${from + i}`);
    await store.transact({ when: [], then: names.map((name) => ({ put: `/registry/pods/default/${name}`, value: value(name) })) });
  }
}

/** What the store has, as `key@revision`. */
async function truth(store: KvStore): Promise<string[]> {
  const rows: string[] = [];
  let from: string | undefined;
  do {
    const { entries, next } = await store.list('/registry/pods/', { limit: 5000, from, keysOnly: true });
    for (const { key, revision } of entries) rows.push(`${key.slice('/registry/pods/'.length)}@${revision}`);
    from = next;
  } while (from !== undefined);
  return rows.sort();
}

t.test(
  '50,000 pods through every fault: nothing missed, nothing invented, nobody asked in vain',
  { skip: noEtcd, timeout: 900_000 },
  async (t) => {
    let valid = 'token-0';
    let held = valid;
    const cluster = await startCluster(t, { authenticate: (token) => (token === valid || token === 'admin' ? 'agent' : undefined) });
    await fill(cluster.store);
    const proxy = new HostileProxy(cluster.url);
    const credentials: Credentials = {
      server: new URL(await proxy.start(t)),
      options: async () => ({ headers: { authorization: `Bearer ${held}` } }),
      renew: async () => {
        held = valid;
      },
      close: () => {},
    };
    const counts = new Counts();
    const sink = new Memory();
    const transport = new Transport({ credentials, clock: realClock, counts });
    const selection = { shape: podShape };
    const reflector = new Reflector({
      transport,
      resource: resources.pods,
      selection,
      sink,
      clock: realClock,
      counts,
      limits,
      initialEvents: false,
    });
    const stopping = new AbortController();
    const from = performance.now();
    const running = reflector.run({ signal: stopping.signal });
    t.teardown(async () => {
      stopping.abort();
      await running;
      transport.close();
    });
    const until = async (what: string, isSo: () => boolean | Promise<boolean>) => {
      const end = Date.now() + 30_000;
      while (!(await isSo())) {
        if (Date.now() > end) throw new Error(`still not so: ${what}: ${JSON.stringify(counts.all())}`);
        await sleep(20);
      }
    };
    await until('synced', () => sink.isSynced);
    t.equal(sink.objects.size, pods);
    t.comment(`first sync after ${Math.round(performance.now() - from)} ms`);
    const headers = { authorization: 'Bearer admin' };
    const path = '/api/v1/namespaces/default/pods';
    let made = 0;
    const churn = async () => {
      const at = made++;
      const patch = {
        headers: { ...headers, 'content-type': 'application/merge-patch+json' },
        body: { metadata: { labels: { at: `${at}` } } },
      };
      await Promise.all([
        cluster.send('POST', path, { headers, body: pod(`new-${at}`) }),
        cluster.send('PATCH', `${path}/p${(at * 7919) % pods}`, patch),
        cluster.send('PATCH', `${path}/p${(at * 7919 + 1) % pods}`, patch),
        cluster.send('DELETE', `${path}/${at % 3 === 0 ? `new-${at - 3}` : `p${(at * 104_729 + 2) % pods}`}?gracePeriodSeconds=0`, {
          headers,
        }),
      ]);
    };
    const faults: Record<string, () => unknown> = {
      reset: () => proxy.reset(),
      'clean close': () => proxy.end(),
      'garbage line': () => proxy.garbage(),
      'what came comes again': () => proxy.repeat(),
      'other order': () => {
        proxy.isShuffled = !proxy.isShuffled;
      },
      'token runs out': () => {
        valid = `token-${made}`;
        proxy.end();
      },
      'half-open': () => proxy.freeze(),
      'a revision is gone': () => proxy.expire(),
      'a storm of them, and slow bodies': () => {
        proxy.isSlow = true;
        proxy.storm = 3;
        proxy.end();
      },
    };
    for (const [name, fault] of [...Object.entries(faults), ...Object.entries(faults).slice(0, 3)]) {
      for (let i = 0; i < 4; i += 1) await churn();
      fault();
      for (let i = 0; i < 4; i += 1) await churn();
      await until(`watched again after: ${name}`, () => sink.isSynced && proxy.watching > 0 && proxy.storm === 0 && !proxy.isFrozen);
    }
    const rows = () => [...sink.objects].map(([key, { metadata }]) => `${key}@${metadata.resourceVersion}`).sort();
    await until('equal', async () => sink.isSynced && rows().join() === (await truth(cluster.store)).join());
    const puts = sink.told.filter((what) => what.startsWith('put '));
    t.equal(new Set(puts).size, puts.length, 'nothing was told twice');
    t.ok(proxy.expired >= 4, `${proxy.expired} revisions were gone`);
    t.ok(proxy.lists <= 1 + proxy.expired, `${proxy.lists} lists`);
    t.ok(
      counts.get('stale') > 0 && counts.get('silence') > 0 && counts.get('garbage') > 0 && proxy.refused > 0,
      JSON.stringify(counts.all()),
    );
    const seconds = (performance.now() - from) / 1000;
    const pages = proxy.lists * Math.ceil((pods + made) / 500);
    t.ok(proxy.requests - pages < 60, `${proxy.requests} requests, ${pages} of them pages, in ${Math.round(seconds)} s`);
    t.comment(
      `${proxy.lists} lists, ${proxy.watches} watches, ${puts.length} puts in ${Math.round(seconds)} s; ${JSON.stringify(counts.all())}`,
    );
  },
);
