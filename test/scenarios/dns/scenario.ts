// Scenarios of DNS: what pods ask, what they are told, and whom they reach then. Data; play.ts plays them.

export interface DnsScenario {
  /** A sentence. */
  readonly name: string;
  /**
   * One after the other; pods are of the namespace shop, or `namespace/pod`, or `host-a`. Addresses are numbers of zone.ts, or `last`: what
   * the pod was told last.
   *
   * - `POD ask SERVER NAME[/TYPE] = ANSWER`  SERVER: `dnsmasq`, `unbound`, `author`, `other`, with `/tcp`, `:PORT`, `+BYTES` of EDNS behind it.
   *   ANSWER: numbers as `1,3..5`, `one` (any single address), `empty`, `cut` (truncated), `silence`, or codes, several of which are told
   *   apart by `|`. Without a TYPE, addresses of the family that the scenario is played in.
   * - `POD pipeline SERVER NAME = ANSWER; NAME = ANSWER; ...`  all at once over one connection
   * - `POD twice SERVER SERVER NAME = ANSWER ANSWER`  out of one socket
   * - `POD reach|miss ADDRESS PORT`  a new connection
   * - `POD hold|speak ADDRESS PORT`  one that stays
   * - `POD lose ADDRESS PORT`  until it is reached no more
   * - `POD wait SECONDS`
   * - `POD drop ADDRESS WORDS`  an agent tells of a packet that it dropped, with these words
   * - `POD log NAME REQUEST|RESPONSE FORWARDED|DROPPED|ERROR [RCODE]`  the last one of its kind
   * - `authority heard|unheard NAME`
   */
  readonly steps: readonly string[];
  /** Only in this family. */
  readonly family?: 4 | 6;
}

export interface NamesPolicy {
  readonly name: string;
  /** Labels of those whom it is for; the name as `app` without. */
  readonly to?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly lookups: readonly Lookups[];
  readonly reach: readonly Reach[];
}

export interface Lookups {
  /** Labels of servers, or prefixes of the world. */
  readonly servers: Readonly<Record<string, string>> | readonly string[];
  readonly ports?: readonly string[];
  readonly protocol?: 'UDP' | 'TCP' | 'ANY';
  readonly names: readonly string[];
}

export interface Reach {
  readonly names: readonly string[];
  readonly port: string;
}

export const kubeDns = { 'k8s-app': 'kube-dns' } as const;

/** As users write it; names with a star are patterns. */
export function namesPolicy({ name, to, annotations, lookups, reach }: NamesPolicy): object {
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace: 'shop', ...(annotations && { annotations }) },
    spec: {
      endpointSelector: { matchLabels: to ?? { app: name } },
      egress: [
        ...lookups.map(({ servers, ports = ['53'], protocol = 'ANY', names }) => ({
          ...(Array.isArray(servers)
            ? { toCIDR: servers }
            : { toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'kube-system', ...servers } }] }),
          toPorts: [{ ports: ports.map((port) => ({ port, protocol })), rules: { dns: names.map(selector) } }],
        })),
        ...reach.map(({ names, port }) => ({
          toFQDNs: names.map(selector),
          toPorts: [{ ports: [{ port, protocol: 'TCP' }] }],
        })),
      ],
    },
  };
}

const selector = (name: string) => (name.includes('*') ? { matchPattern: name } : { matchName: name });
