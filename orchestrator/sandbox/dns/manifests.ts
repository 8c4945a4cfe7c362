// The cluster's DNS as objects: a service at a known address, and a pod in which dnsmasq, a real resolver, asks the zone server for the
// cluster's names and somebody else for the rest.

import type { KubeObject } from '../control-plane/client.ts';

export interface ClusterDnsOptions {
  /** Program and first arguments of `axoneme`. */
  readonly axoneme: readonly string[];
  /** Folder on the host with the file `kubeconfig`. */
  readonly kubeconfigFolder: string;
  readonly domain: string;
  /** Of the service; IPv4 first. */
  readonly addresses: readonly string[];
  /** Who knows names below other domains; without it there are none. */
  readonly others?: { readonly servers: readonly string[]; readonly domains: readonly string[] };
}

const labels = { 'k8s-app': 'kube-dns' };
const zonePort = 5353;

export function clusterDnsManifests(options: ClusterDnsOptions): KubeObject[] {
  const { axoneme, kubeconfigFolder, domain, addresses } = options;
  const probe = (port: number) => ({ tcpSocket: { port }, periodSeconds: 5 });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
      spec: {
        selector: labels,
        clusterIP: addresses[0],
        clusterIPs: addresses,
        ipFamilyPolicy: addresses.length > 1 ? 'RequireDualStack' : 'SingleStack',
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
          { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        dnsPolicy: 'Default',
        volumes: [{ name: 'kubeconfig', hostPath: { path: kubeconfigFolder } }],
        containers: [
          {
            name: 'dnsmasq',
            image: 'dnsmasq',
            command: dnsmasq(options),
            ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }],
            readinessProbe: probe(53),
          },
          {
            name: 'zone',
            image: 'axoneme',
            command: [...axoneme, 'sandbox-dns', '--kubeconfig', '/run/kubeconfig/kubeconfig', '--domain', domain, '--port', `${zonePort}`],
            volumeMounts: [{ name: 'kubeconfig', mountPath: '/run/kubeconfig' }],
            readinessProbe: probe(zonePort),
          },
        ],
      },
    },
  ];
}

function dnsmasq({ domain, others }: ClusterDnsOptions): string[] {
  const zone = `127.0.0.1#${zonePort}`;
  return [
    'dnsmasq',
    '--keep-in-foreground',
    '--log-facility=-',
    '--conf-file=/dev/null',
    // Whom it is started as: where only root is known it may become nobody else.
    '--user=root',
    '--group=',
    '--no-resolv',
    '--no-hosts',
    '--no-negcache',
    '--dns-forward-max=2000',
    ...[domain, 'in-addr.arpa', 'ip6.arpa'].map((name) => `--server=/${name}/${zone}`),
    ...(others === undefined ? [] : others.domains.map((name) => `--server=/${name}/${others.servers[0]}`)),
  ];
}
