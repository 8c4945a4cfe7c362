// Custom resources: definitions bring kinds about, whose objects are pruned, defaulted and validated; against a real etcd.
import t from 'tap';
import { crds } from '../../../orchestrator/model/schema/crds.ts';
import { noEtcd } from '../../support/etcd.ts';
import { type Answered, startCluster } from './cluster.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const things = '/apis/example.com/v1/namespaces/default/things';
const merge = { 'content-type': 'application/merge-patch+json' };

const definition = (schema: Answered, more: Answered = {}): Answered => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing', shortNames: ['th'] },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: schema } } }, ...more },
    ],
  },
});

const spec = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    colour: { type: 'string', enum: ['red', 'green'], default: 'red' },
    port: { 'x-kubernetes-int-or-string': true },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    list: { type: 'array', items: { type: 'object', properties: { name: { type: 'string', pattern: '^[a-z]+$' } } } },
  },
};
const thing = (name: string, spec: Answered, metadata: Answered = {}): Answered => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name, ...metadata },
  spec,
});

t.test('custom resources', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  t.equal((await cluster.send('GET', things)).code, 404);
  const columns = [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Names', type: 'string', jsonPath: '.spec.list[*].name' },
  ];
  const made = await cluster.send('POST', definitions, {
    body: definition(spec, { subresources: { status: {} }, additionalPrinterColumns: columns }),
  });
  t.equal(made.code, 201);
  t.same(
    made.body.status.conditions.map(({ type, status }: Answered) => `${type}=${status}`),
    ['NamesAccepted=True', 'Established=True'],
  );
  t.match(made.body.status, { acceptedNames: { singular: 'thing', listKind: 'ThingList' }, storedVersions: ['v1'] });

  t.test('are served as soon as their definition is there, and told by discovery', async (t) => {
    t.match((await cluster.send('GET', things)).body, { kind: 'ThingList', items: [] });
    const { body } = await cluster.send('GET', '/apis/example.com/v1');
    t.match(body.resources[0], { name: 'things', singularName: 'thing', kind: 'Thing', shortNames: ['th'], namespaced: true });
    t.ok((await cluster.send('GET', '/apis')).body.groups.some(({ name }: Answered) => name === 'example.com'));
    t.ok(Object.keys((await cluster.send('GET', '/openapi/v3')).body.paths).includes('apis/example.com/v1'));
  });

  t.test('are pruned and defaulted', async (t) => {
    const { code, body, headers } = await cluster.send('POST', things, {
      body: thing('a', { size: 1, port: 'http', weight: 3, free: { any: 1 }, list: [{ name: 'x', y: 1 }] }),
    });
    t.equal(code, 201);
    t.same(body.spec, { size: 1, port: 'http', free: { any: 1 }, list: [{ name: 'x' }], colour: 'red' });
    t.match(headers.warning, /unknown field \\"spec.weight\\"/);
    t.equal(body.metadata.generation, 1);
  });

  const wrong: [what: string, spec: Answered, message: RegExp][] = [
    ['a field that has to be there', {}, /^Thing.example.com "b" is invalid: spec.size: Required value$/],
    ['a type', { size: 'x' }, /spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"/],
    ['a bound', { size: 11 }, /spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10/],
    ['an enumeration', { size: 1, colour: 'blue' }, /spec.colour: Unsupported value: "blue": supported values: "red", "green"/],
    [
      'a pattern',
      { size: 1, list: [{ name: 'A' }] },
      /spec.list\[0\].name: Invalid value: "A": spec.list\[0\].name in body should match '\^\[a-z\]\+\$'/,
    ],
    ['a value of a map', { size: 1, labels: { a: 1 } }, /spec.labels.a: Invalid value: "integer"/],
    ['all that is wrong', { colour: 1 }, /is invalid: \[spec.*size.*Required.*colour|is invalid: \[spec.*colour/],
  ];
  for (const [what, spec, message] of wrong) {
    t.test(`are refused for ${what}`, async (t) => {
      const { code, body } = await cluster.send('POST', things, { body: thing('b', spec) });
      t.equal(code, 422);
      t.match(body.message, message);
    });
  }

  t.test('have a status of its own, and a generation that counts wishes', async (t) => {
    const status = await cluster.send('PATCH', `${things}/a/status`, {
      body: { status: { seen: true }, spec: { size: 9 } },
      headers: merge,
    });
    t.equal(status.body.spec.size, 1, 'who writes the status leaves the spec');
    t.equal(status.body.metadata.generation, 1);
    const changed = await cluster.send('PATCH', `${things}/a`, { body: { status: { seen: false }, spec: { size: 2 } }, headers: merge });
    t.same([changed.body.spec.size, changed.body.metadata.generation], [2, 2]);
    const labelled = await cluster.send('PATCH', `${things}/a`, { body: { metadata: { labels: { a: 'b' } } }, headers: merge });
    t.equal(labelled.body.metadata.generation, 2);
    const same = await cluster.send('PATCH', `${things}/a`, { body: { spec: { size: 2 } }, headers: merge });
    t.equal(same.body.metadata.resourceVersion, labelled.body.metadata.resourceVersion, 'what changes nothing writes nothing');
  });

  t.test('want a revision when they are updated, and know no strategic patch', async (t) => {
    const update = await cluster.send('PUT', `${things}/a`, { body: thing('a', { size: 3 }) });
    t.equal(update.code, 422);
    t.match(update.body.message, /metadata.resourceVersion: Invalid value: 0: must be specified for an update/);
    const strategic = await cluster.send('PATCH', `${things}/a`, {
      body: {},
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
    });
    t.equal(strategic.code, 415);
  });

  t.test('are shown in their own columns', async (t) => {
    const { body } = await cluster.send('GET', things, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    t.same(
      body.columnDefinitions.map(({ name }: Answered) => name),
      ['Name', 'Size', 'Names'],
    );
    t.same(body.rows[0].cells, ['a', 2, 'x']);
  });

  t.test('are refused with a definition that says no type', async (t) => {
    const { code, body } = await cluster.send('POST', definitions, {
      body: { ...definition({ properties: {} }), metadata: { name: 'wrong.example.com' } },
    });
    t.equal(code, 422);
    t.match(body.message, /metadata.name: Invalid value: "wrong.example.com"/);
    t.match(body.message, /openAPIV3Schema.properties\[spec\].type: Required value/);
  });

  t.test('go with their definition', async (t) => {
    t.equal((await cluster.send('DELETE', `${definitions}/things.example.com`)).code, 200);
    const end = Date.now() + 5000;
    while ((await cluster.send('GET', things)).code !== 404 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    t.equal((await cluster.send('GET', things)).code, 404);
    t.equal((await cluster.send('POST', definitions, { body: definition(spec) })).code, 201);
    t.same((await cluster.send('GET', things)).body.items, [], 'and do not come back with it');
  });
});

t.test('our own definitions', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  for (const body of crds()) {
    const { code, text } = await cluster.send('POST', definitions, { body });
    t.equal(code, 201, text.slice(0, 300));
  }
  const group = (version: string) => `/apis/cilium.io/${version}/ciliumcidrgroups`;
  const made = await cluster.send('POST', group('v2'), {
    body: { apiVersion: 'cilium.io/v2', kind: 'CiliumCIDRGroup', metadata: { name: 'g' }, spec: { externalCIDRs: ['10.0.0.0/8'] } },
  });
  t.equal(made.code, 201, made.text);
  const older = await cluster.send('GET', `${group('v2alpha1')}/g`);
  t.equal(older.body.apiVersion, 'cilium.io/v2alpha1', 'every version shows the same objects');
  t.same(older.body.spec, made.body.spec);
});

t.test('names of kinds', { skip: noEtcd }, async (t) => {
  const cluster = await startCluster(t);
  const named = (plural: string, names: Answered): Answered => ({
    metadata: { name: `${plural}.example.com` },
    spec: { ...definition(spec).spec, names: { plural, ...names } },
  });
  const conditions = ({ body }: { body: Answered }) =>
    body.status.conditions.map(({ type, status, reason, message }: Answered) => `${type}=${status} ${reason}: ${message}`);
  await cluster.send('POST', definitions, { body: named('things', { kind: 'Thing', shortNames: ['th'] }) });
  for (const [plural, names, reason, name] of [
    ['others', { kind: 'Thing', singular: 'other' }, 'ListKindConflict', 'ThingList'],
    ['more', { kind: 'More', shortNames: ['mo', 'th'] }, 'ShortNamesConflict', 'th'],
    ['single', { kind: 'Single', singular: 'thing' }, 'SingularConflict', 'thing'],
    ['th', { kind: 'Th', singular: 'tee' }, 'PluralConflict', 'th'],
  ] as const) {
    const made = await cluster.send('POST', definitions, { body: named(plural, names) });
    t.equal(made.code, 201);
    t.same(conditions(made), [
      `NamesAccepted=False ${reason}: "${name}" is already in use`,
      'Established=False NotAccepted: not all names are accepted',
    ]);
    t.equal((await cluster.send('GET', `/apis/example.com/v1/${plural}`)).code, 404, 'and its objects are not served');
  }
  t.same((await cluster.send('GET', '/apis/example.com/v1')).body.resources.length, 1);
  await cluster.send('DELETE', `${definitions}/single.example.com`);
  await cluster.send('DELETE', `${definitions}/th.example.com`);
  await cluster.send('DELETE', `${definitions}/things.example.com`);
  const end = Date.now() + 10_000;
  const codes = () =>
    Promise.all(['others', 'more'].map(async (plural) => (await cluster.send('GET', `/apis/example.com/v1/${plural}`)).code));
  while ((await codes()).some((code) => code !== 200) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 30));
  t.same(await codes(), [200, 200], 'names that are free again are given to those who waited');
  t.same(conditions(await cluster.send('GET', `${definitions}/others.example.com`)), [
    'NamesAccepted=True NoConflicts: no conflicts found',
    'Established=True InitialNamesAccepted: the initial names have been accepted',
  ]);
});
