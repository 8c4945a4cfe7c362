// Topologies: what their files may say, what is told of mistakes, and the addresses that follow.
import t from 'tap';
import { containsPrefix, parsePrefix } from '../../orchestrator/net/prefix.ts';
import { makePlan } from '../../orchestrator/sandbox/topology/plan.ts';
import { checkTopology, readTopology, readTopologyFile } from '../../orchestrator/sandbox/topology/read.ts';

const example = `
clusters:
  - name: east
    id: 1
    podCIDRs: [10.11.0.0/16, fd00:11::/48]
    serviceCIDRs: [10.21.0.0/16, fd00:21::/112]
    nodes: [{name: a, datapath: kernel}, {name: b, labels: {zone: z1}}]
    manifests: [east/]
  - name: west
    agentFlags: [--log-level=debug]
    nodes: [{name: a, agentFlags: [--masquerade=false]}]
`;

const complaint = (text: string): string => {
  try {
    readTopology(text, 'x.yaml');
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

t.test('a topology leads to addresses of everything', async (t) => {
  const { clusters, underlay } = makePlan(readTopology(example, 'x.yaml'), 7);
  t.same(underlay, {
    prefixes: ['172.31.7.0/24', 'fd31:7::/64'],
    router: ['172.31.7.1', 'fd31:7::1'],
    host: ['172.31.7.254', 'fd31:7::254'],
  });
  const [east, west] = clusters;
  t.match(east, { id: 1, address: '172.31.7.2', apiService: '10.21.0.1', dnsService: ['10.21.0.10', 'fd00:21::a'], manifests: ['east/'] });
  t.match(west, { id: 2, address: '172.31.7.3', manifests: [] });
  t.same(
    [...east.nodes, ...west.nodes].map(({ name, addresses, datapath, agentFlags }) => [name, ...addresses, datapath, ...agentFlags]),
    [
      ['a', '172.31.7.10', 'fd31:7::10', 'kernel'],
      ['b', '172.31.7.11', 'fd31:7::11', 'auto'],
      ['a', '172.31.7.12', 'fd31:7::12', 'auto', '--log-level=debug', '--masquerade=false'],
    ],
  );
  t.same(
    east.nodes.map(({ podCIDRs }) => podCIDRs),
    [
      ['10.11.0.0/24', 'fd00:11::/64'],
      ['10.11.1.0/24', 'fd00:11:0:1::/64'],
    ],
  );
  t.same(east.nodes[1].labels, { zone: 'z1' });
});

t.test('what is chosen for clusters that say nothing does not overlap', async (t) => {
  const nodes = [{ name: 'a' }];
  const { clusters } = makePlan(checkTopology({ clusters: ['n', 'e', 's', 'w'].map((name) => ({ name, nodes })) }), 1);
  t.same(
    clusters.map(({ id }) => id),
    [1, 2, 3, 4],
  );
  const prefixes = clusters.flatMap(({ podCIDRs, serviceCIDRs }) => [...podCIDRs, ...serviceCIDRs]).map(parsePrefix);
  for (const [index, one] of prefixes.entries()) {
    t.notOk(
      prefixes.some((other, at) => at !== index && containsPrefix(one, other)),
      one.text,
    );
  }
});

t.test('numbers that are left out are none that others have', async (t) => {
  const nodes = [{ name: 'a' }];
  const clusters = [
    { name: 'n', nodes },
    { name: 'e', id: 1, nodes },
    { name: 's', nodes },
  ];
  t.same(
    makePlan(checkTopology({ clusters }), 1).clusters.map(({ id }) => id),
    [2, 1, 3],
  );
});

t.test('nodes of a cluster handle packets as it says, or one so and the next otherwise, where they say nothing themselves', (t) => {
  const datapaths = (choice: string) => {
    const text = example.replace('    manifests: [east/]', `    datapath: ${choice}`).replace('{zone: z1}}]', '{zone: z1}}, {name: c}]');
    return makePlan(readTopology(text, 'x.yaml'), 7).clusters[0].nodes.map(({ datapath }) => datapath);
  };
  t.same(datapaths('wasm'), ['kernel', 'wasm', 'wasm']);
  t.same(datapaths('mixed'), ['kernel', 'kernel', 'wasm']);
  t.match(complaint(example.replace('datapath: kernel', 'datapath: mixed')), /unknown value "mixed"/);
  t.end();
});

t.test('mistakes are told with their places', async (t) => {
  t.equal(complaint(example), 'none');
  const changed = (from: string, to: string) => complaint(example.replace(from, to));
  t.match(changed('podCIDRs', 'podCidrs'), 'x.yaml:5:5: clusters[0].podCidrs: unknown field "podCidrs": did you mean podCIDRs?');
  t.match(changed('kernel', 'kernal'), 'x.yaml:7:33: clusters[0].nodes[0].datapath: unknown value "kernal": did you mean "kernel"?');
  t.match(changed('10.11.0.0/16', 'ten'), /x\.yaml:5:16: clusters\[0\]\.podCIDRs\[0\]: .*"ten"/);
  t.match(changed('10.21.0.0/16', '10.11.9.0/24'), /x\.yaml:6:20: .*10\.11\.9\.0\/24 overlaps 10\.11\.0\.0\/16/);
  t.match(changed('10.11.0.0/16', '10.11.0.0/25'), /too small: \/24 at most/);
  t.match(changed('fd00:11::/48', '10.12.0.0/16'), /a second prefix of IPv4/);
  t.match(changed('name: b', 'name: a'), /x\.yaml:7:\d+: clusters\[0\]\.nodes\[1\]\.name: node name "a" is there twice/);
  t.match(changed('name: west', 'name: east'), /cluster name "east" is there twice/);
  t.match(changed('name: west', 'name: We_st'), /x\.yaml:9:11: /);
  const taken = changed('10.11.0.0/16', '10.101.0.0/16');
  t.match(taken, '10.101.0.0/16 overlaps 10.101.0.0/16', 'nor may one that another cluster has because it says nothing');
  t.match(complaint('clusters: []'), /clusters/);
  t.match(complaint(''), /0 documents: a topology is one/);
  t.match(complaint('clusters: ['), /x\.yaml:1/);
  t.match(complaint('a: 1\n---\nb: 2'), /2 documents/);
  const several = changed('datapath: kernel', 'datapaht: kernel, dtapath: x').split('\n');
  t.equal(several.length, 2, 'a line for each');
  await t.rejects(readTopologyFile('/nowhere/x.yaml'), { code: 'INPUT_UNREADABLE', message: /\/nowhere\/x\.yaml/ });
});

t.test('more nodes than prefixes or addresses is refused', async (t) => {
  const nodes = Array.from({ length: 3 }, (_, index) => ({ name: `n${index}` }));
  const small = checkTopology({ clusters: [{ name: 'east', podCIDRs: ['10.0.0.0/23'], nodes }] });
  t.throws(() => makePlan(small, 1), /no \/24 left for node number 3/);
  const fifty = Array.from({ length: 50 }, (_, index) => ({ name: `n${index}` }));
  const many = checkTopology({ clusters: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, nodes: fifty })) });
  t.throws(() => makePlan(many, 1), /250 nodes: at most 244/);
});
