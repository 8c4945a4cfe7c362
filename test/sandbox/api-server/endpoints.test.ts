// Where a service's traffic goes: slices and the older endpoints that follow pods, and the mirror of what is written by hand; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, type Cluster, pod, startCluster } from './cluster.ts';

const namespace = '/api/v1/namespaces/default';
const pods = `${namespace}/pods`;
const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const merge = { 'content-type': 'application/merge-patch+json' };

async function eventually<Value>(read: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  const end = Date.now() + 10_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (Date.now() > end) throw new Error(`not seen: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

class World {
  readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  service(name: string, spec: Answered, metadata: Answered = {}) {
    return this.cluster.send('POST', `${namespace}/services`, { body: { metadata: { name, ...metadata }, spec } });
  }

  async pod(
    name: string,
    ips: string[],
    { ready = true, spec = {}, app = 'web' }: { ready?: boolean; spec?: Answered; app?: string } = {},
  ) {
    const made = await this.cluster.send('POST', pods, {
      body: pod(name, { metadata: { labels: { app } }, spec: { nodeName: 'n1', ...spec } }),
    });
    if (made.code !== 201) throw new Error(made.text);
    return this.status(name, ips, ready);
  }

  status(name: string, ips: string[], ready: boolean) {
    const status = {
      phase: 'Running',
      podIP: ips[0],
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    };
    return this.cluster.send('PATCH', `${pods}/${name}/status`, { body: { status }, headers: merge });
  }

  slices(name: string, holds: (slices: Answered[]) => boolean): Promise<Answered[]> {
    const read = async () => (await this.cluster.send('GET', `${slices}?labelSelector=kubernetes.io/service-name%3D${name}`)).body.items;
    return eventually(read, holds);
  }

  endpoints(name: string, holds: (endpoints: Answered) => boolean): Promise<Answered> {
    return eventually(
      async () => (await this.cluster.send('GET', `${namespace}/endpoints/${name}`)).body,
      (body) => holds(body),
    );
  }
}

const addresses = (found: Answered[]) =>
  found.flatMap(({ endpoints }) => (endpoints ?? []).flatMap((one: Answered) => one.addresses)).sort();

t.test('endpoints', { skip: noEtcd }, async (t) => {
  const world = new World(await startCluster(t, { serviceNetworks: ['10.96.0.0/16', 'fd00::/112'] }));
  const { cluster } = world;

  t.test('say where the pods of a service are, and how they are', async (t) => {
    await world.service(
      'web',
      { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http', name: 'http' }] },
      { labels: { team: 'a' } },
    );
    const [none] = await world.slices('web', (found) => found.length === 1);
    t.same([none.endpoints, none.ports], [null, null], 'of no pods it is said that there are none');
    await world.endpoints('web', (found) => found.kind === 'Endpoints' && found.subsets === undefined);
    const containers = [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 8080 }] }];
    await cluster.send('POST', '/api/v1/nodes', { body: { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } } } });
    await world.pod('a', ['10.0.0.1'], { ready: false, spec: { containers } });
    const [before] = await world.slices('web', (found) => found[0]?.endpoints?.length === 1);
    t.match(before, {
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      metadata: {
        labels: {
          team: 'a',
          'kubernetes.io/service-name': 'web',
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        },
      },
    });
    t.equal(before.metadata.name, none.metadata.name, 'the empty slice is written rather than another made');
    t.same(before.endpoints, [
      {
        addresses: ['10.0.0.1'],
        conditions: { ready: false, serving: false, terminating: false },
        nodeName: 'n1',
        targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: before.endpoints[0].targetRef.uid },
        zone: 'z1',
      },
    ]);
    const { subsets, metadata } = await world.endpoints('web', (found) => found.subsets !== undefined);
    t.same(metadata.labels, { team: 'a' });
    t.same(subsets, [
      {
        notReadyAddresses: [{ ip: '10.0.0.1', nodeName: 'n1', targetRef: before.endpoints[0].targetRef }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
    await world.status('a', ['10.0.0.1'], true);
    await world.slices('web', (found) => found[0]?.endpoints[0]?.conditions.ready === true);
    await world.endpoints('web', ({ subsets }) => subsets[0].addresses?.length === 1 && subsets[0].notReadyAddresses === undefined);
    await cluster.send('DELETE', `${pods}/a`);
    const [going] = await world.slices('web', (found) => found[0]?.endpoints[0]?.conditions.terminating === true);
    t.same(going.endpoints[0].conditions, { ready: false, serving: true, terminating: true });
    await world.endpoints('web', (found) => found.subsets === undefined);
    await cluster.send('DELETE', `${pods}/a?gracePeriodSeconds=0`);
    await world.slices('web', (found) => found.length === 1 && found[0].endpoints === null);
    await cluster.send('DELETE', `${namespace}/endpoints/web`);
    await world.endpoints('web', (found) => found.kind === 'Endpoints');
    await cluster.send('DELETE', `${namespace}/services/web`);
    await world.slices('web', (found) => found.length === 0);
    await world.endpoints('web', (found) => found.code === 404);
  });

  t.test('of both families are in slices of their own; the older form has the first alone', async (t) => {
    await world.service('both', { selector: { app: 'both' }, ports: [{ port: 80 }], ipFamilyPolicy: 'RequireDualStack' });
    await world.pod('b', ['10.0.1.1', 'fd00:1::1'], { app: 'both', spec: { hostNetwork: true } });
    await world.pod('only4', ['10.0.1.2'], { app: 'both' });
    const found = await world.slices('both', (all) => addresses(all).length === 3);
    t.same(
      found.map(({ addressType, endpoints }) => [addressType, addresses([{ endpoints }])]).sort(),
      [
        ['IPv4', ['10.0.1.1', '10.0.1.2']],
        ['IPv6', ['fd00:1::1']],
      ],
      'pods of the host network are like any other',
    );
    const { subsets } = await world.endpoints('both', (all) => all.subsets?.[0].addresses.length === 2);
    t.same(
      subsets.flatMap(({ addresses }: Answered) => addresses.map(({ ip }: Answered) => ip)),
      ['10.0.1.1', '10.0.1.2'],
    );
  });

  t.test('of pods whose named ports differ are apart', async (t) => {
    const containers = (containerPort: number) => [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort }] }];
    await world.service('named', { selector: { app: 'named' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] });
    await world.pod('p1', ['10.0.2.1'], { app: 'named', spec: { containers: containers(8080) } });
    await world.pod('p2', ['10.0.2.2'], { app: 'named', spec: { containers: containers(9090) } });
    const sidecar = { name: 'side', image: 'i', restartPolicy: 'Always', ports: [{ name: 'http', containerPort: 7070 }] };
    await world.pod('p3', ['10.0.2.3'], { app: 'named', spec: { initContainers: [sidecar] } });
    await world.pod('p4', ['10.0.2.4'], { app: 'named' });
    const found = await world.slices('named', (all) => addresses(all).length === 4);
    const rows = found.map(({ ports, endpoints }) => `${ports?.[0]?.port ?? 'none'} ${addresses([{ endpoints }])}`);
    t.same(rows.sort(), ['7070 10.0.2.3', '8080 10.0.2.1', '9090 10.0.2.2', 'none 10.0.2.4']);
    const { subsets } = await world.endpoints('named', (all) => all.subsets?.length === 3);
    t.same(subsets.map(({ ports, addresses }: Answered) => `${ports[0].port} ${addresses[0].ip}`).sort(), [
      '7070 10.0.2.3',
      '8080 10.0.2.1',
      '9090 10.0.2.2',
    ]);
  });

  t.test('of a headless service have names, no ports where it has none, and unready pods where it wants them', async (t) => {
    await world.service('db', { selector: { app: 'db' }, clusterIP: 'None', publishNotReadyAddresses: true });
    await world.pod('db-0', ['10.0.3.1'], { app: 'db', ready: false, spec: { hostname: 'db-0', subdomain: 'db' } });
    await world.pod('db-1', ['10.0.3.2'], { app: 'db', ready: false, spec: { hostname: 'db-1', subdomain: 'another' } });
    await cluster.send('DELETE', `${pods}/db-1`);
    const [slice] = await world.slices('db', (all) => all[0]?.endpoints?.[1]?.conditions.terminating === true);
    t.equal(slice.metadata.labels['service.kubernetes.io/headless'], '');
    t.same(
      slice.endpoints.map(({ hostname, conditions }: Answered) => [hostname, conditions]),
      [
        ['db-0', { ready: true, serving: false, terminating: false }],
        [undefined, { ready: true, serving: false, terminating: true }],
      ],
    );
    const { subsets, metadata } = await world.endpoints('db', (all) => all.subsets?.[0].addresses?.length === 2);
    t.equal(metadata.labels['service.kubernetes.io/headless'], '');
    t.equal(subsets[0].addresses[0].hostname, 'db-0');
    t.equal(subsets[0].ports, undefined);
  });

  t.test('of pods that have ended, or have no address, are not told', async (t) => {
    await world.service('ended', { selector: { app: 'ended' }, ports: [{ port: 80 }] });
    await world.pod('e1', [], { app: 'ended' });
    await world.pod('e2', ['10.0.4.2'], { app: 'ended' });
    await world.pod('e3', ['10.0.4.3'], { app: 'ended' });
    await cluster.send('PATCH', `${pods}/e2/status`, { body: { status: { phase: 'Succeeded' } }, headers: merge });
    t.same(addresses(await world.slices('ended', (all) => addresses(all).includes('10.0.4.3') && !addresses(all).includes('10.0.4.2'))), [
      '10.0.4.3',
    ]);
    await cluster.send('PATCH', `${namespace}/services/ended`, { body: { spec: { selector: { app: 'both' } } }, headers: merge });
    await world.slices('ended', (all) => addresses(all).join() === '10.0.1.1,10.0.1.2');
    await cluster.send('PATCH', `${pods}/only4`, { body: { metadata: { labels: { app: 'none' } } }, headers: merge });
    await world.slices('ended', (all) => addresses(all).join() === '10.0.1.1');
  });

  t.test('are a hundred to a slice, and one pod changes one slice', async (t) => {
    await world.service('many', { selector: { app: 'many' }, ports: [{ port: 80 }] });
    await Promise.all(
      Array.from({ length: 130 }, (_, index) => world.pod(`m${index}`, [`10.1.${index >> 7}.${index & 127}`], { app: 'many' })),
    );
    const all = await world.slices('many', (found) => addresses(found).length === 130);
    t.ok(all.length >= 2 && all.every(({ endpoints }) => endpoints.length <= 100), all.map(({ endpoints }) => endpoints.length).join());
    const revisions = (found: Answered[]) => new Map(found.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    const before = revisions(all);
    await cluster.send('DELETE', `${pods}/m7?gracePeriodSeconds=0`);
    const less = await world.slices('many', (found) => addresses(found).length === 129);
    const changed = [...revisions(less)].filter(([name, revision]) => before.get(name) !== revision);
    t.equal(changed.length, 1);
    const between = revisions(less);
    await world.pod('late', ['10.1.3.1'], { app: 'many' });
    const more = await world.slices('many', (found) => addresses(found).length === 130);
    t.equal([...revisions(more)].filter(([name, revision]) => between.get(name) !== revision).length, 1);
    await cluster.send('DELETE', `${namespace}/services/many`);
    await world.slices('many', (found) => found.length === 0);
  });

  t.test('that somebody writes by hand are mirrored, unless they say not to', async (t) => {
    await world.service('hand', { ports: [{ port: 80 }] });
    const subsets = [
      {
        addresses: [{ ip: '192.0.2.1', nodeName: 'n1' }, { ip: '2001:db8::1' }],
        notReadyAddresses: [{ ip: '192.0.2.2' }],
        ports: [{ port: 80 }],
      },
    ];
    const metadata = { name: 'hand', labels: { a: 'b' } };
    await cluster.send('POST', `${namespace}/endpoints`, { body: { metadata, subsets } });
    const found = await world.slices('hand', (all) => addresses(all).length === 3);
    t.equal(found.length, 2);
    const [four] = found.filter(({ addressType }) => addressType === 'IPv4');
    t.match(four, {
      metadata: {
        labels: { a: 'b', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'hand', controller: true }],
      },
      ports: [{ name: '', protocol: 'TCP', port: 80 }],
      endpoints: [
        { addresses: ['192.0.2.1'], conditions: { ready: true }, nodeName: 'n1' },
        { addresses: ['192.0.2.2'], conditions: { ready: false } },
      ],
    });
    const skip = { metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } } };
    await cluster.send('PATCH', `${namespace}/endpoints/hand`, { body: skip, headers: merge });
    await world.slices('hand', (all) => all.length === 0);
    await cluster.send('PATCH', `${namespace}/endpoints/hand`, {
      body: { metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': null } } },
      headers: merge,
    });
    await world.slices('hand', (all) => addresses(all).length === 3);
    await cluster.send('DELETE', `${namespace}/endpoints/hand`);
    await world.slices('hand', (all) => all.length === 0);
  });
});
