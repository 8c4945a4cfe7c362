// Cleanup: a node is as it was before its first agent, and may have another one.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RunningCluster } from '../../orchestrator/sandbox/running-cluster.ts';
import type { RunningNode } from '../../orchestrator/sandbox/running-node.ts';
import { sandboxSkip, startSandbox } from '../support/sandbox.ts';

t.setTimeout(900_000);

const pins = '/sys/fs/bpf/axoneme';

/** All that an agent could have left in the node's namespaces, or taken away there. */
const look = `
ip -o -d link | sed 's/ promiscuity.*//' ; ip -o addr | sed 's/ valid_lft.*//' ; ip rule ; ip -6 rule ;
ip route show table all ; ip -6 route show table all ; ip neigh show nud permanent ; nft list ruleset ;
for device in $(ip -o link | sed 's/^[0-9]*: //; s/[@:].*//') ; do tc qdisc show dev $device ; tc filter show dev $device ingress ; done ;
ls -R /sys/fs/bpf ; grep ' /sys/fs/bpf' /proc/self/mountinfo | cut -d' ' -f5- ; true
`;

const proxies = "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline | grep ' dns-prox[y] .*--node-name=a '; done; true";

t.test('an agent leaves nothing when it is cleaned away', { skip: await sandboxSkip() }, async (t) => {
  const sandbox = await startSandbox(t, { clusters: [{ name: 'east', nodes: [{ name: 'a' }] }] });
  const cluster = sandbox.cluster('east');
  const node = cluster.node('a');
  const state = async () => (await node.exec(['sh', '-c', look])).stdout;
  await addPod(cluster, 'web');
  await askForNames(cluster, node);
  t.match((await node.exec(['sh', '-c', proxies])).stdout, / dns-proxy /);

  const running = await clean(node);
  t.equal(running.status, 2);
  t.match(running.stderr, /cleanup: an agent of this node runs, end it first: .*axoneme\.sock \(API_SOCKET_TAKEN\)/);
  await mayBeCleaned(t, node, await state(), /id 1 dst|encap|vxlan/);

  await node.killAgent();
  const cleaned = await clean(node);
  t.equal(cleaned.status, 0, cleaned.stderr);
  for (const what of [/device axn/, /device axoneme_vxlan/, /route /, /address /, /nft table ip axoneme/, /nft table ip6 axoneme/]) {
    t.match(cleaned.stdout, new RegExp(`^removed ${what.source}`, 'm'));
  }
  t.match(cleaned.stdout, /^removed the DNS proxy$/m);
  t.equal((await node.exec(['sh', '-c', proxies])).stdout, '');
  t.match(cleaned.stdout, /^removed \d\d maps, programs and hooks below \/sys\/fs\/bpf\/axoneme$/m);
  for (const name of ['05-axoneme.conflist', 'axoneme-cni', 'axoneme-cni.cjs', 'endpoints', 'identities.json', 'dns-proxy-port']) {
    t.match(cleaned.stdout, new RegExp(`^removed .*/${name.replaceAll('.', '\\.')}$`, 'm'));
  }
  t.match(cleaned.stdout, /^left net\.ipv4\.conf\.all\.forwarding = 1: others may need it by now$/m, 'what stays is told');
  const bare = await state();
  isBare(t, node, bare);
  t.match((await clean(node)).stdout, /^there was nothing to remove$/m);

  // In another mode, with something of somebody else among the pins.
  await node.startAgent(['--routing-mode', 'native']);
  await addPod(cluster, 'another');
  await mayBeCleaned(t, node, await state(), /proto 97/);
  await node.killAgent();
  await node.exec(['sh', '-c', `cd ${pins}/maps && ln metrics@* stranger`]);
  t.match((await clean(node)).stdout, new RegExp(`^left ${pins}/maps/stranger: it is not ours$`, 'm'));
  t.match(await state(), /^stranger$/m);
  await node.exec(['rm', '-r', pins]);
  t.equal(await state(), bare, 'as after the first cleanup');
  isBare(t, node, await state());

  await node.startAgent();
  await addPod(cluster, 'third');
  t.match(await state(), /axoneme_vxlan/, 'another agent begins anew');
});

async function addPod(cluster: RunningCluster, name: string): Promise<void> {
  const spec = { nodeName: 'a', containers: [{ name: 'c', image: 'none', command: ['sleep', 'infinity'] }] };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec }]);
  await cluster.ready([`default/${name}`]);
}

/** A policy that needs the DNS proxy; ends when it runs. */
async function askForNames(cluster: RunningCluster, node: RunningNode): Promise<void> {
  const rules = { dns: [{ matchPattern: '*.example.com' }] };
  const egress = [{ toEntities: ['all'], toPorts: [{ ports: [{ port: '53', protocol: 'UDP' }], rules }] }];
  const metadata = { name: 'names', namespace: 'default' };
  await cluster.apply([{ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata, spec: { endpointSelector: {}, egress } }]);
  const socket = join(node.socket, '../dns/control.sock');
  for (const signal = AbortSignal.timeout(60_000); !existsSync(socket); ) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const foldersOf = (node: RunningNode) => ({ conf: join(node.stateDir, '../cni/net.d'), bin: join(node.stateDir, '../cni/bin') });

function clean(node: RunningNode) {
  const main = join(import.meta.dirname, '../../orchestrator/main.ts');
  const { conf, bin } = foldersOf(node);
  const flags = ['--state-dir', node.stateDir, '--run-dir', join(node.socket, '..'), '--bpffs', pins];
  return node.exec([process.execPath, main, 'cleanup', ...flags, '--cni-conf-dir', conf, '--cni-bin-dir', bin], { timeoutMs: 60_000 });
}

/** Otherwise there would be nothing to see. */
async function mayBeCleaned(t: Test, node: RunningNode, state: string, more: RegExp): Promise<void> {
  for (const sign of [/axn[0-9a-f]{10}/, /proto 97/, /table ip axoneme/, /table ip6 axoneme/, /^policy@/m, /^\d+-from_pod/m, more]) {
    t.match(state, sign);
  }
  t.ok(existsSync(join(foldersOf(node).conf, '05-axoneme.conflist')));
}

function isBare(t: Test, node: RunningNode, state: string): void {
  t.notMatch(state, /axn|axoneme|proto 97|from_pod|clsact/);
  const { conf, bin } = foldersOf(node);
  t.same([...readdirSync(conf), ...readdirSync(bin)], []);
  t.notOk(existsSync(node.stateDir));
}
