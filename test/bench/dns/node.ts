// Node: the product's datapath in the kernel as an agent leaves it, with pods under a policy that sends what they ask one server to the proxy and
// lets them ask another directly. The servers are beyond the node, at addresses of one namespace.

import { CONFIG_ALLOW_EVENTS, PRECEDENCE_ALLOW, PRECEDENCE_REDIRECT } from '../../../orchestrator/datapath/generated/enums.ts';
import { configSpec } from '../../../orchestrator/datapath/generated/maps.ts';
import { type KernelDatapath, openKernelDatapath } from '../../../orchestrator/datapath/kernel/kernel-datapath.ts';
import { Epochs } from '../../../orchestrator/datapath/reconcile/epochs.ts';
import { PolicyWriter } from '../../../orchestrator/datapath/reconcile/policy.ts';
import type { PolicyRow } from '../../../orchestrator/datapath/reconcile/rows.ts';
import type { DnsRules } from '../../../orchestrator/dns/rules.ts';
import { macWord } from '../../../orchestrator/enforcement/self.ts';
import { openHost } from '../../../orchestrator/host/host.ts';
import { protocolNumbers } from '../../../orchestrator/net/transport.ts';
import { addressWords } from '../../../orchestrator/net/words.ts';
import { bpffsFolder, kernelObject } from '../../support/kernel.ts';
import { ip, makeNetns, type Netns, shell } from '../../support/netns.ts';
import { smallSizes } from '../../support/small-sizes.ts';

/** `plain` costs so little that the proxy is what is measured; both dnsmasq are one, asked by the proxy or without it. */
export const servers = { plain: '198.18.0.2', proxied: '198.18.0.3', direct: '198.18.0.4' } as const;
/** Of the node, where a forwarder may listen. */
export const forwarder = '198.18.0.1';
export const firstPod = '10.0.0.10';
export const teams = 40;
const [gateway, podIdentity] = ['169.254.1.1', 1001];
/** Of the local scope, as an agent numbers what is outside of the cluster. */
const identities = { plain: 0x1000001, proxied: 0x1000001, direct: 0x1000002 } as const;
const asked = Object.entries({ ...servers, forwarder }).map(([way, address]) => {
  const identity = identities[way as keyof typeof identities] ?? identities.direct;
  return { prefix: `${address}/32`, identity, node: 0 };
});
const firstNamed = 0x1000010;
/** Room for what 110 pods may be told, and for every flow of the load. */
const sizes = { ...smallSizes, endpoints: 1024, grants: 1 << 21, conntrack: 1 << 17, events: 1 << 20 };

export interface Node {
  readonly bpffs: string;
  readonly client: Netns;
  readonly server: Netns;
  close(): Promise<void>;
}

const podAddress = (index: number): string => `10.0.0.${10 + index}`;

/** What redirects lead to is `proxyPort`. */
export async function openNode(pods: number, proxyPort: number): Promise<Node> {
  const folder = await bpffsFolder();
  const datapath = await openKernelDatapath({ bpffsFolder: folder.path, object: kernelObject, sizes });
  const [client, server] = [await makeNetns(), await makeNetns()];
  shell(
    'ip link set lo up; echo 1 > /proc/sys/net/ipv4/ip_forward; for all in all default; do echo 0 > /proc/sys/net/ipv4/conf/$all/rp_filter; done',
  );
  const device = await wirePods(datapath, client, pods);
  wireServer(server);
  await configure(datapath);
  await writePolicy(datapath, pods, device, proxyPort);
  const host = await openHost();
  const [problem] = host.redirect(proxyPort);
  if (problem !== undefined) throw new Error(`bench: ${problem.subject}: ${problem.message}`);
  return {
    bpffs: folder.path,
    client,
    server,
    async close() {
      host.redirect(undefined);
      host[Symbol.dispose]();
      await datapath.close();
      folder.remove();
      client[Symbol.dispose]();
      server[Symbol.dispose]();
    },
  };
}

/** All pods are addresses of one namespace, behind one device: who asks is told by the address. */
async function wirePods(datapath: KernelDatapath, pod: Netns, pods: number) {
  shell(`ip link add client type veth peer name eth0 netns ${pod.path}; ip link set client up`);
  const [here] = ip('link show client');
  pod.run('ip link set lo up; ip link set eth0 up');
  const [there] = ip('link show eth0', pod);
  const addresses = Array.from({ length: pods }, (_, index) => podAddress(index));
  pod.run(addresses.map((address) => `ip addr add ${address}/32 dev eth0`).join('\n'));
  pod.run(`ip neigh add ${gateway} lladdr ${here.address} dev eth0 nud permanent; ip route add default via ${gateway} dev eth0 onlink`);
  shell('ip route add 10.0.0.0/24 dev client');
  shell(addresses.map((address) => `ip neigh add ${address} lladdr ${there.address} dev client nud permanent`).join('\n'));
  await datapath.attach({ number: here.ifindex, kind: 'pod' });
  return { port: here.ifindex as number, mac: macWord(there.address), gatewayMac: macWord(here.address) };
}

function wireServer(server: Netns): void {
  shell(`ip link add server type veth peer name eth0 netns ${server.path}; ip link set server up; ip addr add ${forwarder}/24 dev server`);
  server.run('ip link set lo up; ip link set eth0 up');
  server.run(
    Object.values(servers)
      .map((address) => `ip addr add ${address}/24 dev eth0`)
      .join('\n'),
  );
  server.run(`ip route add default via ${forwarder}`);
}

async function configure(datapath: KernelDatapath): Promise<void> {
  const nothing = configSpec.value.decode(new DataView(new ArrayBuffer(configSpec.value.size)), 0);
  await datapath
    .map(configSpec)
    .update([[0, { ...nothing, flags: CONFIG_ALLOW_EVENTS, node: 1, cluster: 1, router4: addressWords('10.0.0.1').lo }]]);
}

async function writePolicy(
  datapath: KernelDatapath,
  pods: number,
  device: { readonly port: number; readonly mac: bigint; readonly gatewayMac: bigint },
  proxyPort: number,
): Promise<void> {
  const writer = await PolicyWriter.open(datapath, { epochs: await Epochs.open(datapath), proxyPorts: { dns: proxyPort } });
  const row = (identity: number, proxy: 'dns' | undefined): PolicyRow => ({
    ...{ set: 1, direction: 'egress', identity, port: 53, portBits: 16, protocol: protocolNumbers.udp, anyProtocol: false },
    ...{ precedence: proxy === undefined ? PRECEDENCE_ALLOW : PRECEDENCE_REDIRECT, proxy, rule: 1 },
  });
  const ids = Array.from({ length: pods }, (_, index) => index + 1);
  writer.stage({
    prefixes: { put: asked },
    endpoints: { put: ids.map((id) => ({ id, addresses: [podAddress(id - 1)], identity: podIdentity, ...device })) },
    policy: {
      put: [row(identities.proxied, 'dns'), row(identities.direct, undefined)],
      removed: [],
      removedSets: [],
      removedEndpoints: [],
      changedSets: [1],
      endpoints: new Map(ids.map((id) => [id, { set: 1, enforced: { egress: true, ingress: true } }])),
    },
  });
  const [problem] = await writer.write();
  if (problem !== undefined) throw new Error(`bench: policy: ${problem.kind}`);
}

/** The same policy as the proxy is told it: each team's names by a pattern, and what they lead to is granted under one identity each. */
export function dnsRules(pods: number): DnsRules {
  const patterns = Array.from({ length: teams }, (_, team) => `*.team-${team}.bench.test`);
  const names = patterns.map((value) => ({ kind: 'pattern', value, text: `pattern:${value}` }) as const);
  return {
    format: 1,
    generation: 1,
    reject: 'refused',
    endpoints: Array.from({ length: pods }, (_, index) => ({
      ...{ id: index + 1, namespace: 'bench', pod: `pod-${index}`, identity: podIdentity, labels: ['k8s:app=bench'] },
      ...{ addresses: [podAddress(index)], set: 1 },
    })),
    sets: [
      {
        set: 1,
        allowed: [
          {
            identity: identities.proxied,
            protocol: protocolNumbers.udp,
            port: 53,
            portBits: 16,
            names,
            rule: 'cnp/bench/dns spec.egress[0]',
          },
        ],
        granted: names.map((name, index) => ({ name, identity: firstNamed + index, minTtl: 0, grace: 0, each: false })),
      },
    ],
  };
}
