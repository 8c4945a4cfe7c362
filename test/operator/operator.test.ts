// `axoneme operator` as processes, over the API server of the sandbox and a real etcd: the duties are done, by one of them.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { openIdentities } from '../../orchestrator/etcd/identity/identities.ts';
import { openLog } from '../../orchestrator/log.ts';
import { Metrics } from '../../orchestrator/metrics.ts';
import { openOperator } from '../../orchestrator/operator/operator.ts';
import { Counts } from '../../orchestrator/sources/kubernetes/counts.ts';
import { Transport } from '../../orchestrator/sources/kubernetes/transport.ts';
import { realClock } from '../../orchestrator/state/clock.ts';
import { type Cluster, startCluster } from '../sandbox/api-server/cluster.ts';
import { plainCredentials } from '../sources/kubernetes/follower.ts';
import { noEtcd } from '../support/etcd.ts';
import { stopProcess } from '../support/stopped.ts';

t.setTimeout(900_000);

const main = fileURLToPath(new URL('../../orchestrator/main.ts', import.meta.url));
const policies = '/apis/cilium.io/v2/namespaces/default/ciliumnetworkpolicies';
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';

type End = { teardown(act: () => unknown): void };

class OperatorProcess {
  readonly child: ChildProcess;
  log = '';
  constructor(t: End, cluster: Cluster, more: readonly string[] = []) {
    const folder = mkdtempSync(join(tmpdir(), 'operator-'));
    const kubeconfig = join(folder, 'config');
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'one',
      contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: cluster.url } }],
      users: [{ name: 'u', user: {} }],
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    const lease = ['--lease-namespace', 'default', '--lease-name', 'operator', '--lease-seconds', '3'];
    const args = [main, 'operator', '--kubeconfig', kubeconfig, '--etcd', cluster.etcd.endpoints.join(','), ...lease, ...more];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (text) => {
        this.log += text;
      });
    }
    t.teardown(() => {
      this.child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    });
  }

  ended(): Promise<number | null> {
    return new Promise((resolve) => this.child.on('exit', resolve));
  }
}

async function until(what: string, isSo: () => boolean | Promise<boolean>, more: () => string = () => ''): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`still not so: ${what}: ${more()}`);
    await sleep(50);
  }
}

const policy = (name: string) => ({
  apiVersion: 'cilium.io/v2',
  kind: 'CiliumNetworkPolicy',
  metadata: { name },
  spec: { endpointSelector: {}, ingress: [{ fromEndpoints: [{}] }] },
});

t.test('the duties of a cluster', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const holder = async () => (await cluster.send('GET', `${leases}/operator`)).body?.spec?.holderIdentity ?? '';
  const conditions = async (name: string) => (await cluster.send('GET', `${policies}/${name}`)).body?.status?.conditions ?? [];

  t.test('one of two processes makes definitions and writes status; the other does when it stands still', async (t) => {
    const first = new OperatorProcess(t, cluster);
    await until(
      'a definition is served',
      async () => (await cluster.send('GET', policies)).code === 200,
      () => first.log,
    );
    await until('it leads', async () => (await holder()) !== '');
    const before = await holder();
    t.equal((await cluster.send('POST', policies, { body: policy('one') })).code, 201);
    await until(
      'status',
      async () => (await conditions('one')).length === 2,
      () => first.log,
    );
    const second = new OperatorProcess(t, cluster, ['--metrics-listen', '127.0.0.1:39963']);
    await sleep(5_000);
    t.equal(await holder(), before, 'who leads goes on leading');
    stopProcess(first.child.pid as number);
    const from = Date.now();
    await until(
      'another leads',
      async () => (await holder()) !== before,
      () => second.log,
    );
    t.match(await (await fetch('http://127.0.0.1:39963/metrics')).text(), /^axoneme_operator_leading 1$/m, 'and Prometheus is told');
    const tookMs = Date.now() - from;
    t.ok(tookMs > 2_000 && tookMs < 8_000, `after ${tookMs} ms`);
    const after = await holder();
    await cluster.send('POST', policies, { body: policy('two') });
    await until(
      'status',
      async () => (await conditions('two')).length === 2,
      () => second.log,
    );
    first.child.kill('SIGCONT');
    await until(
      'it knows',
      () => first.log.includes('does not lead any more'),
      () => first.log,
    );
    t.equal(await holder(), after);
    const ends = [first.ended(), second.ended()];
    second.child.kill('SIGTERM');
    await until(
      'the first leads again',
      async () => (await holder()) === before,
      () => first.log,
    );
    first.child.kill('SIGINT');
    t.same(await Promise.all(ends), [0, 0]);
    t.equal(await holder(), '', 'nobody has it');
    t.notMatch(`${first.log}${second.log}`, /"level":"error"|Error:/);
  });

  t.test('what nobody uses is taken back, and it is all told as metrics', async (t) => {
    const { store } = cluster;
    const transport = new Transport({ credentials: plainCredentials(cluster.url), clock: realClock, counts: new Counts() });
    const metrics = new Metrics();
    const operator = openOperator({
      kubernetes: transport,
      store,
      clock: realClock,
      date: () => new Date(),
      log: openLog({ write: () => {}, now: () => new Date() }),
      metrics,
      clusterName: 'default',
      lease: { namespace: 'default', name: 'operator', leaseMs: 3_000, trustMs: 2_000, retryMs: 400 },
      identities: { everyMs: 50, unusedForMs: 200, restMs: 200 },
    });
    const identities = await openIdentities({ store, node: 'n1', cluster: 0 });
    t.teardown(() => identities.close());
    const number = await identities.allocate('k8s:app=web;');
    await identities.release('k8s:app=web;');
    const value = (name: string) => Number(metrics.text().match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1]);
    await until(
      'taken back and freed',
      () => value('axoneme_operator_identities_freed_total') === 1,
      () => metrics.text(),
    );
    t.equal(value('axoneme_operator_identities_retired_total'), 1);
    t.equal(await store.get(`axoneme/state/identities/v1/id/${number}`), undefined);
    t.equal(value('axoneme_operator_leading'), 1);
    await until(
      'policies are followed',
      () => /kubernetes_objects\{resource="ciliumnetworkpolicies"\} 2/.test(metrics.text()),
      () => metrics.text(),
    );
    t.ok(operator.isLeading);
    await operator[Symbol.asyncDispose]();
    await operator.ended;
    transport.close();
    t.notOk(operator.isLeading);
    t.equal(value('axoneme_operator_leading'), 0);
    t.equal(await holder(), '');
  });

  t.test('servers that are away end nothing, and flags that are wrong end at once', async (t) => {
    const wrong = new OperatorProcess(t, cluster, ['--etcd-cert', 'x']);
    t.equal(await wrong.ended(), 1);
    t.match(wrong.log, /^axoneme: operator: --etcd-cert and --etcd-key belong together: see axoneme operator --help \(USAGE_INVALID\)\n$/);
    const away = new OperatorProcess(t, { ...cluster, url: 'http://127.0.0.1:1' });
    await until(
      'it says so',
      () => away.log.includes('neither taken nor renewed'),
      () => away.log,
    );
    await sleep(1_000);
    t.equal(away.child.exitCode, null);
    const ended = away.ended();
    away.child.kill('SIGTERM');
    t.equal(await ended, 0);
  });
});
