// Schemas of the parts that are read of pods, namespaces, services, endpoint slices, endpoints and nodes. Other fields are somebody else's.

import { openMetadata } from './metadata.ts';
import { boolean, builtIn, type Infer, integer, integerOrString, list, map, type Properties, string } from './schema.ts';

const open = { unknown: 'allowed' } as const;

function whole<S extends Properties>(properties: S) {
  return builtIn({ apiVersion: string(), kind: string(), metadata: openMetadata, ...properties }, { required: ['metadata'], ...open });
}

const containerPort = builtIn(
  {
    name: string(),
    containerPort: integer({ format: 'int32' }),
    protocol: string(),
    hostPort: integer({ format: 'int32' }),
    hostIP: string(),
  },
  open,
);
const container = builtIn({ name: string(), ports: list(containerPort) }, open);
const address = builtIn({ ip: string() }, open);

export const pod = whole({
  spec: builtIn(
    {
      nodeName: string(),
      serviceAccountName: string(),
      hostNetwork: boolean(),
      containers: list(container),
      initContainers: list(container),
    },
    open,
  ),
  status: builtIn({ phase: string(), podIP: string(), podIPs: list(address), hostIP: string() }, open),
});

export const namespace = whole({});

export const node = whole({
  spec: builtIn({ podCIDR: string(), podCIDRs: list(string()) }, open),
  status: builtIn({ addresses: list(builtIn({ type: string(), address: string() }, open)) }, open),
});

const servicePort = builtIn(
  { name: string(), port: integer({ format: 'int32' }), targetPort: integerOrString(), protocol: string(), nodePort: integer() },
  open,
);

export const service = whole({
  spec: builtIn(
    {
      type: string(),
      clusterIP: string(),
      clusterIPs: list(string()),
      externalIPs: list(string()),
      selector: map(string()),
      ports: list(servicePort),
      externalTrafficPolicy: string(),
      internalTrafficPolicy: string(),
      sessionAffinity: string(),
      sessionAffinityConfig: builtIn({ clientIP: builtIn({ timeoutSeconds: integer() }, open) }, open),
      loadBalancerSourceRanges: list(string()),
      healthCheckNodePort: integer(),
    },
    open,
  ),
  status: builtIn({ loadBalancer: builtIn({ ingress: list(builtIn({ ip: string(), ipMode: string() }, open)) }, open) }, open),
});

const hint = builtIn({ name: string() }, open);
const endpoint = builtIn(
  {
    addresses: list(string()),
    conditions: builtIn({ ready: boolean(), serving: boolean(), terminating: boolean() }, open),
    nodeName: string(),
    zone: string(),
    hints: builtIn({ forZones: list(hint), forNodes: list(hint) }, open),
  },
  open,
);

export const endpointSlice = whole({
  addressType: string(),
  endpoints: list(endpoint),
  ports: list(builtIn({ name: string(), port: integer({ format: 'int32' }), protocol: string() }, open)),
});

/** The older form of slices, which users still write for services outside. */
export const endpoints = whole({
  subsets: list(builtIn({ addresses: list(address), notReadyAddresses: list(address) }, open)),
});

export type Pod = Infer<typeof pod>;
export type Namespace = Infer<typeof namespace>;
export type Node = Infer<typeof node>;
export type Service = Infer<typeof service>;
export type EndpointSlice = Infer<typeof endpointSlice>;
export type Endpoints = Infer<typeof endpoints>;
