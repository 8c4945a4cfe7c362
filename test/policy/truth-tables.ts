// Truth tables: small clusters, their policies, and who may reach whom. Rows send, columns receive: + allow, > redirect, . deny.

import type { SmallCluster } from './small-cluster.ts';

export interface TruthTable extends SmallCluster {
  readonly title: string;
  /** Protocol and port of every packet. */
  readonly packet: string;
  /** Rows of addresses outside end where the pods end: what they send each other is not ours to judge. */
  readonly table: string;
}

const shop = { 'shop/web': 'app=web', 'shop/api': 'app=api', 'shop/db': 'app=db', 'ops/mon': 'app=mon' };

export const truthTables: readonly TruthTable[] = [
  {
    title: 'without policies everybody reaches everybody',
    pods: shop,
    others: ['world', 'host'],
    manifests: '',
    packet: 'TCP 80',
    table: `
             web api db mon world host
      web    +   +   +  +   +     +
      api    +   +   +  +   +     +
      db     +   +   +  +   +     +
      mon    +   +   +  +   +     +
      world  +   +   +  +
      host   +   +   +  +`,
  },
  {
    title: 'a NetworkPolicy that selects every pod of a namespace and allows nothing closes it, but not to its host',
    pods: shop,
    others: ['world', 'host', 'remote-node'],
    manifests: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: { namespace: shop, name: closed }
      spec: { podSelector: {}, policyTypes: [Ingress] }`,
    packet: 'TCP 80',
    table: `
                   web api db mon world host remote-node
      web          .   .   .  +   +     +    +
      api          .   .   .  +   +     +    +
      db           .   .   .  +   +     +    +
      mon          .   .   .  +   +     +    +
      world        .   .   .  +
      host         +   +   +  +
      remote-node  .   .   .  +`,
  },
  {
    title: 'web calls api, api calls db: three policies make a chain',
    pods: shop,
    others: ['world'],
    manifests: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: { namespace: shop, name: api }
      spec: { podSelector: { matchLabels: { app: api } }, ingress: [ { from: [ { podSelector: { matchLabels: { app: web } } } ] } ] }
      ---
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: db }
      spec: { endpointSelector: { matchLabels: { app: db } }, ingress: [ { fromEndpoints: [ { matchLabels: { app: api } } ] } ] }
      ---
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: web }
      spec: { endpointSelector: { matchLabels: { app: web } }, egress: [ { toEndpoints: [ { matchLabels: { app: api } } ] } ] }`,
    packet: 'TCP 80',
    table: `
             web api db mon world
      web    .   +   .  .   .
      api    +   .   +  +   +
      db     +   .   .  +   +
      mon    +   .   .  +   +
      world  +   .   .  +`,
  },
  {
    title: 'selectors of a CiliumNetworkPolicy mean its own namespace; a namespace label or a clusterwide policy means all',
    pods: { 'shop/web': 'app=web', 'shop/db': 'app=db', 'shop/own': 'app=own', 'dev/web': 'app=web' },
    manifests: `
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: own }
      spec: { endpointSelector: { matchLabels: { app: own } }, ingress: [ { fromEndpoints: [ {} ] } ] }
      ---
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: db }
      spec:
        endpointSelector: { matchLabels: { app: db } }
        ingress: [ { fromEndpoints: [ { matchLabels: { k8s:io.cilium.k8s.namespace.labels.team: dev } } ] } ]
      ---
      apiVersion: cilium.io/v2
      kind: CiliumClusterwideNetworkPolicy
      metadata: { name: webs }
      spec: { endpointSelector: { matchLabels: { app: web } }, ingress: [ { fromEndpoints: [ { matchLabels: { app: web } } ] } ] }`,
    packet: 'TCP 80',
    table: `
                shop/web db own dev/web
      shop/web  +        .  +   +
      db        .        .  +   .
      own       .        .  +   .
      dev/web   +        +  .   +`,
  },
  {
    title: 'a deny goes before every allow, and turns default deny on by itself',
    pods: shop,
    others: ['world'],
    manifests: `
      apiVersion: cilium.io/v2
      kind: CiliumClusterwideNetworkPolicy
      metadata: { name: open }
      spec: { endpointSelector: { matchLabels: { app: api } }, ingress: [ { fromEntities: [all] } ] }
      ---
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: not-web }
      spec:
        endpointSelector: { matchExpressions: [ { key: app, operator: In, values: [api, db] } ] }
        ingressDeny: [ { fromEndpoints: [ { matchLabels: { app: web } } ] } ]`,
    packet: 'TCP 80',
    table: `
             web api db mon world
      web    +   .   .  +   +
      api    +   +   .  +   +
      db     +   +   .  +   +
      mon    +   +   .  +   +
      world  +   +   .  +`,
  },
  {
    title: 'without default deny only what is denied is closed, and HTTP rules still redirect',
    pods: shop,
    others: ['world'],
    manifests: `
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: watched }
      spec:
        endpointSelector: { matchLabels: { app: api } }
        enableDefaultDeny: { ingress: false }
        ingress:
          - fromEndpoints: [ { matchLabels: { app: web } } ]
            toPorts: [ { ports: [ { port: "80", protocol: TCP } ], rules: { http: [ { method: GET } ] } } ]
        ingressDeny: [ { fromEntities: [world] } ]`,
    packet: 'TCP 80',
    table: `
             web api db mon world
      web    +   >   +  +   +
      api    +   +   +  +   +
      db     +   +   +  +   +
      mon    +   +   +  +   +
      world  +   .   +  +`,
  },
  {
    title: 'a rule with ports is for those ports only',
    pods: shop,
    manifests: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: { namespace: shop, name: db }
      spec:
        podSelector: { matchLabels: { app: db } }
        ingress:
          - { from: [ { podSelector: { matchLabels: { app: web } } } ], ports: [ { port: 5432 } ] }
          - { from: [ { podSelector: { matchLabels: { app: api } } } ], ports: [ { port: 5400, endPort: 5440 } ] }
          - { from: [ { namespaceSelector: { matchLabels: { team: ops } } } ] }`,
    packet: 'TCP 5440',
    table: `
             web api db mon
      web    +   +   .  +
      api    +   +   +  +
      db     +   +   .  +
      mon    +   +   +  +`,
  },
  {
    title: 'ICMP passes rules about everything, not rules about ports',
    pods: shop,
    others: ['host'],
    manifests: `
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: api }
      spec: { endpointSelector: { matchLabels: { app: api } }, ingress: [ { fromEndpoints: [ {} ] } ] }
      ---
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: db }
      spec: { endpointSelector: { matchLabels: { app: db } }, ingress: [ { toPorts: [ { ports: [ { port: "0", protocol: ANY } ] } ] } ] }
      ---
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: web }
      spec: { endpointSelector: { matchLabels: { app: web } }, ingress: [ { icmps: [ { fields: [ { type: EchoRequest } ] } ] } ] }`,
    packet: 'ICMP 8',
    table: `
             web api db mon host
      web    +   +   .  +   +
      api    +   +   .  +   +
      db     +   +   .  +   +
      mon    +   .   .  +   +
      host   +   +   +  +`,
  },
  {
    title: 'prefixes mean addresses outside, never pods or nodes',
    pods: shop,
    others: ['world', 'host', 'remote-node'],
    manifests: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata: { namespace: shop, name: everybody }
      spec:
        podSelector: { matchLabels: { app: api } }
        policyTypes: [Ingress, Egress]
        ingress: [ { from: [ { ipBlock: { cidr: 0.0.0.0/0 } } ] } ]
        egress: [ { to: [ { ipBlock: { cidr: 0.0.0.0/0, except: [203.0.113.0/24] } } ] } ]`,
    packet: 'TCP 443',
    table: `
                   web api db mon world host remote-node
      web          +   .   +  +   +     +    +
      api          .   .   .  .   .     .    .
      db           +   .   +  +   +     +    +
      mon          +   .   +  +   +     +    +
      world        +   +   +  +
      host         +   +   +  +
      remote-node  +   .   +  +`,
  },
  {
    title: 'entities: cluster means pods, nodes and hosts, world means the rest',
    pods: shop,
    others: ['world', 'host', 'remote-node'],
    manifests: `
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: inner }
      spec: { endpointSelector: { matchLabels: { app: db } }, ingress: [ { fromEntities: [cluster] } ], egress: [ { toEntities: [remote-node] } ] }
      ---
      apiVersion: cilium.io/v2
      kind: CiliumNetworkPolicy
      metadata: { namespace: shop, name: outer }
      spec: { endpointSelector: { matchLabels: { app: web } }, ingress: [ { fromEntities: [world] } ], egress: [ { toEntities: [world, host] } ] }`,
    packet: 'TCP 80',
    table: `
                   web api db mon world host remote-node
      web          .   .   .  .   +     +    .
      api          .   +   +  +   +     +    +
      db           .   .   .  .   .     .    +
      mon          .   +   +  +   +     +    +
      world        +   +   .  +
      host         +   +   +  +
      remote-node  .   +   +  +`,
  },
  {
    title: 'what a selector excludes is looked for among the pods of this cluster only',
    pods: shop,
    others: ['world', 'host', 'remote-node'],
    manifests: `
      apiVersion: cilium.io/v2
      kind: CiliumClusterwideNetworkPolicy
      metadata: { name: not-shop }
      spec:
        endpointSelector: { matchLabels: { app: db } }
        ingress: [ { fromEndpoints: [ { matchExpressions: [ { key: io.kubernetes.pod.namespace, operator: NotIn, values: [shop] } ] } ] } ]`,
    packet: 'TCP 80',
    table: `
                   web api db mon world host remote-node
      web          +   +   .  +   +     +    +
      api          +   +   .  +   +     +    +
      db           +   +   .  +   +     +    +
      mon          +   +   +  +   +     +    +
      world        +   +   .  +
      host         +   +   +  +
      remote-node  +   +   .  +`,
  },
];
