// What a kubelet and a scheduler read and write: nodes, leases, pods and their status, events; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, pod, startCluster } from './cluster.ts';

const nodes = '/api/v1/nodes';
const pods = '/api/v1/namespaces/default/pods';
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const events = '/api/v1/namespaces/default/events';
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const condition = (type: string, status: string) => ({
  type,
  status,
  lastHeartbeatTime: '2026-01-01T00:00:00Z',
  reason: 'R',
  message: 'm',
});

t.test('a kubelet', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);

  t.test('registers its node with its status, and patches single conditions of it', async (t) => {
    const status = {
      capacity: { cpu: 4, memory: '8Gi', pods: '110' },
      addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      conditions: [condition('MemoryPressure', 'False'), condition('Ready', 'False')],
      nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'Debian', kernelVersion: '6.1', containerRuntimeVersion: 'containerd://1.7' },
    };
    const made = await cluster.send('POST', nodes, {
      body: { metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/control-plane': '' } }, status },
    });
    t.equal(made.code, 201);
    t.equal(made.body.status.capacity.cpu, '4', 'amounts are texts, however they were sent');
    t.equal(made.body.status.allocatable.memory, '8Gi');
    const patch = {
      status: { '$setElementOrder/conditions': [{ type: 'Ready' }, { type: 'MemoryPressure' }], conditions: [condition('Ready', 'True')] },
    };
    const { body } = await cluster.send('PATCH', `${nodes}/n1/status`, { body: patch, headers: strategic });
    t.same(
      body.status.conditions.map(({ type, status }: Answered) => `${type}=${status}`),
      ['Ready=True', 'MemoryPressure=False'],
    );
    t.equal(body.status.addresses[0].address, '192.0.2.1');
    await cluster.send('PATCH', `${nodes}/n1`, {
      body: { spec: { unschedulable: true, podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] } },
      headers: strategic,
    });
    const { body: rows } = await cluster.send('GET', nodes, { headers: table });
    const cells = Object.fromEntries(rows.columnDefinitions.map(({ name }: Answered, index: number) => [name, rows.rows[0].cells[index]]));
    t.match(cells, {
      Name: 'n1',
      Status: 'Ready,SchedulingDisabled',
      Roles: 'control-plane',
      Version: 'v1.32.0',
      'Internal-IP': '192.0.2.1',
      'External-IP': '<none>',
    });
  });

  t.test('keeps its lease by updates that say what they are based on', async (t) => {
    const lease = {
      metadata: { name: 'n1', namespace: 'kube-node-lease' },
      spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
    };
    const { body } = await cluster.send('POST', leases, { body: lease });
    const renewed = { ...body, spec: { ...body.spec, renewTime: '2026-01-01T00:00:10.000000Z' } };
    t.equal((await cluster.send('PUT', `${leases}/n1`, { body: renewed })).body.spec.renewTime, '2026-01-01T00:00:10.000000Z');
    t.equal((await cluster.send('PUT', `${leases}/n1`, { body: renewed })).code, 409);
    t.equal((await cluster.send('PUT', `${leases}/n1`, { body: lease })).code, 422, 'without a revision it is no renewal');
    t.equal(
      (await cluster.send('POST', leases, { body: { ...lease, metadata: { name: 'n2' }, spec: { leaseDurationSeconds: 0 } } })).code,
      422,
    );
  });

  t.test('sees the pods that are bound to its node, writes their status and lets them go', async (t) => {
    await cluster.send('POST', pods, { body: pod('a') });
    const watching = cluster.watch(`/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dn1`);
    await watching.until(() => watching.code === 200);
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n1' } };
    t.match(await cluster.send('POST', `${pods}/a/binding`, { body: binding }), { code: 201, body: { kind: 'Status', status: 'Success' } });
    const again = await cluster.send('POST', `${pods}/a/binding`, { body: binding });
    t.equal(again.code, 409);
    t.match(again.body.message, /pod a is already assigned to node "n1"/);
    const status = {
      status: { phase: 'Running', podIPs: [{ ip: '10.1.0.5' }], podIP: '10.1.0.5', conditions: [{ type: 'Ready', status: 'True' }] },
    };
    const written = await cluster.send('PATCH', `${pods}/a/status`, { body: status, headers: strategic });
    t.same([written.body.status.phase, written.body.status.qosClass, written.body.spec.nodeName], ['Running', 'BestEffort', 'n1']);
    const whole = await cluster.send('PATCH', `${pods}/a`, { body: { status: { phase: 'Failed' } }, headers: strategic });
    t.equal(whole.body.status.phase, 'Running', 'only /status writes the status');
    await cluster.send('DELETE', `${pods}/a`);
    await watching.until(() => watching.events.at(-1)?.object.metadata.deletionTimestamp !== undefined);
    const uid = watching.events.at(-1).object.metadata.uid;
    t.equal((await cluster.send('DELETE', `${pods}/a`, { body: { gracePeriodSeconds: 0, preconditions: { uid } } })).code, 200);
    await watching.until(() => watching.story.includes('DELETED a'));
    t.same(watching.story, ['ADDED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a']);
  });

  t.test('writes the difference between two states of a pod: conditions, addresses and containers by their keys', async (t) => {
    const { body: made } = await cluster.send('POST', pods, { body: pod('b', { spec: { nodeName: 'n1' } }) });
    const write = (status: Answered, uid = made.metadata.uid) =>
      cluster.send('PATCH', `${pods}/b/status`, { body: { metadata: { uid }, status }, headers: strategic });
    const at = '2026-01-01T00:00:00Z';
    const order = [{ type: 'PodReadyToStartContainers' }, { type: 'Initialized' }, { type: 'Ready' }, { type: 'PodScheduled' }];
    await write({
      '$setElementOrder/conditions': order,
      conditions: order.map(({ type }) => ({
        type,
        status: type === 'Ready' ? 'False' : 'True',
        lastProbeTime: null,
        lastTransitionTime: at,
      })),
      containerStatuses: [
        { name: 'c', image: 'image:1', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } } },
      ],
      hostIP: '192.0.2.1',
      hostIPs: [{ ip: '192.0.2.1' }],
      startTime: at,
      phase: 'Pending',
    });
    await write({ '$setElementOrder/podIPs': [{ ip: '10.1.0.5' }], podIP: '10.1.0.5', podIPs: [{ ip: '10.1.0.5' }] });
    const { code, body } = await write({
      '$setElementOrder/conditions': order,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:09Z' }],
      containerStatuses: [
        { name: 'c', image: 'image:1', imageID: 'i', ready: true, started: true, restartCount: 1, state: { running: { startedAt: at } } },
      ],
      phase: 'Running',
      '$setElementOrder/podIPs': [{ ip: '10.1.0.9' }, { ip: 'fd00::9' }],
      podIP: '10.1.0.9',
      podIPs: [{ ip: '10.1.0.9' }, { ip: 'fd00::9' }, { $patch: 'delete', ip: '10.1.0.5' }],
    });
    t.equal(code, 200);
    t.same(body.status, {
      phase: 'Running',
      qosClass: 'BestEffort',
      conditions: [
        { type: 'PodReadyToStartContainers', status: 'True', lastTransitionTime: at },
        { type: 'Initialized', status: 'True', lastTransitionTime: at },
        { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:09Z' },
        { type: 'PodScheduled', status: 'True', lastTransitionTime: at },
      ],
      containerStatuses: [
        { name: 'c', image: 'image:1', imageID: 'i', ready: true, started: true, restartCount: 1, state: { running: { startedAt: at } } },
      ],
      hostIP: '192.0.2.1',
      hostIPs: [{ ip: '192.0.2.1' }],
      startTime: at,
      podIP: '10.1.0.9',
      podIPs: [{ ip: '10.1.0.9' }, { ip: 'fd00::9' }],
    });
    t.equal(body.spec.nodeName, 'n1');
    t.match(await write({ phase: 'Failed' }, 'another'), {
      code: 409,
      body: { message: /Precondition failed: UID in precondition: another/ },
    });
  });

  t.test('tells events, which are found by what they are about', async (t) => {
    const event = {
      metadata: { generateName: 'a.' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'a' },
      reason: 'Pulled',
      type: 'Normal',
      message: 'done',
      count: 3,
    };
    t.equal((await cluster.send('POST', events, { body: event })).code, 201);
    const find = async (selector: string) =>
      (await cluster.send('GET', `${events}?fieldSelector=${encodeURIComponent(selector)}`)).body.items.length;
    t.same([await find('involvedObject.name=a,reason=Pulled'), await find('involvedObject.name=b'), await find('type!=Normal')], [1, 0, 0]);
    const elsewhere = await cluster.send('POST', '/api/v1/namespaces/kube-system/events', { body: event });
    t.match(elsewhere.body.message, /involvedObject.namespace: Invalid value: "default": does not match event.namespace/);
  });
});
