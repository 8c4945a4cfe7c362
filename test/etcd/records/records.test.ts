// Records of nodes and addresses: what another cluster reads, and what it refuses to believe.
import t from 'tap';
import { type IpRecord, ipKey, lengthOf, maskOf, readIp } from '../../../orchestrator/etcd/records/ip.ts';
import { encodeRecord } from '../../../orchestrator/etcd/records/json.ts';
import { type NodeRecord, nodeKey, readNode } from '../../../orchestrator/etcd/records/node.ts';
import { bytes } from '../follower.ts';

const cluster = { name: 'east', id: 3 };
const node: NodeRecord = {
  Name: 'n1',
  Cluster: 'east',
  ClusterID: 3,
  IPAddresses: [
    { Type: 'InternalIP', IP: '192.0.2.1' },
    { Type: 'InternalIP', IP: '2001:db8::1' },
  ],
  IPv4AllocCIDR: '10.3.1.0/24',
  EncryptionKey: 0,
  Labels: { zone: 'a' },
  Source: 'local',
};
const ip: IpRecord = { IP: '10.3.1.7', Mask: null, HostIP: '192.0.2.1', ID: 3 * 65_536 + 300, K8sNamespace: 'shop', K8sPodName: 'web-1' };

t.test('keys and values are those that meshes know', async (t) => {
  t.equal(nodeKey('east', 'n1'), 'axoneme/state/nodes/v1/east/n1');
  t.equal(ipKey('10.3.1.7'), 'axoneme/state/ip/v1/default/10.3.1.7');
  t.equal(ipKey('10.3.1.0', 24), 'axoneme/state/ip/v1/default/10.3.1.0/24');
  t.equal(maskOf(24, 32), '////AA==');
  for (const [length, bits] of [
    [0, 32],
    [1, 32],
    [20, 32],
    [32, 32],
    [0, 128],
    [61, 128],
    [128, 128],
  ] as const) {
    t.equal(lengthOf(maskOf(length, bits)), length, `/${length} of ${bits}`);
  }
});

t.test('what was written is read', async (t) => {
  t.same(readNode(nodeKey('east', 'n1'), encodeRecord(node), cluster), { record: node });
  t.same(readIp(ipKey('10.3.1.7'), encodeRecord(ip), cluster), { record: ip });
  const prefix = { ...ip, IP: '10.3.1.0', Mask: maskOf(24, 32), ID: 2 };
  t.same(readIp(ipKey('10.3.1.0', 24), encodeRecord(prefix), cluster), { record: prefix });
  t.same(
    readIp(ipKey('10.3.1.7'), encodeRecord({ ...ip, Later: 'field' }), cluster),
    { record: { ...ip, Later: 'field' } },
    'more is no harm',
  );
});

const badNodes: [what: string, change: object, rejected: RegExp][] = [
  ['speaks of another cluster', { Cluster: 'west' }, /Cluster: not the cluster that is read/],
  ['has another cluster’s number', { ClusterID: 4 }, /ClusterID/],
  ['is not the node of its key', { Name: 'n2' }, /Name: not what its key says/],
  ['has no addresses', { IPAddresses: undefined }, /IPAddresses: not a list/],
  ['has what is no address', { IPAddresses: [{ Type: 'InternalIP', IP: '192.0.2.300' }] }, /IP: not an address: "192.0.2.300"/],
  ['has an address that is none at all', { IPAddresses: [7] }, /IPAddresses\[0\]: not an object/],
  ['has a number for a text', { Source: 7 }, /Source: not a text: 7/],
];
for (const [what, change, rejected] of badNodes) {
  t.test(`a node that ${what} is rejected with the field`, async (t) => {
    t.match(readNode(nodeKey('east', 'n1'), encodeRecord({ ...node, ...change }), cluster), { rejected });
  });
}

const badIps: [what: string, change: object, rejected: RegExp][] = [
  ['has an identity of another cluster', { ID: 4 * 65_536 + 300 }, /ID: not of cluster 3/],
  ['has an identity of the readers’ own cluster', { ID: 300 }, /ID: not of cluster 3/],
  ['has an identity that never leaves a node', { ID: 0x1000001 }, /ID: not of cluster 3/],
  ['is not the address of its key', { IP: '10.3.1.8' }, /IP: not what its key says/],
  ['has a mask with holes', { Mask: '/wD/AA==' }, /Mask: not a mask/],
  ['has a mask that its key has not', { Mask: maskOf(24, 32) }, /IP: not what its key says/],
  ['has a negative identity', { ID: -1 }, /ID: not a whole number/],
];
for (const [what, change, rejected] of badIps) {
  t.test(`an address that ${what} is rejected with the field`, async (t) => {
    t.match(readIp(ipKey('10.3.1.7'), encodeRecord({ ...ip, ...change }), cluster), { rejected });
  });
}

t.test('what is no record at all is rejected, and nothing is thrown', async (t) => {
  for (const value of [bytes(''), bytes('null'), bytes('[]'), bytes('7'), bytes('{'), new Uint8Array([0xff, 0xfe])]) {
    t.hasProp(readNode(nodeKey('east', 'n1'), value, cluster), 'rejected');
    t.hasProp(readIp(ipKey('10.3.1.7'), value, cluster), 'rejected');
  }
});
