// A kubelet for tests: in a cgroup and a folder of its own, with a CNI plugin that lays a wire between the pod and the namespace the
// test is in, and everything taken away at the end.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLog } from '../../../orchestrator/log.ts';
import { Cgroup } from '../../../orchestrator/sandbox/kubelet/cgroup.ts';
import { runKubelet } from '../../../orchestrator/sandbox/kubelet/kubelet.ts';
import { realClock } from '../../../orchestrator/state/clock.ts';
import { plainCredentials } from '../../sources/kubernetes/follower.ts';
import { type Answered, startCluster } from '../api-server/cluster.ts';

/** Numbers pods by the files of a folder; DEL forgets. */
const plugin = `#!/bin/sh
set -e
exec 3>&1 >/dev/null
cd "$(dirname "$0")"
short=$(printf %s "$CNI_CONTAINERID" | cut -c1-8)
if [ "$CNI_COMMAND" = DEL ]; then rm -f "calls/$short"; echo "DEL $short" >> log; exit 0; fi
if [ -e refuse ]; then echo '{"code": 11, "msg": "no address is free", "details": "10.9.0.0/24"}' >&3; exit 1; fi
n=$(($(cat count 2>/dev/null || echo 1) + 1)); echo $n > count; touch "calls/$short"; echo "ADD $short $CNI_ARGS" >> log
pid=$(echo "$CNI_NETNS" | cut -d/ -f3)
ip link add "t$short" type veth peer name eth0 netns "$pid"
ip link set "t$short" up
ip route add "10.9.0.$n/32" dev "t$short"
nsenter -t "$pid" -n sh -c "ip link set eth0 up && ip addr add 10.9.0.$n/32 dev eth0 && ip route add default dev eth0"
echo '{"cniVersion": "1.0.0", "ips": [{"address": "10.9.0.'$n'/32"}]}' >&3
`;

// biome-ignore lint/suspicious/noExplicitAny: as tap's
export async function startNode(t: any) {
  const cluster = await startCluster(t);
  const folder = mkdtempSync(join(tmpdir(), 'kubelet-'));
  const bin = join(folder, 'bin');
  mkdirSync(join(bin, 'calls'), { recursive: true });
  mkdirSync(join(folder, 'conf'));
  writeFileSync(join(bin, 'wire'), plugin, { mode: 0o755 });
  const cgroup = new Cgroup(join(cgroupRoot(), `kubelet-test-${process.pid}`));
  const options = {
    node: 'n1',
    nodeAddresses: ['192.0.2.7'],
    credentials: plainCredentials(cluster.url),
    cni: { configFolder: join(folder, 'conf'), binFolder: bin },
    dns: { server: '10.96.0.10', domain: 'cluster.local' },
    stateFolder: join(folder, 'state'),
    cgroup: cgroup.path,
    clock: realClock,
    log: openLog({ write: () => {}, now: () => new Date() }).room('kubelet'),
  };
  const stop = new AbortController();
  const ended = runKubelet(options, stop.signal);
  t.teardown(async () => {
    stop.abort();
    await ended;
    await cgroup.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  await cluster.send('POST', '/api/v1/nodes', { body: { metadata: { name: 'n1' } } });
  const path = (name: string) => `/api/v1/namespaces/default/pods/${name}`;
  const get = async (name: string): Promise<Answered> => (await cluster.send('GET', path(name))).body;
  return {
    ...cluster,
    folder,
    cgroup,
    /** The plugin's configuration appears: from now on there is a network. */
    configure: () =>
      writeFileSync(
        join(folder, 'conf', '05-wire.conflist'),
        JSON.stringify({ cniVersion: '1.0.0', name: 'w', plugins: [{ type: 'wire' }] }),
      ),
    calls: () => readFileSync(join(bin, 'log'), 'utf8').trim().split('\n'),
    refuse: (is: boolean) => (is ? writeFileSync(join(bin, 'refuse'), '') : rmSync(join(bin, 'refuse'))),
    log: (name: string, container = 'main') => readFileSync(join(folder, 'state', 'logs', 'default', name, `${container}.log`), 'utf8'),
    get,
    run: (name: string, spec: object, metadata: object = {}) =>
      cluster.send('POST', path(''), {
        body: { metadata: { name, ...metadata }, spec: { nodeName: 'n1', terminationGracePeriodSeconds: 2, ...spec } },
      }),
    async until(name: string, isSo: (pod: Answered) => boolean, what: string): Promise<Answered> {
      for (let left = 300; left > 0; left -= 1) {
        const pod = await get(name);
        if (isSo(pod)) return pod;
        await sleep(50);
      }
      throw new Error(`pod ${name}: ${what}: not in 15 s: ${JSON.stringify((await get(name)).status)}`);
    },
  };
}

export const sh = (script: string, more: object = {}) => ({ name: 'main', image: 'none', command: ['sh', '-c', script], ...more });
export const isReady = (pod: Answered) =>
  pod.status?.conditions?.some(({ type, status }: Answered) => type === 'Ready' && status === 'True') ?? false;

function cgroupRoot(): string {
  const line = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .find((mount) => mount.split(' ')[2] === 'cgroup2');
  if (line === undefined) throw new Error('no cgroup2 is mounted');
  return line.split(' ')[1];
}
