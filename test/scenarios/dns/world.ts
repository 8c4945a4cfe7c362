// Who there is in scenarios of DNS: pods that ask, and the policies that say what for. One pod has the policy that users paste first.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readObjects } from '../../../orchestrator/sandbox/control-plane/apply.ts';
import { namespace, pod } from '../outage-world.ts';
import { kubeDns, namesPolicy } from './scenario.ts';
import { authority } from './servers.ts';

const shipped = fileURLToPath(new URL('../../../orchestrator/cli/demo/shop/egress-domain-wildcard.yaml', import.meta.url));

const own = ['*.domain.com', '*.s3.domain.com', '*.fresh.domain.com', '*.quick.domain.com', '*.silent.domain.com'];
const worldServers = authority.plain.map((address) => `${address}/${address.includes(':') ? 128 : 32}`);

/** Of pods `asker`: what most scenarios play with. */
const askers = namesPolicy({
  name: 'askers',
  to: { group: 'asker' },
  lookups: [{ servers: kubeDns, names: own }],
  reach: [{ names: own, port: '443' }],
});

export const policies: readonly object[] = [
  ...readObjects(readFileSync(shipped, 'utf8')),
  askers,
  namesPolicy({
    name: 'selective',
    lookups: [{ servers: kubeDns, names: ['www.domain.com', 'api-*.domain.com', '**.domain.com'] }],
    reach: [
      { names: ['www.domain.com', 'api-*.domain.com'], port: '443' },
      { names: ['*.domain.com'], port: '8443' },
    ],
  }),
  namesPolicy({
    name: 'exact',
    lookups: [{ servers: kubeDns, names: ['www.domain.com', 'api-*.domain.com', '_srv._tcp.domain.com'] }],
    reach: [{ names: ['www.domain.com'], port: '443' }],
  }),
  namesPolicy({
    name: 'lasting',
    annotations: { 'axoneme.io/dns-min-ttl': '10m' },
    lookups: [{ servers: kubeDns, names: ['*.domain.com'] }],
    reach: [{ names: ['*.domain.com'], port: '443' }],
  }),
  namesPolicy({
    name: 'graced',
    annotations: { 'axoneme.io/dns-grace': '10m' },
    lookups: [{ servers: kubeDns, names: ['*.domain.com'] }],
    reach: [{ names: ['*.domain.com'], port: '443' }],
  }),
  namesPolicy({
    name: 'links',
    annotations: { 'axoneme.io/dns-cname-names': 'true' },
    lookups: [{ servers: kubeDns, names: ['*.domain.com'] }],
    reach: [{ names: ['link-3.cdn.net'], port: '443' }],
  }),
  namesPolicy({
    name: 'plain-links',
    lookups: [{ servers: kubeDns, names: ['*.domain.com'] }],
    reach: [{ names: ['link-3.cdn.net'], port: '443' }],
  }),
  namesPolicy({
    name: 'choosy',
    lookups: [
      { servers: { resolver: 'dnsmasq' }, names: ['first.domain.com'] },
      { servers: { resolver: 'unbound' }, names: ['second.domain.com'] },
    ],
    reach: [{ names: ['*.domain.com'], port: '443' }],
  }),
  namesPolicy({
    name: 'direct',
    lookups: [{ servers: worldServers, ports: ['53', '5353'], names: ['*.domain.com'] }],
    reach: [{ names: ['*.domain.com', 'www.other.com'], port: '443' }],
  }),
];

/** Narrower than what it takes the place of. */
export const narrowed = namesPolicy({
  name: 'narrowed',
  lookups: [{ servers: kubeDns, names: ['www.domain.com'] }],
  reach: [{ names: ['www.domain.com'], port: '443' }],
});
export const wide = namesPolicy({
  name: 'narrowed',
  lookups: [{ servers: kubeDns, names: ['*.domain.com'] }],
  reach: [{ names: ['*.domain.com'], port: '443' }],
});

/** Most are on `home`, some on the `other` node. */
export function askingPods(home: string, other: string): readonly object[] {
  const asker = { labels: { group: 'asker' } };
  const mine = { ...pod('my-service', home), metadata: { name: 'my-service', namespace: 'default', labels: { app: 'myService' } } };
  return [
    namespace,
    mine,
    ...['one', 'two', 'racer', 'pourer'].map((name) => pod(name, home, asker)),
    pod('far', other, asker),
    ...['selective', 'exact', 'lasting', 'graced', 'links', 'plain-links', 'choosy', 'direct', 'narrowed', 'open'].map((name) =>
      pod(name, home),
    ),
  ];
}
