// Services: addresses and ports that nobody else has, and the slices that follow their pods; against a real etcd.
import t from 'tap';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, startCluster } from './cluster.ts';

const services = '/api/v1/namespaces/default/services';
const merge = { 'content-type': 'application/merge-patch+json' };
const service = (name: string, spec: Answered): Answered => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });

t.test('services', { skip: noEtcd }, async (t) => {
  // Few addresses, so that chance alone would give some twice.
  const cluster = await startCluster(t, { serviceNetworks: ['10.96.0.0/25', 'fd00::/112'] });
  const make = async (name: string, spec: Answered = {}) => cluster.send('POST', services, { body: service(name, spec) });

  t.test('made at the same time get addresses of their own', async (t) => {
    const made = await Promise.all(Array.from({ length: 40 }, (_, index) => make(`many${index}`, { type: 'NodePort' })));
    t.same(
      made.map(({ code }) => code),
      made.map(() => 201),
    );
    t.equal(new Set(made.map(({ body }) => body.spec.clusterIP)).size, 40);
    t.equal(new Set(made.map(({ body }) => body.spec.ports[0].nodePort)).size, 40);
    const last = made.map(({ body }) => Number(/^10\.96\.0\.(\d+)$/.exec(body.spec.clusterIP)?.[1]));
    t.ok(
      last.every((byte) => byte >= 16 && byte < 127),
      'the first ones are left to who asks for them',
    );
    await cluster.send('DELETE', services);
  });

  t.test('may ask for an address, which is theirs until they are gone', async (t) => {
    t.equal((await make('first', { clusterIP: '10.96.0.10' })).body.spec.clusterIPs[0], '10.96.0.10');
    const second = await make('second', { clusterIP: '10.96.0.10' });
    t.equal(second.code, 422);
    t.match(
      second.body.message,
      /^Service "second" is invalid: spec.clusterIPs: Invalid value: \["10.96.0.10"\]: failed to allocate IP 10.96.0.10: provided IP is already allocated$/,
    );
    await cluster.send('DELETE', `${services}/first`);
    t.equal((await make('second', { clusterIP: '10.96.0.10' })).code, 201);
    const moved = await cluster.send('PATCH', `${services}/second`, {
      body: { spec: { clusterIP: '10.96.0.11', clusterIPs: ['10.96.0.11'] } },
      headers: merge,
    });
    t.match(moved.body.message, /may not change once set/);
  });

  t.test('have addresses of the families that they ask for', async (t) => {
    const both = (await make('both', { ipFamilyPolicy: 'PreferDualStack' })).body.spec;
    t.same(both.ipFamilies, ['IPv4', 'IPv6']);
    t.match(both.clusterIPs, [/^10\.96\.0\./, /^fd00::/]);
    const six = (await make('six', { ipFamilies: ['IPv6'] })).body.spec;
    t.same([six.ipFamilies, six.ipFamilyPolicy], [['IPv6'], 'SingleStack']);
    t.match(six.clusterIP, /^fd00::/);
    const none = { clusterIP: 'None', clusterIPs: ['None'] };
    t.match((await make('headless', { clusterIP: 'None', selector: { a: 'b' } })).body.spec, {
      ...none,
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    t.match((await make('free', { clusterIP: 'None' })).body.spec, {
      ...none,
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'RequireDualStack',
    });
    const name = (await make('name', { type: 'ExternalName', externalName: 'example.com' })).body.spec;
    t.equal(name.clusterIP, undefined);
  });

  t.test('have families, addresses and a policy that agree', async (t) => {
    const given = (await make('given', { clusterIPs: ['fd00::a', '10.96.0.12'], clusterIP: 'fd00::a' })).body.spec;
    t.same([given.ipFamilies, given.ipFamilyPolicy], [['IPv6', 'IPv4'], 'RequireDualStack']);
    t.same((await make('two', { ipFamilies: ['IPv6', 'IPv4'] })).body.spec.ipFamilyPolicy, 'RequireDualStack');
    const rows: [spec: Answered, message: RegExp][] = [
      [
        { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'SingleStack' },
        /ipFamilyPolicy: Invalid value: "SingleStack": must be .* multiple IP families/,
      ],
      [{ clusterIP: '10.96.0.101', clusterIPs: ['10.96.0.102'] }, /spec.clusterIPs\[0\]: .*first value must match `clusterIP`/],
      [
        { clusterIP: '10.96.0.101', ipFamilies: ['IPv6'] },
        /spec.clusterIPs\[0\]: .*expected an IPv6 value as indicated by `spec.ipFamilies\[0\]`/,
      ],
      [{ ipFamilies: ['IPv4', 'IPv4'] }, /spec.ipFamilies\[1\]: Duplicate value/],
      [{ ipFamilyPolicy: 'Any' }, /ipFamilyPolicy: Unsupported value: "Any"/],
    ];
    for (const [spec, message] of rows) t.match(await make('wrong', spec), { code: 422, body: { message } });
    const patch = (spec: Answered) => cluster.send('PATCH', `${services}/given`, { body: { spec }, headers: merge });
    t.match((await patch({ ipFamilies: ['IPv4', 'IPv6'] })).body.message, /spec.ipFamilies\[0\]: Invalid value: .*may not change once set/);
    const single = await patch({ ipFamilyPolicy: 'SingleStack' });
    t.same([single.body.spec.clusterIPs, single.body.spec.ipFamilies], [['fd00::a'], ['IPv6']], 'the second address is given back');
    t.equal((await make('taker', { clusterIP: '10.96.0.12' })).code, 201);
    const both = (await patch({ ipFamilyPolicy: 'PreferDualStack' })).body.spec;
    t.same([both.ipFamilies, both.clusterIPs.length, both.clusterIPs[0]], [['IPv6', 'IPv4'], 2, 'fd00::a']);
  });

  t.test('keep what they were given when they are written without it', async (t) => {
    const { body } = await make('kept', { type: 'NodePort' });
    const { code, body: after } = await cluster.send('PUT', `${services}/kept`, {
      body: service('kept', { type: 'NodePort', selector: { a: 'b' } }),
    });
    t.equal(code, 200);
    t.same([after.spec.clusterIP, after.spec.ports], [body.spec.clusterIP, body.spec.ports]);
    const inner = await cluster.send('PATCH', `${services}/kept`, { body: { spec: { type: 'ClusterIP' } }, headers: merge });
    t.equal(inner.body.spec.ports[0].nodePort, undefined);
    const outer = await make('outer', { type: 'NodePort', ports: [{ port: 1, nodePort: body.spec.ports[0].nodePort }] });
    t.equal(outer.code, 201, 'a port that was given back can be had');
  });
});

t.test('a cluster of one family', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t, { serviceNetworks: ['10.96.0.0/24'] });
  const make = (name: string, spec: Answered) => cluster.send('POST', services, { body: service(name, spec) });
  t.same((await make('prefer', { ipFamilyPolicy: 'PreferDualStack' })).body.spec.ipFamilies, ['IPv4']);
  t.match((await make('require', { ipFamilyPolicy: 'RequireDualStack' })).body.message, /not configured for dual-stack services/);
  t.match((await make('six', { ipFamilies: ['IPv6'] })).body.message, /spec.ipFamilies\[0\]: .*not configured on this cluster/);
  const free = (await make('free', { clusterIP: 'None' })).body.spec;
  t.same([free.ipFamilies, free.ipFamilyPolicy], [['IPv4', 'IPv6'], 'RequireDualStack']);
});
