// What kube-proxy writes for services in its iptables mode, as input of iptables-restore.

import { createHash } from 'node:crypto';
import { type BenchService, port } from './services.ts';

const mark = '0x4000/0x4000';

const nat = [
  '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
  `-A KUBE-POSTROUTING -m mark ! --mark ${mark} -j RETURN`,
  '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
  '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
  '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
];
const natEnd =
  '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" ' +
  '-m addrtype --dst-type LOCAL -j KUBE-NODEPORTS';

const filterChains = ['KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FORWARD', 'KUBE-NODEPORTS', 'KUBE-PROXY-FIREWALL'];
const isNew = '-m conntrack --ctstate NEW -m comment --comment';
const filter = [
  `-A INPUT ${isNew} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
  '-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS',
  `-A INPUT ${isNew} "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
  `-A FORWARD ${isNew} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
  '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
  `-A FORWARD ${isNew} "kubernetes service portals" -j KUBE-SERVICES`,
  `-A FORWARD ${isNew} "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
  `-A OUTPUT ${isNew} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
  `-A OUTPUT ${isNew} "kubernetes service portals" -j KUBE-SERVICES`,
  '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
  `-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark ${mark} -j ACCEPT`,
  '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
];

/** Services in their order: a new connection passes the rules of those before its own. */
export function iptablesRules(services: readonly BenchService[], podPrefix: string): string {
  const chains = ['KUBE-SERVICES', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ', 'KUBE-NODEPORTS'];
  const rules = [...nat];
  for (const service of services) addService(service, podPrefix, chains, rules);
  return [
    '*nat',
    ...chains.map(declared),
    ...rules,
    natEnd,
    'COMMIT',
    '*filter',
    ...filterChains.map(declared),
    ...filter,
    'COMMIT',
    '',
  ].join('\n');
}

const declared = (chain: string) => `:${chain} - [0:0]`;

function addService({ name, address, backends }: BenchService, podPrefix: string, chains: string[], rules: string[]): void {
  const full = `bench/${name}:http`;
  const chain = `KUBE-SVC-${hashed(`${full}tcp`)}`;
  const match = `-d ${address}/32 -p tcp -m comment --comment "${full} cluster IP" -m tcp --dport ${port}`;
  chains.push(chain);
  rules.push(`-A KUBE-SERVICES ${match} -j ${chain}`, `-A ${chain} ! -s ${podPrefix} ${match} -j KUBE-MARK-MASQ`);
  for (const [index, backend] of backends.entries()) {
    const endpoint = `KUBE-SEP-${hashed(`${full}tcp${backend}:${port}`)}`;
    const left = backends.length - index;
    const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
    chains.push(endpoint);
    rules.push(
      `-A ${chain} -m comment --comment "${full} -> ${backend}:${port}" ${chance}-j ${endpoint}`,
      `-A ${endpoint} -s ${backend}/32 -m comment --comment ${full} -j KUBE-MARK-MASQ`,
      `-A ${endpoint} -p tcp -m comment --comment ${full} -m tcp -j DNAT --to-destination ${backend}:${port}`,
    );
  }
}

/** The first 16 letters of the SHA-256 in base 32. */
function hashed(text: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = createHash('sha256').update(text).digest().readBigUInt64BE(0);
  const more = createHash('sha256').update(text).digest().readUInt16BE(8);
  const all = (bits << 16n) | BigInt(more);
  return Array.from({ length: 16 }, (_, at) => letters[Number((all >> BigInt(75 - at * 5)) & 31n)]).join('');
}
