// Two nodes and the overlay between them: what their stacks send through it arrives. The datapath marks what comes out of the tunnel
// as the host's own; here, where there is none, nft does.

import t from 'tap';
import { openHost } from '../../orchestrator/host/host.ts';
import type { NodePlan, PodDevice } from '../../orchestrator/host/plan.ts';
import { makeNetns, type Netns, networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();

function planOf(own: number, other: number, underlay: 4 | 6): NodePlan {
  return {
    overlay: { device: 'axoneme_vxlan', port: 8472, mtu: underlay === 4 ? 1450 : 1430 },
    router: [`10.${own}.0.1`, `fd00:${own}::1`],
    pods: [{ device: 'axn0000000001', mac: '02:00:00:00:00:01', addresses: [`10.${own}.0.5`, `fd00:${own}::5`] }],
    peers: [
      {
        name: `n${other}`,
        prefixes: [`10.${other}.0.0/24`, `fd00:${other}::/64`],
        address: underlay === 4 ? `172.31.0.${other}` : `fd31::${other}`,
        way: 'overlay',
      },
    ],
    masquerade: { sources: [`10.${own}.0.0/24`, `fd00:${own}::/64`], except: ['10.0.0.0/8', 'fd00::/16'] },
  };
}

function podOf(own: number, netns: string, mtu: number): PodDevice {
  const addresses = [`10.${own}.0.5`, `fd00:${own}::5`];
  return { device: 'axn0000000001', netns, ifname: 'eth0', mac: '02:00:00:00:00:01', gatewayMac: '02:00:00:00:00:02', addresses, mtu };
}

const ownPackets = [
  'nft add table netdev own',
  "nft add chain netdev own in '{ type filter hook ingress device axoneme_vxlan priority 0; }'",
  'nft add rule netdev own in meta pkttype set host',
].join('; ');

/** Does the other node's part in a process of its own, as two nodes have two agents. */
function applyElsewhere(node: Netns, plan: NodePlan, pod: PodDevice): void {
  const program = `
    import { openHost } from ${JSON.stringify(new URL('../../orchestrator/host/host.ts', import.meta.url).href)};
    const host = await openHost();
    host.addPodDevice(${JSON.stringify(pod)});
    const problems = host.apply(${JSON.stringify(plan)});
    const failed = host.checks(${JSON.stringify(plan)}).filter(({ ok }) => !ok);
    if (problems.length + failed.length > 0) throw new Error(JSON.stringify([problems, failed]));`;
  node.run(`${process.execPath} --input-type=module -e '${program}'`);
}

for (const underlay of [4, 6] as const) {
  t.test(`hosts reach hosts and pods of other nodes over IPv${underlay}, in full size`, { skip }, async (t) => {
    const device = `under${underlay}`;
    const host = await openHost();
    using other = await makeNetns();
    using ownPod = await makeNetns();
    using otherPod = await makeNetns();
    t.teardown(() => {
      host.cleanup();
      host[Symbol.dispose]();
      shell(`ip link del ${device} 2>/dev/null || true; nft flush ruleset`);
    });
    shell(`ip link set lo up; ip link add ${device} type veth peer name ${device} netns ${other.path}; ip link set ${device} up`);
    shell(`ip addr add 172.31.0.1/24 dev ${device}; ip addr add fd31::1/64 dev ${device} nodad; ip route add default via 172.31.0.254`);
    other.run(
      `ip link set lo up; ip link set ${device} up; ip addr add 172.31.0.2/24 dev ${device}; ip addr add fd31::2/64 dev ${device} nodad`,
    );
    other.run('ip route add default via 172.31.0.254');

    const mtu = underlay === 4 ? 1450 : 1430;
    host.addPodDevice(podOf(1, ownPod.path, mtu));
    t.same(host.apply(planOf(1, 2, underlay)), []);
    t.same(
      host.checks(planOf(1, 2, underlay)).filter(({ ok }) => !ok),
      [],
    );
    applyElsewhere(other, planOf(2, 1, underlay), podOf(2, otherPod.path, mtu));
    shell(ownPackets);
    other.run(ownPackets);

    for (const address of ['10.2.0.1', 'fd00:2::1', '10.2.0.5', 'fd00:2::5']) {
      const largest = mtu - (address.includes(':') ? 48 : 28);
      t.match(shell(`ping -c1 -W3 -M do -s ${largest} ${address}`), '1 received', `${address} in full size`);
      t.throws(() => shell(`ping -c1 -W1 -M do -s ${largest + 1} ${address}`), `${address} and not one byte more`);
      t.match(ownPod.run(`ping -c1 -W3 ${address}`), '1 received', `${address} from a pod, by the host's routes`);
    }
    t.match(otherPod.run('ping -c1 -W3 10.1.0.5'), '1 received');
    t.match(shell('ip -s link show axoneme_vxlan'), /RX:.*\n +[1-9]/, 'and all of it by the overlay');
  });
}
