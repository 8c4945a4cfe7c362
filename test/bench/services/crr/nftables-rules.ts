// What kube-proxy writes for services in its nftables mode, as inputs of nft -f one after the other.

import { createHash } from 'node:crypto';
import { type BenchService, port } from './services.ts';

const key = 'type ipv4_addr . inet_proto . inet_service : verdict;';
const lookup = 'ip daddr . meta l4proto . th dport vmap';

/** In one transaction; one with everything takes the kernel several times as long. */
const servicesAtOnce = 500;
/**
 * So many at the end choose among their backends. The kernel goes through all sets, which these choices are, for each new
 * one: for 30,000 it takes ten minutes. The others go to their first backend: of them a connection to the last one meets but the addresses.
 */
const mostChoices = 10_000;

const base = `table ip kube-proxy {
  set cluster-ips { type ipv4_addr; }
  map service-ips { ${key} }
  set nodeport-ips { type ipv4_addr; }
  map no-endpoint-services { ${key} }
  map no-endpoint-nodeports { type inet_proto . inet_service : verdict; }
  map firewall-ips { ${key} }
  map service-nodeports { type inet_proto . inet_service : verdict; }
  chain mark-for-masquerade {
    meta mark set meta mark or 0x4000
  }
  chain services {
    ${lookup} @service-ips
    ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
  }
  chain nat-prerouting {
    type nat hook prerouting priority -100;
    jump services
  }
  chain nat-output {
    type nat hook output priority -100;
    jump services
  }
  chain masquerading {
    meta mark & 0x4000 == 0 return
    meta mark set meta mark ^ 0x4000
    masquerade fully-random
  }
  chain nat-postrouting {
    type nat hook postrouting priority 100;
    jump masquerading
  }
  chain cluster-ips-check {
    ip daddr @cluster-ips reject
  }
  chain service-endpoints-check {
    ${lookup} @no-endpoint-services
  }
  chain nodeport-endpoints-check {
    ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
  }
  chain firewall-check {
    ${lookup} @firewall-ips
  }
  chain filter-prerouting {
    type filter hook prerouting priority -110;
    ct state new jump firewall-check
  }
  chain filter-input {
    type filter hook input priority -110;
    ct state new jump nodeport-endpoints-check
    ct state new jump service-endpoints-check
  }
  chain filter-forward {
    type filter hook forward priority -110;
    ct state new jump service-endpoints-check
    ct state new jump cluster-ips-check
  }
  chain filter-output {
    type filter hook output priority -110;
    ct state new jump service-endpoints-check
    ct state new jump firewall-check
  }
  chain filter-output-post-dnat {
    type filter hook output priority -90;
    ct state new jump cluster-ips-check
  }
}
`;

export function nftablesRules(services: readonly BenchService[], podPrefix: string): string[] {
  const named = services.map((service, at) => ({
    ...service,
    chain: chainOf('service', `bench/${service.name}/tcp/http`),
    chooses: services.length - at <= mostChoices,
  }));
  const transactions = [base];
  for (let at = 0; at < named.length; at += servicesAtOnce) {
    const some = named.slice(at, at + servicesAtOnce);
    const elements = some.map(({ address, chain }) => `${address} . tcp . ${port} : goto ${chain}`);
    transactions.push(
      ['table ip kube-proxy {', ...some.map((service) => serviceChains(service, podPrefix)), '}', ''].join('\n') +
        `add element ip kube-proxy cluster-ips { ${some.map(({ address }) => address).join(', ')} }\n` +
        `add element ip kube-proxy service-ips { ${elements.join(', ')} }\n`,
    );
  }
  return transactions;
}

interface NamedService extends BenchService {
  readonly chain: string;
  readonly chooses: boolean;
}

function serviceChains({ name, address, backends, chain, chooses }: NamedService, podPrefix: string): string {
  const endpoints = backends.map((backend) => ({ backend, chain: chainOf('endpoint', `bench/${name}/tcp/http__${backend}/${port}`) }));
  const choices = endpoints.map(({ chain }, index) => `${index} : goto ${chain}`).join(', ');
  const choice = chooses ? `numgen random mod ${endpoints.length} vmap { ${choices} }` : `goto ${endpoints[0]?.chain}`;
  return `${endpoints
    .map(
      ({ backend, chain }) => `  chain ${chain} {
    ip saddr ${backend} jump mark-for-masquerade
    meta l4proto tcp dnat to ${backend}:${port}
  }`,
    )
    .join('\n')}
  chain ${chain} {
    ip daddr ${address} tcp dport ${port} ip saddr != ${podPrefix} jump mark-for-masquerade
    ${choice}
  }`;
}

/** With eight letters of a hash before the name, as kube-proxy has them. */
function chainOf(kind: string, name: string): string {
  return `${kind}-${createHash('sha256').update(name).digest('hex').slice(0, 8).toUpperCase()}-${name}`;
}
