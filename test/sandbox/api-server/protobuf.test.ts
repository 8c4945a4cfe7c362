// Bodies as clients in Go send them: a kubelet's node, lease, mirror pod and events, its deletes, and what controllers write; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, pod, startCluster } from './cluster.ts';
import { body, headers, type Message, map } from './protobuf.ts';

const nodes = '/api/v1/nodes';
const pods = '/api/v1/namespaces/default/pods';
const time = (seconds: number) => ({ 1: seconds, 2: 0 });

/** Fields that a client always sends, whether its author set them or not. */
const emptyMeta = { 2: '', 4: '', 6: '', 7: 0, 8: '' };

const node = (name: string, revision = ''): Message => ({
  1: { ...emptyMeta, 1: name, 3: '', 5: '', 6: revision, 11: map({ 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' }) },
  2: {
    1: '10.1.0.0/24',
    2: '',
    3: 'kind://n1',
    4: false,
    5: [{ 1: 'node.kubernetes.io/not-ready', 2: '', 3: 'NoSchedule', 4: time(1_700_000_000) }],
    7: ['10.1.0.0/24', 'fd00:1::/64'],
  },
  3: {
    1: map({ cpu: { 1: '4' }, memory: { 1: '8Gi' } }),
    2: map({ cpu: { 1: '3900m' } }),
    3: '',
    4: [{ 1: 'Ready', 2: 'False', 3: time(1_700_000_000), 4: time(1_700_000_001), 5: 'KubeletNotReady', 6: 'not yet' }],
    5: [
      { 1: 'InternalIP', 2: '192.0.2.1' },
      { 1: 'Hostname', 2: name },
    ],
    6: { 1: { 1: 10250 } },
    7: { 1: 'machine', 2: 'system', 3: 'boot', 4: '6.1', 5: 'Debian', 6: 'containerd://1.7', 7: 'v1.32.0', 8: '', 9: 'linux', 10: 'amd64' },
    8: [{ 1: ['image:1', 'image@sha256:0'], 2: 0 }],
  },
});

const mirror = (owner: string): Message => ({
  1: {
    ...emptyMeta,
    1: 'static-n1',
    3: 'default',
    5: '',
    12: map({ 'kubernetes.io/config.mirror': 'hash', 'kubernetes.io/config.source': 'file' }),
    13: [{ 1: 'Node', 3: 'n1', 4: owner, 5: 'v1', 6: true }],
  },
  2: {
    1: [
      { 1: 'data', 2: { 1: { 1: '/var/lib/data', 2: 'DirectoryOrCreate' } } },
      { 1: 'cache', 2: { 2: { 1: 'Memory', 2: { 1: '64Mi' } } } },
    ],
    2: [
      {
        1: 'c',
        2: 'image:1',
        3: ['/bin/c'],
        4: ['--flag'],
        5: '',
        6: [{ 1: 'http', 2: 0, 3: 8080, 4: 'TCP', 5: '' }],
        7: [
          { 1: 'PLAIN', 2: 'x' },
          { 1: 'IP', 2: '', 3: { 1: { 1: 'v1', 2: 'status.podIP' } } },
          { 1: 'KEY', 2: '', 3: { 4: { 1: { 1: 'secret' }, 2: 'key' } } },
        ],
        8: { 1: map({ cpu: { 1: '100m' } }), 2: map({ cpu: { 1: '100m' } }) },
        9: [{ 1: 'data', 2: true, 3: '/data', 4: '' }],
        10: { 1: { 2: { 1: '/health', 2: { 1: 1, 2: 0, 3: 'http' }, 3: '127.0.0.1', 4: 'HTTP' } }, 2: 5, 3: 1, 4: 10, 5: 1, 6: 3 },
        11: { 1: { 3: { 1: { 1: 0, 2: 8080, 3: '' }, 2: '' } }, 2: 0 },
        15: { 2: true, 3: {}, 4: 0, 6: false },
        16: false,
        17: false,
        18: false,
      },
    ],
    3: 'Always',
    4: 0,
    6: 'ClusterFirst',
    7: map({ 'kubernetes.io/os': 'linux' }),
    8: '',
    9: '',
    10: 'n1',
    11: true,
    12: false,
    13: false,
    22: [{ 1: '', 2: 'Exists', 3: '', 4: 'NoExecute' }],
    30: false,
  },
  3: { 1: '', 9: '' },
});

t.test('clients that send protobuf', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const send = (method: string, path: string, payload: Buffer) => cluster.send(method, path, { body: payload, headers });

  t.test('register nodes, whole, and update them with what they read', async (t) => {
    const made = await send('POST', nodes, body('v1', 'Node', node('n1')));
    t.equal(made.code, 201, made.text);
    t.match(made.headers['content-type'], 'application/json');
    const { metadata, ...rest } = made.body;
    t.same(rest, {
      kind: 'Node',
      apiVersion: 'v1',
      spec: {
        podCIDR: '10.1.0.0/24',
        podCIDRs: ['10.1.0.0/24', 'fd00:1::/64'],
        providerID: 'kind://n1',
        taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule', timeAdded: '2023-11-14T22:13:20Z' }],
      },
      status: {
        capacity: { cpu: '4', memory: '8Gi' },
        allocatable: { cpu: '3900m' },
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            lastHeartbeatTime: '2023-11-14T22:13:20Z',
            lastTransitionTime: '2023-11-14T22:13:21Z',
            reason: 'KubeletNotReady',
            message: 'not yet',
          },
        ],
        addresses: [
          { type: 'InternalIP', address: '192.0.2.1' },
          { type: 'Hostname', address: 'n1' },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        nodeInfo: {
          machineID: 'machine',
          systemUUID: 'system',
          bootID: 'boot',
          kernelVersion: '6.1',
          osImage: 'Debian',
          containerRuntimeVersion: 'containerd://1.7',
          kubeletVersion: 'v1.32.0',
          kubeProxyVersion: '',
          operatingSystem: 'linux',
          architecture: 'amd64',
        },
        images: [{ names: ['image:1', 'image@sha256:0'] }],
      },
    });
    t.same(metadata.labels, { 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux' });
    const written = await send('PUT', `${nodes}/n1`, body('v1', 'Node', node('n1', metadata.resourceVersion)));
    t.same([written.code, written.body.metadata.resourceVersion], [200, metadata.resourceVersion], 'the same again is no change');
    t.equal((await send('PUT', `${nodes}/n1/status`, body('v1', 'Node', node('n1', '1')))).code, 409);
    t.equal((await send('POST', nodes, body('v1', 'Node', node('n1')))).code, 409);
  });

  t.test('make mirror pods, in which an absent field and a zero are not the same', async (t) => {
    const { uid } = (await cluster.send('GET', `${nodes}/n1`)).body.metadata;
    const { code, body: made } = await send('POST', pods, body('v1', 'Pod', mirror(uid)));
    t.equal(code, 201);
    t.same(made.metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid, controller: true }]);
    t.same(made.spec.volumes, [
      { name: 'data', hostPath: { path: '/var/lib/data', type: 'DirectoryOrCreate' } },
      { name: 'cache', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
    ]);
    t.match(made.spec, { nodeName: 'n1', hostNetwork: true, terminationGracePeriodSeconds: 0, enableServiceLinks: false });
    for (const field of ['hostPID', 'hostIPC', 'hostname', 'activeDeadlineSeconds', 'serviceAccountName'])
      t.notOk(field in made.spec, field);
    t.same(made.spec.containers, [
      {
        name: 'c',
        image: 'image:1',
        command: ['/bin/c'],
        args: ['--flag'],
        ports: [{ name: 'http', hostPort: 8080, containerPort: 8080, protocol: 'TCP' }],
        env: [
          { name: 'PLAIN', value: 'x' },
          { name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
          { name: 'KEY', valueFrom: { secretKeyRef: { name: 'secret', key: 'key' } } },
        ],
        resources: { limits: { cpu: '100m' }, requests: { cpu: '100m' } },
        volumeMounts: [{ name: 'data', readOnly: true, mountPath: '/data' }],
        livenessProbe: {
          httpGet: { path: '/health', port: 'http', host: '127.0.0.1', scheme: 'HTTP' },
          initialDelaySeconds: 5,
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        readinessProbe: { tcpSocket: { port: 8080 }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 },
        securityContext: { privileged: true, seLinuxOptions: {}, runAsUser: 0, readOnlyRootFilesystem: false },
        imagePullPolicy: 'IfNotPresent',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ]);
    const marked = { body: { metadata: { annotations: { a: 'b' } } }, headers: { 'content-type': 'application/merge-patch+json' } };
    t.equal((await cluster.send('PATCH', `${pods}/static-n1`, marked)).code, 200);
    const options = body('v1', 'DeleteOptions', { 1: 0, 2: { 1: 'another' } });
    t.equal((await send('DELETE', `${pods}/static-n1`, options)).code, 409, 'another pod of this name stays');
    t.equal((await send('DELETE', `${pods}/static-n1`, body('v1', 'DeleteOptions', { 1: 0, 2: { 1: made.metadata.uid } }))).code, 200);
    t.equal((await cluster.send('GET', `${pods}/static-n1`)).code, 404);
  });

  t.test('write leases, events, endpoints, slices, services, accounts and policies', async (t) => {
    const rows: [path: string, apiVersion: string, kind: string, message: Message, wanted: Answered][] = [
      [
        '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases',
        'coordination.k8s.io/v1',
        'Lease',
        { 1: { 1: 'n1', 3: 'kube-node-lease' }, 2: { 1: 'n1', 2: 40, 4: { 1: 1_700_000_000, 2: 123_456_000 } } },
        { spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime: '2023-11-14T22:13:20.123456Z' } },
      ],
      [
        '/api/v1/namespaces/default/events',
        'v1',
        'Event',
        {
          1: { 1: 'a.1', 3: 'default' },
          2: { 1: 'Node', 2: '', 3: 'n1', 4: 'n1', 5: '', 6: '', 7: '' },
          3: 'Starting',
          4: 'Starting kubelet.',
          5: { 1: 'kubelet', 2: 'n1' },
          6: time(1_700_000_000),
          7: time(1_700_000_000),
          8: 1,
          9: 'Normal',
          10: '',
          12: '',
          14: 'kubelet',
          15: 'n1',
        },
        { involvedObject: { kind: 'Node', name: 'n1' }, count: 1, source: { component: 'kubelet', host: 'n1' } },
      ],
      [
        '/api/v1/namespaces/default/endpoints',
        'v1',
        'Endpoints',
        {
          1: { 1: 'e', 3: 'default' },
          2: [{ 1: [{ 1: '10.0.0.1', 2: { 1: 'Pod', 3: 'p' }, 4: 'n1' }], 2: [{ 1: '10.0.0.2' }], 3: [{ 1: 'http', 2: 80, 3: 'TCP' }] }],
        },
        {
          subsets: [
            {
              addresses: [{ ip: '10.0.0.1', targetRef: { kind: 'Pod', name: 'p' }, nodeName: 'n1' }],
              notReadyAddresses: [{ ip: '10.0.0.2' }],
              ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
            },
          ],
        },
      ],
      [
        '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
        'discovery.k8s.io/v1',
        'EndpointSlice',
        {
          1: { 1: 's', 3: 'default' },
          4: 'IPv4',
          2: [{ 1: ['10.0.0.1'], 2: { 1: false, 2: true, 3: false }, 6: 'n1', 7: 'zone', 8: { 1: [{ 1: 'zone' }] } }],
          3: [{ 1: '', 2: 'TCP', 3: 80 }],
        },
        {
          addressType: 'IPv4',
          endpoints: [
            {
              addresses: ['10.0.0.1'],
              conditions: { ready: false, serving: true, terminating: false },
              nodeName: 'n1',
              zone: 'zone',
              hints: { forZones: [{ name: 'zone' }] },
            },
          ],
          ports: [{ name: '', protocol: 'TCP', port: 80 }],
        },
      ],
      [
        '/api/v1/namespaces/default/services',
        'v1',
        'Service',
        {
          1: { 1: 'svc', 3: 'default' },
          2: { 1: [{ 1: '', 2: '', 3: 80, 4: { 1: 0, 2: 8080, 3: '' }, 5: 0 }], 2: map({ app: 'a' }), 13: false },
        },
        { spec: { ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }], selector: { app: 'a' } } },
      ],
      [
        '/api/v1/namespaces/default/serviceaccounts',
        'v1',
        'ServiceAccount',
        { 1: { 1: 'robot' }, 4: false },
        { automountServiceAccountToken: false },
      ],
      [
        '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
        'networking.k8s.io/v1',
        'NetworkPolicy',
        {
          1: { 1: 'np', 3: 'default' },
          2: {
            1: { 1: map({ app: 'a' }) },
            2: [
              {
                1: [{ 1: 'TCP', 2: { 1: 1, 2: 0, 3: 'http' } }],
                2: [{ 1: { 2: [{ 1: 'tier', 2: 'In', 3: ['x', 'y'] }] } }, { 3: { 1: '10.0.0.0/8', 2: ['10.1.0.0/16'] } }],
              },
            ],
            4: ['Ingress'],
          },
        },
        {
          spec: {
            podSelector: { matchLabels: { app: 'a' } },
            ingress: [
              {
                ports: [{ protocol: 'TCP', port: 'http' }],
                from: [
                  { podSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['x', 'y'] }] } },
                  { ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
                ],
              },
            ],
            policyTypes: ['Ingress'],
          },
        },
      ],
    ];
    for (const [path, apiVersion, kind, message, wanted] of rows) {
      const { code, body: made } = await send('POST', path, body(apiVersion, kind, message));
      t.equal(code, 201, `${kind}: ${made.message ?? ''}`);
      t.match(made, wanted, kind);
    }
  });

  t.test('bind and evict pods', async (t) => {
    await cluster.send('POST', pods, { body: pod('p') });
    const binding = body('v1', 'Binding', { 1: { 1: 'p', 3: 'default' }, 2: { 1: 'Node', 3: 'n1' } });
    t.equal((await send('POST', `${pods}/p/binding`, binding)).code, 201);
    t.equal(
      (await send('POST', `${pods}/p/eviction`, body('policy/v1', 'Eviction', { 1: { 1: 'p', 3: 'default' }, 2: { 1: 7 } }))).code,
      201,
    );
    const { body: there } = await cluster.send('GET', `${pods}/p`);
    t.equal(there.metadata.deletionGracePeriodSeconds, 7);
    t.match(there.status.conditions.at(-1), { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' });
  });

  t.test('ask for tokens, and about tokens and access', async (t) => {
    const { body: made } = await cluster.send('POST', pods, { body: pod('q', { spec: { nodeName: 'n1' } }) });
    const request = { 1: { 1: '', 3: '' }, 2: { 1: ['one'], 4: 900, 3: { 1: 'Pod', 2: 'v1', 3: 'q', 4: made.metadata.uid } } };
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    const answer = await send('POST', `${accounts}/default/token`, body('authentication.k8s.io/v1', 'TokenRequest', request));
    t.equal(answer.code, 201);
    t.match(answer.body.spec, { audiences: ['one'], expirationSeconds: 900, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'q' } });
    const review = body('authentication.k8s.io/v1', 'TokenReview', { 1: { 1: '' }, 2: { 1: answer.body.status.token, 2: ['one', 'two'] } });
    const { status } = (await send('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review)).body;
    t.match(status, { authenticated: true, audiences: ['one'], user: { username: 'system:serviceaccount:default:default' } });
    const attributes = { 1: 'default', 2: 'get', 3: '', 4: '*', 5: 'nodes', 6: 'proxy', 7: '' };
    const access = { 1: { 1: '' }, 2: { 1: attributes, 3: 'somebody', 4: ['some'], 5: map({ scopes: { 1: ['a', 'b'] } }) } };
    const allowed = await send(
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      body('authorization.k8s.io/v1', 'SubjectAccessReview', access),
    );
    t.match(allowed.body, {
      spec: { user: 'somebody', extra: { scopes: ['a', 'b'] }, resourceAttributes: { resource: 'nodes', subresource: 'proxy' } },
      status: { allowed: true },
    });
  });

  t.test('are refused when they take nothing else, send another kind, or send no message', async (t) => {
    const only = { accept: 'application/vnd.kubernetes.protobuf' };
    const { code, body: status } = await cluster.send('GET', pods, { headers: only });
    t.equal(code, 406);
    t.match(status, { kind: 'Status', reason: 'NotAcceptable', message: /only the following media types are accepted: application\/json/ });
    t.equal((await send('POST', pods, body('v1', 'Node', node('n2')))).code, 400);
    t.equal((await send('POST', pods, body('apps/v1', 'Deployment', {}))).code, 415);
    t.equal((await send('POST', pods, Buffer.from('{}'))).code, 400);
  });

  t.test('send hundreds of thousands of entries of a list, which are read in one go', async (t) => {
    const finalizer = Buffer.from([14 * 8 + 2, 1, 0x2b]);
    const metadata = Buffer.concat(Array.from({ length: 300_000 }, () => finalizer));
    const start = performance.now();
    const { code, body: status, text } = await send('POST', nodes, body('v1', 'Node', { 1: metadata }));
    t.equal(code, 422);
    t.ok(status.details.causes.length <= 1000 && text.length < 1e6, 'nor make it answer more than it was sent');
    t.ok(performance.now() - start < 5000);
  });
});
