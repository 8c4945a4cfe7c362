// An agent that is killed with a netlink message half said: whoever comes next makes it whole.

import t from 'tap';
import { openLibc } from '../../orchestrator/datapath/kernel/libc.ts';
import { type Host, openHost } from '../../orchestrator/host/host.ts';
import type { NodePlan, PodDevice } from '../../orchestrator/host/plan.ts';
import { everything, makeNetns, networkSkip, shell } from '../support/netns.ts';

const skip = await networkSkip();
if (skip === false) {
  shell('ip link add under0 type veth peer name under1; ip link set under0 up; ip link set under1 up; ip link set lo up');
  shell('ip addr add 172.31.0.1/24 dev under0; ip route add default via 172.31.0.254');
  // A carrier is noticed a moment later, and brings routes with it.
  for (const device of ['under0', 'under1']) {
    shell(`for left in $(seq 100); do ip -6 route show dev ${device} | grep -q ^fe80 && break; sleep 0.1; done`);
  }
}

const plan: NodePlan = {
  overlay: { device: 'axoneme_vxlan', port: 8472, mtu: 1450 },
  router: ['10.1.0.1', 'fd00:1::1'],
  pods: [],
  peers: [{ name: 'n2', prefixes: ['10.2.0.0/24', 'fd00:2::/64'], address: '172.31.0.2', way: 'overlay' }],
  masquerade: { sources: ['10.1.0.0/24', 'fd00:1::/64'], except: ['10.0.0.0/8'] },
};

/** Does what a process does to the kernel that is killed before its n-th message: no later word of it is heard. Whether it lived. */
async function survives(messages: number, act: (host: Host) => void): Promise<boolean> {
  const libc = await openLibc();
  const { send } = libc;
  using host = await openHost();
  let left = messages;
  libc.send = (...message) => {
    if (--left <= 0) throw new Error('dead');
    return send(...message);
  };
  try {
    act(host);
  } catch (error) {
    if ((error as Error).message !== 'dead') throw error;
  } finally {
    libc.send = send;
  }
  return left > 0;
}

for (const job of ['pod', 'plan', 'redirect', 'cleanup'] as const) {
  t.test(
    `a process killed before any message of ${job === 'cleanup' ? 'a cleanup' : `a ${job}`} leaves what the next one finishes`,
    { skip },
    async (t) => {
      using host = await openHost();
      using pod = await makeNetns();
      const spec: PodDevice = {
        device: 'axn0123456789',
        netns: pod.path,
        ifname: 'eth0',
        mac: '02:00:00:00:00:01',
        gatewayMac: '02:00:00:00:00:02',
        addresses: ['10.1.0.5', 'fd00:1::5'],
        mtu: 1450,
      };
      const empty = everything();
      let messages = 1;
      for (; ; messages++) {
        if (job === 'cleanup') {
          host.addPodDevice(spec);
          host.apply(plan);
          host.redirect(5311);
        }
        const lived = await survives(messages, (dying) => {
          if (job === 'pod') dying.addPodDevice(spec);
          else if (job === 'plan') dying.apply(plan);
          else if (job === 'redirect') dying.redirect(5311);
          else dying.cleanup();
        });
        if (job === 'pod') {
          host.addPodDevice(spec);
          t.same(host.checkPodDevice(spec), [], `killed before message ${messages}`);
        }
        if (job === 'plan') {
          t.same(host.apply(plan), [], `killed before message ${messages}`);
          t.match(
            everything(),
            /10\.2\.0\.0\/24 .*encap ip id 1[\s\S]*fd00:2::\/64[\s\S]*table ip axoneme[\s\S]*masquerade[\s\S]*table ip6 axoneme/,
          );
        }
        if (job === 'redirect') {
          t.same(host.redirect(5311), [], `killed before message ${messages}`);
          t.match(
            everything(),
            /972:[\s\S]*972:[\s\S]*table ip axoneme_proxy[\s\S]*tproxy to[\s\S]*table ip6 axoneme_proxy[\s\S]*tproxy to/,
          );
        }
        host.cleanup();
        t.equal(everything(), empty, `killed before message ${messages}: all can be removed`);
        if (lived) break;
      }
      t.ok(messages > 5, `${messages - 1} deaths`);
    },
  );
}
