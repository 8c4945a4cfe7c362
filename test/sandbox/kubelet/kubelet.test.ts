// The kubelet of a sandbox: real processes in real namespaces, pods of a real API, wires laid by a plugin.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { enterOwnNamespaces } from '../../support/network.ts';
import type { Answered } from '../api-server/cluster.ts';
import { isReady, sh, startNode } from './node.ts';

const skip = process.getuid?.() !== 0 ? 'pods need namespaces, which need root' : noEtcd;

t.test('a kubelet', { skip, timeout: 900_000 }, async (t) => {
  await enterOwnNamespaces();
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  const node = await startNode(t);
  const condition = async (type: string) =>
    (await node.send('GET', '/api/v1/nodes/n1')).body.status.conditions?.find((one: Answered) => one.type === type);

  t.test('calls its node ready once there is a network, and keeps its lease', async (t) => {
    while ((await condition('Ready')) === undefined) await sleep(50);
    t.equal((await condition('Ready')).status, 'False');
    node.configure();
    while ((await condition('Ready')).status !== 'True') await sleep(50);
    const lease = await node.send('GET', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1');
    t.equal(lease.body.spec?.holderIdentity, 'n1');
  });

  t.test('runs a pod with network, host name, hosts, name servers and processes of its own', async (t) => {
    const script =
      'hostname; cat /etc/hosts /etc/resolv.conf; ip -o -4 addr show eth0; ls /proc | grep -c "^[0-9]"; ls /run; exec sleep 1000';
    await node.run('web', { containers: [sh(script)] });
    const pod = await node.until('web', isReady, 'ready');
    t.match(pod.status, {
      phase: 'Running',
      podIP: /^10\.9\.0\./,
      hostIP: '192.0.2.7',
      containerStatuses: [{ restartCount: 0, ready: true }],
    });
    while (!/^lock|secrets$/m.test(node.log('web'))) await sleep(20);
    const log = node.log('web');
    t.match(log, /^web$/m, 'host name');
    t.match(log, new RegExp(`^${pod.status.podIP}\tweb$`, 'm'), 'hosts');
    t.match(log, /^nameserver 10\.96\.0\.10$/m);
    t.match(log, /^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local$/m);
    t.match(log, new RegExp(`inet ${pod.status.podIP}/32`));
    const processes = Number(/^(\d+)$/m.exec(log)?.[1]);
    t.ok(processes < 10, `it sees ${processes} processes`);
    t.match(node.calls()[0], /K8S_POD_NAME=web/);
  });

  t.test('ends a pod gracefully: it is unready, told to stop, taken off the network, and gone', async (t) => {
    await node.run('slow', { containers: [sh('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done')] });
    await node.until('slow', isReady, 'ready');
    while (!/up/.test(node.log('slow'))) await sleep(20);
    await node.send('DELETE', '/api/v1/namespaces/default/pods/slow');
    await node.until('slow', ({ code }) => code === 404, 'gone');
    t.match(node.log('slow'), /bye/);
    const added = node
      .calls()
      .find((line) => /K8S_POD_NAME=slow/.test(line))!
      .split(' ')[1];
    t.ok(node.calls().includes(`DEL ${added}`), 'its address is given back');
    const left = readdirSync(node.cgroup.path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    t.equal(left.length, 1, 'only the other pod has a cgroup');
  });

  t.test('a pod that comes while another of its name is on its way out stays to be entered', async (t) => {
    const deaf = sh('trap "" TERM; echo up; while :; do sleep 0.1; done');
    const first = await node.run('again', { containers: [deaf] });
    await node.until('again', isReady, 'ready');
    while (!/up/.test(node.log('again'))) await sleep(20);
    await node.send('DELETE', '/api/v1/namespaces/default/pods/again', { body: { gracePeriodSeconds: 0 } });
    const second = await node.run('again', { containers: [sh('exec sleep 1000')] });
    await node.until('again', isReady, 'ready');
    while (existsSync(join(node.cgroup.path, `pod-${first.body.metadata.uid}`))) await sleep(20);
    const added = node.calls().find((line) => /K8S_POD_NAME=again/.test(line))!;
    while (!node.calls().includes(`DEL ${added.split(' ')[1]}`)) await sleep(20);
    // What comes after that call happens in the same turn.
    await sleep(50);
    const note = JSON.parse(readFileSync(join(node.folder, 'state', 'default_again.json'), 'utf8'));
    t.equal(note.uid, second.body.metadata.uid);
  });

  t.test('kills what does not want to end, when its grace is over', async (t) => {
    await node.run('deaf', { containers: [sh('trap "" TERM; while :; do sleep 0.1; done')], terminationGracePeriodSeconds: 1 });
    await node.until('deaf', isReady, 'ready');
    const begun = Date.now();
    await node.send('DELETE', '/api/v1/namespaces/default/pods/deaf');
    await node.until('deaf', ({ code }) => code === 404, 'gone');
    t.ok(Date.now() - begun >= 1000, 'it had its second');
  });

  t.test('starts again what fails, as often as its policy wants', async (t) => {
    await node.run('crash', { containers: [sh('exit 3')] });
    const crashed = await node.until('crash', (pod) => pod.status?.containerStatuses?.[0]?.restartCount > 0, 'started again');
    const [status] = crashed.status.containerStatuses;
    t.equal((status.lastState.terminated ?? status.state.terminated).exitCode, 3);
    await node.run('once', { restartPolicy: 'Never', containers: [sh('exit 4')] });
    t.equal(
      (await node.until('once', (pod) => pod.status?.phase === 'Failed', 'failed')).status.containerStatuses[0].state.terminated.exitCode,
      4,
    );
    await node.run('job', { restartPolicy: 'OnFailure', containers: [sh('exit 0')] });
    await node.until('job', (pod) => pod.status?.phase === 'Succeeded', 'succeeded');
  });

  t.test('runs init containers first, one after the other', async (t) => {
    const initContainers = [
      sh('sleep 0.3; echo one > /run/seen', { name: 'a' }),
      sh('cat /run/seen; echo two >> /run/seen', { name: 'b' }),
    ];
    await node.run('init', { initContainers, containers: [sh('cat /run/seen; exec sleep 1000')] });
    await node.until('init', isReady, 'ready');
    while (!/two/.test(node.log('init'))) await sleep(20);
    t.equal(node.log('init'), 'one\ntwo\n');
    t.equal(node.log('init', 'b'), 'one\n');
  });

  t.test('asks whether a container is ready, by command, by connection and by HTTP, and says so both ways', async (t) => {
    const probe = { periodSeconds: 1, failureThreshold: 1 };
    await node.run('asked', {
      containers: [
        sh('sleep 0.5; touch /run/ok; exec sleep 1000', { readinessProbe: { ...probe, exec: { command: ['test', '-e', '/run/ok'] } } }),
      ],
    });
    const early = await node.until('asked', (pod) => pod.status?.containerStatuses?.[0]?.state?.running !== undefined, 'running');
    t.notOk(isReady(early));
    await node.until('asked', isReady, 'ready');

    const server = createServer((request, response) => response.writeHead(request.url === '/bad' ? 500 : 200).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as { port: number };
    const at = (more: object) => ({ ...probe, ...more });
    const container = (name: string, readinessProbe: object) =>
      sh('exec sleep 1000', { name, ports: [{ name: 'web', containerPort: port }], readinessProbe });
    const host = '127.0.0.1';
    await node.run('three', {
      containers: [
        container('tcp', at({ tcpSocket: { host, port: 'web' } })),
        container('http', at({ httpGet: { host, port, path: '/good' } })),
        container('bad', at({ httpGet: { host, port, path: '/bad' } })),
      ],
    });
    const three = await node.until(
      'three',
      (pod) => pod.status?.containerStatuses?.filter(({ ready }: Answered) => ready).length === 2,
      'two are ready',
    );
    t.notOk(isReady(three));
    t.match(three.status.conditions, [{}, {}, { type: 'Ready', message: 'containers with unready status: [bad]' }]);
  });

  t.test('starts a container again whose liveness probe fails', async (t) => {
    const livenessProbe = {
      initialDelaySeconds: 1,
      periodSeconds: 1,
      failureThreshold: 1,
      exec: { command: ['test', '-e', '/run/alive'] },
    };
    await node.run('live', { containers: [sh('touch /run/alive; sleep 1.5; rm /run/alive; exec sleep 1000', { livenessProbe })] });
    const again = await node.until('live', (pod) => pod.status?.containerStatuses?.[0]?.restartCount > 0, 'started again');
    t.ok(again);
  });

  t.test('gives variables, config maps and secrets', async (t) => {
    const put = (kind: string, body: object) => node.send('POST', `/api/v1/namespaces/default/${kind}`, { body });
    await put('configmaps', { metadata: { name: 'conf' }, data: { greeting: 'hello' } });
    await put('secrets', { metadata: { name: 'key' }, stringData: { word: 'sesame' } });
    const env = [
      { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'conf', key: 'greeting' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'BOTH', value: '$(GREETING) from $(IP), $$(IP) $(NOBODY)' },
    ];
    const volumeMounts = [{ name: 'key', mountPath: '/run/key' }];
    const main = sh('echo "$0"; cat /run/key/word; exec sleep 1000', { env, volumeMounts, args: ['$(BOTH)'] });
    await node.run('words', { containers: [main], volumes: [{ name: 'key', secret: { secretName: 'key' } }] });
    const pod = await node.until('words', isReady, 'ready');
    while (!/sesame/.test(node.log('words'))) await sleep(20);
    t.equal(node.log('words'), `hello from ${pod.status.podIP}, $(IP) $(NOBODY)\nsesame`);
  });

  t.test('says why a pod waits, tries again, and lets others go on', async (t) => {
    await node.run('mute', { containers: [{ name: 'main', image: 'nginx' }] });
    const mute = await node.until(
      'mute',
      (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
      'waiting',
    );
    t.match(mute.status.containerStatuses[0].state.waiting.message, /no command/);
    node.refuse(true);
    await node.run('later', { containers: [sh('exec sleep 1000')] });
    const waiting = await node.until('later', (pod) => pod.status?.message !== undefined, 'waiting');
    t.match(waiting.status.message, /no address is free: 10\.9\.0\.0\/24/);
    node.refuse(false);
    await node.until('later', isReady, 'ready');
  });

  t.test('a pod of the host network has the addresses of its node', async (t) => {
    await node.run('host', { hostNetwork: true, containers: [sh('exec sleep 1000')] });
    t.equal((await node.until('host', isReady, 'ready')).status.podIP, '192.0.2.7');
  });
});

t.test('after its end nothing is left of a kubelet', { skip }, async (t) => {
  t.notOk(existsSync(`/sys/fs/cgroup/kubelet-test-${process.pid}`));
  t.notOk(existsSync(`/sys/fs/cgroup/unified/kubelet-test-${process.pid}`));
});
