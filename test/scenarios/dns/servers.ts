// Name servers of the scenarios: dnsmasq and unbound in pods that policies know as the cluster's DNS, each behind a service of its own,
// and in front of the world's authority.

import { isInstalled } from '../../../orchestrator/sandbox/prerequisites.ts';

/** Why these cannot be had here, for `skip`; `false` when they can. */
export function resolversSkip(): string | false {
  const absent = ['dnsmasq', 'unbound'].filter((name) => !isInstalled(name));
  return absent.length > 0 && `${absent.join(' and ')} not installed`;
}

/** Addresses of the world that the authority answers at: for resolvers, for those who are silent, and one that no policy speaks of. */
export const authority = {
  plain: ['192.0.2.53', '2001:db8::53'],
  silent: ['192.0.2.54', '2001:db8::54'],
  other: ['198.51.100.53', '2001:db8:1::53'],
} as const;

const kubeDns = { 'k8s-app': 'kube-dns' };
const [upstream] = authority.plain;
const [silent] = authority.silent;

const dnsmasq = [
  'dnsmasq',
  '--keep-in-foreground',
  '--log-facility=-',
  '--conf-file=/dev/null',
  '--user=root',
  '--group=',
  '--no-resolv',
  '--no-hosts',
  '--no-negcache',
  '--dns-forward-max=4000',
  '--edns-packet-max=1400',
  `--server=${upstream}`,
  `--server=/silent.domain.com/${silent}`,
];

const unboundConfig = `
server:
  interface: 0.0.0.0
  interface: ::0
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  do-daemonize: no
  use-syslog: no
  log-time-ascii: no
  username: ""
  chroot: ""
  directory: "/tmp"
  pidfile: ""
  module-config: "iterator"
  use-caps-for-id: yes
  do-ip6: yes
  edns-buffer-size: 1400
  outgoing-range: 2000
  num-queries-per-thread: 1500
  incoming-num-tcp: 200
forward-zone:
  name: "silent.domain.com"
  forward-addr: ${silent}
forward-zone:
  name: "."
  forward-addr: ${upstream}
`;

const unbound = ['sh', '-c', `printf '%s' "$CONFIG" | exec unbound -dd -c /dev/stdin`];

const resolver = (name: string, nodeName: string, command: readonly string[], env: readonly object[]) => [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'kube-system', labels: { ...kubeDns, resolver: name } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 0,
      dnsPolicy: 'Default',
      containers: [{ name: 'main', image: 'none', command, env, readinessProbe: { tcpSocket: { port: 53 }, periodSeconds: 1 } }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'kube-system' },
    spec: {
      selector: { resolver: name },
      ipFamilyPolicy: 'RequireDualStack',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
    },
  },
];

export const servers = [
  ...resolver('dnsmasq', 'a', dnsmasq, []),
  ...resolver('unbound', 'b', unbound, [{ name: 'CONFIG', value: unboundConfig }]),
];
