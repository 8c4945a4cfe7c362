// What one service means: a table of cases.

import t from 'tap';
import { serviceRows } from '../../../orchestrator/model/service/frontends.ts';
import type { ServiceFacts, SliceFacts } from '../../../orchestrator/model/service/rows.ts';
import { endpoint, here, service, slice } from './cases.ts';

interface Case {
  readonly name: string;
  readonly service: ServiceFacts;
  readonly slices: readonly SliceFacts[];
  /** Frontend → its backends; those that end are marked with a tilde. */
  readonly wanted: Readonly<Record<string, readonly string[]>>;
  /** Backends that are nobody's choice, and keep what they have. */
  readonly draining?: readonly string[];
}

const web = service('web', ['10.9.0.1'], ['http:80/6']);
const closed = { '10.9.0.1 0 0': [] };

const cases: readonly Case[] = [
  {
    name: 'those that are ready are chosen',
    service: web,
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.2 ready', '10.1.0.1 ready', '10.1.0.3 unready'])],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080', '10.1.0.2 6 8080'], ...closed },
  },
  {
    name: 'one that ends keeps what it has and gets nothing new while another is ready',
    service: web,
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1 ready', '10.1.0.2 ending'])],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080'], ...closed },
    draining: ['10.1.0.2 6 8080'],
  },
  {
    name: 'where none is ready, those that end and serve are better than nobody',
    service: web,
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1 unready', '10.1.0.2 ending', '10.1.0.3 gone'])],
    wanted: { '10.9.0.1 6 80': ['~10.1.0.2 6 8080'], ...closed },
  },
  {
    name: 'one that is published although it ends is chosen, and drains',
    service: web,
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1 published', '10.1.0.2 ready'])],
    wanted: { '10.9.0.1 6 80': ['~10.1.0.1 6 8080', '10.1.0.2 6 8080'], ...closed },
  },
  { name: 'without slices a frontend has no backend', service: web, slices: [], wanted: { '10.9.0.1 6 80': [], ...closed } },
  {
    name: 'slices add up, and an endpoint that moves between two counts once, by its better state',
    service: web,
    slices: [
      slice('a', 'web', ['http:8080/6'], ['10.1.0.1 ready', '10.1.0.2 unready']),
      slice('b', 'web', ['http:8080/6'], ['10.1.0.1 ending', '10.1.0.3 ready']),
    ],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080', '10.1.0.3 6 8080'], ...closed },
  },
  {
    name: 'slices may have the port at different numbers',
    service: web,
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1']), slice('b', 'web', ['http:9090/6'], ['10.1.0.2'])],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080', '10.1.0.2 6 9090'], ...closed },
  },
  {
    name: 'ports are matched by name and protocol, not by number',
    service: service('dns', ['10.9.0.1'], ['dns:53/17', 'dns:53/6', 'metrics:9153/6']),
    slices: [slice('a', 'dns', ['dns:1053/17', 'dns:1054/6', 'other:9153/6'], ['10.1.0.1'])],
    wanted: { '10.9.0.1 17 53': ['10.1.0.1 17 1053'], '10.9.0.1 6 53': ['10.1.0.1 6 1054'], '10.9.0.1 6 9153': [], ...closed },
  },
  {
    name: 'an only port may have no name',
    service: service('web', ['10.9.0.1'], [':80/6']),
    slices: [slice('a', 'web', [':8080/6'], ['10.1.0.1']), slice('b', 'web', ['http:8080/6'], ['10.1.0.9'])],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080'], ...closed },
  },
  {
    name: 'each family has backends of its own',
    service: service('web', ['10.9.0.1', 'fd09::1'], ['http:80/6']),
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1']), slice('b', 'web', ['http:8080/6'], ['fd01::1', 'fd01::2'])],
    wanted: {
      '10.9.0.1 6 80': ['10.1.0.1 6 8080'],
      ...closed,
      'fd09::1 6 80': ['fd01::1 6 8080', 'fd01::2 6 8080'],
      'fd09::1 0 0': [],
    },
  },
  {
    name: 'a slice’s port without a number means nothing',
    service: web,
    slices: [{ ...slice('a', 'web', [], ['10.1.0.1']), ports: [{ name: 'http', port: undefined, protocol: 6 }] }],
    wanted: { '10.9.0.1 6 80': [], ...closed },
  },
  {
    name: 'an endpoint without addresses is none, and of several the first counts',
    service: web,
    slices: [
      {
        ...slice('a', 'web', ['http:8080/6'], []),
        endpoints: [[], ['10.1.0.1', '10.1.0.2']].map((addresses) => ({
          ...endpoint('10.1.0.9 ready'),
          addresses,
        })),
      },
    ],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080'], ...closed },
  },
  { name: 'a headless service has no frontend', service: service('web', [], ['http:80/6']), slices: [], wanted: {} },
  { name: 'a rejected service has none', service: { ...web, rejected: 'spec.ports: bad' }, slices: [], wanted: {} },
  { name: 'a name for somebody else has none', service: { ...web, type: 'ExternalName' }, slices: [], wanted: {} },
  {
    name: 'a service that another proxy balances has none, nor has a headless one with addresses from outside',
    service: { ...service('web', [], ['http:80/6/30080']), externalAddresses: ['198.51.100.1'] },
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1'])],
    wanted: {},
  },
  { name: 'a service of another proxy has none', service: { ...web, isOthers: true }, slices: [], wanted: {} },
  {
    name: 'every kind of address, each with its scopes; a family without a cluster address has none',
    service: service('web', ['10.9.0.1'], ['http:80/6/30080'], {
      type: 'LoadBalancer',
      balancerAddresses: ['198.51.100.1', '2001:db8:1::1'],
      externalAddresses: ['198.51.100.2'],
    }),
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1'])],
    wanted: Object.fromEntries([
      ['10.9.0.1 6 80', ['10.1.0.1 6 8080']],
      ...['198.51.100.1 6 80', '198.51.100.2 6 80', '192.0.2.1 6 30080'].flatMap((key) => [
        [key, ['10.1.0.1 6 8080']],
        [`${key} outside`, ['10.1.0.1 6 8080']],
      ]),
      ['10.9.0.1 0 0', []],
    ]),
  },
  {
    name: 'an endpoint of weight 0 gets nothing new, and keeps what it has',
    service: web,
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1']), slice('b', 'web', ['http:8080/6'], ['10.1.0.2'], 0)],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080'], ...closed },
  },
  {
    name: 'SCTP is balanced like the others',
    service: service('sig', ['10.9.0.1'], ['m3ua:2905/132']),
    slices: [slice('a', 'sig', ['m3ua:2906/132'], ['10.1.0.1'])],
    wanted: { '10.9.0.1 132 2905': ['10.1.0.1 132 2906'], ...closed },
  },
  {
    name: 'a load balancer has cluster addresses too',
    service: { ...web, type: 'LoadBalancer' },
    slices: [slice('a', 'web', ['http:8080/6'], ['10.1.0.1'])],
    wanted: { '10.9.0.1 6 80': ['10.1.0.1 6 8080'], ...closed },
  },
];

for (const { name, service, slices, wanted, draining = [] } of cases) {
  t.test(name, async (t) => {
    const { frontends, backends } = serviceRows(service, slices, here);
    const states = new Map(backends.map(({ key, state }) => [key, state]));
    const named = (key: string) => (states.get(key) === 'draining' ? `~${key}` : key);
    t.same(Object.fromEntries(frontends.map(({ key, backends }) => [key, backends.map(named)])), wanted);
    const chosen = new Set(frontends.flatMap((frontend) => frontend.backends));
    t.same(
      backends.filter(({ key, state }) => state === 'draining' && !chosen.has(key)).map(({ key }) => key),
      draining,
    );
    t.ok(
      [...chosen].every((key) => states.has(key)),
      'who is named is there',
    );
    t.same(serviceRows(service, [...slices].reverse(), here), { frontends, backends }, 'in any order of slices');
    for (const { port, type, backends, why } of frontends) {
      if (port === 0) t.equal(type, 'closed');
      else t.equal(why === '', backends.length > 0, 'who has no backend says why');
    }
  });
}
