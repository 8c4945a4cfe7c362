// Map entries as people read them: what the maps of a node that is really there say.
import t from 'tap';
import { openClient } from '../../orchestrator/api/client.ts';
import {
  BACKEND_TERMINATING,
  FRONTEND_AFFINITY,
  HINT_ENDPOINT,
  NODE_MODE_OVERLAY,
  SCOPE_INTERNAL,
} from '../../orchestrator/datapath/generated/enums.ts';
import {
  affinitySpec,
  backendsSpec,
  configSpec,
  epochsSpec,
  frontendsSpec,
  grantsSpec,
  ipcacheSpec,
  nodesSpec,
} from '../../orchestrator/datapath/generated/maps.ts';
import { addressWords, prefixWords, swapPort } from '../../orchestrator/net/words.ts';
import { openNode } from './node.ts';

const node = await openNode();
t.teardown(() => node.close());
const { datapath } = node;

async function entries(map: string) {
  return ((await openClient({ socket: node.folder }).get(`/v1/maps/${map}`)) as { items: { key: unknown; value: unknown }[] }).items;
}

t.test('a flow is told from who opened it to who answers, whichever address is the lower', async (t) => {
  await node.send('web', 'db', 5432);
  await node.send('db', 'cart', 80, 'udp');
  const [first, second] = (await entries('conntrack')).sort((a, b) => JSON.stringify(a.key).localeCompare(JSON.stringify(b.key)));
  t.match(first?.key, { protocol: 'tcp', from: /^10\.11\.0\.2:4\d{4}$/, to: '10.11.0.3:5432' });
  t.match(first?.value, {
    flags: [],
    expires: 'in 60s',
    originPackets: 1,
    originBytes: 40,
    originIdentity: 65537,
    egressRule: 11,
    ingressRule: 12,
  });
  t.match(second?.key, { protocol: 'udp', from: /^10\.11\.0\.3:/, to: '10.11.0.4:80' });
});

t.test('numbers of the core have names, ports their order, addresses their text', async (t) => {
  const address = addressWords('10.21.0.10');
  await datapath.map(frontendsSpec).update([
    [
      { ...address, port: swapPort(8080), protocol: 6, scope: SCOPE_INTERNAL },
      { service: 3, offset: 0, size: 0, flags: FRONTEND_AFFINITY, affinityTicks: 60 },
    ],
  ]);
  await datapath.map(backendsSpec).update([
    [
      9,
      {
        ...addressWords('fd00::9'),
        port: swapPort(80),
        protocol: 17,
        state: BACKEND_TERMINATING,
        generation: 1,
        cluster: 0,
        zone: 0,
        flags: 0,
      },
    ],
  ]);
  const underlay = addressWords('172.31.0.2');
  await datapath
    .map(nodesSpec)
    .update([
      [2, { addressHi: underlay.hi, addressLo: underlay.lo, mode: NODE_MODE_OVERLAY, keyState: 0, mtu: 1450, cluster: 1, flags: 0 }],
    ]);
  await datapath.map(epochsSpec).update([[7, { epoch: 4, hints: HINT_ENDPOINT }]]);
  await datapath.map(ipcacheSpec).update([[prefixWords('fd00:84::/48'), { identity: 3, node: 2, flags: 0 }]]);
  const free = { identity1: 0, expires1: 0, identity2: 0, expires2: 0, identity3: 0, expires3: 0 };
  const expires0 = (datapath.now() + Math.ceil(60e9 / 2 ** 24)) >>> 0;
  await datapath.map(grantsSpec).update([
    [
      { ...addressWords('203.0.113.1'), endpoint: 11 },
      { identity0: 0x01000001, expires0, ...free },
    ],
  ]);
  const hairpin = addressWords('169.254.42.1').lo;
  const config = {
    flags: 0x82,
    node: 1,
    cluster: 1,
    overlayPort: 4,
    hairpin4: hairpin,
    hairpin6Hi: 0n,
    hairpin6Lo: 0n,
    hostMac: 0x0605040302aan,
    router4: addressWords('10.21.0.1').lo,
    router6Hi: 0n,
    router6Lo: 0n,
    masqPortMin: 61000,
    masqPortMax: 65535,
    tunnelPort: 0x1821,
  };
  await datapath.map(configSpec).update([[0, config]]);

  t.match(await entries('frontends'), [
    { key: { address: '10.21.0.10', port: 8080, protocol: 'tcp', scope: 'internal' }, value: { flags: ['affinity'] } },
  ]);
  t.match(await entries('backends'), [{ key: 9, value: { address: 'fd00::9', port: 80, protocol: 'udp', state: 'terminating' } }]);
  t.match(await entries('nodes'), [{ key: 2, value: { address: '172.31.0.2', mode: 'overlay', mtu: 1450 } }]);
  t.same(await entries('epochs'), [{ key: 7, value: { epoch: 4, hints: ['endpoint'] } }]);
  t.ok((await entries('ipcache')).some(({ key }) => (key as { prefix: string }).prefix === 'fd00:84::/48'));
  t.match(await entries('grants'), [
    { key: { address: '203.0.113.1', endpoint: 11 }, value: { expires0: /^in (59|60)s$/, expires1: 'never set' } },
  ]);
  t.match(await entries('config'), [
    {
      value: {
        flags: ['allowEvents', '0x80'],
        hairpin4: '169.254.42.1',
        hairpin6: '',
        hostMac: 'aa:02:03:04:05:06',
        router4: '10.21.0.1',
        router6: '',
        masqPortMin: 61000,
        tunnelPort: 8472,
      },
    },
  ]);
  t.match(await entries('metrics'), [{ key: { reason: 'forwarded', direction: 'ingress' } }]);
  t.same(await entries('affinity'), [], affinitySpec.name);
});

t.test('an entry of policy tells its range of ports and its verdict', async (t) => {
  const { policySpec } = await import('../../orchestrator/datapath/generated/maps.ts');
  const { policyEntry } = await import('../../orchestrator/datapath/reconcile/policy-entry.ts');
  const row = {
    set: 9,
    direction: 'egress',
    identity: 0,
    protocol: 17,
    anyProtocol: false,
    port: 5120,
    portBits: 9,
    precedence: 255,
    proxyPort: 0,
    rule: 1,
  } as const;
  await datapath
    .map(policySpec)
    .update([
      policyEntry(row),
      policyEntry({ ...row, identity: 5, anyProtocol: true, protocol: 0, port: 0, portBits: 0, precedence: 2, proxyPort: 15001 }),
    ]);
  const own = (await entries('policy')).filter(({ key }) => (key as { set: number }).set === 9);
  t.same(
    own.sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length),
    [
      { key: { set: 9, direction: 'egress', identity: 'any', protocol: 'udp', port: '5120-5247' }, value: { verdict: 'deny', rule: 1 } },
      {
        key: { set: 9, direction: 'egress', identity: 5, protocol: 'any', port: 'any' },
        value: { verdict: 'redirect', rule: 1, proxyPort: 15001 },
      },
    ],
  );
});
